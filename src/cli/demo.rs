//! `minsheng demo`: the daemon on a sample town that the program itself serves over loopback.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use super::serve::{greet, stop, until_told};
use super::{Done, Places, output, today};
use crate::alert::RuleBook;
use crate::app::{App, Beside, Options};
use crate::assess::Grade;
use crate::config::{Config, Loaded, MODEL};
use crate::crawl::politeness::HostPoliteness;
use crate::demo::inbox::{Channel, Inbox, InboxMessage};
use crate::demo::mail::MailSink;
use crate::demo::officer;
use crate::demo::schedule::Schedule;
use crate::demo::site::TownSite;
use crate::demo::sources::sources;
use crate::demo::summary::{Steps, Summary};
use crate::demo::town::Town;
use crate::demo::webhook::WebhookSink;
use crate::lexicon::matcher::Lexicon;
use crate::lexicon::shelf::Shelf;
use crate::model::Model;
use crate::notify::policy::Policy;
use crate::notify::{Receivers, Secret, SecretPlace};
use crate::outward::Outward;
use crate::pipeline::Handles;
use crate::pipeline::clock::Clock;
use crate::store::IncidentFilter;
use crate::telemetry::{LogFormat, start_logging};

/// How gently the program's own town is asked: it is ours, and two minutes are short.
const PACE: Duration = Duration::from_millis(15);

/// Run the daemon on a sample town that it serves itself.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  minsheng demo\n  minsheng demo --exit-after 120 --listen 127.0.0.1:0\n\n\
Several stories break out over two minutes. Mails and webhooks go to sinks inside the program; read them at /inbox."
)]
pub(super) struct Demo {
    /// Where the console listens.
    #[arg(long, default_value = "127.0.0.1:8686", value_name = "ADDR")]
    listen: SocketAddr,
    /// How many times faster than life the town lives, 0.01 to 1000.
    #[arg(long, default_value_t = 1.0, value_name = "X")]
    speed: f64,
    /// End by itself after so many seconds and print a summary.
    #[arg(long, value_name = "SECONDS")]
    exit_after: Option<u64>,
    /// Write the summary as JSON.
    #[arg(long)]
    json: bool,
}

/// The demo's own servers.
/// Limits of the demo beside the law's: short, so that one passes while somebody watches.
const CLOCKS: &str = r#"
[[clock]]
name = "demo-first-step"
title = "首次处置（演示）"
source = "演示用：30秒内签收"
limit = "30s"
until = "acknowledged"
grades = ["red", "orange"]

[[escalation]]
name = "demo-leader"
when = "breach"
clock = "demo-first-step"
receivers = ["leader-mail"]
"#;

/// Who is told in the demo: the leader only of what is called to him.
const ROUTES: &str = "[[route]]\nreceivers = [\"duty-mail\", \"duty-hook\"]\n";

struct Sideshow {
    beside: Beside,
    town: Arc<Town>,
    inbox: Inbox,
    mail: SocketAddr,
    hook: SocketAddr,
    hook_url: String,
    site: SocketAddr,
    site_url: url::Url,
    secret: String,
}

