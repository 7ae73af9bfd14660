//! What people say is right of a post: something, nothing that contradicts itself, and once.

use super::{Command, DeskError, DeskHandle, DeskTask, failed};
use crate::assess::evaluation::{Matter, NOBODY, Rung};
use crate::incident::optional_note;
use crate::journal::record::DeskVerdict;

impl DeskHandle {
    /// Writes down what somebody says is right of a post, if it says something, and nothing that contradicts itself.
    /// With a key that was used before for the same post nothing is written again.
    pub async fn judge(&self, verdict: DeskVerdict) -> Result<(), DeskError> {
        let DeskVerdict { grade, category, department, sentiment, question, note, .. } = &verdict;
        let silent = grade.is_none() && category.is_none() && department.is_none();
        if silent && sentiment.is_none() && question.is_none() {
            return Err(DeskError::NothingSaid);
        }
        let graded = grade.is_some_and(|grade| grade != Rung::NONE);
        let routed = department.as_deref().is_some_and(|id| id != NOBODY);
        if *category == Some(Matter::Nobodys) && (graded || routed) {
            return Err(DeskError::NobodysMatter);
        }
        let note = optional_note(note.clone())?;
        let verdict = Box::new(DeskVerdict { note, ..verdict });
        self.ask(|answer| Command::Judge(verdict, answer)).await
    }
}

impl DeskTask {
    /// Whether the same request came before.
    pub(super) fn is_repeated(&self, verdict: &DeskVerdict) -> Result<bool, DeskError> {
        let Some(key) = &verdict.idempotency_key else { return Ok(false) };
        match self.store.verdict_by_key(key).map_err(failed)? {
            Some(post) if post != verdict.post => Err(DeskError::KeyUsed),
            before => Ok(before.is_some()),
        }
    }
}
