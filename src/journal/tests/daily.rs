//! The journal in daily use, on the real disk where it matters.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::thread;

use proptest::prelude::*;

use super::super::sim::SimDisk;
use super::super::{
    Entry, Journal, JournalConfig, JournalError, MAX_PAYLOAD, RealDisk, Sequence, Stream, read_beside, verify,
};
use super::{Batch, DIR, all, commit, filled, open, small};

fn on_disk(dir: &Path) -> Result<(Journal, thread::JoinHandle<()>), JournalError> {
    let (journal, writer, _) = Journal::open(Arc::new(RealDisk), dir, &small())?;
    Ok((journal, thread::spawn(move || writer.run())))
}

/// Takes a first step and tells whether it has to wait.
fn is_pending(future: Pin<&mut impl Future>) -> bool {
    future.poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_appended_is_read_back(
        groups in prop::collection::vec(prop::collection::vec(prop::collection::vec(
            (prop::bool::ANY, prop::collection::vec(any::<u8>(), 0..3000)), 0..5), 1..4), 0..20)
    ) {
        let disk = SimDisk::new(groups.len() as u64);
        let (journal, mut writer, _) = open(&disk).expect("opens");
        let mut wanted: [Vec<Entry>; 2] = Default::default();
        for group in groups {
            let batches: Vec<Batch> = group.into_iter().map(|batch| {
                batch.into_iter().map(|(desk, payload)| {
                    (if desk { Stream::Desk } else { Stream::Posts }, payload)
                }).collect()
            }).collect();
            for (batch, given) in batches.clone().into_iter().zip(commit(&mut writer, batches)) {
                for ((stream, payload), sequence) in batch.into_iter().zip(given.expect("is stored")) {
                    wanted[stream.index()].push(Entry { sequence, payload: payload.into() });
                }
            }
        }
        for reopened in [false, true] {
            let again = reopened.then(|| open(&{ let disk = disk.clone(); disk.power_cut(); disk }).expect("opens"));
            let journal = again.as_ref().map_or(&journal, |(journal, _, _)| journal);
            for stream in Stream::ALL {
                let wanted = &wanted[stream.index()];
                prop_assert_eq!(&all(journal, stream), wanted);
                let mut beside = Vec::new();
                let damaged = read_beside(&disk, Path::new(DIR), stream, |entry| beside.push(entry));
                prop_assert_eq!(damaged.expect("reads"), 0);
                prop_assert_eq!(&beside, wanted, "without the lock, which is held");
                for (nth, entry) in wanted.iter().enumerate() {
                    let got = journal.get(stream, entry.sequence).expect("reads");
                    prop_assert_eq!(got.as_ref(), Some(entry));
                    let rest: Vec<_> = journal.read(stream, entry.sequence).map(|entry| entry.expect("reads")).collect();
                    prop_assert_eq!(&rest[..], &wanted[nth..]);
                }
            }
        }
    }
}

#[test]
fn get_knows_its_stream_and_its_bounds() {
    let disk = SimDisk::new(21);
    let written = filled(&disk, 500);
    let (journal, _writer, _) = open(&disk).expect("opens");
    for (stream, entry) in &written {
        assert_eq!(journal.get(*stream, entry.sequence).expect("reads").as_ref(), Some(entry));
        let other = if *stream == Stream::Posts { Stream::Desk } else { Stream::Posts };
        assert_eq!(journal.get(other, entry.sequence).expect("reads"), None);
    }
    for beyond in [Sequence::NONE, journal.durable().next(), Sequence(u64::MAX)] {
        assert_eq!(journal.get(Stream::Posts, beyond).expect("reads"), None);
    }
    assert_eq!(journal.read(Stream::Posts, Sequence(u64::MAX)).count(), 0);
}

