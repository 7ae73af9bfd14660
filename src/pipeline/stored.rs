//! The stored posts of a data directory, read from the journal while the daemon may run, and the dictionaries in
//! force there. Nothing is locked and nothing is changed.
//!
//! A post is given as often as its text changed, each time as it was known then, in the order of the journal:
//! what judges them one after another sees what the daemon saw. A post that its source took down gives nothing,
//! for its text is to be forgotten (V6).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use jiff::Timestamp;

use super::lexicons::{self, Kept};
use super::start::journal_dir;
use crate::extract::post::{Post, PostId};
use crate::journal::record::{DeskRecord, DeskVerdict, PostRecord, Record};
use crate::journal::{JournalError, RealDisk, Sequence, Stream, read_beside};
use crate::notify::policy::Silence;
use crate::store::PostState;

/// What was read.
#[derive(Debug, Default)]
pub struct StoredPosts {
    /// Posts as they became known, in the order of the journal.
    pub versions: Vec<Version>,
    /// Bytes of the journal that cannot be read, and records that no program of this version understands.
    pub lost: u64,
}

/// A post as it was known from an instant on.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// The post with the text of that time.
    pub post: Post,
    /// The record that holds the text.
    pub sequence: Sequence,
    /// When the text became known.
    pub at: Timestamp,
}

/// The posts whose text became known at `since` or later and before `until`. Blocks on the disk.
pub fn stored_posts(
    data: &Path,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
) -> Result<StoredPosts, JournalError> {
    let within =
        |at: Timestamp| since.is_none_or(|since| at >= since) && until.is_none_or(|until| at < until);
    let mut fates = Fates::default();
    each(data, Stream::Posts, |_, record: PostRecord| fates.take(&record, within))?;
    let mut found = StoredPosts::default();
    // Posts that were found earlier and are given again with a later text.
    let mut earlier: HashMap<PostId, Post> = HashMap::new();
    let mut known: HashSet<PostId> = HashSet::new();
    found.lost = each(data, Stream::Posts, |sequence, record| match record {
        PostRecord::Found(post) if known.insert(post.id) && !fates.is_gone(post.id) => {
            if fates.revised.contains(&post.id) {
                earlier.insert(post.id, (*post).clone());
            }
            if within(post.captured_at) {
                let at = post.captured_at;
                found.versions.push(Version { post: *post, sequence, at });
            }
        }
        PostRecord::Revised { post, title, text, counts, at } if within(at) => {
            if let Some(before) = earlier.get(&post) {
                let post = Post { title, text, counts, ..before.clone() };
                found.versions.push(Version { post, sequence, at });
            }
        }
        PostRecord::Found(_)
        | PostRecord::Revised { .. }
        | PostRecord::Counted { .. }
        | PostRecord::Missing { .. }
        | PostRecord::Returned { .. }
        | PostRecord::Looked(_)
        | PostRecord::Visited(_)
        | PostRecord::Regrouped(_) => {}
    })?;
    Ok(found)
}

/// What the desk said last of each post, and how much of the journal could not be read. Blocks on the disk.
pub fn verdicts(data: &Path) -> Result<(HashMap<PostId, DeskVerdict>, u64), JournalError> {
    let mut last = HashMap::new();
    let lost = each(data, Stream::Desk, |_, record| {
        if let DeskRecord::Verdict(verdict) = record {
            last.insert(verdict.post, *verdict);
        }
    })?;
    Ok((last, lost))
}

/// The silences as they stand, those of the past too. Blocks on the disk.
pub fn silences(data: &Path) -> Result<Vec<Silence>, JournalError> {
    let mut silences = BTreeMap::new();
    each(data, Stream::Desk, |_, record| {
        if let DeskRecord::Silence(silence) = record {
            silences.insert(silence.id.clone(), *silence);
        }
    })?;
    Ok(silences.into_values().collect())
}

/// The dictionaries in force by the latest record that says so, with the model if one was; `None` if none does
/// or they were not kept. Blocks on the disk.
pub fn in_force(data: &Path) -> Result<Option<Kept>, JournalError> {
    let mut last = None;
    let lost = each(data, Stream::Desk, |_, record| {
        if let DeskRecord::Lexicon { version, .. } = record {
            last = Some(version);
        }
    })?;
    if lost > 0 {
        tracing::warn!(lost, "records of the desk cannot be read; later dictionaries may be among them");
    }
    Ok(last.and_then(|version| match lexicons::kept(&data.join("lexicons"), &version) {
        Ok(kept) => Some(kept),
        Err(error) => {
            tracing::warn!(version, %error, "kept dictionaries cannot be read");
            None
        }
    }))
}

