//! Folding the `desk` stream: one record, all its parts or none.

use crate::journal::record::{DeskRecord, DeskStep};
use crate::journal::{Sequence, Stream};

use super::draft::Draft;
use super::sources::Paused;
use super::{
    Applied, Folded, Store, StoreError, facts, handovers, incidents, outages, outbox, people, silences,
    sources, verdicts, versions,
};

impl Store {
    /// Folds records of the `desk` stream, given in order of sequence. What is in already changes
    /// nothing, so a batch may be given again or overlap the one before.
    pub fn apply_desk(&self, records: &[(Sequence, DeskRecord)]) -> Result<Applied, StoreError> {
        self.apply(Stream::Desk, records, fold)
    }
}

fn fold(draft: &mut Draft<'_>, sequence: Sequence, record: &DeskRecord) -> Result<Folded, StoreError> {
    match record {
        DeskRecord::Desk(step) => return decided(draft, sequence, step),
        DeskRecord::Delivered(delivery) => return outbox::delivered(draft, delivery),
        DeskRecord::Person(person) => people::person(draft, person),
        DeskRecord::Token(token) => return people::token(draft, token),
        DeskRecord::Lexicon { version, at } => versions::lexicon(draft, sequence, version, *at),
        DeskRecord::Rules { version, at } => versions::rules(draft, sequence, version, *at),
        DeskRecord::SourcePaused { source, paused, by, at } => {
            sources::paused(draft, source, paused.then(|| Paused { by: by.clone(), at: *at }));
        }
        // The audit log is read from the journal itself.
        DeskRecord::Audit(_) => {}
        DeskRecord::Verdict(verdict) => return verdicts::given(draft, sequence, verdict),
        DeskRecord::Together(deliveries) => {
            let mut folded = Folded::Done;
            for delivery in deliveries {
                if outbox::delivered(draft, delivery)? == Folded::Orphan {
                    folded = Folded::Orphan;
                }
            }
            return Ok(folded);
        }
        DeskRecord::Requeued(again) => outbox::requeued(draft, again)?,
        DeskRecord::Fates(fates) => {
            for decided in fates {
                outbox::decided(draft, decided)?;
            }
        }
        DeskRecord::Handover(handover) => handovers::handed(draft, handover),
        DeskRecord::Outage(told) => {
            let (outage, notifications) = &**told;
            outages::told(draft, outage);
            for (place, notification) in notifications.iter().enumerate() {
                outbox::planned(draft, sequence, place, notification)?;
            }
        }
        DeskRecord::Silence(silence) => silences::said(draft, silence),
        DeskRecord::Fact(card) => facts::stated(draft, card),
        DeskRecord::Rescored(rescored) => versions::rescored(draft, sequence, rescored)?,
    }
    Ok(Folded::Done)
}

/// A signal that was concluded before, as after a crash, changes nothing: neither incident nor outbox.
fn decided(draft: &mut Draft<'_>, sequence: Sequence, step: &DeskStep) -> Result<Folded, StoreError> {
    if let Some(signal) = &step.signal
        && !incidents::signal_is_new(draft, sequence, signal)?
    {
        return Ok(Folded::Done);
    }
    let mut folded = Folded::Done;
    for event in &step.events {
        if incidents::changed(draft, event)? == Folded::Orphan {
            folded = Folded::Orphan;
        }
    }
    for (place, notification) in step.notifications.iter().enumerate() {
        outbox::planned(draft, sequence, place, notification)?;
    }
    if let Some(key) = &step.idempotency_key {
        incidents::answered(draft, sequence, key, step);
    }
    Ok(folded)
}
