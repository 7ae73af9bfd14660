//! The store: what one post costs to fold in, to look up, and to count.
//!
//! `cargo bench --bench store`; `MINSHENG_BENCH_POSTS` sets the number of posts (default 200,000).
//! Filling is measured once and told on standard error.

use std::sync::LazyLock;
use std::time::Instant;

use divan::Bencher;
use jiff::Timestamp;
use minsheng::extract::post::{Counts, Dated, Post, PostId, PostKind};
use minsheng::journal::Sequence;
use minsheng::journal::record::PostRecord;
use minsheng::source::SourceId;
use minsheng::store::{Store, StoreConfig};

fn main() {
    divan::main();
}

const BATCH: u64 = 1000;

struct Filled {
    store: Store,
    posts: u64,
    _dir: tempfile::TempDir,
}

static FILLED: LazyLock<Filled> = LazyLock::new(fill);

fn id(number: u64) -> PostId {
    let source = SourceId::new("town-forum").expect("legal");
    PostId::by_external_id(&source, &number.to_string())
}

fn found(number: u64) -> (Sequence, PostRecord) {
    let source = SourceId::new("town-forum").expect("legal");
    let at = Timestamp::from_second(1_772_323_200 + number.cast_signed()).expect("in range");
    let post = Post {
        id: id(number),
        source,
        external_id: Some(number.to_string()),
        kind: PostKind::Comment,
        parent: None,
        // A thread has about ten posts.
        thread: Some(id(number / 10 * 10)),
        url: None,
        title: String::new(),
        text: "望江花园三号楼从昨晚起停水，物业电话没人接，家里有老人，请尽快处理。".into(),
        voice: None,
        official: false,
        published_at: at,
        dated: Dated::Claimed,
        captured_at: at,
        place: None,
        counts: Counts { likes: number % 100, ..Counts::default() },
    };
    (Sequence(number + 1), PostRecord::Found(Box::new(post)))
}

fn fill() -> Filled {
    let posts: u64 =
        std::env::var("MINSHENG_BENCH_POSTS").ok().and_then(|n| n.parse().ok()).unwrap_or(200_000);
    let dir = tempfile::tempdir().expect("temporary directory");
    let path = dir.path().join("store");
    let (store, _) = Store::open(&path, Sequence(u64::MAX), &StoreConfig::default()).expect("new store");
    let (mut spent, mut burnt) = (std::time::Duration::ZERO, 0);
    for begin in (0..posts).step_by(BATCH as usize) {
        let records: Vec<_> = (begin..(begin + BATCH).min(posts)).map(found).collect();
        let (began, cpu) = (Instant::now(), cpu_ticks());
        store.apply_posts(&records).expect("applied");
        spent += began.elapsed();
        burnt += cpu_ticks() - cpu;
    }
    store.flush().expect("flushed");
    eprintln!(
        "store of {posts} posts: {:.1} µs a post (CPU {:.1} µs), {:.0} bytes a post on the disk, resident {} MiB",
        spent.as_secs_f64() * 1e6 / posts as f64,
        burnt as f64 * 1e4 / posts as f64,
        store.bytes().expect("size") as f64 / posts as f64,
        resident_mebibytes(),
    );
    let began = Instant::now();
    let count = store.post_count().expect("count");
    drop(store);
    let (store, _) = Store::open(&path, Sequence(u64::MAX), &StoreConfig::default()).expect("old store");
    eprintln!("{count} posts closed and opened again in {:?}", began.elapsed());
    Filled { store, posts, _dir: dir }
}

/// CPU time of all threads so far, in hundredths of a second.
fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

fn resident_mebibytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0)
        / 1024
}

/// What intake asks for a batch of posts of which half are known.
#[divan::bench]
fn look_up_1000_posts(bencher: Bencher<'_, '_>) {
    let Filled { store, posts, .. } = &*FILLED;
    let ids: Vec<_> = (0..1000).map(|n| id(n * 2 * posts / 1000)).collect();
    bencher.bench(|| store.posts(&ids).expect("read"));
}

#[divan::bench]
fn look_up_a_thread(bencher: Bencher<'_, '_>) {
    let Filled { store, posts, .. } = &*FILLED;
    let thread = id(posts / 20 * 10);
    bencher.bench(|| store.thread(thread).expect("read"));
}

#[divan::bench]
fn total_count(bencher: Bencher<'_, '_>) {
    bencher.bench(|| FILLED.store.post_count().expect("read"));
}
