//! Observes judged posts in order and hands what was measured to the desk.
//!
//! What the detector remembers is written down now and then with its place in the journal. After a
//! crash it goes on from there and concludes again what lies behind: the desk knows a signal it has
//! heard by its id, so nothing is told twice and nothing is lost.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use metrics::gauge;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::assessing::Batch;
use super::clock::Clock;
use super::desk::{DeskError, DeskHandle, Official};
use super::events::EventsNow;
use super::health::Health;
use super::judging::{Judged, News};
use super::lexicons::write_whole;
use super::live::{Live, LiveKind};
use super::topics::TopicsNow;
use crate::detect::topic::term;
use crate::detect::{DetectConfig, Detector, DetectorState, Measure, Observed, Signal};
use crate::journal::Sequence;
use crate::telemetry::metric;

/// Time between two snapshots.
const SNAPSHOT_EVERY: Duration = Duration::from_mins(1);
/// After so many posts one is written even so: a daemon that never lives a minute would observe all of them at each start.
const SNAPSHOT_AFTER: usize = 50_000;
/// Time between two showings of what rises, while posts come.
const SHOW_EVERY: Duration = Duration::from_secs(1);
/// A topic older than this is told to nobody: without a snapshot all posts are observed anew, and what was usual
/// then is known less well than at the time.
const STALE: SignedDuration = SignedDuration::from_hours(24);
/// A round that lasts longer is stuck.
const LIMIT: Duration = Duration::from_mins(1);
/// The shape of the snapshot; another one is not read.
const VERSION: u8 = 7;

/// The task.
pub(super) struct DetectTask {
    pub(super) batches: mpsc::Receiver<Arc<Batch>>,
    pub(super) detector: Detector,
    /// What the detector has observed.
    pub(super) reached: Sequence,
    pub(super) desk: DeskHandle,
    pub(super) snapshot: PathBuf,
    pub(super) topics: TopicsNow,
    pub(super) events: EventsNow,
    pub(super) live: Live,
    pub(super) clock: Clock,
    pub(super) health: Health,
    /// New watches after the rules were changed.
    pub(super) changes: mpsc::Receiver<DetectChange>,
}

/// What posts added to.
#[derive(Default)]
struct Stirred {
    topics: BTreeSet<u64>,
    events: BTreeSet<u64>,
}

impl Stirred {
    fn add(&mut self, more: Self) {
        self.topics.extend(more.topics);
        self.events.extend(more.events);
    }
}

/// What a batch came to.
#[derive(Default)]
struct Tipped {
    signals: Vec<Signal>,
    stirred: Stirred,
    /// Events that go on in others: which, into which.
    merged: Vec<(u64, u64)>,
    officials: Vec<Official>,
}

/// A change of what the detector watches for.
pub(super) type DetectChange = Box<dyn FnOnce(&mut Detector) + Send>;