impl Demo {
    pub(super) async fn run(&self, places: &Places) -> Done {
        start_logging(if self.exit_after.is_some() { "warn" } else { "info" }, LogFormat::for_stderr());
        let clock = Clock::system();
        let side = Sideshow::start(&clock, self.speed).await?;
        // `--data` given by hand or environment is kept; else nothing is left behind.
        let own = places.data.as_path() == std::path::Path::new("./data");
        let temporary = std::env::temp_dir().join(format!("minsheng-demo-{}", std::process::id()));
        let data = if own { temporary.clone() } else { places.data.clone() };
        let loaded = side.loaded(self.listen)?;
        let inbox = side.inbox.clone();
        let shown: crate::web::Inbox =
            Arc::new(move || inbox.messages().iter().map(|message| shown(message)).collect());
        let clock_of_officer = clock.clone();
        let options = Options { data, watched: None, inbox: Some(shown), clock };
        let began = tokio::time::Instant::now();
        let app = App::start(loaded, options).await?;
        let now: crate::demo::Now = {
            let clock = clock_of_officer.clone();
            Arc::new(move || clock.now())
        };
        side.beside.run("officer", officer::work(app.handles().clone(), now, side.beside.stop_token()));
        output::line(format!("The town of 禾川 is at {}", side.site_url))?;
        greet(&app)?;
        match self.exit_after {
            None => until_told().await?,
            Some(seconds) => {
                tokio::select! {
                    told = until_told() => told?,
                    () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
                }
            }
        }
        let summary = summary(app.handles(), &side, began.elapsed())?;
        let stopped = stop(app).await;
        side.beside.end().await;
        if own {
            std::fs::remove_dir_all(&temporary)
                .with_context(|| format!("cannot remove {}", temporary.display()))?;
        }
        if self.json {
            output::json(&summary)?;
        } else {
            output::line(summary.to_string())?;
        }
        stopped
    }
}

/// The dictionaries as they stand in the repository, within the program.
#[derive(rust_embed::RustEmbed)]
#[folder = "dictionaries"]
struct Dictionaries;

fn shipped_dictionaries() -> Shelf {
    let mut shelf = Shelf::default();
    for name in Dictionaries::iter() {
        if let Some(file) = Dictionaries::get(&name) {
            shelf.put(&name, file.data.into_owned());
        }
    }
    shelf
}

impl Sideshow {
    async fn start(clock: &Clock, speed: f64) -> anyhow::Result<Self> {
        let town = Arc::new(Town::sample());
        let schedule = Schedule::new(clock.now(), speed)?;
        let now: crate::demo::Now = {
            let clock = clock.clone();
            Arc::new(move || clock.now())
        };
        let inbox = Inbox::default();
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).context("no randomness for the webhook's secret")?;
        let secret =
            format!("whsec_{}", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, secret));
        let site = TownSite::bind(Arc::clone(&town), schedule, Arc::clone(&now)).await?;
        let mail = MailSink::bind(inbox.clone(), Arc::clone(&now)).await?;
        let hook = WebhookSink::bind(&secret, inbox.clone(), now).await?;
        let beside = Beside::default();
        let stop = beside.stop_token();
        let side = Self {
            town,
            inbox,
            mail: mail.address(),
            hook: hook.address(),
            hook_url: hook.url().to_string(),
            site: site.address(),
            site_url: site.base().clone(),
            secret,
            beside,
        };
        side.beside.run("town", site.run(stop.clone()));
        side.beside.run("mail sink", mail.run(stop.clone()));
        side.beside.run("webhook sink", hook.run(stop));
        Ok(side)
    }

    /// The configuration of the demo, from the program itself: it runs in an empty directory.
    fn loaded(&self, listen: SocketAddr) -> anyhow::Result<Loaded> {
        let mut config = Config::default();
        config.web.listen = listen;
        config.outward.allow = vec![self.site, self.hook, self.mail];
        config.crawl.pages_per_look = 1_000;
        config.assess.home = Some("禾川市".to_owned());
        config.crawl.politeness.hosts =
            BTreeMap::from([(self.site.to_string(), HostPoliteness { min_interval: PACE })]);
        let outward = Outward::new(config.outward.clone()).context("the way out")?;
        let sources = sources(&self.site_url, &self.town);
        let rules = RuleBook::from_toml(include_str!("../../config/rules.toml"));
        let rules = rules.map_err(|faults| anyhow::anyhow!("rules.toml: {faults:?}"))?;
        let departments =
            crate::people::Departments::from_toml(include_str!("../../config/departments.toml"));
        let departments = departments.map_err(|faults| anyhow::anyhow!("departments.toml: {faults:?}"))?;
        let receivers = self.receivers()?;
        let clocks = format!("{}\n{CLOCKS}", include_str!("../../config/clocks.toml"));
        let clocks = crate::incident::Clocks::from_toml(&clocks);
        let clocks = clocks.map_err(|faults| anyhow::anyhow!("clocks.toml: {faults:?}"))?;
        let checklists = crate::incident::Checklists::from_toml(include_str!("../../config/checklists.toml"));
        let checklists = checklists.map_err(|faults| anyhow::anyhow!("checklists.toml: {faults:?}"))?;
        let lexicon = Lexicon::compile(&shipped_dictionaries(), today());
        let (lexicon, _) = lexicon.map_err(|faults| anyhow::anyhow!("{faults}"))?;
        let model = Dictionaries::get(MODEL).map(|file| Model::from_bytes(&file.data));
        let model = model.transpose().context(MODEL)?.map(Arc::new);
        let warnings = Vec::new();
        Ok(Loaded {
            config,
            sources,
            rules,
            receivers,
            departments,
            clocks,
            checklists,
            lexicon,
            model,
            outward,
            warnings,
        })
    }

    fn receivers(&self) -> anyhow::Result<Receivers> {
        let text = format!(
            "[smtp]\nhost = \"{}\"\nport = {}\ntls = \"none\"\nfrom = \"民声值班台 <desk@minsheng.example>\"\n\n\
             [[receiver]]\nname = \"duty-mail\"\nkind = \"email\"\n[receiver.email]\nto = [\"值班室 <duty@desk.example>\"]\n\n\
             [[receiver]]\nname = \"leader-mail\"\nkind = \"email\"\n[receiver.email]\nto = [\"带班领导 <leader@desk.example>\"]\n\n\
             [[receiver]]\nname = \"duty-hook\"\nkind = \"webhook\"\n[receiver.webhook]\nurl_env = \"url\"\nsecret_env = \"secret\"\n",
            self.mail.ip(),
            self.mail.port(),
        );
        let read = |place: &SecretPlace| {
            let url = *place == SecretPlace::Environment("url".to_owned());
            Ok(Secret::new(if url { self.hook_url.clone() } else { self.secret.clone() }))
        };
        let policy = Policy::from_toml(ROUTES).map_err(|faults| anyhow::anyhow!("routes: {faults:?}"))?;
        let receivers = Receivers::from_toml(&text, &read);
        Ok(receivers.map_err(|faults| anyhow::anyhow!("receivers: {faults:?}"))?.with_policy(policy))
    }
}

