//! The index against a plain model: words, keys, time, pages, and after damage.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use proptest::prelude::*;

use super::query::Node;
use super::*;
use crate::assess::{Assessment, Grade, Mood, Sentiment, Status, Verdict, Versions};
use crate::extract::post::{Counts, Dated, Post, PostKind};
use crate::lexicon::Category;
use crate::source::SourceId;

const DURABLE: Sequence = Sequence(u64::MAX);

fn never() -> bool {
    false
}

/// `minutes` after 2026-03-01 08:00 in China.
fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_772_323_200 + minutes * 60).unwrap()
}

/// Every character a word, marks left out: enough for phrases.
fn cut(text: &str) -> Vec<QueryWord> {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    (0..).zip(letters).map(|(position, c)| QueryWord { text: c.to_string(), position }).collect()
}

struct Sample {
    post: Post,
    assessment: Assessment,
    words: Vec<QueryWord>,
}

fn sample(number: u32, text: &str, minutes: i64) -> Sample {
    let source = SourceId::new(if number.is_multiple_of(2) { "forum" } else { "news" }).unwrap();
    let post = Post {
        id: PostId::by_external_id(&source, &number.to_string()),
        source,
        external_id: Some(number.to_string()),
        kind: if number.is_multiple_of(3) { PostKind::Comment } else { PostKind::Post },
        parent: None,
        thread: None,
        url: None,
        title: String::new(),
        text: text.to_owned(),
        voice: None,
        official: number.is_multiple_of(5),
        published_at: at(minutes),
        dated: Dated::Claimed,
        captured_at: at(minutes),
        place: None,
        counts: Counts::default(),
    };
    let grade = [None, Some(Grade::Blue), Some(Grade::Red)][number as usize % 3];
    let places = ["望江花园", "东岭区"].iter().take(number as usize % 3).map(|place| (*place).to_owned());
    let assessment = Assessment {
        sensitivity: 10.0,
        grade,
        sentiment: Sentiment { label: Mood::Neutral, score: 0.0 },
        category: number.is_multiple_of(2).then_some(Verdict { id: Category::Utilities, confidence: 0.9 }),
        department: number.is_multiple_of(4).then(|| Verdict { id: "water".to_owned(), confidence: 0.9 }),
        places: places.collect(),
        hits: Vec::new(),
        factors: Vec::new(),
        explanation: "停水".to_owned(),
        status: Status::Asserted,
        fingerprint: u64::from(number),
        versions: Versions { engine: "1".into(), dictionary: "abc".into(), model: None },
    };
    Sample { post, assessment, words: cut(text) }
}

impl Sample {
    fn with_entry<T>(&self, found: u64, shown: Shown, act: impl FnOnce(&Entry<'_>) -> T) -> T {
        let words = self.words.iter().map(|word| Word {
            text: &word.text,
            start: word.position,
            end: word.position + 1,
            position: word.position,
        });
        let words: Vec<_> = words.collect();
        let Self { post, assessment, .. } = self;
        act(&Entry {
            post,
            assessment,
            words: &words,
            found: Sequence(found),
            text_at: Sequence(found),
            shown,
        })
    }
}

struct Fixture {
    _dir: tempfile::TempDir,
    writer: Writer,
    search: Search,
}

fn fixture(samples: &[Sample], per_commit: usize) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, search, opened) =
        open(&dir.path().join("index"), DURABLE, &SearchConfig::default()).unwrap();
    assert_eq!(opened, Opened { reached: Sequence(0), set_aside: None });
    for (found, sample) in (1..).zip(samples) {
        sample.with_entry(found, Shown::Yes, |entry| writer.add(entry).unwrap());
        if (found as usize).is_multiple_of(per_commit) {
            writer.commit(Sequence(found)).unwrap();
        }
    }
    writer.commit(Sequence(samples.len() as u64)).unwrap();
    Fixture { _dir: dir, writer, search }
}

fn query(text: &str) -> Query {
    Query::parse(text, cut, at(0)).unwrap()
}

