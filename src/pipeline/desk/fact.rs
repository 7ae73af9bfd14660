//! Fact cards: they are stated with a word on the timeline of each incident that the event led to, alerts carry them,
//! and they go along where an event is merged into another.

use std::borrow::Cow;

use jiff::Timestamp;

use super::{Command, Concluded, DeskError, DeskHandle, DeskTask, failed};
use crate::detect::{Measure, Signal};
use crate::incident::{Act, FactCard, IncidentId};
use crate::journal::record::DeskRecord;
use crate::store::StoreError;

impl DeskHandle {
    /// Writes down how far the desk got with the claim of an event; `told` are the incidents that it led to.
    pub async fn state_fact(&self, card: FactCard, told: Vec<IncidentId>) -> Result<(), DeskError> {
        let card = Box::new(card.checked()?);
        self.ask(|answer| Command::State { card, told, answer }).await
    }

    /// Lets the cards of events go along into those that they were merged into: the younger and the older of each.
    pub(in crate::pipeline) async fn merged(&self, events: Vec<(u64, u64)>) -> Result<(), DeskError> {
        self.ask(|answer| Command::Merged(events, answer)).await
    }
}

impl DeskTask {
    /// The words on the timelines. An incident that is unknown or has ended meanwhile is told nothing.
    pub(super) fn tell_fact(
        &mut self,
        card: &FactCard,
        told: &[IncidentId],
        now: Timestamp,
    ) -> Vec<Concluded> {
        let mut concluded = Vec::new();
        for incident in told {
            let note = Act::Note { note: card.note() };
            match self.act(incident, note, card.by.clone(), None, now) {
                Ok((_, step)) => concluded.extend(step),
                Err(error) => tracing::debug!(%incident, %error, "a fact card was not noted"),
            }
        }
        concluded
    }

    /// The cards that go along; an event that has one keeps it.
    pub(super) fn moved_facts(&self, events: &[(u64, u64)]) -> Result<Vec<DeskRecord>, DeskError> {
        let mut moved = Vec::new();
        for (from, into) in events {
            let card = self.store.fact(*from).map_err(failed)?;
            if let Some(card) = card
                && self.store.fact(*into).map_err(failed)?.is_none()
            {
                moved.push(DeskRecord::Fact(Box::new(FactCard { event: *into, ..card })));
            }
        }
        Ok(moved)
    }

    /// The signal of an event tells what the desk said of its claim, in place of why it should be verified.
    pub(super) fn with_fact<'a>(&self, signal: &'a Signal) -> Result<Cow<'a, Signal>, StoreError> {
        let Measure::Event { event, .. } = &signal.measure else { return Ok(Cow::Borrowed(signal)) };
        let Some(card) = self.store.fact(*event)? else { return Ok(Cow::Borrowed(signal)) };
        let mut signal = signal.clone();
        if let Measure::Event { verify, .. } = &mut signal.measure {
            *verify = Some(card.sentence());
        }
        Ok(Cow::Owned(signal))
    }
}
