//! Runs a lexicon over a text: one pass of the automaton, then the rules that make finds into matches.
//!
//! - A row that sleeps on the day does not exist.
//! - `unless` always beats a match: a find inside or overlapping a context of its row, or with a
//!   `~word` within eight characters, is gone before anything else is decided. In an `all` row a
//!   context takes away the part it meets, and another find of that part may stand in.
//! - Parts of an `all` row must lie in one sentence, within the window from first to last character,
//!   without overlapping; of the matches that begin with one find the one that ends soonest is taken.
//!   The `all` match covers its parts, not what lies between them.
//! - Within one category and kind the longest match wins, the first of equals, and what overlaps it
//!   counts no more. Different categories and kinds do not disturb each other.
//!
//! Positions are characters of the normalised text. Matches are ordered by start, end and row.

mod kept_out;

use jiff::civil::Date;

use crate::lexicon::category::Category;
use crate::lexicon::kind::Kind;
use crate::lexicon::matcher::Lexicon;
use crate::lexicon::patterns::Use;
use crate::lexicon::places::NameId;
use crate::lexicon::row::{Border, MAX_PARTS};
use crate::text::segment::Tokens;
use crate::text::sentence::{Span, sentences};

pub use kept_out::{Keeper, KeptOut};

/// Distance at which `~word` is near.
const NEAR: u32 = 8;
/// Characters of a sentence that a regular expression is shown.
const MAX_RE_CHARS: usize = 512;

/// A row that counts for this text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    /// Number of the row in its lexicon.
    pub row: u32,
    /// The row's category; its part is in the row.
    pub category: Option<Category>,
    /// What the match says.
    pub kind: Kind,
    /// The row's weight.
    pub weight: f64,
    /// First character.
    pub start: u32,
    /// One past the last character.
    pub end: u32,
}

/// A name of a place in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceMatch {
    /// The name; [`Gazetteer::meanings`](crate::lexicon::places::Gazetteer::meanings) gives the places.
    pub name: NameId,
    /// First character.
    pub start: u32,
    /// One past the last character.
    pub end: u32,
}

/// What a lexicon finds in one text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scan {
    /// Rows that count, by start, end, row.
    pub matches: Vec<Match>,
    /// Names of places, by start.
    pub places: Vec<PlaceMatch>,
}

impl Lexicon {
    /// Scans a normalised text, cut into `tokens`, as of a day.
    pub fn scan(&self, text: &str, tokens: &Tokens, date: Date) -> Scan {
        let mut finds = Finds::of(self, text, tokens);
        let candidates = finds.candidates(self, text, date);
        Scan { matches: self.resolve(candidates), places: resolve_places(finds.places) }
    }

    /// Settles overlaps, group by group; the candidates are put in the order in which they are tried.
    fn resolve(&self, mut candidates: Vec<Candidate>) -> Vec<Match> {
        let group = |candidate: &Candidate| {
            let row = self.row(candidate.row);
            (row.category, row.kind)
        };
        candidates.sort_unstable_by(|a, b| {
            let (one, other) = (self.row(a.row), self.row(b.row));
            (one.category, one.kind)
                .cmp(&(other.category, other.kind))
                .then(b.length().cmp(&a.length()))
                .then(a.start.cmp(&b.start))
                .then(a.end.cmp(&b.end))
                .then(other.layer.cmp(&one.layer))
                .then(other.weight.abs().total_cmp(&one.weight.abs()))
                .then(a.row.cmp(&b.row))
        });
        let mut matches = Vec::with_capacity(candidates.len());
        for group in candidates.chunk_by(|a, b| group(a) == group(b)) {
            let mut taken = Taken::default();
            for candidate in group {
                if taken.take(candidate.covered()) {
                    let &Candidate { row: number, start, end, .. } = candidate;
                    let row = self.row(number);
                    let (category, kind, weight) = (row.category, row.kind, row.weight);
                    matches.push(Match { row: number, category, kind, weight, start, end });
                }
            }
        }
        matches.sort_unstable_by_key(|found| (found.start, found.end, found.row));
        matches
    }
}

/// The characters that accepted matches of one group cover, as disjoint ranges in order.
#[derive(Default)]
struct Taken {
    ranges: Vec<(u32, u32)>,
}

impl Taken {
    /// Takes the ranges if all of them are free.
    fn take(&mut self, wanted: &[(u32, u32)]) -> bool {
        let before = |end: u32| self.ranges.partition_point(|&(start, _)| start < end);
        let free = wanted
            .iter()
            .all(|&(start, end)| before(end).checked_sub(1).is_none_or(|last| self.ranges[last].1 <= start));
        if free {
            for &range in wanted {
                self.ranges.insert(self.ranges.partition_point(|taken| *taken < range), range);
            }
        }
        free
    }
}

