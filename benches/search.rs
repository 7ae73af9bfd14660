//! The search index: what one post costs to index, and how long queries take.
//!
//! `cargo bench --bench search`; `MINSHENG_BENCH_POSTS` sets the number of posts (default 200,000).
//! The posts are made up by a fixed rule: some 40 words each, drawn so that few words are frequent and
//! most are rare. Building is measured once and told on standard error.

use std::sync::LazyLock;
use std::time::Instant;

use divan::Bencher;
use jiff::Timestamp;
use minsheng::assess::{
    Assessment, Factor, FactorName, Grade, Hit, Mood, Sentiment, Status, Verdict, Versions,
};
use minsheng::extract::post::{Counts, Dated, Post, PostId, PostKind};
use minsheng::journal::Sequence;
use minsheng::lexicon::Category;
use minsheng::search::{
    Counting, Entry, Filters, Found, Query, QueryWord, Request, Search, SearchConfig, Shown, Sort, Word,
};
use minsheng::source::SourceId;

fn main() {
    divan::main();
}

/// Posts between two commits while building, about half a second's worth under full load.
const COMMIT: u64 = 10_000;
const WORDS: u64 = 40;
const VOCABULARY: u64 = 60_000;
const START: i64 = 1_772_323_200;

struct Index {
    search: Search,
    _dir: tempfile::TempDir,
}

static INDEX: LazyLock<Index> = LazyLock::new(build);

/// xorshift: the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Frequent for small numbers, rare for great ones: about 1/n.
    fn word(&mut self) -> u64 {
        let uniform = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        ((VOCABULARY as f64).powf(uniform) as u64).min(VOCABULARY - 1)
    }
}

/// Two Chinese characters for each number.
fn word(number: u64) -> String {
    let character = |n: u64| char::from_u32(0x4e00 + n as u32).expect("within the Chinese block");
    [character(number / 300), character(number % 300)].iter().collect()
}

fn assessment(random: &mut Random) -> Assessment {
    let number = random.next();
    let hits = (0..number % 4).map(|n| Hit {
        term: word(n * 7),
        category: "utilities.water".into(),
        kind: "topic".into(),
        start: 4,
        end: 6,
        weight: 12.0,
        negated: false,
        dictionary: "07-utilities.tsv".into(),
    });
    let factor = |name| Factor { name, points: 12.0, why: "停水（3 处）".into() };
    Assessment {
        sensitivity: (number % 100) as f32,
        grade: [None, None, None, Some(Grade::Blue), Some(Grade::Yellow), Some(Grade::Red)]
            [number as usize % 6],
        sentiment: Sentiment { label: Mood::Negative, score: -0.5 },
        category: Some(Verdict { id: Category::ALL[number as usize % 12], confidence: 0.8 }),
        department: Some(Verdict { id: "water".into(), confidence: 0.8 }),
        places: (0..number % 3).map(|n| word(1000 + (number + n) % 200)).collect(),
        hits: hits.collect(),
        factors: vec![factor(FactorName::Category), factor(FactorName::Scale), factor(FactorName::Sentiment)],
        explanation: "多人反映同一小区停水超过一天，涉及老人，语气不满。".into(),
        status: Status::Asserted,
        fingerprint: number,
        versions: Versions { engine: "1".into(), dictionary: "0123456789ab".into(), model: None },
    }
}

