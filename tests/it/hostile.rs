//! Input made to do harm: the kept corpus of the fuzz targets and a short mutation of it, on every run.
//!
//! The mutation is drawn from a seed, so a failure can be had again: it prints seed, number and input, and the
//! input belongs into `fuzz/corpus` with the mending. `MINSHENG_FUZZ_SEED` and `MINSHENG_FUZZ_RUNS` draw others.

use std::panic::{UnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use minsheng::lexicon::matcher::Lexicon;
use minsheng::lexicon::shelf::Shelf;

#[allow(unreachable_pub, reason = "it is a library of its own to the fuzz targets")]
#[path = "../../fuzz/src/lib.rs"]
mod always;

/// The seed of the runs that everybody has.
const SEED: u64 = 0x6d69_6e73_6865_6e67;
/// Longest input made here: mutation is for odd inputs, long ones have tests of their own.
const LONGEST: usize = 2_048;

/// Pieces that mean something to one of the targets, for mutation to put in.
const PIECES: [&str; 40] = [
    "\t",
    "\n",
    "\r\n",
    "|",
    "+",
    "~",
    "\u{feff}",
    "\u{2028}",
    "\u{200b}",
    "\u{202e}",
    "\u{301}",
    "😭",
    "#",
    "＃",
    " ",
    "\\ud83d",
    "\"",
    "{",
    "[[rows]]",
    "99999999999",
    "re",
    "停水",
    "爆炸",
    "死亡",
    "人",
    "著",
    "没有",
    "13800138000",
    "8765432",
    "电话",
    "身份证",
    "110105194912310021",
    "110105491231002",
    "4111111111111111",
    "京A12345",
    "a@b.com",
    "我叫张晓明",
    "-",
    ".",
    "(0571)",
];

/// SplitMix64: the next number of a seed.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let value = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// One to five changes to one of the inputs.
    fn mutation(&mut self, corpus: &[(String, Vec<u8>)]) -> Vec<u8> {
        let mut input = corpus[self.below(corpus.len())].1.clone();
        for _ in 0..=self.below(5) {
            let (at, length) = (self.below(input.len() + 1), 1 + self.below(12));
            let end = (at + length).min(input.len());
            match self.below(6) {
                0 if at < input.len() => input[at] ^= 1 << self.below(8),
                1 => drop(input.drain(at..end)),
                2 => {
                    let part = input[at..end].repeat(1 + self.below(4));
                    drop(input.splice(at..at, part));
                }
                3 => {
                    let other = &corpus[self.below(corpus.len())].1;
                    let from = self.below(other.len() + 1);
                    let part = other[from..(from + 8 * length).min(other.len())].to_vec();
                    drop(input.splice(at..end, part));
                }
                _ => drop(input.splice(at..at, PIECES[self.below(PIECES.len())].bytes())),
            }
        }
        input.truncate(LONGEST);
        input
    }
}

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(&dir)
        .unwrap_or_else(|error| panic!("{}: {error}", dir.display()))
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().display().to_string(), std::fs::read(&path).unwrap()))
        .collect();
    files.sort();
    assert!(files.len() > 20, "{target} has only {} inputs", files.len());
    files
}

fn number_of(variable: &str) -> Option<u64> {
    std::env::var(variable)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number")))
}

/// Every kept input, then `runs` mutations.
fn always_holds(target: &str, runs: u64, holds: fn(&[u8])) {
    let corpus = corpus(target);
    let told = |what: &str, input: &[u8]| {
        let input = input.to_vec();
        let run: Box<dyn FnOnce() + UnwindSafe> = {
            let input = input.clone();
            Box::new(move || holds(&input))
        };
        if let Err(panic) = catch_unwind(run) {
            eprintln!("{target}: {what}: {}", input.escape_ascii());
            resume_unwind(panic);
        }
    };
    for (name, input) in &corpus {
        told(&format!("fuzz/corpus/{target}/{name}"), input);
    }
    let seed = number_of("MINSHENG_FUZZ_SEED").unwrap_or(SEED);
    let mut draw = Draw(seed);
    for number in 0..number_of("MINSHENG_FUZZ_RUNS").unwrap_or(runs) {
        told(&format!("seed {seed}, input {number}"), &draw.mutation(&corpus));
    }
}

#[test]
fn any_dictionary_is_refused_or_kept() {
    always_holds("dictionary", 2_000, always::dictionary);
}

#[test]
fn any_post_is_rejected_or_judged() {
    always_holds("assess", 1_000, always::assess);
}

#[test]
fn any_text_is_masked_for_good() {
    always_holds("mask", 10_000, always::mask);
}