impl Fixture {
    fn page(&self, query: &Query, sort: Sort, cursor: Option<Cursor>, limit: usize) -> Found {
        let filters = Filters::default();
        let request = Request { query, filters: &filters, sort, cursor, limit, counting: Counting::Facets };
        self.search.find(&request, &never).unwrap()
    }

    /// The sequences found, newest first.
    fn newest(&self, text: &str) -> Vec<u64> {
        let found = self.page(&query(text), Sort::Newest, None, 500);
        let hits: Vec<_> = found.hits.iter().map(|hit| hit.stored.found.0).collect();
        assert_eq!(found.total, Some(hits.len() as u64), "{text}");
        assert_eq!(
            self.search.count(&query(text), &Filters::default(), &never).unwrap() as usize,
            hits.len(),
            "{text}"
        );
        hits
    }
}

#[test]
fn words_phrases_keys_and_times_select() {
    let texts = ["望江花园停水了", "停电两小时", "花园里的水很清", "停车难", "没有热水"];
    let samples: Vec<_> = (1..).zip(texts).map(|(n, text)| sample(n, text, i64::from(n) * 60 * 24)).collect();
    let index = fixture(&samples, 2);
    for (text, expected) in [
        ("", &[5, 4, 3, 2, 1][..]),
        ("停", &[4, 2, 1]),
        ("停水", &[1]),
        ("水 花园", &[3, 1]),
        ("\"停水\"", &[1]),
        ("“花园停水”", &[1]),
        ("\"水停\"", &[]),
        ("停 -车", &[2, 1]),
        ("-停", &[5, 3]),
        ("停车 OR 热水", &[5, 4]),
        ("停 （水｜电）", &[2, 1]),
        ("-(停 -车)", &[5, 4, 3]),
        ("source:forum", &[4, 2]),
        ("信源：forum,news 停", &[4, 2, 1]),
        ("category:utilities", &[4, 2]),
        ("grade:red", &[5, 2]),
        ("等级:红,蓝", &[5, 4, 2, 1]),
        ("grade:none", &[3]),
        ("kind:comment", &[3]),
        ("place:望江花园", &[5, 4, 2, 1]),
        ("place:\"东岭区\" -停", &[5]),
        ("department:water", &[4]),
        ("停 department:fire", &[]),
        ("since:2026-03-04", &[5, 4, 3]),
        ("since:2026-03-02 until:2026-03-03", &[2, 1]),
        ("until:2026-03-04T08:00:00+08:00", &[2, 1]),
        ("停 since:2026-03-03 (since:2026-03-04)", &[4]),
        ("，", &[]),
        ("停 ，", &[]),
        ("12:30", &[]),
        ("http://x.example", &[]),
    ] {
        assert_eq!(index.newest(text), expected, "{text}");
    }
    let mut filters = Filters { official: Some(Official), ..Filters::default() };
    let count = |filters: &Filters| index.search.count(&Query::everything(), filters, &never).unwrap();
    assert_eq!(count(&filters), 1);
    filters =
        Filters { grades: vec![None, Some(Grade::Red)], kinds: vec![PostKind::Post], ..Filters::default() };
    assert_eq!(count(&filters), 2);
    filters = Filters { since: Some(at(60 * 48)), until: Some(at(60 * 72)), ..Filters::default() };
    assert_eq!(count(&filters), 1);
}

#[test]
fn facets_count_what_was_found() {
    let samples: Vec<_> = (0..12).map(|n| sample(n, "停水", i64::from(n) * 60 * 10)).collect();
    let index = fixture(&samples, 5);
    let found = index.page(&query("停水"), Sort::Newest, None, 3);
    let facets = found.facets.unwrap();
    let told = |counts: &[(String, u64)]| {
        counts.iter().map(|(v, n)| format!("{v} {n}")).collect::<Vec<_>>().join(", ")
    };
    assert_eq!((found.total, facets.counted, found.hits.len()), (Some(12), 12, 3));
    assert_eq!(told(&facets.sources), "forum 6, news 6");
    assert_eq!(told(&facets.categories), "utilities 6");
    assert_eq!(told(&facets.grades), "blue 4, none 4, red 4");
    assert_eq!(told(&facets.places), "望江花园 8, 东岭区 4");
    assert_eq!(facets.days.iter().map(|(_, posts)| *posts).collect::<Vec<_>>(), [2, 2, 3, 2, 3]);
}

