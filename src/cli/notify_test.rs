//! `minsheng notify-test`: a marked test through one receiver.

use serde_json::json;

use super::{Done, Failure, Places, output, today};
use crate::app;
use crate::config;
use crate::notify::Outcome;
use crate::pipeline::clock::Clock;

/// Send a marked test through one receiver and show the answer.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  minsheng notify-test duty-mail")]
pub(super) struct NotifyTest {
    /// Its name in receivers.toml.
    receiver: String,
    /// Write the answer as JSON.
    #[arg(long)]
    json: bool,
}

impl NotifyTest {
    pub(super) async fn run(&self, places: &Places) -> Done {
        let loaded = config::load(&places.directories(), today()).map_err(Failure::Faults)?;
        let names: Vec<String> = loaded.receivers.names().into_iter().collect();
        let console = loaded.config.web.console_url();
        let carriers = app::carriers(loaded.receivers, loaded.outward, console)?;
        let tried = carriers.test(&self.receiver, &Clock::system()).await;
        let Some(deliveries) = tried else {
            let known = if names.is_empty() { "there are none".to_owned() } else { names.join(", ") };
            return Err(Failure::Usage(format!(
                "no receiver {:?} in receivers.toml; known: {known}",
                self.receiver
            )));
        };
        let mut failed = 0;
        for delivery in &deliveries {
            let outcome = match delivery.outcome {
                Outcome::Sent => "sent",
                Outcome::Retry(_) => "not taken now; the daemon would try again",
                Outcome::Broken => "the receiver is set up wrong",
                Outcome::Rejected => "refused",
            };
            failed += usize::from(delivery.outcome != Outcome::Sent);
            if self.json {
                output::json(&json!({
                    "receiver": self.receiver, "outcome": outcome, "took_ms": delivery.took_ms, "answer": delivery.answer,
                }))?;
            } else {
                output::line(format!(
                    "{}: {outcome} after {} ms: {}",
                    self.receiver, delivery.took_ms, delivery.answer
                ))?;
            }
        }
        if failed > 0 {
            let what = format!("{failed} of {} tests were not taken", deliveries.len());
            return Err(Failure::Work(anyhow::anyhow!(what)));
        }
        Ok(())
    }
}
