//! `minsheng rules test`: whom past posts would have reached, by which rule and route, and why not the others.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::replay::read_stream;
use super::{Done, Failure, Places, output, today};
use crate::alert::{Alert, EVERYBODY, RuleBook};
use crate::assess::Assessor;
use crate::config;
use crate::detect::Detector;
use crate::extract::post::Post;
use crate::incident::{Change, Desk, Incident, Names, desk_time};
use crate::notify::policy::{Held, Holding, Routed, Silence};
use crate::notify::{Notification, Receiver};
use crate::pipeline::clock::Clock;
use crate::pipeline::flow::{Clerk, Concluded, Flow};
use crate::pipeline::start::journal_dir;
use crate::pipeline::stored::{silences, stored_posts};

/// How far back stored posts are read if nobody says.
const BACK: Duration = Duration::from_hours(24);

/// Try the rules and routes.
#[derive(clap::Subcommand)]
pub(super) enum Rules {
    /// Show whom past posts would have reached, by which rule and route, and why not the others.
    Test(Test),
}

/// Show whom past posts would have reached, by which rule and route, and why not the others.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  minsheng rules test\n  minsheng rules test --since 2026-11-20T00:00:00+08:00 --until 2026-11-21T00:00:00+08:00\n  minsheng rules test sample.jsonl --rules new-rules.toml --json\n\n\
Reads files as `replay` does; without a file the stored posts of the last 24 hours, with the silences of that time. Nothing \
is sent and nothing is changed. What is held back by an interval, or folded into a later word, is not told apart here."
)]
pub(super) struct Test {
    /// Posts: JSON lines, or lines of time TAB source TAB text; .gz is inflated.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Other rules than those of the configuration.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Leave out what was known before.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Leave out what was known at this time or later.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// Write JSON lines.
    #[arg(long)]
    json: bool,
}

/// A post, and when it was known.
type Known = (Timestamp, Post);

/// What is asked for each receiver.
struct Bench {
    rules: RuleBook,
    receivers: crate::notify::Receivers,
    clocks: crate::incident::Clocks,
    silences: Vec<Silence>,
}

/// One word that would have been said.
struct Told {
    at: Timestamp,
    incident: Incident,
    /// What opened it or raised its grade.
    alert: Alert,
    rules: Vec<(String, Option<String>)>,
    routed: Routed,
    receivers: Vec<(String, Reached)>,
}

/// Whether a receiver would have been reached.
enum Reached {
    /// At once.
    AtOnce,
    /// Later.
    Later(Held),
    /// Not at all, and why.
    Not(String),
}

impl Rules {
    pub(super) fn run(&self, places: &Places) -> Done {
        let Self::Test(test) = self;
        test.run(places)
    }
}

impl Test {
    fn run(&self, places: &Places) -> Done {
        let loaded = config::load(&places.directories(), today()).map_err(Failure::Faults)?;
        let rules = match &self.rules {
            None => loaded.rules,
            Some(path) => config::rules(path).map_err(Failure::Faults)?,
        };
        let (posts, silences) = self.posts(places)?;
        let count = posts.len();
        let names = Names::new(loaded.lexicon.categories(), &loaded.departments);
        let assessor =
            Arc::new(Assessor::new(Arc::new(loaded.lexicon), loaded.config.assess).with_model(loaded.model));
        let detector = Detector::new(loaded.config.detect, rules.watches(), BTreeMap::new());
        let desk = Desk::restore(loaded.config.incident, []);
        let bench = Bench {
            rules: rules.clone(),
            receivers: loaded.receivers.clone(),
            clocks: loaded.clocks.clone(),
            silences,
        };
        let clerk = Clerk {
            rules,
            receivers: loaded.receivers,
            names,
            desk,
            clocks: loaded.clocks,
            checklists: loaded.checklists,
        };
        let mut flow = Flow::new(assessor, detector, clerk);
        let (mut incidents, mut words) = (0, 0);
        for (at, post) in posts {
            for concluded in flow.post(Arc::new(post), at).concluded {
                for told in bench.told(&concluded, &flow, at) {
                    incidents += usize::from(told.incident.timeline.len() == 1);
                    words += told.reached();
                    if self.json { output::json(&told.json())? } else { output::line(told.text())? }
                }
            }
        }
        if !self.json {
            output::line(format!("{count} posts, {incidents} incidents, {words} notifications"))?;
        }
        Ok(())
    }

    /// The posts in the order in which they were known, and the silences.
    fn posts(&self, places: &Places) -> Result<(Vec<Known>, Vec<Silence>), Failure> {
        let now = Clock::system().now();
        let (mut posts, silences) = if self.files.is_empty() {
            let data = &places.data;
            if !journal_dir(data).exists() {
                let what = format!("no posts are stored in {}; name a file of posts", data.display());
                return Err(Failure::Usage(what));
            }
            let back = now.saturating_sub(BACK).unwrap_or(Timestamp::MIN);
            let stored = stored_posts(data, Some(self.since.unwrap_or(back)), self.until)?;
            let posts = stored.versions.into_iter().map(|version| (version.at, version.post)).collect();
            (posts, silences(data)?)
        } else {
            let mut posts = Vec::new();
            for file in &self.files {
                read_stream(file, &mut posts).with_context(|| format!("cannot read {}", file.display()))?;
            }
            (posts.into_iter().map(|post| (post.published_at, post)).collect::<Vec<_>>(), Vec::new())
        };
        let within = |at: Timestamp| {
            self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
        };
        posts.retain(|(at, _)| within(*at));
        posts.sort_by_key(|(at, _)| *at);
        Ok((posts, silences))
    }
}

