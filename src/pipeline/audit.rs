//! What was decided and done, as a chain of lines that nobody can change, leave out or add to unseen (promise V7).
//!
//! One line of JSON for each thing that happened at the desk, in the order of the journal: incidents' timelines,
//! deliveries, silences, verdicts, what people were added, log-ins. Cases and acts, never who wrote a post. Each line
//! holds the hash of the one before it and ends with its own: BLAKE3 over the line up to `,"hash"`, so that any program
//! can check it. The last line says how many there are, so that a cut end is seen.

use std::collections::HashMap;
use std::io::{self, BufRead, Write};
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::stored::each;
use crate::alert::Outage;
use crate::incident::{FoldError, Handover, Incident, IncidentEvent, IncidentId};
use crate::journal::record::{DeskRecord, PersonOrToken};
use crate::journal::{JournalError, Stream};
use crate::notify::NotificationKey;
use crate::notify::policy::Fate;

/// What stands before a line's own hash.
const HASH: &str = ",\"hash\":\"";
/// What the first line's `prev` is.
const FIRST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Why an export cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The export cannot be written.
    #[error("the export cannot be written")]
    Write(#[from] io::Error),
}

/// What a check found to be sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// Lines, without the last.
    pub lines: u64,
    /// The hash of the last line: whoever kept it elsewhere can tell this export from any other.
    pub last: String,
}

/// Where a chain is broken.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// A line is not as it was written.
    #[error("line {0} was changed")]
    Changed(u64),
    /// A line does not follow the one before it.
    #[error("line {0} does not follow the line before it: a line was left out, added or moved")]
    Order(u64),
    /// The export ends before its end.
    #[error("the end is missing after line {0}: it was cut off")]
    Cut(u64),
    /// Something follows the end.
    #[error("line {0} stands behind the end")]
    After(u64),
    /// It cannot be read.
    #[error("it cannot be read")]
    Read(#[from] io::Error),
}

/// Writes lines, each with the hash of the one before.
struct Chain<W> {
    out: W,
    prev: String,
    lines: u64,
}

impl<W: Write> Chain<W> {
    fn new(out: W) -> Self {
        Self { out, prev: FIRST.to_owned(), lines: 0 }
    }

    fn line(&mut self, kind: &str, mut fields: Map<String, Value>) -> io::Result<()> {
        fields.insert("kind".to_owned(), kind.into());
        fields.insert("n".to_owned(), (self.lines + 1).into());
        fields.insert("prev".to_owned(), self.prev.clone().into());
        let text = Value::Object(fields).to_string();
        let open = text.strip_suffix('}').unwrap_or(&text);
        let hash = blake3::hash(open.as_bytes()).to_hex().to_string();
        writeln!(self.out, "{open}{HASH}{hash}\"}}")?;
        (self.prev, self.lines) = (hash, self.lines + 1);
        Ok(())
    }
}

