//! What must hold for any bytes whatever: one function for each fuzz target, which panics where it does not.
//!
//! The fuzz targets call these functions, and so does `tests/it/hostile.rs`, which includes this file: with the
//! kept corpus and a short mutation of it, on every run of the tests. Only the public interface of the library
//! is used, as a dictionary's editor, a sender of posts and a reader of masked texts use it.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use minsheng::assess::{AssessConfig, Assessor};
use minsheng::extract::post::Post;
use minsheng::extract::pushed::{self, PushedPost};
use minsheng::lexicon::matcher::Lexicon;
use minsheng::lexicon::shelf::Shelf;
use minsheng::source::SourceId;
use minsheng::text::mask;

/// Most findings of one kind, and the line that says how many more there were.
const MOST_FINDINGS: usize = 1_001;

/// Any bytes as a file of the dictionary directory are refused with file and line, or make a lexicon that can be
/// written down and read again without a difference.
pub fn dictionary(data: &[u8]) {
    let lines = data.split(|byte| *byte == b'\n').count();
    for name in ["10-any.tsv", "places.tsv", "categories.toml"] {
        let mut shelf = Shelf::default();
        shelf.put(name, data.to_vec());
        match Lexicon::compile(&shelf, "2026-03-01".parse().expect("a date")) {
            Ok((lexicon, warnings)) => {
                assert!(warnings.len() <= MOST_FINDINGS, "{} warnings", warnings.len());
                let written = lexicon.canonical();
                let again = Lexicon::from_canonical(&written)
                    .unwrap_or_else(|error| panic!("as {name} it cannot be read again: {error}\n{written}"));
                assert_eq!(again.canonical(), written, "as {name}");
                assert_eq!(again.version(), lexicon.version(), "as {name}");
            }
            Err(faults) => {
                assert!((1..=MOST_FINDINGS).contains(&faults.0.len()), "{} faults", faults.0.len());
                for fault in &faults.0 {
                    assert_eq!(fault.file, name, "{fault}");
                    assert!(fault.line as usize <= lines, "{fault} in {lines} lines");
                    assert!(!fault.what.is_empty(), "{fault:?}");
                    // A row has at most 256 characters, of which normalising makes at most 18 each.
                    assert!(fault.to_string().chars().count() < 10_000, "{fault}");
                }
            }
        }
    }
}

/// Any bytes as a pushed record, and as the title and text of one, are rejected with a short reason or judged:
/// the same each time, with lines that add up, hits inside the text and one short sentence.
pub fn assess(data: &[u8]) {
    let now: Timestamp = "2026-03-01T00:15:00Z".parse().expect("a time");
    let source = SourceId::new("any").expect("a legal name");
    let text = String::from_utf8_lossy(data);
    let (title, text) = text.split_once('\n').unwrap_or(("", &text));
    let record =
        PushedPost { title: Some(title.to_owned()), text: Some(text.to_owned()), ..PushedPost::default() };
    for read in [pushed::read_line(data, Some(&source), now), pushed::read(record, Some(&source), now)] {
        match read {
            Ok(found) => judged(&Arc::new(found.post)),
            Err(rejection) => {
                let reason = rejection.to_string();
                assert!((1..=1_000).contains(&reason.len()), "a reason of {} bytes: {reason}", reason.len());
            }
        }
    }
}

/// The judgement on a post, which must hold what every judgement holds.
fn judged(post: &Arc<Post>) {
    let found = ASSESSOR.assess(Arc::clone(post)).assessment;
    assert_eq!(ASSESSOR.assess(Arc::clone(post)).assessment, found, "judged twice");
    let tenths = |points: f32| (points * 10.0).round() as i64;
    let sum: i64 = found.factors.iter().map(|factor| tenths(factor.points)).sum();
    assert_eq!(sum, tenths(found.sensitivity), "{:?}", found.factors);
    assert!((0.0..=100.0).contains(&found.sensitivity), "{}", found.sensitivity);
    assert!(found.explanation.chars().count() <= 60, "{}", found.explanation);
    for factor in &found.factors {
        assert!((1..=100).contains(&factor.why.chars().count()), "{factor:?}");
        assert!(!factor.why.contains("inf") && !factor.why.contains("NaN"), "{factor:?}");
    }
    let title = post.title.chars().count();
    let received = post.text.chars().count() + if title == 0 { 0 } else { title + 1 };
    for hit in &found.hits {
        assert!(hit.start < hit.end && hit.end as usize <= received, "{hit:?} in {received} characters");
    }
}

/// Any text is masked once and for all, grows little, and keeps no number that calls somebody.
pub fn mask(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let once = mask::mask(&text);
    assert_eq!(mask::mask(&once), once, "masked twice");
    assert!(once.len() <= 2 * text.len(), "{} bytes of {}", once.len(), text.len());
    let chars: Vec<char> = once.chars().map(narrow).collect();
    let mut at = 0;
    while at < chars.len() {
        let length = chars[at..].iter().take_while(|c| c.is_ascii_digit()).count();
        let alone =
            |beside: Option<&char>| beside.is_none_or(|c| matches!(c, '，' | '。' | '号' | '打' | '\n'));
        let before = at.checked_sub(1).and_then(|before| chars.get(before));
        if alone(before) && alone(chars.get(at + length)) {
            let digits: String = chars[at..at + length].iter().collect();
            assert!(!is_mobile(&digits) && !is_identity(&digits), "{digits} is still in {once}");
        }
        at += length.max(1);
    }
}

/// A full-width digit as its ASCII one.
fn narrow(c: char) -> char {
    let digit = (c as u32).checked_sub('０' as u32).filter(|digit| *digit < 10);
    digit.and_then(|digit| char::from_digit(digit, 10)).unwrap_or(c)
}

fn is_mobile(digits: &str) -> bool {
    digits.len() == 11 && digits.starts_with('1') && !digits[1..].starts_with(['0', '1', '2'])
}

/// Whether 18 digits are an identity number by ISO 7064: the sum with powers of two is 1 modulo 11.
fn is_identity(digits: &str) -> bool {
    if digits.len() != 18 {
        return false;
    }
    let number = |from: usize, to: usize| digits[from..to].parse::<u32>().expect("digits");
    let born = (1900..2100).contains(&number(6, 10))
        && (1..=12).contains(&number(10, 12))
        && (1..=31).contains(&number(12, 14));
    let sum: u32 = digits.bytes().rev().zip(0..).map(|(digit, place)| u32::from(digit - b'0') << place).sum();
    (11..=82).contains(&number(0, 2)) && born && sum % 11 == 1
}

/// The assessor over the dictionaries of the repository, which the tests and the fuzzer find above themselves.
static ASSESSOR: LazyLock<Assessor> = LazyLock::new(|| {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|dir| dir.join("dictionaries"));
    let dir = above.into_iter().find(|dir| dir.is_dir()).expect("the repository has dictionaries");
    let today = "2026-03-01".parse().expect("a date");
    let (lexicon, _) = Lexicon::load(&dir, today).expect("the dictionaries have no faults");
    Assessor::new(Arc::new(lexicon), AssessConfig::default())
});
