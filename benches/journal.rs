//! What durability costs: appending with `fdatasync`, and reading everything back at a start.
//!
//! `cargo bench --bench journal`. The files lie in the temporary directory, so point `TMPDIR` at
//! the disk to be measured.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use minsheng::journal::{Journal, JournalConfig, RealDisk, Sequence, Stream};

/// A post of about 60 characters with its fields.
const RECORD: usize = 340;

fn main() {
    divan::main();
}

fn batch(records: usize) -> Vec<(Stream, Vec<u8>)> {
    (0..records).map(|nth| (Stream::Posts, vec![nth as u8; RECORD])).collect()
}

fn open(dir: &Path) -> (Journal, thread::JoinHandle<()>) {
    let (journal, writer, _) =
        Journal::open(Arc::new(RealDisk), dir, &JournalConfig::default()).expect("an empty directory opens");
    (journal, thread::spawn(move || writer.run()))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime without drivers starts")
}

/// One appender that waits for each answer.
#[divan::bench(args = [1, 100, 1000])]
fn append(bencher: Bencher, records: usize) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (journal, writer) = open(dir.path());
    let runtime = runtime();
    bencher
        .counter(ItemsCount::new(records))
        .with_inputs(|| batch(records))
        .bench_local_values(|batch| runtime.block_on(journal.append(batch)).expect("there is room"));
    drop(journal);
    writer.join().expect("the writer ends with its last handle");
}

/// So many appenders side by side, each with batches of ten: what group commit is for.
#[divan::bench(args = [8, 64])]
fn append_together(bencher: Bencher, appenders: usize) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (journal, writer) = open(dir.path());
    let runtime = runtime();
    bencher.counter(ItemsCount::new(appenders * 10)).bench_local(|| {
        let together = (0..appenders).map(|_| journal.append(batch(10)));
        let answers = runtime.block_on(futures::future::join_all(together));
        assert!(answers.iter().all(Result::is_ok), "there is room");
    });
    drop(journal);
    writer.join().expect("the writer ends with its last handle");
}

/// A journal of 200,000 posts, and the directory it lies in.
fn written() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (journal, writer) = open(dir.path());
    let runtime = runtime();
    for _ in 0..200 {
        runtime.block_on(journal.append(batch(1000))).expect("there is room");
    }
    drop(journal);
    writer.join().expect("the writer ends with its last handle");
    dir
}

/// What a start waits for: every segment read once and checked.
#[divan::bench(sample_count = 10)]
fn recover(bencher: Bencher) {
    let dir = written();
    bencher
        .counter(ItemsCount::new(200_000_usize))
        .counter(BytesCount::new(200_000 * (RECORD + 16)))
        .bench_local(|| {
            Journal::open(Arc::new(RealDisk), dir.path(), &JournalConfig::default()).expect("opens").2
        });
}

/// What a rebuild of views reads.
#[divan::bench(sample_count = 10)]
fn read_all(bencher: Bencher) {
    let dir = written();
    let (journal, _writer, _) =
        Journal::open(Arc::new(RealDisk), dir.path(), &JournalConfig::default()).expect("opens");
    bencher.counter(ItemsCount::new(200_000_usize)).bench_local(|| {
        assert_eq!(journal.read(Stream::Posts, Sequence::NONE).flatten().count(), 200_000);
    });
}

/// One record by its number.
#[divan::bench]
fn get(bencher: Bencher) {
    let dir = written();
    let (journal, _writer, _) =
        Journal::open(Arc::new(RealDisk), dir.path(), &JournalConfig::default()).expect("opens");
    let mut at = 0;
    bencher.bench_local(|| {
        at = (at + 7919) % 200_000;
        journal.get(Stream::Posts, Sequence(at + 1)).expect("readable").expect("is there")
    });
}