fn resolve_places(mut places: Vec<PlaceMatch>) -> Vec<PlaceMatch> {
    places.sort_by_key(|place| (std::cmp::Reverse(place.end - place.start), place.start));
    let mut taken = Taken::default();
    places.retain(|place| taken.take(&[(place.start, place.end)]));
    places.sort_by_key(|place| place.start);
    places
}

/// A match before overlaps are settled.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    row: u32,
    start: u32,
    end: u32,
    parts: [(u32, u32); MAX_PARTS],
    count: u8,
}

impl Candidate {
    fn literal(row: u32, start: u32, end: u32) -> Self {
        Self { row, start, end, parts: [(start, end); MAX_PARTS], count: 1 }
    }

    fn covered(&self) -> &[(u32, u32)] {
        &self.parts[..usize::from(self.count)]
    }

    fn length(&self) -> u32 {
        self.covered().iter().map(|(start, end)| end - start).sum()
    }
}

/// A part of an `all` spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    row: u32,
    spelling: u16,
    start: u32,
    end: u32,
    number: u8,
    /// How many parts the spelling has.
    of: u8,
}

#[derive(Clone, Default)]
struct Finds {
    literals: Vec<Candidate>,
    parts: Vec<Part>,
    contexts: Vec<(u32, u32, u32)>,
    nears: Vec<(u32, u32, u32)>,
    triggers: Vec<(u32, u32)>,
    places: Vec<PlaceMatch>,
}

impl Finds {
    /// All that the automaton and the regular expressions find.
    fn of(lexicon: &Lexicon, text: &str, tokens: &Tokens) -> Self {
        let mut finds = Self::default();
        lexicon.patterns.each(text, |uses, start, end| {
            for &one in uses {
                finds.take(one, start, end, text, tokens);
            }
        });
        finds.run_regexes(lexicon, text);
        finds.contexts.sort_unstable();
        finds.nears.sort_unstable();
        finds
    }

    /// The finds that neither date nor `unless` takes away. The parts are used up.
    fn candidates(&mut self, lexicon: &Lexicon, text: &str, date: Date) -> Vec<Candidate> {
        let stands =
            |found: &&Candidate| self.context_of(lexicon, found.row, found.start, found.end).is_none();
        let mut candidates: Vec<Candidate> = self.literals.iter().filter(stands).copied().collect();
        self.join_parts(lexicon, text, &mut candidates);
        candidates.retain(|candidate| {
            lexicon.row(candidate.row).is_active(date) && self.near_to(lexicon, candidate).is_none()
        });
        candidates
    }

    fn take(&mut self, one: Use, start: u32, end: u32, text: &str, tokens: &Tokens) {
        let whole_words = || tokens.is_border(start) && tokens.is_border(end);
        match one {
            Use::Literal { row, border } => {
                let stands = match border {
                    Border::Any => true,
                    Border::Word => whole_words(),
                    Border::Latin => stands_alone(text, start, end),
                };
                if stands {
                    self.literals.push(Candidate::literal(row, start, end));
                }
            }
            Use::Part { row, spelling, part, of } => {
                self.parts.push(Part { row, spelling, start, end, number: part, of });
            }
            Use::Context { row } => self.contexts.push((row, start, end)),
            Use::Near { row } => self.nears.push((row, start, end)),
            Use::Trigger { row } => self.triggers.push((row, start)),
            Use::Place { name } => {
                if end - start > 2 || whole_words() {
                    self.places.push(PlaceMatch { name: NameId(name), start, end });
                }
            }
        }
    }

    /// The context of the row that a find lies in or overlaps.
    fn context_of(&self, lexicon: &Lexicon, row: u32, start: u32, end: u32) -> Option<(u32, u32)> {
        touching(&self.contexts, row, (start, end), lexicon.longest_context, |from, to| {
            from < end && start < to
        })
    }

    /// The `~word` of the row that a candidate is near to.
    fn near_to(&self, lexicon: &Lexicon, candidate: &Candidate) -> Option<(u32, u32)> {
        let (start, end) = (candidate.start, candidate.end);
        let wide = (start.saturating_sub(NEAR), end + NEAR + 1);
        touching(&self.nears, candidate.row, wide, lexicon.longest_context, |from, to| {
            from <= end + NEAR && start <= to + NEAR
        })
    }

    /// Runs each regular expression on the sentences that hold one of its literals.
    fn run_regexes(&mut self, lexicon: &Lexicon, text: &str) {
        if self.triggers.is_empty() {
            return;
        }
        let spans = sentences(text);
        self.triggers.iter_mut().for_each(|(_, start)| *start = sentence_of(&spans, *start) as u32);
        self.triggers.sort_unstable();
        self.triggers.dedup();
        for &(row, sentence) in &self.triggers {
            let Some(span) = spans.get(sentence as usize) else { continue };
            let length = ((span.end - span.start) as usize).min(MAX_RE_CHARS);
            let sentence: String = text.chars().skip(span.start as usize).take(length).collect();
            for found in lexicon.regexes[&row].find_iter(&sentence) {
                let start = span.start + sentence[..found.start()].chars().count() as u32;
                let end = start + found.as_str().chars().count() as u32;
                self.literals.push(Candidate::literal(row, start, end));
            }
        }
    }

