//! One text laid out for the rules: characters, words, clauses, and the dictionary's hits in order.
//!
//! Nothing is decided here. All positions are characters of the normalised text; the way back to the
//! text as received is taken only when hits are reported.

use super::grammar::{List, Spots};
use super::numeral::{Number, numbers};
use crate::lexicon::category::Category;
use crate::lexicon::kind::Kind;
use crate::text::segment::{Class, Tokens};
use crate::text::sentence::{Mark, Span, clauses};

/// How many words, marks and blanks are looked back over from one.
pub(crate) const LOOK_BACK: usize = 32;

/// A text as the rules see it.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    /// The normalised text.
    pub(crate) text: &'a str,
    /// Its characters.
    pub(crate) chars: Vec<char>,
    /// Its words, cut once for every use.
    pub(crate) tokens: &'a Tokens,
    /// Its clauses, in order.
    pub(crate) clauses: Vec<Span>,
    /// What the dictionaries found, by start.
    pub(crate) cues: Vec<Cue<'a>>,
    /// Its numbers, in order.
    pub(crate) numbers: Vec<Number>,
    /// The words of grammar that it holds.
    pub(crate) spots: Spots,
    /// Length of the longest cue.
    pub(crate) longest_cue: u32,
    /// First byte of each character, and of the end.
    pub(crate) bytes: Vec<u32>,
}

/// A row of a dictionary found in the text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cue<'a> {
    /// What it says.
    pub(crate) kind: Kind,
    /// The service it belongs to; none for helper rows.
    pub(crate) category: Option<Category>,
    /// The part of the service.
    pub(crate) sub: Option<&'a str>,
    /// Points, level, factor or polarity.
    pub(crate) weight: f32,
    /// Points of its category; 0 without one.
    pub(crate) points: f32,
    /// Whether it names a matter (停水), not only a thing of its field (水表).
    pub(crate) names_matter: bool,
    /// Number of its row in the lexicon.
    pub(crate) row: u32,
    /// The row's term.
    pub(crate) term: &'a str,
    /// First character.
    pub(crate) start: u32,
    /// One past the last character.
    pub(crate) end: u32,
}

impl<'a> Reading<'a> {
    /// Lays out a text. The cues need no order.
    pub(crate) fn new(text: &'a str, tokens: &'a Tokens, mut cues: Vec<Cue<'a>>) -> Self {
        cues.sort_by_key(|cue| (cue.start, cue.end, cue.kind, cue.category));
        let mut bytes: Vec<u32> = text.char_indices().map(|(at, _)| at as u32).collect();
        bytes.push(text.len() as u32);
        let chars: Vec<char> = text.chars().collect();
        let (numbers, spots) = (numbers(&chars), Spots::of(text));
        let longest_cue = cues.iter().map(|cue| cue.end - cue.start).max().unwrap_or(0);
        Self { text, chars, tokens, clauses: clauses(text), cues, numbers, spots, longest_cue, bytes }
    }

    /// The cues of one kind.
    pub(crate) fn of(&self, kind: Kind) -> impl Iterator<Item = &Cue<'a>> {
        self.cues.iter().filter(move |cue| cue.kind == kind)
    }

    /// The cues that begin in `start..end`: cues are asked for at every cue, and a text may be all cues.
    pub(crate) fn cues_within(&self, start: u32, end: u32) -> &[Cue<'a>] {
        let first = self.cues.partition_point(|cue| cue.start < start);
        let last = self.cues.partition_point(|cue| cue.start < end);
        &self.cues[first..last.max(first)]
    }

    /// The cues that may hold the character `at`.
    pub(crate) fn cues_over(&self, at: u32) -> &[Cue<'a>] {
        self.cues_within(at.saturating_sub(self.longest_cue), at + 1)
    }

    /// The characters `start..end`, cut at the end of the text.
    pub(crate) fn slice(&self, start: u32, end: u32) -> &'a str {
        let last = self.bytes.len() - 1;
        let (start, end) = ((start as usize).min(last), (end as usize).min(last));
        &self.text[self.bytes[start] as usize..self.bytes[end.max(start)] as usize]
    }

    /// The clause that holds a character; the nearest before it for a mark.
    pub(crate) fn clause_at(&self, at: u32) -> usize {
        self.clauses.partition_point(|clause| clause.start <= at).saturating_sub(1)
    }

    /// The text of a clause.
    pub(crate) fn clause_text(&self, clause: usize) -> &'a str {
        self.clauses.get(clause).map_or("", |clause| self.slice(clause.start, clause.end))
    }

    /// The text of the sentence around a clause, commas included.
    pub(crate) fn sentence_of(&self, clause: usize) -> std::ops::Range<usize> {
        let mut from = clause;
        while from > 0 && !self.clauses[from - 1].mark.ends_sentence() {
            from -= 1;
        }
        let mut to = clause;
        while to < self.clauses.len() && !self.clauses[to].mark.ends_sentence() {
            to += 1;
        }
        from..(to + 1).min(self.clauses.len())
    }

    /// Whether a clause ends before this character.
    pub(crate) fn ends_clause(&self, at: u32) -> bool {
        let after = self.clauses.partition_point(|clause| clause.end < at);
        self.clauses.get(after).is_some_and(|clause| clause.end == at)
    }

    /// Whether a word of a list stands in a clause.
    pub(crate) fn clause_has(&self, clause: usize, list: List) -> bool {
        self.clauses.get(clause).is_some_and(|span| self.spots.within(list, span.start, span.end))
    }

    /// What ended a clause.
    pub(crate) fn mark_of(&self, clause: usize) -> Mark {
        self.clauses.get(clause).map_or(Mark::End, |clause| clause.mark)
    }

    /// The stretch widened by so many words on both sides, within its clause.
    pub(crate) fn around(&self, start: u32, end: u32, words: usize) -> (u32, u32) {
        let Some(clause) = self.clauses.get(self.clause_at(start)) else { return (start, end) };
        let over = self.tokens.words_over(start, end);
        let all = self.tokens.words();
        let from = over.start.saturating_sub(words);
        let to = (over.end + words).min(all.len());
        let left = all.get(from).map_or(start, |word| word.start).clamp(clause.start.min(start), start);
        let right = if to == 0 { end } else { all[to - 1].end.clamp(end, clause.end.max(end)) };
        (left, right)
    }

    /// Where the fourth word before a character begins, marks and blanks not counted; no further than
    /// [`LOOK_BACK`].
    pub(crate) fn fourth_word_before(&self, at: u32) -> u32 {
        let before = &self.tokens.words()[..self.tokens.words_over(at, at).start];
        let mut words = before.iter().rev().take(LOOK_BACK);
        let fourth = words.by_ref().filter(|word| matches!(word.class, Class::Word | Class::Number)).nth(3);
        let furthest = before.len().saturating_sub(LOOK_BACK);
        fourth.or(before.get(furthest)).map_or(0, |word| word.start)
    }

    /// Words, not marks or blanks, between two stretches of a clause.
    pub(crate) fn words_between(&self, end: u32, start: u32) -> impl Iterator<Item = &'a str> {
        let over = if end < start { self.tokens.words_over(end, start) } else { 0..0 };
        self.tokens.words()[over]
            .iter()
            .filter(|word| matches!(word.class, Class::Word | Class::Number))
            .map(|word| word.text(self.text))
    }
}
