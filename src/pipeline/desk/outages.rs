//! Looks whether the sources can be heard, by the rules on them, and tells when they cannot and when they can again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{DeskError, DeskTask, Round, failed};
use crate::alert::{Ear, Found, Outage};
use crate::journal::record::{DeskRecord, LookOutcome};
use crate::notify::outage_of;
use crate::source::SourceId;
use crate::store::{SourceState, Store, StoreError};

/// Time between two looks.
const EVERY: SignedDuration = SignedDuration::from_secs(10);
/// A look that is so late is none: the crawl itself is stuck.
const LATE: Duration = Duration::from_mins(15);

/// What was told, and when to look again.
pub(super) struct Outages {
    told: Vec<Outage>,
    /// Which sources should be read, and what people call them.
    sources: Vec<(SourceId, String)>,
    /// When the program began to look: what it did not look at before is nobody's outage.
    since: Timestamp,
    next: Timestamp,
}

impl Outages {
    pub(super) fn read(
        store: &Store,
        sources: Vec<(SourceId, String)>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        Ok(Self { told: store.outages()?, sources, since: now, next: now })
    }

    /// After a failure: what was told is what the store says.
    pub(super) fn start_over(&mut self, store: &Store) -> Result<(), StoreError> {
        self.told = store.outages()?;
        Ok(())
    }

    /// When to look again.
    pub(super) fn next(&self) -> Timestamp {
        self.next
    }

    /// How each source is heard. One that nobody looked at yet, or that rests, is not spoken of.
    fn ears(&self, store: &Store, now: Timestamp) -> Result<Vec<Ear>, StoreError> {
        let mut ears = Vec::new();
        for (source, name) in &self.sources {
            let Some(state) = store.source(source)? else { continue };
            if store.paused(source)?.is_none() {
                let unread = unread(&state, now).map(|(since, why)| (since.max(self.since), why));
                ears.push(Ear { source: source.clone(), name: name.clone(), unread });
            }
        }
        Ok(ears)
    }
}

/// Since when a source cannot be read, and why, if it cannot.
fn unread(state: &SourceState, now: Timestamp) -> Option<(Timestamp, String)> {
    match &state.look.outcome {
        LookOutcome::Blocked(why) | LookOutcome::Failed(why) => {
            Some((state.answered_at.unwrap_or(state.look.began_at), why.clone()))
        }
        LookOutcome::Observed | LookOutcome::Empty => {
            let due = state.look.next_due.saturating_add(LATE).unwrap_or(Timestamp::MAX);
            (due < now).then(|| (state.look.ended_at, "到时没有再读".to_owned()))
        }
    }
}

impl DeskTask {
    /// Tells what cannot be heard any more, and what can again.
    pub(super) fn listen(&mut self, now: Timestamp, round: &mut Round) -> Result<(), DeskError> {
        if self.outages.next > now {
            return Ok(());
        }
        self.outages.next = now.checked_add(EVERY).unwrap_or(Timestamp::MAX);
        if !self.clerk.rules.is_on_sources() && self.outages.told.is_empty() {
            return Ok(());
        }
        let ears = self.outages.ears(&self.store, now).map_err(failed)?;
        let found = self.clerk.rules.outages(&ears, now);
        let told = std::mem::take(&mut self.outages.told);
        let (last, over): (Vec<Outage>, Vec<Outage>) =
            told.into_iter().partition(|told| found.iter().any(|found| found.outage.is_of(told)));
        self.outages.told = last;
        for outage in over {
            // Where the rule is gone, or somebody lets the source rest, nothing has recovered.
            let heard = match &outage.source {
                None => !ears.is_empty(),
                Some(source) => ears.iter().any(|ear| ear.source == *source && ear.unread.is_none()),
            };
            let rule = self.clerk.rules.rules().iter().any(|rule| rule.enabled && rule.name == outage.rule);
            self.tell_outage(Outage { over_at: Some(now), ..outage }, heard && rule, now, round);
        }
        for Found { outage, .. } in found.into_iter().filter(|found| found.is_due) {
            if !self.outages.told.iter().any(|told| told.is_of(&outage)) {
                self.outages.told.push(outage.clone());
                self.tell_outage(outage, true, now, round);
            }
        }
        Ok(())
    }

    fn tell_outage(&self, outage: Outage, aloud: bool, now: Timestamp, round: &mut Round) {
        let called = self.clerk.clocks.rota().called(&outage.receivers, now);
        let notifications =
            if aloud { outage_of(&outage, &called, &self.clerk.receivers, now) } else { Vec::new() };
        tracing::warn!(rule = outage.rule, why = outage.why, over = outage.over_at.is_some(), "outage");
        round.records.push(DeskRecord::Outage(Box::new((outage, notifications))));
    }
}
