//! How the sources do: the latest look, the cursor, and which spans of time were covered (R6).
//!
//! "Nothing new" and "could not look" stay apart: every look becomes a [`Span`] of its outcome, and
//! looks of the same outcome that follow each other on time grow into one. Spans are kept for seven
//! days of the source's own looks.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::journal::record::{Look, LookOutcome, PersonOrToken};
use crate::source::SourceId;

use super::draft::Draft;
use super::keys::{Key, Table};
use super::{Folded, Store, StoreError};

/// How long spans are kept.
const KEPT: Duration = Duration::from_hours(7 * 24);

/// How much later than planned a look may begin and still continue the span before it.
const LATE: Duration = Duration::from_mins(5);

/// What the looks at a source came to so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceState {
    /// The latest look.
    pub look: Look,
    /// Where the next look goes on: the latest cursor that a look gave.
    pub cursor: Option<Timestamp>,
    /// When a look last got an answer, an empty one included.
    pub answered_at: Option<Timestamp>,
    /// When a look last found a post that was not known.
    pub news_at: Option<Timestamp>,
    /// When everything that is revisited was last looked at.
    pub swept_at: Option<Timestamp>,
    /// Looks in a row that were blocked or failed.
    pub failures: u32,
    /// Beginning of the span that the next look may continue.
    span: Timestamp,
}

/// A stretch of time in which the looks at a source came to the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// When its first look began.
    pub from: Timestamp,
    /// When its last look ended.
    pub until: Timestamp,
    /// What they came to.
    pub outcome: LookOutcome,
    /// Number of looks.
    pub looks: u32,
    /// Whether its first look showed that nothing lies between it and what was known: `false` is a
    /// gap from the end of the last answered span before it.
    pub joined: bool,
}

/// An operator lets a source rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Who.
    pub by: PersonOrToken,
    /// Since when.
    pub at: Timestamp,
}

impl Store {
    /// What the looks at a source came to; `None` before the first.
    pub fn source(&self, source: &SourceId) -> Result<Option<SourceState>, StoreError> {
        self.get(&Table::Source.key().last(source.as_str()))
    }

    /// Every source that was ever looked at, by id.
    pub fn sources(&self) -> Result<Vec<SourceState>, StoreError> {
        self.scan(&Table::Source.key()).map(|pair| self.read(&pair?.1)).collect()
    }

    /// Whether and since when an operator lets a source rest.
    pub fn paused(&self, source: &SourceId) -> Result<Option<Paused>, StoreError> {
        self.get(&paused_key(source))
    }

    /// The spans of a source that touch `since` up to `until`, in order.
    pub fn coverage(
        &self,
        source: &SourceId,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Span>, StoreError> {
        let spans = Table::Coverage.key().text(source.as_str());
        let mut found = Vec::new();
        for pair in self.range(&spans, &spans.clone().time(until)) {
            let span: Span = self.read(&pair?.1)?;
            if span.until >= since {
                found.push(span);
            }
        }
        Ok(found)
    }
}

/// Folds one look.
pub(super) fn looked(draft: &mut Draft<'_>, look: &Look) -> Result<Folded, StoreError> {
    let key = Table::Source.key().last(look.source.as_str());
    let before: Option<SourceState> = draft.get(&key)?;
    let answered = match look.outcome {
        LookOutcome::Observed | LookOutcome::Empty => true,
        LookOutcome::Blocked(_) | LookOutcome::Failed(_) => false,
    };
    let span = extend_coverage(draft, before.as_ref(), look)?;
    let keep = |yes: bool, old: fn(&SourceState) -> Option<Timestamp>| {
        if yes { Some(look.ended_at) } else { before.as_ref().and_then(old) }
    };
    let state = SourceState {
        cursor: look.cursor.or_else(|| before.as_ref().and_then(|state| state.cursor)),
        answered_at: keep(answered, |state| state.answered_at),
        news_at: keep(look.new_posts > 0, |state| state.news_at),
        swept_at: keep(look.swept && answered, |state| state.swept_at),
        failures: if answered { 0 } else { before.as_ref().map_or(0, |state| state.failures) + 1 },
        span,
        look: look.clone(),
    };
    draft.put(key, &state);
    Ok(Folded::Done)
}

/// Folds an operator's word on a source.
pub(super) fn paused(draft: &mut Draft<'_>, source: &SourceId, rests: Option<Paused>) {
    match rests {
        Some(paused) => draft.put(paused_key(source), &paused),
        None => draft.remove(paused_key(source)),
    }
}

/// Continues the current span or begins one; gives its beginning.
fn extend_coverage(
    draft: &mut Draft<'_>,
    before: Option<&SourceState>,
    look: &Look,
) -> Result<Timestamp, StoreError> {
    let spans = Table::Coverage.key().text(look.source.as_str());
    let horizon = look.ended_at.saturating_sub(KEPT).expect("a duration is a legal difference");
    for old in draft.keys(&spans, &spans.clone().time(horizon))? {
        let old = Key(old);
        // The key tells the beginning; a long span may still reach into the time that is kept.
        if draft.get::<Span>(&old)?.is_some_and(|span| span.until < horizon) {
            draft.remove(old);
        }
    }
    if let Some(before) = before {
        let key = spans.clone().time(before.span);
        let planned = before.look.next_due.saturating_add(LATE).expect("a duration is a legal difference");
        let answered = matches!(look.outcome, LookOutcome::Observed | LookOutcome::Empty);
        let unbroken = look.began_at <= planned && (look.overlapped || !answered);
        if let Some(mut span) = draft.get::<Span>(&key)?
            && span.outcome == look.outcome
            && unbroken
        {
            span.until = span.until.max(look.ended_at);
            span.looks = span.looks.saturating_add(1);
            draft.put(key, &span);
            return Ok(before.span);
        }
    }
    let span = Span {
        from: look.began_at,
        until: look.ended_at,
        outcome: look.outcome.clone(),
        looks: 1,
        joined: look.overlapped,
    };
    draft.put(spans.time(look.began_at), &span);
    Ok(look.began_at)
}

fn paused_key(source: &SourceId) -> Key {
    Table::Paused.key().last(source.as_str())
}