/// Writes the export of what happened at `since` or later and before `until`; gives the hash of its last line and how
/// many records could not be read. Blocks on the disk.
pub fn export(
    data: &Path,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    out: impl Write,
) -> Result<(Sound, u64), AuditError> {
    let within =
        |at: Timestamp| since.is_none_or(|since| at >= since) && until.is_none_or(|until| at < until);
    let (mut chain, mut seen, mut failed) = (Chain::new(out), Seen::default(), None);
    let lost = each(data, Stream::Desk, |sequence, record: DeskRecord| {
        for (at, kind, mut fields) in seen.rows(&record) {
            if failed.is_some() || !within(at) {
                continue;
            }
            fields.insert("sequence".to_owned(), sequence.0.into());
            fields.insert("at".to_owned(), at.to_string().into());
            failed = chain.line(kind, fields).err();
        }
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    let lines = chain.lines;
    chain.line("end", fields(json!({"lines": lines, "lost": lost})))?;
    chain.out.flush()?;
    Ok((Sound { lines, last: chain.prev }, lost))
}

/// Checks an export.
pub fn verify(text: impl BufRead) -> Result<Sound, Broken> {
    let (mut prev, mut lines, mut ended) = (FIRST.to_owned(), 0, None);
    for line in text.lines() {
        let (line, number) = (line?, lines + 1);
        if ended.is_some() {
            return Err(Broken::After(number));
        }
        let (open, hash) = line.rsplit_once(HASH).ok_or(Broken::Changed(number))?;
        let hash = hash.strip_suffix("\"}").ok_or(Broken::Changed(number))?;
        if blake3::hash(open.as_bytes()).to_hex().as_str() != hash {
            return Err(Broken::Changed(number));
        }
        let read: Value = serde_json::from_str(&format!("{open}}}")).map_err(|_| Broken::Changed(number))?;
        if read["prev"].as_str() != Some(&prev) || read["n"].as_u64() != Some(number) {
            return Err(Broken::Order(number));
        }
        ended = (read["kind"] == "end").then_some(lines);
        hash.clone_into(&mut prev);
        lines = number;
    }
    match ended {
        Some(lines) => Ok(Sound { lines, last: prev }),
        None => Err(Broken::Cut(lines)),
    }
}

type Row = (Timestamp, &'static str, Map<String, Value>);

/// What later records speak of.
#[derive(Default)]
struct Seen {
    incidents: HashMap<IncidentId, Incident>,
    notifications: HashMap<NotificationKey, (IncidentId, String)>,
    /// The time of the last record that tells one, for those that tell none.
    last: Timestamp,
}

fn outage(outage: &Outage) -> Row {
    let told = json!({
        "rule": outage.rule, "source": outage.source.as_ref().map(ToString::to_string),
        "since": outage.since, "why": outage.why, "over": outage.over_at.is_some(),
    });
    (outage.over_at.unwrap_or(outage.told_at), "outage", fields(told))
}

fn handed(handover: &Handover) -> Row {
    let accepted = handover.accepted.as_ref();
    let at = accepted.map(|accepted| accepted.at).or(handover.called_at).unwrap_or(handover.at);
    let told = json!({
        "handover": handover.id.as_str(), "coming": handover.coming, "open": handover.pack.open,
        "accepted_by": accepted.map(|accepted| accepted.by.label()), "called_at": handover.called_at,
    });
    (at, "handover", fields(told))
}

impl Seen {
    fn rows(&mut self, record: &DeskRecord) -> Vec<Row> {
        let rows = self.told(record);
        self.last = rows.last().map_or(self.last, |(at, ..)| *at);
        rows
    }

    fn told(&mut self, record: &DeskRecord) -> Vec<Row> {
        let one = |at: Timestamp, kind, value| vec![(at, kind, fields(value))];
        match record {
            DeskRecord::Desk(step) => {
                for notification in &step.notifications {
                    let of = (notification.brief.incident.clone(), notification.receiver.clone());
                    self.notifications.insert(notification.key.clone(), of);
                }
                step.events.iter().filter_map(|event| self.event(event)).collect()
            }
            DeskRecord::Delivered(delivery) => vec![self.delivery(delivery)],
            DeskRecord::Together(deliveries) => deliveries.iter().map(|one| self.delivery(one)).collect(),
            DeskRecord::Requeued(again) => {
                let keys: Vec<&str> = again.keys.iter().map(NotificationKey::as_str).collect();
                one(again.at, "requeued", json!({"keys": keys, "by": asked(&again.by)}))
            }
            DeskRecord::Fates(fates) => fates
                .iter()
                .map(|decided| {
                    let (fate, why) = match &decided.fate {
                        Fate::Held { why, .. } => ("held", why.as_str()),
                        Fate::Released => ("released", ""),
                        Fate::Folded { into } => ("folded", into.as_str()),
                        Fate::Dropped { why } => ("dropped", why.as_str()),
                        Fate::Bundled { bundle } => ("bundled", bundle.as_str()),
                    };
                    let told = json!({"key": decided.key.as_str(), "fate": fate, "why": why});
                    (decided.at, "held-back", fields(told))
                })
                .collect(),
            DeskRecord::Silence(silence) => {
                let by = silence.ended.as_ref().map_or(&silence.by, |(by, _)| by);
                let at = silence.ended.as_ref().map_or(silence.from, |(_, at)| *at);
                one(
                    at,
                    "silence",
                    json!({
                        "silence": silence.id.as_str(), "reason": silence.reason, "until": silence.ends(),
                        "ended": silence.ended.is_some(), "by": by.label(), "of": silence.matcher,
                    }),
                )
            }
            DeskRecord::Person(person) => one(
                self.last.max(person.added_at),
                "person",
                json!({
                    "name": person.name.as_str(), "role": person.role.as_str(), "disabled": person.disabled,
                }),
            ),
            DeskRecord::Token(token) => one(
                self.last.max(token.created_at),
                "token",
                json!({
                    "label": token.label, "role": token.role.as_str(), "revoked": token.revoked,
                }),
            ),
            DeskRecord::Lexicon { version, at } => one(*at, "dictionaries", json!({"version": version})),
            DeskRecord::Rules { version, at } => one(*at, "rules", json!({"version": version})),
            DeskRecord::SourcePaused { source, paused, by, at } => {
                let told = json!({"source": source.as_str(), "paused": paused, "by": asked(by)});
                one(*at, "source", told)
            }
            DeskRecord::Audit(entry) => one(
                entry.at,
                "audit",
                json!({
                    "what": entry.what, "detail": entry.detail, "by": entry.by.as_ref().map(asked), "from": entry.from,
                }),
            ),
            DeskRecord::Verdict(verdict) => one(
                verdict.at,
                "verdict",
                json!({
                    "post": verdict.post.to_string(), "grade": verdict.grade, "department": verdict.department,
                    "by": asked(&verdict.by),
                }),
            ),
            DeskRecord::Outage(told) => vec![outage(&told.0)],
            DeskRecord::Handover(handover) => vec![handed(handover)],
            DeskRecord::Rescored(rescored) => {
                one(rescored.at, "rescored", json!({"version": rescored.version, "by": asked(&rescored.by)}))
            }
            DeskRecord::Fact(card) => one(
                card.at,
                "fact",
                json!({
                    "event": format!("{:016x}", card.event), "claim": card.claim, "status": card.status.as_str(),
                    "source": card.source, "by": card.by.label(),
                }),
            ),
        }
    }

    fn event(&mut self, event: &IncidentEvent) -> Option<Row> {
        let known = self.incidents.remove(&event.incident);
        let applied = match known {
            None => Incident::open(event),
            Some(mut incident) => incident.apply(event).map(|()| incident),
        };
        let incident =
            applied.inspect_err(|error: &FoldError| tracing::warn!(%error, "an event does not fit")).ok()?;
        let entry = incident.timeline.last()?;
        let mut row = fields(json!({
            "incident": incident.id.as_str(), "state": incident.state, "grade": incident.grade, "by": entry.by.label(),
        }));
        match serde_json::to_value(&entry.what) {
            // `{"Assigned": {"department": …}}`.
            Ok(Value::Object(told)) => {
                for (what, of) in told {
                    row.insert("what".to_owned(), kebab(&what).into());
                    row.insert("of".to_owned(), of);
                }
            }
            Ok(told) => drop(row.insert("what".to_owned(), told)),
            Err(error) => tracing::warn!(%error, "an entry of a timeline cannot be told"),
        }
        self.incidents.insert(event.incident.clone(), incident);
        Some((event.at, "incident", row))
    }

    fn delivery(&self, delivery: &crate::notify::Delivery) -> Row {
        let of = self.notifications.get(&delivery.key);
        let told = json!({
            "key": delivery.key.as_str(), "incident": of.map(|(incident, _)| incident.as_str()),
            "receiver": of.map(|(_, receiver)| receiver), "attempt": delivery.attempt, "took_ms": delivery.took_ms,
            "outcome": delivery.outcome, "answer": delivery.answer,
        });
        (delivery.at, "delivery", fields(told))
    }
}

fn fields(value: Value) -> Map<String, Value> {
    if let Value::Object(fields) = value { fields } else { Map::new() }
}

fn asked(by: &PersonOrToken) -> String {
    match by {
        PersonOrToken::Person(name) => format!("person:{}", name.as_str()),
        PersonOrToken::Token(id) => format!("token:{id}"),
        PersonOrToken::Console => "console".to_owned(),
    }
}

/// `ReplySeen` as `reply-seen`.
fn kebab(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 2);
    for (place, c) in name.chars().enumerate() {
        if c.is_uppercase() && place > 0 {
            out.push('-');
        }
        out.extend(c.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(lines: u64) -> String {
        let mut chain = Chain::new(Vec::new());
        for number in 0..lines {
            chain
                .line("audit", fields(json!({"what": format!("步骤{number}"), "detail": "a\",\"hash\":\"b"})))
                .unwrap();
        }
        chain.line("end", fields(json!({"lines": lines}))).unwrap();
        String::from_utf8(chain.out).unwrap()
    }

    #[test]
    fn a_whole_chain_is_sound_and_says_how_long_it_is() {
        for lines in [0, 1, 7] {
            let text = chain(lines);
            let sound = verify(text.as_bytes()).unwrap();
            assert_eq!(sound.lines, lines);
            assert!(text.trim_end().ends_with(&format!("{}\"}}", sound.last)));
        }
    }

    #[test]
    fn whatever_is_changed_left_out_moved_added_or_cut_is_found() {
        let whole = chain(5);
        let lines: Vec<&str> = whole.lines().collect();
        let joined = |lines: &[&str]| lines.join("\n");
        let changed = joined(&lines).replacen("步骤2", "步骤9", 1);
        let without = joined(&[&lines[..2], &lines[3..]].concat());
        let moved = joined(&[lines[0], lines[2], lines[1], lines[3], lines[4], lines[5]]);
        let doubled = joined(&[&lines[..2], &lines[1..]].concat());
        let cut = joined(&lines[..4]);
        let after = joined(&[&lines[..], &lines[..1]].concat());
        for (name, text, expected) in [
            ("changed", changed, "line 3 was changed"),
            ("without", without, "line 3 does not follow the line before it"),
            ("moved", moved, "line 2 does not follow"),
            ("doubled", doubled, "line 3 does not follow"),
            ("cut", cut, "the end is missing after line 4"),
            ("after", after, "line 7 stands behind the end"),
            ("no chain", "{}".to_owned(), "line 1 was changed"),
            ("nothing", String::new(), "the end is missing after line 0"),
        ] {
            let told = verify(text.as_bytes()).unwrap_err().to_string();
            assert!(told.contains(expected), "{name}: {told}");
        }
    }
}