fn build() -> Index {
    let posts: u64 =
        std::env::var("MINSHENG_BENCH_POSTS").ok().and_then(|n| n.parse().ok()).unwrap_or(200_000);
    let dir = tempfile::tempdir().expect("temporary directory");
    let path = dir.path().join("index");
    let (mut writer, search, _) =
        minsheng::search::open(&path, Sequence(u64::MAX), &SearchConfig::default()).expect("new index");
    let vocabulary: Vec<String> = (0..VOCABULARY).map(word).collect();
    let sources: Vec<SourceId> =
        (0..20).map(|n| SourceId::new(&format!("source-{n}")).expect("legal")).collect();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut text_bytes = 0;
    let mut spent = std::time::Duration::ZERO;
    let mut commits = Vec::new();
    for number in 1..=posts {
        // Posts come in nearly as they were published: up to half an hour late.
        let published = START + number.cast_signed() - (random.next() % 1800).cast_signed();
        let at = Timestamp::from_second(published).expect("in range");
        let source = &sources[(random.next() % 20) as usize];
        let words: Vec<&str> = (0..WORDS).map(|_| vocabulary[random.word() as usize].as_str()).collect();
        text_bytes += words.iter().map(|word| word.len()).sum::<usize>();
        let cut: Vec<Word<'_>> = (0..)
            .zip(&words)
            .map(|(n, text)| Word { text, start: n * 2, end: n * 2 + 2, position: n * 2 })
            .collect();
        let assessment = assessment(&mut random);
        let post = Post {
            id: PostId::by_external_id(source, &number.to_string()),
            source: source.clone(),
            external_id: None,
            kind: PostKind::Comment,
            parent: None,
            thread: None,
            url: None,
            title: String::new(),
            text: String::new(),
            voice: None,
            official: false,
            published_at: at,
            dated: Dated::Claimed,
            captured_at: at,
            place: None,
            counts: Counts::default(),
        };
        let (found, shown) = (Sequence(number), Shown::Yes);
        let entry = Entry { post: &post, assessment: &assessment, words: &cut, found, text_at: found, shown };
        let began = Instant::now();
        writer.add(&entry).expect("added");
        if number.is_multiple_of(COMMIT) || number == posts {
            let before = Instant::now();
            writer.commit(found).expect("committed");
            commits.push(before.elapsed());
        }
        spent += began.elapsed();
    }
    let began = Instant::now();
    writer.close().expect("merged");
    spent += began.elapsed();
    commits.sort();
    let bytes: u64 = std::fs::read_dir(&path)
        .expect("index directory")
        .map(|file| file.and_then(|file| file.metadata()).map_or(0, |data| data.len()))
        .sum();
    eprintln!(
        "index of {posts} posts: {:.1} µs a post (wall, merges included), {:.0} bytes a post on the disk, {:.0} bytes of text a post, commit p50 {:?} max {:?}, {} segments",
        spent.as_secs_f64() * 1e6 / posts as f64,
        bytes as f64 / posts as f64,
        text_bytes as f64 / posts as f64,
        commits[commits.len() / 2],
        commits[commits.len() - 1],
        search.segment_count(),
    );
    Index { search, _dir: dir }
}

fn cut(text: &str) -> Vec<QueryWord> {
    let characters: Vec<char> = text.chars().collect();
    let words = characters.chunks(2).map(|pair| pair.iter().collect());
    (0..).zip(words).map(|(n, text)| QueryWord { text, position: n * 2 }).collect()
}

fn query(text: &str) -> Query {
    let now = Timestamp::from_second(START).expect("in range");
    Query::parse(text, cut, now).expect("a query")
}

fn find(query: &Query, sort: Sort, counting: Counting, filters: &Filters) -> Found {
    let request = Request { query, filters, sort, cursor: None, limit: 20, counting };
    INDEX.search.find(&request, &|| false).expect("found")
}

/// The word of this rank, the 1st being the most frequent.
const RANKS: [u64; 3] = [2, 50, 5000];

#[divan::bench(args = RANKS)]
fn word_by_relevance(bencher: Bencher<'_, '_>, rank: u64) {
    let query = query(&word(rank));
    bencher.bench(|| find(&query, Sort::Relevance, Counting::Total, &Filters::default()));
}

#[divan::bench(args = RANKS)]
fn word_newest(bencher: Bencher<'_, '_>, rank: u64) {
    let query = query(&word(rank));
    bencher.bench(|| find(&query, Sort::Newest, Counting::Total, &Filters::default()));
}

#[divan::bench(args = RANKS)]
fn word_newest_with_facets(bencher: Bencher<'_, '_>, rank: u64) {
    let query = query(&word(rank));
    bencher.bench(|| find(&query, Sort::Newest, Counting::Facets, &Filters::default()));
}

#[divan::bench]
fn everything_newest_with_facets(bencher: Bencher<'_, '_>) {
    bencher.bench(|| find(&Query::everything(), Sort::Newest, Counting::Facets, &Filters::default()));
}

#[divan::bench]
fn two_words_by_relevance(bencher: Bencher<'_, '_>) {
    let query = query(&format!("{} {}", word(3), word(40)));
    bencher.bench(|| find(&query, Sort::Relevance, Counting::Total, &Filters::default()));
}

#[divan::bench]
fn phrase_newest(bencher: Bencher<'_, '_>) {
    let query = query(&format!("\"{}{}\"", word(3), word(7)));
    bencher.bench(|| find(&query, Sort::Newest, Counting::Total, &Filters::default()));
}

#[divan::bench]
fn phrase_newest_uncounted(bencher: Bencher<'_, '_>) {
    let query = query(&format!("\"{}{}\"", word(3), word(7)));
    bencher.bench(|| find(&query, Sort::Newest, Counting::Nothing, &Filters::default()));
}

#[divan::bench]
fn two_words_and_a_day_newest(bencher: Bencher<'_, '_>) {
    let query = query(&format!("{} {}", word(3), word(40)));
    let middle = START + INDEX.search.documents().cast_signed() / 2;
    let at = |seconds| Timestamp::from_second(seconds).ok();
    let filters = Filters { since: at(middle), until: at(middle + 24 * 3600), ..Filters::default() };
    bencher.bench(|| find(&query, Sort::Newest, Counting::Total, &filters));
}
