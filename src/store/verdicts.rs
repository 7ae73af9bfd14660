//! What the desk says is right of posts: the latest verdict of each, and all of them in the order they were given.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::extract::post::PostId;
use crate::journal::Sequence;
use crate::journal::record::DeskVerdict;

use super::draft::Draft;
use super::keys::{Key, Table};
use super::page::cut;
use super::{Cursor, Folded, Page, Store, StoreError};

/// Which verdicts are wanted; what is `None` does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VerdictFilter {
    /// Given at or after.
    pub since: Option<Timestamp>,
    /// Given before.
    pub until: Option<Timestamp>,
}

/// The latest verdict of a post and the record that holds it.
#[derive(Debug, Serialize, Deserialize)]
struct Latest {
    record: Sequence,
    verdict: DeskVerdict,
}

impl Store {
    /// What the desk said last of a post.
    pub fn verdict(&self, post: PostId) -> Result<Option<DeskVerdict>, StoreError> {
        let latest: Option<Latest> = self.get(&verdict_key(post))?;
        Ok(latest.map(|latest| latest.verdict))
    }

    /// The latest verdict of each post, in the order they were given; at most `limit` on a page.
    pub fn verdicts(
        &self,
        filter: VerdictFilter,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<DeskVerdict>, StoreError> {
        let mut found = Vec::new();
        for pair in self.scan_after(&Table::VerdictOrder.key(), cursor)? {
            let (key, post) = pair?;
            // Given anew between reading the order and reading the verdict: it has another place now.
            let Some(latest) = self.get::<Latest>(&verdict_key(self.read(&post)?))? else { continue };
            let within = filter.since.is_none_or(|since| latest.verdict.at >= since)
                && filter.until.is_none_or(|until| latest.verdict.at < until);
            if within && order_key(latest.record).0 == *key {
                found.push((key.to_vec(), latest.verdict));
            }
            if found.len() > limit {
                break;
            }
        }
        Ok(cut(found, limit))
    }

    /// The post on which a request with this idempotency key gave its verdict, if it came before.
    pub fn verdict_by_key(&self, idempotency_key: &str) -> Result<Option<PostId>, StoreError> {
        self.get(&asked_key(idempotency_key))
    }
}

/// Folds a verdict: it takes the place of the one before.
pub(super) fn given(
    draft: &mut Draft<'_>,
    record: Sequence,
    verdict: &DeskVerdict,
) -> Result<Folded, StoreError> {
    let key = verdict_key(verdict.post);
    if let Some(before) = draft.get::<Latest>(&key)? {
        draft.remove(order_key(before.record));
    }
    draft.put(order_key(record), &verdict.post);
    draft.put(key, &Latest { record, verdict: verdict.clone() });
    if let Some(asked) = &verdict.idempotency_key {
        draft.put(asked_key(asked), &verdict.post);
    }
    Ok(Folded::Done)
}

fn verdict_key(post: PostId) -> Key {
    Table::Verdict.key().bytes(post.as_bytes())
}

fn order_key(record: Sequence) -> Key {
    Table::VerdictOrder.key().number(record.0)
}

/// The client chose the key, so only its hash becomes part of ours.
fn asked_key(idempotency_key: &str) -> Key {
    Table::VerdictAsked.key().bytes(&blake3::hash(idempotency_key.as_bytes()).as_bytes()[..16])
}