#[test]
fn a_file_of_as_many_rows_as_it_may_hold_is_taken_or_refused_in_order() {
    let head = "# owner: 组\nterm\tcategory\towner\n";
    let rows = 499_998;
    let (same, odd) = ("停水\tutilities\t组\n".repeat(rows), "停水\tutilitie\t组\n".repeat(rows));
    let row = |number: usize| format!("水{number:x}电\tutilities\t组\n");
    let different: String = (0..rows).map(row).collect();
    let over = format!("{different}{}", row(rows));
    for (name, rows, expected) in [
        ("all different", &different, None),
        ("one too many", &over, Some("10-many.tsv:500001: the file has more than 500 000 lines")),
        ("all the same", &same, Some("10-many.tsv:4: `停水` stands in 10-many.tsv:3 already")),
        ("all wrong", &odd, Some("10-many.tsv:3: unknown category `utilitie`; did you mean `utilities`?")),
    ] {
        let began = std::time::Instant::now();
        let mut shelf = Shelf::default();
        shelf.put("10-many.tsv", format!("{head}{rows}").into_bytes());
        match (Lexicon::compile(&shelf, "2026-03-01".parse().unwrap()), expected) {
            (Ok((lexicon, _)), None) => assert_eq!(lexicon.rows().len(), 499_998, "{name}"),
            (Err(faults), Some(expected)) => {
                assert!(faults.to_string().starts_with(expected), "{name}: {}", faults.0[0]);
                assert!(faults.0.len() <= 1_001, "{name}: {} faults", faults.0.len());
            }
            (Ok(_), Some(_)) => panic!("{name} was taken"),
            (Err(faults), None) => panic!("{name}: {}", faults.0[0]),
        }
        eprintln!("{name}: {:?}", began.elapsed());
    }
}

#[test]
fn a_long_chain_of_places_is_walked_once() {
    let row = |number: u32| format!("第{number}村\t第{}村\tvillage\n", number - 1);
    let rows = (1..200_000).map(row).collect::<Vec<_>>().concat();
    let mut shelf = Shelf::default();
    shelf.put("places.tsv", format!("place\tparent\ttype\n第0村\t\tvillage\n{rows}").into_bytes());
    let (lexicon, _) = Lexicon::compile(&shelf, "2026-03-01".parse().unwrap()).unwrap();
    let last = lexicon.places().named("第199999村")[0];
    assert_eq!(lexicon.places().depth(last), 199_999);
}

#[test]
fn bombs_of_regular_expressions_are_refused_where_they_stand() {
    for (pattern, expected) in [
        (r"((停水{99}){99}){99}", "is too large when compiled"),
        (r"停水\pL{100}{100}", "is too large when compiled"),
        ("停水{4294967295}", "repeats more than 100 times"),
        ("停水{0,99999999999999999999}", "is no regular expression"),
        (&format!("{}停水{}", "(".repeat(60), ")".repeat(60)), "is no regular expression"),
        (&format!("停水{}", "[^电]?".repeat(60)), "the line is longer"),
    ] {
        let mut shelf = Shelf::default();
        let line = format!("{pattern}\tutilities\tre\t组");
        let long = if expected == "the line is longer" { "\t".repeat(256) } else { String::new() };
        shelf.put("10-bomb.tsv", format!("term\tcategory\tmode\towner\n{line}{long}\n").into_bytes());
        let faults = Lexicon::compile(&shelf, "2026-03-01".parse().unwrap()).unwrap_err().to_string();
        assert!(faults.starts_with("10-bomb.tsv:2: ") && faults.contains(expected), "{pattern}: {faults}");
    }
}

#[test]
fn the_longest_post_of_one_emoji_or_word_costs_no_more_than_its_length() {
    // The dictionaries are read once, before anything is timed.
    always::assess("停水".as_bytes());
    let mut slow = Vec::new();
    let pieces = [
        "😭",
        "👨\u{200d}👩\u{200d}👧",
        "停水",
        "没有",
        "没有爆炸",
        "死亡。",
        "多人",
        "如果，",
        "3个。",
        "很好。",
        "不不太差",
        "「",
        "1",
        "13800138000.",
        "著",
    ];
    for piece in pieces {
        let text = piece.repeat(64 * 1024 / piece.len());
        let began = std::time::Instant::now();
        always::assess(text.as_bytes());
        always::mask(text.as_bytes());
        eprintln!("{piece}: {:?}", began.elapsed());
        slow.push((began.elapsed(), piece));
    }
    // A few seconds at most without optimisation; what grows with the square of the length takes minutes.
    let (longest, piece) = slow.into_iter().max().unwrap();
    assert!(longest.as_secs() < 30, "{piece}: {longest:?}");
}