#[test]
fn a_writer_that_starts_again_goes_on_from_the_last_commit() {
    let samples = [sample(1, "停水", 1), sample(2, "停水", 2), sample(3, "停水", 3)];
    let mut index = fixture(&samples[..1], 9);
    samples[1].with_entry(2, Shown::Yes, |entry| index.writer.add(entry).unwrap());
    index.writer.start_again().unwrap();
    assert_eq!(index.writer.pending(), 0);
    for (found, sample) in (1..).zip(&samples) {
        // The first stands for a post of a commit that failed at its very end.
        sample.with_entry(found, Shown::Yes, |entry| index.writer.replace(entry).unwrap());
    }
    index.writer.commit(Sequence(3)).unwrap();
    assert_eq!(index.newest("停"), [3, 2, 1]);
    assert_eq!((index.search.documents(), index.search.reached()), (3, Sequence(3)));
}

#[test]
fn a_replaced_post_is_there_once_and_a_removed_one_not() {
    let samples = [sample(1, "停水", 1), sample(2, "停水", 2), sample(3, "停水", 3)];
    let mut index = fixture(&samples, 9);
    let revised = Sample { words: cut("来水"), ..sample(2, "来水", 2) };
    revised.with_entry(2, Shown::Missing, |entry| index.writer.replace(entry).unwrap());
    index.writer.remove(samples[0].post.id).unwrap();
    assert_eq!((index.writer.pending(), index.newest("停").len()), (3, 3), "not before the commit");
    index.writer.commit(Sequence(9)).unwrap();
    assert_eq!(index.newest("停"), [3]);
    assert_eq!(index.newest(""), [3, 2]);
    assert_eq!((index.search.documents(), index.search.reached()), (2, Sequence(9)));
    let stored = index.search.get(samples[1].post.id).unwrap().unwrap();
    assert_eq!((stored.shown, stored.assessment), (Shown::Missing, revised.assessment));
    assert_eq!(index.search.get(samples[0].post.id).unwrap(), None);
    let shown = |shown| {
        let filters = Filters { shown: Some(shown), ..Filters::default() };
        index.search.count(&Query::everything(), &filters, &never).unwrap()
    };
    assert_eq!((shown(Shown::Yes), shown(Shown::Missing)), (1, 1));
}

#[test]
fn the_last_rescore_that_is_in_is_known_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let open = || super::open(&dir.path().join("index"), Sequence(9), &SearchConfig::default()).unwrap();
    let (mut writer, search, _) = open();
    assert_eq!(search.rescored(), Sequence::NONE);
    writer.commit_rescored(Sequence(5), Sequence(7)).unwrap();
    writer.commit(Sequence(8)).unwrap();
    assert_eq!((search.reached(), search.rescored()), (Sequence(8), Sequence(7)));
    drop((writer, search));
    let (mut writer, search, _) = open();
    assert_eq!((search.reached(), search.rescored()), (Sequence(8), Sequence(7)));
    writer.commit_rescored(Sequence(8), Sequence(99)).unwrap();
    drop((writer, search));
    let (_, search, opened) = open();
    assert!(opened.set_aside.unwrap().reason.contains("ahead"));
    assert_eq!(search.rescored(), Sequence::NONE);
}

#[test]
fn relevance_puts_what_fits_best_first() {
    let samples = [
        sample(1, "今天小区里有人说起停水的事", 9),
        sample(2, "停水", 1),
        sample(3, "停水停水", 2),
        sample(4, "天晴", 3),
    ];
    let index = fixture(&samples, 1);
    let found = index.page(&query("停水"), Sort::Relevance, None, 9);
    let ranked: Vec<_> = found.hits.iter().map(|hit| hit.stored.found.0).collect();
    assert_eq!((ranked, found.total), (vec![3, 2, 1], Some(3)));
    assert!(found.hits.windows(2).all(|pair| pair[0].score >= pair[1].score));
}

