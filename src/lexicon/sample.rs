//! Which rows a sample of posts casts doubt on: those that find too much, nothing, or parts of other words.
//!
//! A [`Sampling`] counts what rows find, post by post, and then says what of it somebody should look at. What
//! the finds are worth plays no part.

use jiff::civil::Date;

use crate::lexicon::fault::Finding;
use crate::lexicon::kind::{Kind, Mode};
use crate::lexicon::matcher::Lexicon;
use crate::lexicon::row::{Row, ToldRow};
use crate::text::segment::Tokens;

/// Share of the posts above which a row that makes a matter is too common.
const COMMON: f64 = 0.01;
/// Share of its hits above which a row lies across other words too often.
const ACROSS: f64 = 0.3;
/// Posts or hits below which a share says nothing.
const FEW: u32 = 5;

/// Counts what the rows of a lexicon find in a sample.
#[derive(Debug)]
pub struct Sampling<'a> {
    lexicon: &'a Lexicon,
    posts: u32,
    /// By row.
    seen: Vec<Seen>,
    /// The days of the first and the last post.
    days: Option<(Date, Date)>,
}

/// What one row found.
#[derive(Debug, Clone, Default)]
struct Seen {
    posts: u32,
    hits: u32,
    across: u32,
    /// The words around the first hit that lies across some.
    words: Option<String>,
}

/// The doubts, by file and line.
#[derive(Debug, Clone, PartialEq)]
pub struct Doubts {
    /// Rows that find too much, or parts of other words.
    pub striking: Vec<Finding>,
    /// Rows that find nothing.
    pub silent: Vec<Finding>,
}

impl<'a> Sampling<'a> {
    /// A count that begins.
    pub fn new(lexicon: &'a Lexicon) -> Self {
        Self { lexicon, posts: 0, seen: vec![Seen::default(); lexicon.rows().len()], days: None }
    }

    /// Counts a post: its normalised text, cut by a segmenter that knows the lexicon's words, and its day.
    pub fn add(&mut self, text: &str, tokens: &Tokens, day: Date) {
        self.posts += 1;
        let (first, last) = self.days.unwrap_or((day, day));
        self.days = Some((first.min(day), last.max(day)));
        let mut rows = Vec::new();
        for found in self.lexicon.scan(text, tokens, day).matches {
            let seen = &mut self.seen[found.row as usize];
            seen.hits += 1;
            rows.push(found.row);
            if self.lexicon.row(found.row).mode == Mode::Sub
                && let Some(words) = across(text, tokens, found.start, found.end)
            {
                seen.across += 1;
                seen.words.get_or_insert_with(|| words.to_owned());
            }
        }
        rows.sort_unstable();
        rows.dedup();
        for row in rows {
            self.seen[row as usize].posts += 1;
        }
    }

    /// What somebody should look at; nothing where there was no post.
    pub fn doubts(&self) -> Doubts {
        let mut doubts = Doubts { striking: Vec::new(), silent: Vec::new() };
        let Some((first, last)) = self.days else { return doubts };
        for (row, seen) in self.lexicon.rows().iter().zip(&self.seen) {
            // A row that slept through the whole sample found nothing, and should not have.
            let slept = row.from.is_some_and(|from| from > last) || row.until.is_some_and(|end| end < first);
            if seen.hits == 0 && !slept {
                let what = format!("`{}` finds nothing in the {} posts of the sample", row.term, self.posts);
                doubts.silent.push(finding(row, what, String::new()));
            }
            doubts.striking.extend(self.too_common(row, seen));
            doubts.striking.extend(too_often_across(row, seen));
        }
        doubts.striking.sort();
        doubts.silent.sort();
        doubts
    }

    /// Rows that only say how something is put are meant to be common; those that make a matter are not.
    fn too_common(&self, row: &Row, seen: &Seen) -> Option<Finding> {
        let share = f64::from(seen.posts) / f64::from(self.posts);
        let makes_a_matter = matches!(row.kind, Kind::Topic | Kind::Severity);
        (makes_a_matter && share > COMMON && seen.posts >= FEW).then(|| {
            let (term, posts, of) = (&row.term, seen.posts, self.posts);
            let what =
                format!("`{term}` is found in {posts} of {of} posts of the sample ({:.1} %)", share * 100.0);
            let mend = "join it with another word in mode `all`, or confirm that this is meant";
            finding(row, what, mend.to_owned())
        })
    }
}

