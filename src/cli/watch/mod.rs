//! `minsheng watch`: a small second process, on another machine, that calls when the daemon falls silent.
//!
//! A daemon that is dead sends nothing, and nothing is what a quiet day looks like. So somebody else has to look
//! (promise R7). It asks for `/readyz`, and with a token how many of the sources can be read; it tells the receivers of
//! its own `receivers.toml`, by the same ways as the daemon.

mod silence;

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use self::silence::{Seen, Silence, Word};
use super::serve::until_told;
use super::{Done, Failure, Places, output};
use crate::app;
use crate::config;
use crate::notify::Outcome;
use crate::outward::Daemon;
use crate::pipeline::clock::Clock;
use crate::pipeline::courier::Carriers;
use crate::telemetry::{LogFormat, start_logging};

/// Longest wait for what one look asks.
const PATIENCE: Duration = Duration::from_secs(10);

/// Watch a daemon on another machine, and call when it falls silent.
///
/// Set the environment variable MINSHENG_TOKEN to a viewer's token of that daemon to have its sources watched too.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  minsheng watch https://desk.example.gov.cn/ --config /etc/minsheng-watch\n  minsheng watch http://10.1.2.3:8686/ --after 1m --receiver duty-mail --once"
)]
pub(super) struct Watch {
    /// The daemon's address.
    url: Url,
    /// Time between two looks.
    #[arg(long, default_value = "30s", value_parser = humantime::parse_duration, value_name = "TIME")]
    every: Duration,
    /// Silence that lasts shorter is told nobody.
    #[arg(long, default_value = "3m", value_parser = humantime::parse_duration, value_name = "TIME")]
    after: Duration,
    /// While it lasts it is told again after so long.
    #[arg(long, default_value = "1h", value_parser = humantime::parse_duration, value_name = "TIME")]
    again: Duration,
    /// With a token: least share of the sources that have to be readable, in percent.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u8).range(0..=100), value_name = "PERCENT")]
    sources: u8,
    /// Who is called; all of receivers.toml without it. May be given several times.
    #[arg(long, value_name = "NAME")]
    receiver: Vec<String>,
    /// Look once, tell nobody, and end with status 1 if something is wrong: for cron and other monitors.
    #[arg(long)]
    once: bool,
}

impl Watch {
    pub(super) async fn run(&self, places: &Places) -> Done {
        start_logging("info", LogFormat::for_stderr());
        let token = std::env::var("MINSHENG_TOKEN").ok().filter(|token| !token.is_empty());
        let watched = token.is_some();
        let daemon = Daemon::at_url(&self.url, token)?;
        if self.once {
            return match self.look(&daemon, watched).await {
                Seen::Well => Ok(output::line("well")?),
                Seen::Ill(why) => Err(Failure::Work(anyhow::anyhow!(why))),
            };
        }
        let (receivers, outward) = config::receivers(&places.config).map_err(Failure::Faults)?;
        let known = receivers.names();
        if let Some(unknown) = self.receiver.iter().find(|name| !known.contains(*name)) {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let known = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
            return Err(Failure::Usage(format!("no receiver {unknown:?} in receivers.toml; known: {known}")));
        }
        let called: Vec<String> =
            if self.receiver.is_empty() { known.into_iter().collect() } else { self.receiver.clone() };
        if called.is_empty() {
            return Err(Failure::Usage("receivers.toml names nobody who could be called".to_owned()));
        }
        let carriers = app::carriers(receivers, outward, self.url.clone())?;
        tracing::info!(url = %self.url, receivers = called.join(", "), sources = watched, "watching");
        tokio::select! {
            () = self.watch(&daemon, watched, &carriers, &called) => Ok(()),
            stopped = until_told() => Ok(stopped?),
        }
    }

