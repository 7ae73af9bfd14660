//! `minsheng replay`: a recorded stream through the daemon's stages, under a virtual clock.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, bail};
use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::assess::pushed;
use super::parallel::in_parallel;
use super::{Done, Failure, Places, output, today};
use crate::assess::{Assessor, Grade};
use crate::config;
use crate::detect::event::{Event, Events, Placed, Score};
use crate::detect::topic::{Rising, term};
use crate::detect::{Detector, Measure, Signal};
use crate::extract::post::{Dated, Post, VoiceKey};
use crate::extract::pushed::read;
use crate::incident::{Desk, Incident, Names};
use crate::pipeline::flow::{Clerk, Flow, Outcome};
use crate::pipeline::intake::without_private_data;
use crate::source::SourceId;

/// Posts judged in parallel at once.
const BATCH: usize = 4_096;

/// Run a time-stamped stream through the daemon's stages under a virtual clock.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  minsheng replay posts.jsonl > concluded.jsonl\n  minsheng replay hot.tsv.gz --from 2022-03-01T00:00:00+08:00\n\n\
Reads JSON lines, or lines of time TAB source TAB text; .gz is inflated. The same input gives the same output, byte for byte."
)]
pub(super) struct Replay {
    /// The streams, sorted by time or nearly so.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Other rules than those of the configuration.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Write at the end which event each post belongs to.
    #[arg(long)]
    members: bool,
    /// Leave out what was published before.
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// Leave out what was published at this time or after.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
}

impl Replay {
    pub(super) fn run(&self, places: &Places) -> Done {
        let began = Instant::now();
        let loaded = config::load(&places.directories(), today()).map_err(Failure::Faults)?;
        let rules = match &self.rules {
            None => loaded.rules,
            Some(path) => config::rules(path).map_err(Failure::Faults)?,
        };
        let mut posts = Vec::new();
        for file in &self.files {
            read_stream(file, &mut posts).with_context(|| format!("cannot replay {}", file.display()))?;
        }
        posts.retain(|post: &Post| {
            self.from.is_none_or(|from| post.published_at >= from)
                && self.until.is_none_or(|until| post.published_at < until)
        });
        posts.sort_by_key(|post| post.published_at);
        let names = Names::new(loaded.lexicon.categories(), &loaded.departments);
        let assessor =
            Arc::new(Assessor::new(Arc::new(loaded.lexicon), loaded.config.assess).with_model(loaded.model));
        let detector = Detector::new(loaded.config.detect, rules.watches(), BTreeMap::new());
        let desk = Desk::restore(loaded.config.incident, []);
        let (clocks, checklists) = (loaded.clocks, loaded.checklists);
        let clerk = Clerk { rules, receivers: loaded.receivers, names, desk, clocks, checklists };
        let mut flow = Flow::new(Arc::clone(&assessor), detector, clerk);
        let count = posts.len();
        let tally = replay(&mut flow, &assessor, posts, self.members.then(Members::default))?;
        output::complain(
            &json!({
                "type": "summary", "posts": count, "seconds": began.elapsed().as_secs_f64(),
                "topics": tally.topics, "events": tally.events, "signals": tally.signals, "incidents": tally.incidents,
            })
            .to_string(),
        );
        Ok(())
    }
}

/// Which events were written, and how they stood then.
#[derive(Default)]
struct Told(BTreeMap<u64, (u32, Option<Grade>, bool)>);

impl Told {
    /// The score of an event of which there is news: that two speak of it, a higher grade, or twice the voices.
    fn news_of(&mut self, event: &Event, events: &Events) -> Option<Score> {
        let voices = event.voices();
        event.subject()?;
        let score = event.score(events.now(), &events.config().grades);
        let known = self.0.get(&event.id);
        let news = match known {
            None => voices >= 2,
            Some((before, grade, _)) => voices >= before * 2 || score.grade > *grade,
        };
        if !news {
            return None;
        }
        let first = known.is_none();
        self.0.insert(event.id, (voices, score.grade, first));
        Some(score)
    }

    fn is_first(&self, event: &Event) -> bool {
        self.0.get(&event.id).is_some_and(|(.., first)| *first)
    }
}

/// Which event each post belongs to.
#[derive(Default)]
struct Members {
    posts: Vec<(String, Option<u64>)>,
    into: BTreeMap<u64, u64>,
}

