//! Dictionaries of invented terms, for benches that ask what many rows cost.

use std::collections::BTreeSet;

use minsheng::lexicon::matcher::Lexicon;
use minsheng::lexicon::shelf::Shelf;
use minsheng::text::normalize::normalize;

/// Rows of a file: well below the largest file that is read.
const ROWS_OF_A_FILE: usize = 250_000;

/// `many` invented terms of three to six characters, drawn from the characters of `texts` so that the automaton is
/// walked deep, beside `usual` rows that do occur.
pub(crate) fn lexicon(texts: &[&str], usual: &[&str], many: usize) -> Lexicon {
    let letters: BTreeSet<char> =
        normalize(&texts.concat()).text().chars().filter(|c| !c.is_ascii() && c.is_alphanumeric()).collect();
    let letters: Vec<char> = letters.into_iter().collect();
    let mut state = 7_u64;
    let mut made = BTreeSet::new();
    while made.len() < many {
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        let length = 3 + next(4);
        made.insert((0..length).map(|_| letters[next(letters.len())]).collect::<String>());
    }
    let mut shelf = Shelf::default();
    let mut put = |name: &str, rows: String| {
        let header = "term\tcategory\tkind\tmode\tvariants\towner\n";
        shelf.put(name, [header, &rows].concat().into_bytes());
    };
    put("10-usual.tsv", usual.iter().map(|row| [row, "\n"].concat()).collect());
    let made: Vec<String> = made.into_iter().collect();
    for (at, part) in made.chunks(ROWS_OF_A_FILE).enumerate() {
        let rows = part.iter().map(|term| [term, "\thousing\ttopic\tsub\t\t组\n"].concat()).collect();
        put(&format!("20-invented-{at}.tsv"), rows);
    }
    let today = "2026-03-01".parse().expect("a date");
    match Lexicon::compile(&shelf, today) {
        Ok((lexicon, _)) => lexicon,
        Err(faults) => panic!("{faults}"),
    }
}