/// Reads all pages, adding newer posts of the same words between them.
fn read_on(index: &mut Fixture, sort: Sort, limit: usize) -> Vec<u64> {
    let mut read = Vec::new();
    let mut cursor: Option<Cursor> = None;
    let mut next = 1000;
    loop {
        let found = index.page(&query("停水"), sort, cursor, limit);
        read.extend(found.hits.iter().map(|hit| hit.stored.found.0));
        let Some(after) = found.next else { return read };
        cursor = Some(after.to_string().parse().unwrap());
        sample(next, "停水", i64::from(next))
            .with_entry(u64::from(next), Shown::Yes, |e| index.writer.add(e).unwrap());
        index.writer.commit(Sequence(u64::from(next))).unwrap();
        next += 1;
    }
}

#[test]
fn pages_neither_repeat_nor_skip_while_posts_are_added() {
    for sort in [Sort::Newest, Sort::Relevance] {
        for limit in [1, 3, 7] {
            // Many at one time, and many of one score.
            let samples: Vec<_> = (0..20).map(|n| sample(n, "停水", i64::from(n / 6))).collect();
            let mut index = fixture(&samples, 4);
            let read = read_on(&mut index, sort, limit);
            assert_eq!(read, (1..=20).rev().collect::<Vec<_>>(), "{sort:?} by {limit}");
        }
    }
}

#[test]
fn a_cursor_of_the_other_order_is_refused() {
    let samples: Vec<_> = (0..5).map(|n| sample(n, "停水", i64::from(n))).collect();
    let index = fixture(&samples, 9);
    let cursor = index.page(&query("停水"), Sort::Newest, None, 2).next;
    let (query, filters) = (query("停水"), Filters::default());
    let mut request = Request {
        query: &query,
        filters: &filters,
        sort: Sort::Relevance,
        cursor,
        limit: 2,
        counting: Counting::Nothing,
    };
    assert!(matches!(index.search.find(&request, &never), Err(SearchError::Cursor(_))));
    request.cursor = None;
    assert!(matches!(index.search.find(&request, &|| true), Err(SearchError::Stopped)));
    for text in ["", "x", "!!!", &"A".repeat(200)] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
}

#[test]
fn an_index_lasts_with_its_sequence_and_is_set_aside_when_ahead_or_broken() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index");
    let open = |durable: u64| super::open(&path, Sequence(durable), &SearchConfig::default());
    let add = |writer: &mut Writer, number: u32| {
        sample(number, "停水", 1)
            .with_entry(u64::from(number), Shown::Yes, |entry| writer.add(entry).unwrap());
    };
    let (mut writer, search, _) = open(7).unwrap();
    add(&mut writer, 1);
    writer.commit(Sequence(7)).unwrap();
    add(&mut writer, 2);
    assert!(matches!(open(7), Err(SearchError::Locked { .. })));
    assert_eq!(search.damaged_files().unwrap(), [] as [std::path::PathBuf; 0]);
    drop((writer, search));

    let (writer, search, opened) = open(7).unwrap();
    assert_eq!(opened, Opened { reached: Sequence(7), set_aside: None });
    assert_eq!(search.documents(), 1, "what was not committed comes again from the journal");
    writer.close().unwrap();
    drop(search);

    let (mut writer, search, opened) = open(6).unwrap();
    let aside = opened.set_aside.unwrap();
    assert!(aside.reason.contains("ahead"), "{}", aside.reason);
    assert_eq!(
        (aside.path, search.documents(), search.reached()),
        (dir.path().join("index.broken-1"), 0, Sequence(0))
    );
    add(&mut writer, 1);
    writer.commit(Sequence(5)).unwrap();
    writer.close().unwrap();
    drop(search);

    for (number, case) in (2..).zip(["meta.json", ".idx", ".term", ".fast", ".store"]) {
        damage(&path, case);
        let (mut writer, search, opened) = open(6).unwrap();
        let aside = opened.set_aside.unwrap_or_else(|| panic!("{case}"));
        assert_eq!(aside.path, dir.path().join(format!("index.broken-{number}")), "{case}");
        add(&mut writer, 1);
        writer.commit(Sequence(5)).unwrap();
        assert_eq!(search.documents(), 1, "{case}");
        writer.close().unwrap();
    }
}