/// What becomes of posts later in the journal.
#[derive(Default)]
struct Fates {
    missing: HashMap<PostId, u32>,
    /// Given a new text within the time that is asked for.
    revised: HashSet<PostId>,
}

impl Fates {
    fn take(&mut self, record: &PostRecord, within: impl Fn(Timestamp) -> bool) {
        match record {
            PostRecord::Missing { post, .. } => *self.missing.entry(*post).or_default() += 1,
            PostRecord::Returned { post, .. } => drop(self.missing.remove(post)),
            PostRecord::Revised { post, at, .. } if within(*at) => drop(self.revised.insert(*post)),
            PostRecord::Found(_)
            | PostRecord::Revised { .. }
            | PostRecord::Counted { .. }
            | PostRecord::Looked(_)
            | PostRecord::Visited(_)
            | PostRecord::Regrouped(_) => {}
        }
    }

    fn is_gone(&self, post: PostId) -> bool {
        self.missing.get(&post).is_some_and(|&times| times >= PostState::GONE)
    }
}

/// Calls `take` with every record of a stream; gives how many could not be read.
pub(super) fn each<R: Record>(
    data: &Path,
    stream: Stream,
    mut take: impl FnMut(Sequence, R),
) -> Result<u64, JournalError> {
    let mut strange = 0;
    let damaged =
        read_beside(&RealDisk, &journal_dir(data), stream, |entry| match R::decode(&entry.payload) {
            Ok(record) => take(entry.sequence, record),
            Err(error) => {
                tracing::warn!(sequence = entry.sequence.0, %error, "record cannot be read");
                strange += 1;
            }
        })?;
    Ok(damaged + strange)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::extract::post::{Counts, Dated, PostKind};
    use crate::journal::{Journal, JournalConfig};
    use crate::source::SourceId;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + 60 * minutes).expect("a time of our days")
    }

    fn post(name: &str, minutes: i64) -> Post {
        let source = SourceId::new("town").expect("a legal id");
        Post {
            id: PostId::by_external_id(&source, name),
            source,
            external_id: Some(name.to_owned()),
            kind: PostKind::Post,
            parent: None,
            thread: None,
            url: None,
            title: String::new(),
            text: format!("{name}停水"),
            voice: None,
            official: false,
            published_at: at(minutes),
            dated: Dated::Claimed,
            captured_at: at(minutes),
            place: None,
            counts: Counts::default(),
        }
    }

    fn revised(post: &Post, minutes: i64) -> PostRecord {
        let text = format!("{}，又停电", post.text);
        PostRecord::Revised {
            post: post.id,
            title: String::new(),
            text,
            counts: post.counts,
            at: at(minutes),
        }
    }

    #[tokio::test]
    async fn posts_are_given_as_they_became_known_beside_a_running_daemon() {
        let data = tempfile::tempdir().expect("a directory");
        let dir = journal_dir(data.path());
        let (journal, writer, _) =
            Journal::open(Arc::new(RealDisk), &dir, &JournalConfig::default()).expect("opens");
        let writer = std::thread::spawn(move || writer.run());
        let (one, other, gone) = (post("甲", 0), post("乙", 10), post("丙", 11));
        let records = [
            PostRecord::Found(Box::new(one.clone())),
            PostRecord::Found(Box::new(other.clone())),
            PostRecord::Found(Box::new(gone.clone())),
            PostRecord::Found(Box::new(one.clone())),
            revised(&one, 20),
            PostRecord::Missing { post: gone.id, at: at(30) },
            PostRecord::Missing { post: other.id, at: at(30) },
            PostRecord::Returned { post: other.id, at: at(60) },
            PostRecord::Missing { post: other.id, at: at(90) },
            PostRecord::Missing { post: gone.id, at: at(90) },
        ];
        let batch = records.iter().map(|record| (Stream::Posts, record.encode())).collect();
        journal.append(batch).await.expect("stored");
        let texts = |since, until| {
            let found = stored_posts(data.path(), since, until).expect("read while the lock is held");
            assert_eq!(found.lost, 0);
            found.versions.into_iter().map(|one| (one.post.text, one.at)).collect::<Vec<_>>()
        };
        let (first, second, third) = ("甲停水".to_owned(), "乙停水".to_owned(), "甲停水，又停电".to_owned());
        assert_eq!(texts(None, None), [(first, at(0)), (second.clone(), at(10)), (third.clone(), at(20))]);
        assert_eq!(texts(Some(at(10)), None), [(second.clone(), at(10)), (third, at(20))]);
        assert_eq!(texts(Some(at(5)), Some(at(20))), [(second, at(10))]);
        assert!(in_force(data.path()).expect("read").is_none());
        journal.close();
        drop(journal);
        writer.join().expect("ends");
    }
}