/// A message as the console shows it.
fn shown(message: &InboxMessage) -> crate::web::InboxMessage {
    crate::web::InboxMessage {
        at: message.at,
        channel: match message.channel {
            Channel::Mail => "email".to_owned(),
            Channel::Webhook => "webhook".to_owned(),
        },
        to: message.to.join(", "),
        subject: message.subject.clone(),
        text: message.text.clone(),
        html: message.html.clone().unwrap_or_default(),
        headers: message.headers.clone(),
        body: message.body.clone(),
    }
}

fn summary(handles: &Handles, side: &Sideshow, ran: Duration) -> anyhow::Result<Summary> {
    let posts = handles.store.post_count()?;
    let mut incidents: BTreeMap<Grade, u64> = BTreeMap::new();
    let (mut trap_alerts, mut steps) = (Vec::new(), Steps::default());
    let mut cursor = None;
    loop {
        let page = handles.store.incidents(&IncidentFilter::default(), cursor.as_ref(), 200)?;
        for incident in &page.items {
            *incidents.entry(incident.grade).or_default() += 1;
            steps.add(incident);
            let opened_by = incident.evidence.first().and_then(|evidence| evidence.url.as_ref());
            let trap =
                opened_by.and_then(|url| side.town.at_address(url)).filter(|entry| entry.story.is_trap());
            if let (Some(trap), true) = (trap, incident.grade >= Grade::Yellow) {
                trap_alerts.push(trap.key.clone());
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let (mails, webhooks) = (side.inbox.count(Channel::Mail), side.inbox.count(Channel::Webhook));
    Ok(Summary { ran, posts, incidents, steps, mails, webhooks, trap_alerts })
}