#[test]
fn a_reader_ends_where_the_journal_ended_when_it_was_made() {
    let disk = SimDisk::new(23);
    let (journal, mut writer, _) = open(&disk).expect("opens");
    let mut batch = || commit(&mut writer, vec![vec![(Stream::Posts, vec![1; 3000]); 2]]).remove(0);
    batch().expect("is stored");
    let reader = journal.read(Stream::Posts, Sequence(2));
    for _ in 0..5 {
        batch().expect("is stored");
    }
    assert_eq!(reader.map(|entry| entry.expect("reads").sequence).collect::<Vec<_>>(), [Sequence(2)]);
    assert!(journal.segments(Stream::Posts).len() > 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appenders_side_by_side_keep_the_order_of_their_batches() {
    let dir = tempfile::tempdir().expect("a place");
    let (journal, writer) = on_disk(dir.path()).expect("opens");
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..16_u8 {
        let journal = journal.clone();
        tasks.spawn(async move {
            let mut given = Vec::new();
            for round in 0..30_u8 {
                let batch =
                    (0..5).map(|nth| (Stream::ALL[usize::from(nth % 2)], vec![task, round, nth])).collect();
                let sequences = journal.append(batch).await.expect("is stored");
                assert!(journal.durable() >= sequences[4], "answered before it was durable");
                given.extend(sequences);
            }
            assert!(given.is_sorted(), "a later batch has lower numbers");
            given
        });
    }
    let mut given = Vec::new();
    while let Some(task) = tasks.join_next().await {
        given.extend(task.expect("does not panic"));
    }
    given.sort_unstable();
    assert_eq!(given, (1..=16 * 30 * 5).map(Sequence).collect::<Vec<_>>());
    let mut found: Vec<_> = Stream::ALL.into_iter().flat_map(|stream| all(&journal, stream)).collect();
    found.sort_by_key(|entry| entry.sequence);
    assert_eq!(found.len(), given.len());
    for batch in found.chunks(5) {
        assert!(batch.iter().enumerate().all(|(nth, entry)| entry.payload[2] == nth as u8), "{batch:?}");
        assert!(batch.iter().all(|entry| entry.payload[..2] == batch[0].payload[..2]), "{batch:?}");
    }
    let mut seen = journal.subscribe();
    assert_eq!(*seen.borrow_and_update(), journal.durable());
    drop(journal);
    writer.join().expect("ends when the last handle is gone");
    assert!(verify(&RealDisk, dir.path()).expect("reads").is_sound());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_writes_what_waits_and_refuses_what_comes() {
    let dir = tempfile::tempdir().expect("a place");
    let (journal, writer, _) = Journal::open(Arc::new(RealDisk), dir.path(), &small()).expect("opens");
    let waiting = journal.clone();
    let waiting = waiting.append(vec![(Stream::Desk, b"in time".to_vec())]);
    let mut waiting = std::pin::pin!(waiting);
    let pending = is_pending(waiting.as_mut());
    assert!(pending, "nobody writes yet");
    journal.close();
    journal.close();
    let late = journal.append(vec![(Stream::Desk, b"late".to_vec())]).await;
    assert!(matches!(late, Err(JournalError::Closed)), "{late:?}");
    let writer = thread::spawn(move || writer.run());
    assert_eq!(waiting.await.expect("is stored"), [Sequence(1)]);
    writer.join().expect("ends");
    assert_eq!(all(&journal, Stream::Desk).len(), 1, "reading goes on");
}

#[tokio::test]
async fn a_full_queue_makes_appenders_wait_and_limits_are_told() {
    let dir = tempfile::tempdir().expect("a place");
    let config = JournalConfig { queue: 2, queue_bytes: 2 << 20, ..small() };
    let (journal, writer, _) = Journal::open(Arc::new(RealDisk), dir.path(), &config).expect("opens");
    let one = || vec![(Stream::Posts, b"one".to_vec())];
    let (mut first, mut second, mut third) =
        (Box::pin(journal.append(one())), Box::pin(journal.append(one())), Box::pin(journal.append(one())));
    for waiting in [&mut first, &mut second, &mut third] {
        assert!(is_pending(waiting.as_mut()));
    }
    // The third has no slot, so it is not in the queue and can be taken back.
    drop(third);
    let large = journal.append(vec![(Stream::Posts, vec![0; MAX_PAYLOAD + 1])]).await;
    assert!(matches!(large, Err(JournalError::TooLarge { limit: MAX_PAYLOAD, .. })), "{large:?}");
    let large = journal.append(vec![(Stream::Posts, vec![0; MAX_PAYLOAD]); 3]).await;
    assert!(matches!(large, Err(JournalError::TooLarge { .. })), "{large:?}");
    assert_eq!(journal.append(Vec::new()).await.expect("nothing to do"), []);
    let writer = thread::spawn(move || writer.run());
    assert_eq!(
        (first.await.expect("is stored"), second.await.expect("is stored")),
        (vec![Sequence(1)], vec![Sequence(2)])
    );
    let largest = journal.append(vec![(Stream::Posts, vec![7; MAX_PAYLOAD])]).await.expect("is stored");
    let entry = journal.get(Stream::Posts, largest[0]).expect("reads").expect("is there");
    assert_eq!(entry.payload.len(), MAX_PAYLOAD);
    drop(journal);
    writer.join().expect("ends");
}

#[test]
fn one_process_at_a_time_and_no_stale_lock() {
    let dir = tempfile::tempdir().expect("a place");
    let inside = dir.path().join("data/journal");
    let first = Journal::open(Arc::new(RealDisk), &inside, &small()).expect("opens");
    let second = Journal::open(Arc::new(RealDisk), &inside, &small());
    assert!(matches!(second, Err(JournalError::Locked { .. })));
    drop(first);
    assert!(inside.join("lock").exists(), "the file stays, the lock does not");
    assert!(Journal::open(Arc::new(RealDisk), &inside, &small()).is_ok());
}

#[test]
fn retention_drops_whole_segments_from_the_front() {
    let disk = SimDisk::new(22);
    let written = filled(&disk, 2000);
    let (journal, writer, _) = open(&disk).expect("opens");
    let before = journal.segments(Stream::Posts);
    assert!(before.len() > 3, "{}", before.len());
    let cut = before[2].first;
    let half_read = journal.read(Stream::Posts, Sequence::NONE);
    let dropped = journal.drop_before(Stream::Posts, Sequence(cut.0 + 1)).expect("drops");
    assert_eq!(dropped, before[..2]);
    let kept = |entry: &&(Stream, Entry)| entry.0 == Stream::Posts && entry.1.sequence >= cut;
    let kept: Vec<Entry> = written.iter().filter(kept).map(|(_, entry)| entry.clone()).collect();
    assert_eq!(all(&journal, Stream::Posts), kept);
    assert_eq!(half_read.map(|entry| entry.expect("steps over them")).collect::<Vec<_>>(), kept);
    assert_eq!(journal.get(Stream::Posts, Sequence(1)).expect("reads"), None);
    let all_but_one = journal.drop_before(Stream::Posts, Sequence(u64::MAX)).expect("drops");
    assert_eq!(all_but_one.len(), before.len() - 3);
    drop((journal, writer));
    disk.power_cut();
    let (journal, _writer, report) = open(&disk).expect("opens");
    assert_eq!(report.highest, written[1999].1.sequence);
    assert_eq!(journal.segments(Stream::Posts).len(), 1);
}

#[test]
fn a_journal_of_format_1_still_opens() {
    let dir = tempfile::tempdir().expect("a place");
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journal-v1");
    for name in ["posts-00000000000000000001.seg", "desk-00000000000000000003.seg"] {
        std::fs::copy(fixture.join(name), dir.path().join(name)).expect("is there");
    }
    let (journal, _writer, report) = Journal::open(Arc::new(RealDisk), dir.path(), &small()).expect("opens");
    let texts = |stream| {
        let text = |entry: Entry| format!("{}: {}", entry.sequence, String::from_utf8_lossy(&entry.payload));
        all(&journal, stream).into_iter().map(text).collect::<Vec<_>>()
    };
    assert_eq!(texts(Stream::Posts), ["1: 自来水发黄", "2: ", "4: 已经修好"]);
    assert_eq!(texts(Stream::Desk), ["3: acknowledged"]);
    assert_eq!((report.cut.len(), report.damage.len()), (0, 0));
}

#[test]
fn settings_out_of_range_are_all_named() {
    assert_eq!(JournalConfig::default().faults(), []);
    let wrong = JournalConfig {
        segment_bytes: 1,
        group_commit: std::time::Duration::from_millis(21),
        queue: 0,
        queue_bytes: 0,
    };
    let keys: Vec<_> = wrong.faults().into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["segment_bytes", "queue", "queue_bytes", "group_commit"]);
    let refused = Journal::open(Arc::new(SimDisk::new(1)), Path::new("/journal"), &wrong);
    assert!(matches!(refused, Err(JournalError::Setting { key: "segment_bytes", .. })));
}