impl DetectTask {
    /// Works until the assessing ends; leaves a snapshot.
    pub(super) async fn run(mut self, _stop: CancellationToken) {
        let (mut written, mut unwritten) = (Instant::now(), 0_usize);
        let (mut stirred, mut unshown) = (Stirred::default(), true);
        let mut show = interval(SHOW_EVERY);
        show.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                batch = self.batches.recv() => match batch {
                    Some(batch) => {
                        let _working = self.health.clone().working("detect", LIMIT);
                        match self.observe(&batch).await {
                            Ok(batch) => stirred.add(batch),
                            Err(_) => break,
                        }
                        unwritten += batch.posts.len().max(1);
                        unshown = true;
                    }
                    None => break,
                },
                Some(change) = self.changes.recv() => change(&mut self.detector),
                // Topics end by the posts' time, so without posts nothing changes.
                _ = show.tick(), if unshown => {
                    self.show(std::mem::take(&mut stirred));
                    unshown = false;
                }
            }
            if unwritten >= SNAPSHOT_AFTER || unwritten > 0 && written.elapsed() >= SNAPSHOT_EVERY {
                self.write_snapshot().await;
                (written, unwritten) = (Instant::now(), 0);
            }
        }
        self.write_snapshot().await;
    }

    /// Observes a batch and has what it tipped concluded; what it stirred.
    async fn observe(&mut self, batch: &Batch) -> Result<Stirred, DeskError> {
        let Tipped { signals, stirred, merged, officials } = self.hear(batch);
        // Before the signals: what an event brings along is told with it. After them: what offices say to it.
        while !(merged.is_empty() && signals.is_empty() && officials.is_empty()) {
            match self.tell(&merged, &signals, &officials).await {
                Ok(()) => break,
                // Nobody takes them any more; the next start concludes them again.
                Err(error @ DeskError::Stopped) => return Err(error),
                Err(error) => {
                    tracing::error!(%error, "signals could not be concluded; trying again");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
        self.reached = self.reached.max(batch.up_to);
        gauge!(metric::VIEW_SEQUENCE, "view" => "detector").set(self.reached.0 as f64);
        Ok(stirred)
    }

    /// Observes a batch, and in its place does what somebody said of events.
    fn hear(&mut self, batch: &Batch) -> Tipped {
        let mut tipped = Tipped::default();
        let reached = self.reached;
        let mut moved = batch.moved.iter().filter(|moved| moved.sequence > reached).peekable();
        for judged in batch.posts.iter().filter(|judged| judged.sequence > reached) {
            while let Some(moved) = moved.next_if(|moved| moved.sequence < judged.sequence) {
                tipped.merged.extend(self.detector.regroup(&moved.change, &moved.posts));
            }
            match judged.news {
                News::Found | News::Revised => self.hear_post(judged, &mut tipped),
                News::Gone if judged.assessed.post.official => tipped.officials.push(Official {
                    assessed: judged.assessed.clone(),
                    gone: true,
                    beside: BTreeSet::new(),
                }),
                News::Shown(_) | News::Gone => {}
            }
        }
        for moved in moved {
            tipped.merged.extend(self.detector.regroup(&moved.change, &moved.posts));
        }
        tipped
    }

    fn hear_post(&mut self, judged: &Judged, tipped: &mut Tipped) {
        let assessed = judged.then.as_ref().unwrap_or(&judged.assessed);
        let Observed { signals, topic, placed } = self.detector.observe(assessed, judged.sequence.0);
        tipped.signals.extend(signals.into_iter().filter(|signal| self.is_told(signal)));
        tipped.stirred.topics.extend(topic);
        tipped.stirred.events.extend(placed.event);
        if assessed.post.official {
            let event = placed.event.and_then(|id| self.detector.events().event(id));
            let beside = event.iter().flat_map(|event| event.evidence()).map(|post| post.post).collect();
            tipped.officials.push(Official { assessed: assessed.clone(), gone: false, beside });
        }
        tipped.merged.extend(placed.merged);
    }

    async fn tell(
        &self,
        merged: &[(u64, u64)],
        signals: &[Signal],
        officials: &[Official],
    ) -> Result<(), DeskError> {
        if !merged.is_empty() {
            self.desk.merged(merged.to_vec()).await?;
        }
        if !signals.is_empty() {
            self.desk.conclude(signals.to_vec()).await?;
        }
        if officials.is_empty() { Ok(()) } else { self.desk.officials(officials.to_vec()).await }
    }

    fn is_told(&self, signal: &Signal) -> bool {
        let aged = matches!(signal.measure, Measure::Topic { .. } | Measure::Event { .. });
        let stale = aged && self.clock.now().duration_since(signal.at) > STALE;
        if stale {
            tracing::info!(rule = signal.watch, at = %signal.at, "a topic or event is too old to be told");
        }
        !stale
    }

    /// Shows what rises and what happened, and tells the open pages of what was stirred since the last time.
    fn show(&self, stirred: Stirred) {
        self.topics.show(&self.detector);
        let topics = self.detector.topics();
        for topic in
            stirred.topics.into_iter().filter_map(|id| topics.topic(id)).filter(|t| t.subject.is_some())
        {
            let told = json!({
                "id": topic.rising.id_text(), "term": term(&topic.rising.words), "why": topic.rising.why,
            });
            self.live.tell(LiveKind::Topic, told);
        }
        self.events.show(&self.detector);
        for now in self.events.current().iter().filter(|now| stirred.events.contains(&now.event.id)) {
            let told = json!({
                "id": now.event.id_text(), "title": now.event.title(), "grade": now.score.grade,
                "voices": now.event.voices(),
            });
            self.live.tell(LiveKind::Event, told);
        }
        gauge!(metric::EVENTS).set(self.detector.events().current().count() as f64);
        let fill = topics.fill();
        for (table, fill) in [
            ("baseline", fill.baseline),
            ("keys", fill.keys),
            ("doorkeeper", fill.doorkeeper),
            ("seasons", fill.slots),
        ] {
            gauge!(metric::TOPIC_TABLE_FILL, "table" => table).set(f64::from(fill));
        }
        gauge!(metric::TOPICS).set(topics.current().count() as f64);
    }

    async fn write_snapshot(&self) {
        let mut bytes = vec![VERSION];
        bytes.extend(self.reached.0.to_le_bytes());
        let bytes = match postcard::to_extend(self.detector.state(), bytes) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(%error, "detector snapshot could not be made");
                return;
            }
        };
        let path = self.snapshot.clone();
        let hash = blake3::hash(&bytes);
        let whole = [hash.as_bytes().as_slice(), &bytes].concat();
        match tokio::task::spawn_blocking(move || write_whole(&path, &whole)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "detector snapshot could not be written"),
            Err(error) => tracing::warn!(%error, "detector snapshot could not be written"),
        }
    }
}

/// What was written last, if it is whole, not ahead of the journal and kept as is configured now. Blocks on the disk.
pub(super) fn read_snapshot(
    path: &Path,
    durable: Sequence,
    config: &DetectConfig,
) -> Option<(Sequence, DetectorState)> {
    let bytes = std::fs::read(path).ok()?;
    let (hash, bytes) = bytes.split_at_checked(32)?;
    let sound = blake3::hash(bytes).as_bytes().as_slice() == hash;
    let (version, bytes) = bytes.split_first()?;
    let (reached, state) = bytes.split_at_checked(8)?;
    let reached = Sequence(u64::from_le_bytes(reached.try_into().ok()?));
    let usable = sound && *version == VERSION && reached <= durable;
    let state = usable.then(|| postcard::from_bytes(state).ok()).flatten();
    let state = state.filter(|state: &DetectorState| state.fits(config));
    if state.is_none() {
        tracing::warn!("detector snapshot is not usable; posts are observed anew");
    }
    Some((reached, state?))
}
