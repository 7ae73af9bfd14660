//! What a text is to a learned model: its characters and words, and what the rules saw in it.
//!
//! Training and judging come here alike, so that a model meets what it was taught on. Digits are all one
//! digit, so that an amount is no word of its own; runs of characters stop at white space.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::quantity::Counted;
use super::sensitivity::{Evidence, Score};
use super::status::Standing;
use super::subject::Verdicts;
use super::{Quantity, Reading, Sentiment};
use crate::extract::post::{Post, PostKind};
use crate::lexicon::kind::Kind;
use crate::model::{Bag, Block, hash};
use crate::text::segment::{Class, Token};
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
}

/// The features of a text.
pub(crate) fn bag(seen: &Seen<'_>) -> Bag {
    let mut bag = text_bag(seen.reading);
    of_rules(seen, &mut bag);
    bag
}

/// The features of a text that no rule has looked at.
pub(crate) fn text_bag(reading: &Reading<'_>) -> Bag {
    let mut bag = Bag::default();
    of_text(reading, |block, hash, _| bag.count(block, hash));
    bag
}

/// The pieces of text behind features of a text, as they stand in it; `wanted` are their hashes, sorted.
pub(crate) fn named<'a>(reading: &Reading<'a>, wanted: &[u32]) -> BTreeMap<u32, &'a str> {
    let mut names = BTreeMap::new();
    of_text(reading, |_, hash, piece| {
        if wanted.binary_search(&hash).is_ok() {
            names.entry(hash).or_insert_with(|| reading.slice(piece.0, piece.1));
        }
    });
    names
}

/// Calls `found` with block, hash and place of each feature of the text.
fn of_text(reading: &Reading<'_>, mut found: impl FnMut(Block, u32, (u32, u32))) {
    // A digit is one byte as any other, so that places in the text are places here.
    let folded = reading.text.replace(|c: char| c.is_ascii_digit(), "0");
    for (start, from) in reading.bytes.iter().enumerate() {
        let run = reading.chars[start..].iter().take(RUN).take_while(|c| !c.is_whitespace());
        for end in start + 1..=start + run.count() {
            let run = &folded[*from as usize..reading.bytes[end] as usize];
            found(Block::Characters, hash(&["run", run]), (start as u32, end as u32));
        }
    }
    let mut before: Option<(&Token, &str)> = None;
    for token in reading.tokens.words() {
        match token.class {
            Class::Word | Class::Number | Class::Mark => {}
            Class::Blank => continue,
        }
        let word = token.text(&folded);
        found(Block::Words, hash(&["word", word]), (token.start, token.end));
        if let Some((last, left)) = before {
            found(Block::Words, hash(&["pair", left, word]), (last.start, token.end));
        }
        before = Some((token, word));
    }
}

/// What the rules saw, on its way into a bag; one string serves for all names.
struct Met<'a> {
    bag: &'a mut Bag,
    name: String,
}

impl Met<'_> {
    fn value(&mut self, name: fmt::Arguments<'_>) -> &mut f32 {
        self.name.clear();
        self.name.write_fmt(name).expect("a string takes all that is written");
        self.bag.rule(&self.name)
    }

    fn set(&mut self, name: fmt::Arguments<'_>, value: f32) {
        *self.value(name) = value;
    }
}

fn of_rules(seen: &Seen<'_>, bag: &mut Bag) {
    let Seen { post, reading, standing, quantities, sentiment, score, verdicts, placed, .. } = *seen;
    let mut met = Met { bag, name: String::new() };
    for (index, cue) in reading.cues.iter().enumerate() {
        let kind = cue.kind.id();
        let denied = if standing.is_negated(index) { "!" } else { "" };
        let count = met.value(format_args!("kind {denied}{kind}"));
        // The first says most; a fourth says nothing more.
        *count = (*count + 1.0).min(3.0);
        if let Some(category) = cue.category {
            met.set(format_args!("category {denied}{kind} {}", category.id()), 1.0);
            if let Some(sub) = cue.sub {
                met.set(format_args!("sub {denied}{kind} {}.{sub}", category.id()), 1.0);
            }
        }
        if matches!(cue.kind, Kind::Severity | Kind::Urgency) {
            met.set(format_args!("level {denied}{kind} {}", cue.weight.round()), 1.0);
        }
    }
    for factor in &score.factors {
        met.set(format_args!("factor {:?}", factor.name), factor.points / 20.0);
    }
    for quantity in quantities {
        let many = match quantity.what {
            Counted::Dead | Counted::Hurt | Counted::People | Counted::Households => quantity.value.log2(),
            Counted::Hours => (quantity.value / 24.0).log2(),
            Counted::Yuan => quantity.value.log10(),
        };
        met.set(format_args!("counted {:?}", quantity.what), 1.0);
        met.set(format_args!("counted {:?} {}", quantity.what, many.max(0.0).floor().min(12.0)), 1.0);
    }
    for clause in &reading.clauses {
        if clause.mark == Mark::Question {
            met.set(format_args!("asks"), 1.0);
        }
        if clause.mark == Mark::Exclamation {
            met.set(format_args!("shouts"), 1.0);
        }
    }
    met.set(format_args!("grade {:?}", score.grade), 1.0);
    met.set(format_args!("status {:?}", score.status), 1.0);
    met.set(format_args!("mood {:?}", sentiment.label), 1.0);
    met.set(format_args!("mood"), sentiment.score);
    met.set(format_args!("score"), score.sensitivity / 50.0);
    if let Some(verdict) = &verdicts.category {
        met.set(format_args!("verdict {}", verdict.id.id()), 1.0);
    }
    if let Some(verdict) = &verdicts.department {
        met.set(format_args!("department {}", verdict.id), 1.0);
    }
    met.set(format_args!("length"), reading.chars.len().min(300) as f32 / 100.0);
    let short = match reading.chars.len() {
        0..15 => 0,
        15..35 => 1,
        35..80 => 2,
        _ => 3,
    };
    met.set(format_args!("length {short}"), 1.0);
    let kind = match post.kind {
        PostKind::Post => "post",
        PostKind::Comment => "comment",
        PostKind::Article => "article",
    };
    met.set(format_args!("form {kind}"), 1.0);
    if placed {
        met.set(format_args!("placed"), 1.0);
    }
}
