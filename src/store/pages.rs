//! Pages read of each source: validators for the next request, and which are young enough to revisit.

use std::time::Duration;

use jiff::Timestamp;
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use crate::journal::record::Visit;
use crate::source::SourceId;

use super::codec::time_of_key;
use super::draft::Draft;
use super::keys::{Key, Table};
use super::{Folded, Store, StoreError};

/// A page that neither changed nor was read for so long is forgotten.
const KEPT: Duration = Duration::from_hours(90 * 24);

impl Store {
    /// How a page was read last; `None` if it never was, or so long ago that it was forgotten.
    pub fn visit(&self, source: &SourceId, url: &Url) -> Result<Option<Visit>, StoreError> {
        let visit: Option<Visit> = self.get(&page_key(source, url))?;
        // Another address with the same hash is another page.
        Ok(visit.filter(|visit| visit.url == *url))
    }

    /// Pages of a source that changed at or after `changed_since` and were read last before
    /// `read_before`: those not read for the longest time first, at most `limit`.
    pub fn revisits(
        &self,
        source: &SourceId,
        changed_since: Timestamp,
        read_before: Timestamp,
        limit: usize,
    ) -> Result<Vec<Visit>, StoreError> {
        let prefix = Table::PageChanged.key().text(source.as_str());
        let from = prefix.clone().time(changed_since);
        let mut due = Vec::new();
        for pair in self.range(&from, &prefix.clone().bytes(&[0xff; 17])) {
            let (key, value) = pair?;
            let read_at: i64 = self.read(&value)?;
            if read_at < read_before.as_millisecond() {
                due.push((read_at, key[prefix.0.len() + 8..].to_vec()));
            }
        }
        due.sort();
        due.truncate(limit);
        let pages = Table::Page.key().text(source.as_str());
        due.iter().filter_map(|(_, hash)| self.get(&pages.clone().bytes(hash)).transpose()).collect()
    }
}

/// Folds one reading of a page.
pub(super) fn visited(draft: &mut Draft<'_>, visit: &Visit) -> Result<Folded, StoreError> {
    let key = page_key(&visit.source, &visit.url);
    if let Some(before) = draft.get::<Visit>(&key)?
        && before.changed_at != visit.changed_at
    {
        draft.remove(changed_key(&before.source, before.changed_at, &before.url));
    }
    draft.put(changed_key(&visit.source, visit.changed_at, &visit.url), &visit.at.as_millisecond());
    draft.put(key, visit);
    forget(draft, visit)
}

/// Takes the pages away that nobody will ask for any more.
fn forget(draft: &mut Draft<'_>, visit: &Visit) -> Result<Folded, StoreError> {
    let horizon = visit.at.saturating_sub(KEPT).expect("a duration is a legal difference");
    let order = Table::PageChanged.key().text(visit.source.as_str());
    for old in draft.keys(&order, &order.clone().time(horizon))? {
        let hash = old[order.0.len() + 8..].to_vec();
        debug_assert!(time_of_key(&old[order.0.len()..]).is_some_and(|changed| changed < horizon));
        let old = Key(old);
        if draft.get::<i64>(&old)?.is_some_and(|read_at| read_at < horizon.as_millisecond()) {
            draft.remove(old);
            draft.remove(Table::Page.key().text(visit.source.as_str()).bytes(&hash));
        }
    }
    Ok(Folded::Done)
}

fn page_key(source: &SourceId, url: &Url) -> Key {
    Table::Page.key().text(source.as_str()).number(xxh3_64(url.as_str().as_bytes()))
}

fn changed_key(source: &SourceId, changed_at: Timestamp, url: &Url) -> Key {
    let order = Table::PageChanged.key().text(source.as_str());
    order.time(changed_at).number(xxh3_64(url.as_str().as_bytes()))
}