impl Bench {
    /// What is said of incidents that open or whose grade rises.
    fn told(&self, concluded: &Concluded, flow: &Flow, now: Timestamp) -> Vec<Told> {
        let step = &concluded.step;
        let mut told = Vec::new();
        for (event, incident) in step.events.iter().zip(&concluded.incidents) {
            let last = incident.timeline.last().and_then(|entry| entry.what.new_grade());
            let alert = match &event.change {
                Change::Open(opening) => &opening.alert,
                Change::Join(alert) if last.is_some() => alert,
                _ => continue,
            };
            let fired = self.rules.rules().iter().map(|rule| {
                let why_not = if rule.name == alert.rule { None } else { rule.why_not(&alert.signal) };
                (rule.name.clone(), why_not)
            });
            let named = self.rules.rules().iter().find(|rule| rule.name == alert.rule);
            let named = named.map(|rule| rule.receivers.clone()).unwrap_or_default();
            let asked = Alert { receivers: named, ..alert.clone() };
            let policy = &self.receivers.policy;
            let routed = policy.routed(&asked, self.clocks.calendar(), now);
            let planned: Vec<&Notification> = step
                .notifications
                .iter()
                .filter(|one| one.brief.incident == incident.id && one.transition == incident.transition())
                .collect();
            let reached = |receiver: &Receiver| self.reached(receiver, incident, alert, &planned, flow, now);
            told.push(Told {
                at: now,
                incident: incident.clone(),
                alert: alert.clone(),
                rules: fired.collect(),
                routed,
                receivers: self
                    .receivers
                    .iter()
                    .map(|receiver| (receiver.name.clone(), reached(receiver)))
                    .collect(),
            });
        }
        told
    }

    fn reached(
        &self,
        receiver: &Receiver,
        incident: &Incident,
        alert: &Alert,
        planned: &[&Notification],
        flow: &Flow,
        now: Timestamp,
    ) -> Reached {
        let Some(planned) = planned.iter().find(|planned| planned.receiver == receiver.name) else {
            let named = alert.receivers.iter().any(|name| name == EVERYBODY || *name == receiver.name);
            return Reached::Not(if !named {
                "no route leads there".to_owned()
            } else if incident.grade < receiver.min_grade {
                format!("hears from {} on", receiver.min_grade.as_str())
            } else {
                "does not hear for this reason".to_owned()
            });
        };
        let open = || flow.desk().open_incidents().collect();
        let (calendar, rota) = (self.clocks.calendar(), self.clocks.rota());
        let called = |names: &[String]| rota.called(names, now);
        let of = Holding {
            receiver,
            incident,
            open: &open,
            silences: &self.silences,
            calendar,
            spacing: self.receivers.policy.spacing(receiver, incident, calendar, &called, now),
            heard: None,
            waited: false,
            bundle: None,
        };
        self.receivers.policy.hold(planned, of, now).map_or(Reached::AtOnce, Reached::Later)
    }
}

impl Told {
    fn reached(&self) -> usize {
        self.receivers.iter().filter(|(_, reached)| !matches!(reached, Reached::Not(_))).count()
    }

    fn json(&self) -> Value {
        let receivers = self.receivers.iter().map(|(name, reached)| match reached {
            Reached::AtOnce => json!({"receiver": name, "told": "at once"}),
            Reached::Later(held) => {
                json!({"receiver": name, "told": "later", "until": held.until, "why": held.why.as_str()})
            }
            Reached::Not(why) => json!({"receiver": name, "told": "not", "why": why}),
        });
        let rules = self
            .rules
            .iter()
            .map(|(name, why_not)| json!({"rule": name, "fired": why_not.is_none(), "why_not": why_not}));
        let routes = self.routed.steps.iter().map(|step| {
            json!({"route": step.path, "line": step.line, "takes": step.missed.is_none(), "why_not": step.missed})
        });
        json!({
            "at": self.at, "incident": self.incident.id, "grade": self.incident.grade, "title": self.incident.title,
            "rule": self.alert.rule, "rules": rules.collect::<Vec<_>>(), "routes": routes.collect::<Vec<_>>(),
            "receivers": receivers.collect::<Vec<_>>(),
        })
    }

    fn text(&self) -> String {
        let at = |at: Timestamp| desk_time(at).strftime("%Y-%m-%d %H:%M").to_string();
        let mut lines = vec![format!(
            "{}  {}  {}  {}",
            at(self.at),
            self.incident.id,
            self.incident.grade.as_str(),
            self.incident.title
        )];
        lines.push(format!("  rule    {}", self.alert.rule));
        for (name, why_not) in &self.rules {
            if let Some(why_not) = why_not {
                lines.push(format!("          not {name}: {why_not}"));
            }
        }
        for step in &self.routed.steps {
            let said =
                step.missed.as_deref().map_or_else(|| "takes it".to_owned(), |why| format!("not: {why}"));
            lines.push(format!("  route   {} (line {}) {said}", step.path, step.line));
        }
        for (name, reached) in &self.receivers {
            lines.push(match reached {
                Reached::AtOnce => format!("  told    {name}"),
                Reached::Later(held) => {
                    format!("  later   {name}: from {} on ({})", at(held.until), held.why.as_str())
                }
                Reached::Not(why) => format!("  not     {name}: {why}"),
            });
        }
        if self.receivers.is_empty() {
            lines.push("  not     anybody: receivers.toml is empty".to_owned());
        }
        lines.join("\n")
    }
}