fn too_often_across(row: &Row, seen: &Seen) -> Option<Finding> {
    let share = f64::from(seen.across) / f64::from(seen.hits.max(1));
    let words = seen.words.as_ref().filter(|_| share > ACROSS && seen.hits >= FEW)?;
    let (term, across, hits) = (&row.term, seen.across, seen.hits);
    let what =
        format!("`{term}` lies across other words in {across} of {hits} hits of the sample, as in `{words}`");
    Some(finding(row, what, format!("set its mode to `word`, or put what it is not into unless: `{words}`")))
}

/// The words that a find lies across, if it begins or ends inside one and is not all inside one.
fn across<'t>(text: &'t str, tokens: &Tokens, start: u32, end: u32) -> Option<&'t str> {
    let over = tokens.words_over(start, end);
    let words = &tokens.words()[over];
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return None };
    let cuts = first.start < start || end < last.end;
    (words.len() > 1 && cuts).then(|| &text[first.byte_start as usize..last.byte_end as usize])
}

fn finding(row: &Row, what: String, mend: String) -> Finding {
    let ToldRow { file, line, .. } = row.told();
    Finding { file, line, what, mend }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon::shelf::Shelf;
    use crate::text::segment::Segmenter;

    fn sampled(posts: &[&str]) -> (Vec<String>, Vec<String>) {
        let rows = "term\tcategory\tkind\tmode\tfrom\towner\n\
                    停水\tutilities\t\t\t\t水务组\n\
                    水果\tfood\t\tword\t\t食品组\n\
                    断网\tutilities\t\t\t\t通信组\n\
                    断暖\tutilities\t\t\t2027-01-01\t供热组\n\
                    不\t-\tnegator\tword\t\t词典组\n";
        let mut shelf = Shelf::default();
        shelf.put("1.tsv", rows.as_bytes().to_vec());
        let day: Date = "2026-03-01".parse().expect("a date");
        let (lexicon, _) = Lexicon::compile(&shelf, day).expect("no faults");
        // The segmenter is not taught the terms, so that it cuts them as it cuts what it does not know.
        let segmenter = Segmenter::new([]);
        let mut sampling = Sampling::new(&lexicon);
        for text in posts {
            sampling.add(text, &segmenter.segment(text), day);
        }
        let Doubts { striking, silent } = sampling.doubts();
        let told = |findings: Vec<Finding>| findings.iter().map(ToString::to_string).collect();
        (told(striking), told(silent))
    }

    #[test]
    fn a_sample_tells_what_is_common_silent_or_part_of_other_words() {
        let mut posts =
            vec!["超市暂停水果供应", "暂停水果配送", "暂停水果摊营业", "停水了", "又停水", "不 可以"];
        posts.resize(600, "今天天气好");
        let (striking, silent) = sampled(&posts);
        assert_eq!(
            striking,
            ["1.tsv:2: `停水` lies across other words in 3 of 5 hits of the sample, as in `暂停水果`; \
              set its mode to `word`, or put what it is not into unless: `暂停水果`"]
        );
        assert_eq!(silent, ["1.tsv:4: `断网` finds nothing in the 600 posts of the sample"]);
        posts.truncate(300);
        let (striking, _) = sampled(&posts);
        assert!(striking[0].starts_with("1.tsv:2: `停水` is found in 5 of 300 posts of the sample (1.7 %)"));
    }

    #[test]
    fn few_posts_and_none_say_nothing() {
        assert_eq!(sampled(&[]), (Vec::new(), Vec::new()));
        let (striking, silent) = sampled(&["停水", "停水", "断网", "水果", "不"]);
        assert_eq!((striking, silent), (Vec::new(), Vec::new()));
    }
}
