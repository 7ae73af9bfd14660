//! What a text is to a learned model: its characters and words, and what the rules saw in it.
//!
//! Training and judging come here alike, so that a model meets what it was taught on. Digits are all one
//! digit, so that an amount is no word of its own; runs of characters stop at white space. A name of a place is
//! one mark, whatever the place: a street's name says nothing of what happened there, and another town's streets
//! have other names.

use std::collections::BTreeMap;

use super::quantity::Counted;
use super::sensitivity::{Evidence, Score};
use super::status::Standing;
use super::subject::Verdicts;
use super::{Quantity, Reading, Sentiment};
use crate::extract::post::{Post, PostKind};
use crate::lexicon::kind::Kind;
use crate::model::{Bag, Block, hash};
use crate::text::normalize::normalized_text;
use crate::text::segment::Class;
use crate::text::sentence::Mark;

/// Longest run of characters that is a feature.
const RUN: usize = 3;

/// What the rules concluded, before a model is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) post: &'a Post,
    pub(crate) evidence: &'a Evidence<'a>,
    pub(crate) reading: &'a Reading<'a>,
    pub(crate) standing: &'a Standing,
    pub(crate) quantities: &'a [Quantity],
    pub(crate) sentiment: Sentiment,
    pub(crate) score: &'a Score,
    pub(crate) verdicts: &'a Verdicts,
    /// Whether it names a place of ours.
    pub(crate) placed: bool,
    /// By character: whether it belongs to the name of a place.
    pub(crate) named: &'a [bool],
}

/// The features of a text.
pub(crate) fn bag(seen: &Seen<'_>) -> Bag {
    let mut bag = Bag::default();
    of_text(seen.reading, seen.named, |block, hash, _| bag.count(block, hash));
    of_rules(seen, &mut bag);
    bag
}

/// The features of a text that no rule has looked at and that names no place.
pub(crate) fn text_bag(reading: &Reading<'_>) -> Bag {
    let mut bag = Bag::default();
    of_text(reading, &[], |block, hash, _| bag.count(block, hash));
    bag
}

/// The pieces of text behind the features of a text, as they stand in it.
pub(crate) fn pieces<'a>(seen: &Seen<'a>) -> BTreeMap<u32, &'a str> {
    let mut pieces = BTreeMap::new();
    of_text(seen.reading, seen.named, |_, hash, piece| {
        pieces.entry(hash).or_insert_with(|| seen.reading.slice(piece.0, piece.1));
    });
    pieces
}

/// Stands for a name of a place; no normalised text holds it.
const PLACE: char = '\u{e000}';

/// Calls `found` with block, hash and place of each feature of the text.
fn of_text(reading: &Reading<'_>, named: &[bool], mut found: impl FnMut(Block, u32, (u32, u32))) {
    let is_named = |at: u32| named.get(at as usize).copied().unwrap_or_default();
    let chars = marked(&reading.chars, is_named);
    let mut buffer = [0; 4 * RUN];
    for start in 0..chars.len() {
        let mut length = 0;
        for &(c, _, end) in chars.iter().skip(start).take(RUN) {
            if c.is_whitespace() {
                break;
            }
            length += c.encode_utf8(&mut buffer[length..]).len();
            let run = std::str::from_utf8(&buffer[..length]).unwrap_or_default();
            found(Block::Characters, hash(&["run", run]), (chars[start].1, end));
        }
    }
    let mut before: Option<(u32, String)> = None;
    let mut named_to = 0;
    for token in reading.tokens.words() {
        match token.class {
            Class::Word | Class::Number | Class::Mark => {}
            Class::Blank => continue,
        }
        let word: String = if is_named(token.start) {
            // Of a name of several words the first stands for all.
            let goes_on = named_to == token.start && token.start > 0;
            named_to = token.end;
            if goes_on {
                continue;
            }
            PLACE.into()
        } else {
            token.text(reading.text).chars().map(plain).collect()
        };
        found(Block::Words, hash(&["word", &word]), (token.start, token.end));
        if let Some((start, left)) = &before {
            found(Block::Words, hash(&["pair", left, &word]), (*start, token.end));
        }
        before = Some((token.start, word));
    }
}

/// By character of a text: whether it belongs to one of these names of places.
pub(crate) fn naming(chars: &[char], places: impl IntoIterator<Item = (u32, u32)>) -> Vec<bool> {
    let mut named = vec![false; chars.len()];
    for (start, end) in places {
        named[start as usize..end as usize].fill(true);
    }
    named
}