impl Members {
    /// Notes a post under the name that the stream gives it.
    fn note(&mut self, post: &Post, placed: &Placed) {
        self.into.extend(placed.merged.iter().copied());
        let name = post.external_id.clone().unwrap_or_else(|| post.id.to_string());
        self.posts.push((name, placed.event));
    }

    /// Every post with its event, none if it is alone in it.
    fn all(&self) -> impl Iterator<Item = (&str, Option<String>)> {
        let events: Vec<Option<u64>> =
            self.posts.iter().map(|(_, event)| event.map(|id| self.last(id))).collect();
        let mut sizes: BTreeMap<u64, u32> = BTreeMap::new();
        events.iter().flatten().for_each(|id| *sizes.entry(*id).or_default() += 1);
        self.posts.iter().zip(events).map(move |((post, _), event)| {
            let event = event.filter(|id| sizes[id] > 1);
            (post.as_str(), event.map(|id| format!("{id:016x}")))
        })
    }

    /// The event that one is part of now.
    fn last(&self, mut id: u64) -> u64 {
        while let Some(&further) = self.into.get(&id) {
            id = further;
        }
        id
    }
}

#[derive(Default)]
struct Tally {
    topics: u64,
    events: u64,
    signals: u64,
    incidents: u64,
}

fn replay(
    flow: &mut Flow,
    assessor: &Assessor,
    posts: Vec<Post>,
    mut members: Option<Members>,
) -> anyhow::Result<Tally> {
    let bar = output::progress(Some(posts.len() as u64), "replaying");
    let mut out = output::lines();
    let mut tally = Tally::default();
    let mut told = Told::default();
    let mut posts = posts.into_iter().peekable();
    while posts.peek().is_some() {
        let batch: Vec<Arc<Post>> = posts.by_ref().take(BATCH).map(Arc::new).collect();
        for assessed in in_parallel(&batch, |post| assessor.assess(Arc::clone(post)))? {
            let now = assessed.post.captured_at;
            let Outcome { assessed, signals, topic, placed, concluded } = flow.assessed(assessed, now);
            if let Some(members) = &mut members {
                members.note(&assessed.post, &placed);
            }
            if let Some(event) = placed.event.and_then(|id| flow.events().event(id))
                && let Some(score) = told.news_of(event, flow.events())
            {
                tally.events += u64::from(told.is_first(event));
                write_line(&mut out, "event", &of_event(event, &score, now))?;
            }
            if let Some(rising) = &topic {
                tally.topics += 1;
                write_line(&mut out, "topic", &of_topic(rising, now))?;
            }
            for signal in &signals {
                tally.signals += 1;
                write_line(&mut out, "signal", &of_signal(signal, now))?;
            }
            for incident in concluded.iter().flat_map(|concluded| &concluded.incidents) {
                tally.incidents += u64::from(incident.timeline.len() == 1);
                write_line(&mut out, "incident", &of_incident(incident, now))?;
            }
        }
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    for (post, event) in members.iter().flat_map(Members::all) {
        write_line(&mut out, "membership", &json!({"post": post, "event": event}))?;
    }
    out.flush()?;
    Ok(tally)
}

fn of_topic(rising: &Rising, at: Timestamp) -> Value {
    let rounded = |value: f32| (f64::from(value) * 100.0).round() / 100.0;
    json!({
        "at": at, "id": rising.id_text(), "term": term(&rising.words),
        "significance": rounded(rising.significance), "count": rising.voices, "window_seconds": rising.window,
        "expected": rounded(rising.expected), "why": rising.why,
    })
}

fn of_event(event: &Event, score: &Score, at: Timestamp) -> Value {
    let seconds = at.as_second().clamp(0, i64::from(u32::MAX)) as u32;
    let (phase, doubling) = event.phase(seconds);
    let rounded = |value: f32| (f64::from(value) * 10.0).round() / 10.0;
    json!({
        "at": at, "id": event.id_text(), "title": event.title(),
        "posts": event.members.iter().map(ToString::to_string).collect::<Vec<_>>(), "count": event.posts,
        "voices": event.voices(), "copies": event.copies, "heat": rounded(event.heat(seconds)),
        "grade": score.grade, "score": score.points, "phase": phase, "doubling_hours": doubling.map(rounded),
        "again": event.again.map(|id| format!("{id:016x}")), "verify": event.doubt(),
    })
}

fn of_signal(signal: &Signal, at: Timestamp) -> Value {
    let measure = match &signal.measure {
        Measure::Post { sensitivity, grade } => {
            json!({"what": "post", "sensitivity": sensitivity, "grade": grade})
        }
        Measure::Voices { voices, posts, window_seconds, highest } => json!({
            "what": "voices", "voices": voices, "posts": posts, "window_seconds": window_seconds, "highest": highest,
        }),
        Measure::Topic { topic, words, voices, posts, highest, significance, .. } => json!({
            "what": "topic", "topic": format!("{topic:016x}"), "term": term(words), "voices": voices, "posts": posts,
            "significance": significance, "highest": highest,
        }),
        Measure::Event { event, title, voices, posts, score, grade, verify, .. } => json!({
            "what": "event", "event": format!("{event:016x}"), "title": title, "voices": voices, "posts": posts,
            "score": score, "grade": grade, "verify": verify,
        }),
    };
    let why: Vec<&str> = signal.evidence.iter().map(|evidence| evidence.why.as_str()).take(1).collect();
    json!({
        "at": at, "id": signal.id.to_string(), "rule": signal.watch,
        "subject": {"category": signal.subject.category, "place": signal.subject.place, "department": signal.subject.department},
        "measure": measure, "why": why.first().copied().unwrap_or_default(),
        "posts": signal.evidence.iter().map(|evidence| evidence.post.to_string()).collect::<Vec<_>>(),
    })
}

fn of_incident(incident: &Incident, at: Timestamp) -> Value {
    json!({
        "at": at, "id": incident.id.to_string(), "grade": incident.grade, "state": incident.state,
        "title": incident.title, "why": incident.why, "voices": incident.voices,
        "signals": incident.signals.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// One object on a line, its `type` first.
fn write_line(out: &mut BufWriter<impl Write>, kind: &str, value: &Value) -> std::io::Result<()> {
    write!(out, "{{\"type\":\"{kind}\",")?;
    let object = serde_json::to_string(value)?;
    out.write_all(object.trim_start_matches('{').as_bytes())?;
    out.write_all(b"\n")
}

/// A file, inflated if its name ends in `.gz`.
pub(super) fn inflated(path: &Path) -> std::io::Result<impl BufRead> {
    let file = File::open(path)?;
    let zipped = path.extension().is_some_and(|extension| extension == "gz");
    let plain: Box<dyn Read> = if zipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    Ok(BufReader::with_capacity(1 << 20, plain))
}

/// Reads JSON lines, or lines of time, source and text parted by tabs.
pub(super) fn read_stream(path: &Path, posts: &mut Vec<Post>) -> anyhow::Result<()> {
    let mut last: Option<Timestamp> = None;
    for (at, line) in inflated(path)?.lines().enumerate() {
        let line = line.with_context(|| format!("line {}", at + 1))?;
        if line.trim().is_empty() {
            continue;
        }
        let post = post(&line, last).with_context(|| format!("line {}", at + 1))?;
        last = Some(post.published_at);
        posts.push(post);
    }
    Ok(())
}

/// One post of a stream: known the moment it was published.
fn post(line: &str, last: Option<Timestamp>) -> anyhow::Result<Post> {
    let stream = SourceId::new("stream").expect("the name is a legal id");
    let mut columns = line.splitn(3, '\t');
    let record = match (columns.next(), columns.next(), columns.next()) {
        (Some(time), Some(source), Some(text)) if !line.starts_with('{') => serde_json::from_value(
            json!({"published_at": time, "source": source, "text": text, "kind": "post"}),
        )?,
        _ if line.trim_start().starts_with('{') => pushed(line)?.1,
        _ => bail!("neither a JSON object nor time, source and text parted by tabs"),
    };
    let Some(published) = record.published_at.as_deref() else {
        let Some(last) = last else { bail!("the first post tells no time") };
        return Ok(without_private_data(read(record, Some(&stream), last)?, &VoiceKey::new([0; 32]), &[]));
    };
    let published_at: Timestamp = published.parse().with_context(|| format!("published_at {published:?}"))?;
    let mut found = read(record, Some(&stream), published_at)?;
    found.post.published_at = published_at;
    found.post.dated = Dated::Claimed;
    Ok(without_private_data(found, &VoiceKey::new([0; 32]), &[]))
}