    fn join_parts(&mut self, lexicon: &Lexicon, text: &str, candidates: &mut Vec<Candidate>) {
        if self.parts.is_empty() {
            return;
        }
        let mut spans = None;
        for mut group in complete(&std::mem::take(&mut self.parts)) {
            let Part { row, of: wanted, .. } = group[0];
            group.retain(|found| self.context_of(lexicon, row, found.start, found.end).is_none());
            let spans = spans.get_or_insert_with(|| sentences(text));
            let window = u32::from(lexicon.row(row).window);
            for first in 0..group.len() {
                let sentence = sentence_of(spans, group[first].start);
                let limit = spans.get(sentence).map_or(0, |span| span.end).min(group[first].start + window);
                candidates.extend(Joining { group: &group, wanted, limit }.starting_at(first));
            }
        }
    }
}

/// The finds of each spelling of which every part was found, in the order of the text. Most finds are lonely parts, so
/// what is sorted are small numbers, not the finds.
fn complete(parts: &[Part]) -> Vec<Vec<Part>> {
    let key = |(at, part): (usize, &Part)| {
        u128::from(part.row) << 80 | u128::from(part.spelling) << 64 | at as u128
    };
    let mut keys: Vec<u128> = parts.iter().enumerate().map(key).collect();
    keys.sort_unstable();
    let mut groups = Vec::new();
    for group in keys.chunk_by(|a, b| a >> 64 == b >> 64) {
        let of = |key: &u128| parts[*key as u64 as usize];
        let have = group.iter().fold(0_u32, |have, key| have | 1 << of(key).number);
        if have == (1 << of(&group[0]).of) - 1 {
            let mut group: Vec<Part> = group.iter().map(of).collect();
            group.sort_unstable();
            groups.push(group);
        }
    }
    groups
}

/// The search for the parts that go with a first one.
struct Joining<'a> {
    group: &'a [Part],
    wanted: u8,
    limit: u32,
}

impl Joining<'_> {
    /// The match that begins with the find `first` and ends soonest.
    fn starting_at(&self, first: usize) -> Option<Candidate> {
        let start = &self.group[first];
        let mut best = None;
        let mut candidate = Candidate::literal(start.row, start.start, start.end);
        if start.end <= self.limit {
            self.extend(first, 1 << start.number, &mut candidate, &mut best);
        }
        best
    }

    fn extend(&self, first: usize, have: u8, candidate: &mut Candidate, best: &mut Option<Candidate>) {
        if candidate.count == self.wanted {
            if best.is_none_or(|best| candidate.end < best.end) {
                *best = Some(*candidate);
            }
            return;
        }
        for found in self.group[first + 1..].iter().take_while(|found| found.start < self.limit) {
            let overlaps =
                candidate.covered().iter().any(|&(start, end)| found.start < end && start < found.end);
            if have & 1 << found.number != 0 || found.end > self.limit || overlaps {
                continue;
            }
            let before = *candidate;
            candidate.parts[usize::from(candidate.count)] = (found.start, found.end);
            candidate.count += 1;
            candidate.end = candidate.end.max(found.end);
            self.extend(first, have | 1 << found.number, candidate, best);
            *candidate = before;
        }
    }
}

/// The first of the sorted finds of `row` that can reach `around` and `touches` what is meant.
fn touching(
    finds: &[(u32, u32, u32)],
    row: u32,
    around: (u32, u32),
    longest: u32,
    touches: impl Fn(u32, u32) -> bool,
) -> Option<(u32, u32)> {
    let from = finds.partition_point(|&(of, start, _)| (of, start) < (row, around.0.saturating_sub(longest)));
    finds[from..]
        .iter()
        .take_while(|&&(of, start, _)| of == row && start < around.1)
        .find(|&&(_, start, end)| touches(start, end))
        .map(|&(_, start, end)| (start, end))
}

fn sentence_of(spans: &[Span], at: u32) -> usize {
    spans.partition_point(|span| span.end <= at)
}

/// Whether no Latin letter or digit stands directly before or after.
fn stands_alone(text: &str, start: u32, end: u32) -> bool {
    let mut chars = text.chars();
    let before = start.checked_sub(1).and_then(|before| chars.nth(before as usize));
    let after = text.chars().nth(end as usize);
    !before.is_some_and(|c| c.is_ascii_alphanumeric()) && !after.is_some_and(|c| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests;
