//! What the desk said of posts, joined with the texts it was said of: labels that teach and test.

use jiff::Timestamp;

use super::{Reading, ReadingError, store_cursor};
use crate::assess::Assessment;
use crate::assess::evaluation::{Labelled, Labels};
use crate::extract::post::{Post, PostId};
use crate::journal::Sequence;
use crate::journal::record::{DeskVerdict, PostRecord};
use crate::store::VerdictFilter;

/// One page of labelled posts.
#[derive(Debug, Clone)]
pub struct LabelPage {
    /// The posts with what was said of them, in the order it was said.
    pub rows: Vec<Labelled>,
    /// Verdicts whose posts are kept no more.
    pub gone: u64,
    /// Where the next page begins.
    pub next: Option<String>,
}

impl Reading {
    /// The judgement on a post as it stands, with the record that holds its latest text.
    pub async fn judgement(&self, id: PostId) -> Result<Option<(Sequence, Assessment)>, ReadingError> {
        self.blocking(move |reading| {
            let Some(state) = reading.store.post(id)? else { return Ok(None) };
            let shown = reading.shown(id, state)?;
            Ok(shown.map(|shown| (shown.state.text_at(), shown.assessment)))
        })
        .await
    }

    /// What the desk said last of a post.
    pub async fn verdict(&self, id: PostId) -> Result<Option<DeskVerdict>, ReadingError> {
        self.blocking(move |reading| Ok(reading.store.verdict(id)?)).await
    }

    /// The posts of the latest verdicts that were given at or after `since` and before `until`; at most `limit`
    /// verdicts are looked at.
    pub async fn labels(
        &self,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<LabelPage, ReadingError> {
        let cursor = store_cursor(cursor)?;
        self.blocking(move |reading| {
            let filter = VerdictFilter { since, until };
            let page = reading.store.verdicts(filter, cursor.as_ref(), limit)?;
            let given = page.items.len();
            let mut rows = Vec::with_capacity(given);
            for verdict in page.items {
                rows.extend(reading.labelled(verdict)?);
            }
            let gone = (given - rows.len()) as u64;
            Ok(LabelPage { rows, gone, next: page.next.map(|cursor| cursor.to_string()) })
        })
        .await
    }

    /// The text that a verdict speaks of, which need not be the latest, with what it says.
    fn labelled(&self, verdict: DeskVerdict) -> Result<Option<Labelled>, ReadingError> {
        let state = self.store.post(verdict.post)?.filter(|state| !state.is_gone());
        let Some(state) = state else { return Ok(None) };
        let Some(found) = self.found_record(state.found)? else { return Ok(None) };
        let post = match self.record(verdict.text_at)? {
            Some(PostRecord::Found(_)) => found,
            Some(PostRecord::Revised { title, text, counts, .. }) => Post { title, text, counts, ..found },
            Some(_) | None => return Ok(None),
        };
        let post = Post { voice: None, ..post };
        Ok(Some(Labelled { id: verdict.post.to_string(), post, labels: labels_of(verdict) }))
    }
}

/// What the desk said of a post, as labels.
pub fn labels_of(verdict: DeskVerdict) -> Labels {
    let DeskVerdict { grade, category, department, sentiment, question, .. } = verdict;
    Labels { grade, category, department, sentiment, question, ..Labels::default() }
}