/// Cuts a file of the index short.
fn damage(dir: &Path, name: &str) {
    let files = fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    let file = files.into_iter().find(|path| path.to_string_lossy().ends_with(name)).unwrap();
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
}

#[test]
fn highlights_cover_words_and_phrases() {
    let text = "望江花园停水，停电";
    let words: Vec<_> = cut(text);
    let starts: Vec<u32> =
        (0..).zip(text.chars()).filter(|(_, c)| c.is_alphanumeric()).map(|(n, _)| n).collect();
    let words: Vec<_> = words
        .iter()
        .zip(starts)
        .map(|(word, start)| Word { text: &word.text, start, end: start + 1, position: word.position })
        .collect();
    for (text, expected) in [
        ("停", &[(4, 5), (7, 8)][..]),
        ("停水", &[(4, 6), (7, 8)]),
        ("\"停水\"", &[(4, 6)]),
        ("\"水停\"", &[(5, 8)]),
        ("花园 -停", &[(2, 4)]),
        ("source:forum", &[]),
    ] {
        assert_eq!(highlight(&words, &query(text).marks()), expected, "{text}");
    }
}

#[test]
fn faults_of_a_query_are_named() {
    let deep = format!("{}水{}", "(".repeat(9), ")".repeat(9));
    let many = "水 ".repeat(33);
    let long = "水".repeat(400);
    let faults: Vec<_> = [
        "(停水",
        "停水)",
        "\"停水",
        "停水 OR",
        "OR 停水",
        "-",
        "()",
        "停 -(水|)",
        "author:王",
        "作者:王",
        "voice:1",
        "user:x",
        "sourc:forum",
        "source:论坛",
        "category:fun",
        "grade:pink",
        "grade:",
        "kind:story",
        "since:gestern",
        "since:99999999999999999d",
        "-since:7d",
        "停 OR since:7d",
        &deep,
        &many,
        &long,
    ]
    .iter()
    .map(|text| match Query::parse(text, cut, at(0)) {
        Ok(query) => panic!("{text} is taken as {query:?}"),
        Err(error) => format!("{}: {error}", text.chars().take(12).collect::<String>()),
    })
    .collect();
    insta::assert_snapshot!(faults.join("\n"), @r#"
    (停水: '(' has no partner
    停水): ')' has no partner
    "停水: '"' has no partner
    停水 OR: a term is missing after "OR"
    OR 停水: a term is missing after ""
    -: a term is missing after "-"
    (): a term is missing after "("
    停 -(水|): a term is missing after "OR"
    author:王: no field is named "author"
    作者:王: no field is named "作者"
    voice:1: no field is named "voice"
    user:x: no field is named "user"
    sourc:forum: no field is named "sourc"; "source" is near
    source:论坛: "论坛" is no source; a source has letters a-z, digits, '-', '_' and '.'
    category:fun: "fun" is no category; known are safety, food, health, environment, education, labour, utilities, housing, traffic, consumer, conduct, rumour
    grade:pink: "pink" is no grade; known are red, orange, yellow, blue, none
    grade:: a term is missing after "grade:"
    kind:story: "story" is no kind; known are post, comment, article
    since:gester: "gestern" is no since; write 2026-03-01, 2026-03-01T08:00:00+08:00, or 7d, 24h, 30m
    since:999999: "99999999999999999d" is no since; write 2026-03-01, 2026-03-01T08:00:00+08:00, or 7d, 24h, 30m
    -since:7d: since and until cannot be negated or stand beside OR
    停 OR since:7: since and until cannot be negated or stand beside OR
    (((((((((水)): a query has at most 8 levels
    水 水 水 水 水 水 : a query has at most 32 terms
    水水水水水水水水水水水水: a query has at most 1024 bytes
    "#);
}

#[test]
fn ages_count_from_now() {
    let parsed = Query::parse("since:7d until:30m", cut, at(60)).unwrap();
    assert_eq!((parsed.since, parsed.until), (Some(at(60 - 7 * 24 * 60)), Some(at(30))));
    assert_eq!(Query::parse("", cut, at(0)).unwrap(), Query::everything());
    assert_eq!(query("停停").root, Node::Word("停".into()));
}

/// What a query means, told by reading every post.
fn matches(node: &Node, sample: &Sample) -> bool {
    let at =
        |text: &str, position: u32| sample.words.iter().any(|w| w.text == text && w.position == position);
    match node {
        Node::Everything => true,
        Node::Nothing => false,
        Node::Word(word) => sample.words.iter().any(|w| w.text == *word),
        Node::Phrase(words) => {
            (0..99).any(|from| words.iter().all(|(distance, word)| at(word, from + distance)))
        }
        Node::Keys(keys) => keys.iter().any(|key| {
            let grade = sample.assessment.grade.map_or("none", Grade::as_str);
            *key == format!("s={}", sample.post.source) || *key == format!("g={grade}")
        }),
        Node::Not(inner) => !matches(inner, sample),
        Node::All(parts) => parts.iter().all(|part| matches(part, sample)),
        Node::Any(parts) => parts.iter().any(|part| matches(part, sample)),
    }
}

/// Queries that can be read, built from their parts.
fn any_query() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[甲乙丙丁]{1,2}",
        "\"[甲乙丙丁]{1,3}\"",
        Just("source:forum".to_owned()),
        Just("grade:red,none".to_owned())
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|a| format!("-({a})")),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("({})", parts.join(" "))),
            proptest::collection::vec(inner, 1..4).prop_map(|parts| format!("({})", parts.join(" OR "))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}|[停水 ()|\"“”：:,\\-a-zOR0-9]{0,60}") {
        if let Ok(query) = Query::parse(&text, cut, at(0)) {
            let words: Vec<Word<'_>> = Vec::new();
            prop_assert_eq!(highlight(&words, &query.marks()), vec![]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_index_finds_what_reading_every_post_finds(
        posts in proptest::collection::vec(("[甲乙丙丁]{0,5}", 0..40_i64), 1..25),
        queries in proptest::collection::vec(any_query(), 1..8),
        per_commit in 1..9_usize,
        (since, length) in (0..40_i64, 0..40_i64),
    ) {
        let samples: Vec<_> = (0..).zip(&posts).map(|(n, (text, minutes))| sample(n, text, *minutes)).collect();
        let index = fixture(&samples, per_commit);
        for text in queries {
            let Ok(query) = Query::parse(&text, cut, at(0)) else { continue };
            let filters = Filters { since: Some(at(since)), until: Some(at(since + length)), ..Filters::default() };
            let within = |at: Timestamp| Some(at) >= filters.since && Some(at) < filters.until;
            let mut expected: Vec<_> = (1_u64..)
                .zip(&samples)
                .filter(|(_, sample)| within(sample.post.published_at) && matches(&query.root, sample))
                .map(|(found, sample)| (sample.post.published_at, found))
                .collect();
            expected.sort();
            let expected: Vec<_> = expected.into_iter().rev().map(|(_, found)| found).collect();
            for sort in [Sort::Newest, Sort::Relevance] {
                let request = Request { query: &query, filters: &filters, sort, cursor: None, limit: 99, counting: Counting::Facets };
                let found = index.search.find(&request, &never).unwrap();
                let mut hits: Vec<_> = found.hits.iter().map(|hit| hit.stored.found.0).collect();
                prop_assert_eq!(found.total, Some(expected.len() as u64), "{}", &text);
                prop_assert_eq!(found.facets.unwrap().counted as usize, expected.len());
                prop_assert_eq!(index.search.count(&query, &filters, &never).unwrap() as usize, expected.len());
                if sort == Sort::Relevance {
                    let same: BTreeSet<_> = expected.iter().copied().collect();
                    prop_assert_eq!(hits.iter().copied().collect::<BTreeSet<_>>(), same, "{}", &text);
                    hits.clone_from(&expected);
                }
                prop_assert_eq!(&hits, &expected, "{}", &text);
            }
        }
    }
}