/// The same with names of places that the gazetteer does not know.
pub(crate) fn naming_too(named: &[bool], chars: &[char], names: &[String]) -> Vec<bool> {
    let mut named = named.to_vec();
    for name in names {
        let name: Vec<char> = normalized_text(name).chars().collect();
        if name.is_empty() {
            continue;
        }
        for at in 0..(chars.len() + 1).saturating_sub(name.len()) {
            if chars[at..].starts_with(&name) {
                named[at..at + name.len()].fill(true);
            }
        }
    }
    named
}

/// The characters as they are looked at, with the first and the one past the last that each stands for.
fn marked(chars: &[char], is_named: impl Fn(u32) -> bool) -> Vec<(char, u32, u32)> {
    let mut marked: Vec<(char, u32, u32)> = Vec::with_capacity(chars.len());
    for (at, &c) in (0_u32..).zip(chars) {
        match marked.last_mut() {
            Some((PLACE, _, end)) if is_named(at) => *end = at + 1,
            _ => marked.push((if is_named(at) { PLACE } else { plain(c) }, at, at + 1)),
        }
    }
    marked
}

/// All digits are one.
fn plain(c: char) -> char {
    if c.is_ascii_digit() { '0' } else { c }
}

fn of_rules(seen: &Seen<'_>, bag: &mut Bag) {
    let Seen { post, reading, standing, quantities, sentiment, score, verdicts, placed, .. } = *seen;
    let mut met = BTreeMap::<String, f32>::new();
    for (index, cue) in reading.cues.iter().enumerate() {
        let kind = cue.kind.id();
        let denied = if standing.is_negated(index) { "!" } else { "" };
        let count = met.entry(format!("kind {denied}{kind}")).or_default();
        // The first says most; a fourth says nothing more.
        *count = (*count + 1.0).min(3.0);
        if let Some(category) = cue.category {
            met.insert(format!("category {denied}{kind} {}", category.id()), 1.0);
            if let Some(sub) = cue.sub {
                met.insert(format!("sub {denied}{kind} {}.{sub}", category.id()), 1.0);
            }
        }
        if matches!(cue.kind, Kind::Severity | Kind::Urgency) {
            met.insert(format!("level {denied}{kind} {}", cue.weight.round()), 1.0);
        }
    }
    for factor in &score.factors {
        met.insert(format!("factor {:?}", factor.name), factor.points / 20.0);
    }
    for quantity in quantities {
        let many = match quantity.what {
            Counted::Dead | Counted::Hurt | Counted::People | Counted::Households => quantity.value.log2(),
            Counted::Hours => (quantity.value / 24.0).log2(),
            Counted::Yuan => quantity.value.log10(),
        };
        met.insert(format!("counted {:?}", quantity.what), 1.0);
        met.insert(format!("counted {:?} {}", quantity.what, many.max(0.0).floor().min(12.0)), 1.0);
    }
    for clause in &reading.clauses {
        if clause.mark == Mark::Question {
            met.insert("asks".to_owned(), 1.0);
        }
        if clause.mark == Mark::Exclamation {
            met.insert("shouts".to_owned(), 1.0);
        }
    }
    met.insert(format!("grade {:?}", score.grade), 1.0);
    met.insert(format!("status {:?}", score.status), 1.0);
    met.insert(format!("mood {:?}", sentiment.label), 1.0);
    met.insert("mood".to_owned(), sentiment.score);
    met.insert("score".to_owned(), score.sensitivity / 50.0);
    if let Some(verdict) = &verdicts.category {
        met.insert(format!("verdict {}", verdict.id.id()), 1.0);
    }
    if let Some(verdict) = &verdicts.department {
        met.insert(format!("department {}", verdict.id), 1.0);
    }
    met.insert("length".to_owned(), reading.chars.len().min(300) as f32 / 100.0);
    let short = match reading.chars.len() {
        0..15 => 0,
        15..35 => 1,
        35..80 => 2,
        _ => 3,
    };
    met.insert(format!("length {short}"), 1.0);
    let kind = match post.kind {
        PostKind::Post => "post",
        PostKind::Comment => "comment",
        PostKind::Article => "article",
    };
    met.insert(format!("form {kind}"), 1.0);
    if placed {
        met.insert("placed".to_owned(), 1.0);
    }
    for (name, value) in met {
        bag.rule(&name, value);
    }
}