    /// Looks for ever.
    async fn watch(&self, daemon: &Daemon, watched: bool, carriers: &Carriers, called: &[String]) {
        let (clock, began) = (Clock::system(), Instant::now());
        let mut silence = Silence::new(self.after, self.again);
        let mut looks = tokio::time::interval(self.every);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let seen = self.look(daemon, watched).await;
            if let Seen::Ill(why) = &seen {
                tracing::warn!(why, "something is wrong");
            }
            if let Some(word) = silence.look(seen, began.elapsed()) {
                self.tell(&word, carriers, called, &clock).await;
            }
        }
    }

    /// One look. What does not answer soon does not answer.
    async fn look(&self, daemon: &Daemon, watched: bool) -> Seen {
        let looking = self.look_at(daemon, watched);
        match tokio::time::timeout(PATIENCE, looking).await {
            Ok(seen) => seen,
            Err(_) => Seen::Ill(format!("{} 在 {} 秒内没有应答", self.url, PATIENCE.as_secs())),
        }
    }

    async fn look_at(&self, daemon: &Daemon, watched: bool) -> Seen {
        let ready = match daemon.get("readyz").await {
            Ok(answer) if answer.status == 200 => String::new(),
            Ok(answer) => {
                let said = String::from_utf8_lossy(&answer.body);
                let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
                format!("{} 回答 {}：{}", self.url, answer.status, said.chars().take(200).collect::<String>())
            }
            Err(error) => format!("{} 没有应答：{error}", self.url),
        };
        if !ready.is_empty() {
            return Seen::Ill(ready);
        }
        if !watched {
            return Seen::Well;
        }
        match daemon.get("api/v1/sources").await {
            Ok(answer) if answer.status == 200 => match self.coverage(&answer.body) {
                Some((well, all)) => Seen::Ill(format!("{all} 个信源中只有 {well} 个读得到")),
                None => Seen::Well,
            },
            Ok(answer) => Seen::Ill(format!("{} 不让查看信源：{}", self.url, answer.status)),
            Err(error) => Seen::Ill(format!("{} 没有应答：{error}", self.url)),
        }
    }

    /// How many of how many sources can be read, where these are too few. What is paused or was never looked at does
    /// not count.
    fn coverage(&self, body: &[u8]) -> Option<(usize, usize)> {
        let told: Value = serde_json::from_slice(body).ok()?;
        let looked_at = told["items"].as_array()?.iter().filter(|source| {
            source["enabled"] == true && source["paused"] == false && source["outcome"].is_string()
        });
        let (well, ill): (Vec<&Value>, Vec<&Value>) =
            looked_at.partition(|source| matches!(source["outcome"].as_str(), Some("observed" | "empty")));
        let all = well.len() + ill.len();
        (well.len() * 100 < all * usize::from(self.sources)).then_some((well.len(), all))
    }

    async fn tell(&self, word: &Word, carriers: &Carriers, called: &[String], clock: &Clock) {
        let (silent, lasting, why) = match word {
            Word::Silent { lasting, why } => {
                (true, *lasting, vec![why.clone(), format!("已持续{}", spoken(*lasting))])
            }
            Word::Restored { lasting } => (false, *lasting, vec![format!("中断持续了{}", spoken(*lasting))]),
        };
        let now = clock.now();
        let since = now.saturating_sub(lasting).unwrap_or(now);
        for receiver in called {
            let told = carriers.tell_silence(receiver, silent, why.clone(), since, clock).await;
            for delivery in told.unwrap_or_default() {
                let (outcome, answer) = (delivery.outcome, delivery.answer);
                if outcome == Outcome::Sent {
                    tracing::info!(receiver, silent, answer, "told");
                } else {
                    tracing::error!(receiver, silent, answer, "could not be told");
                }
            }
        }
    }
}

/// `3分钟`, `2小时5分钟`.
fn spoken(time: Duration) -> String {
    let minutes = time.as_secs().div_ceil(60);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes}分钟"),
        (hours, 0) => format!("{hours}小时"),
        (hours, minutes) => format!("{hours}小时{minutes}分钟"),
    }
}
