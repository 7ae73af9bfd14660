//! Judges a post again without one thing, for each thing that its judgement rests on.

use std::collections::BTreeMap;

use super::{Absent, Shared};
use crate::assess::quantity::{Counted, Quantity};
use crate::assess::sensitivity::Score;
use crate::assess::{Assessor, Material};
use crate::lexicon::kind::{Kind, Mode};
use crate::lexicon::matcher::Lexicon;
use crate::lexicon::scan::{Match, Scan};
use crate::model::Model;

/// The kinds of rows that have points of their own, the weightiest first.
const POINTED: [Kind; 3] = [Kind::Severity, Kind::Topic, Kind::Urgency];

/// What is left out of one judgement.
pub(super) enum Omitted {
    /// These finds of the scan, in order.
    Finds(Vec<usize>),
    /// Every quantity that tells this number of the same.
    Number(Quantity),
    /// The word of the model.
    Model,
}

/// A judgement without one thing.
pub(super) struct Tried {
    pub(super) what: Absent,
    pub(super) score: Score,
}

/// Something to try.
type Thing = (Absent, Omitted);

impl Assessor {
    /// The judgement, those without one thing each, and how many things were too many.
    pub(super) fn tried(&self, material: Material<'_>, most: usize) -> (Score, Vec<Tried>, usize) {
        let model = self.model.as_deref();
        let (base, quantities) =
            self.read(material, None, |seen, _| (self.conclude(seen, model).score, seen.quantities.to_vec()));
        let found = Found::of(&self.lexicon, material);
        let (heavy, light) = found.rows();
        let mut things: Vec<Thing> = model.map(|_| (Absent::Model, Omitted::Model)).into_iter().collect();
        things.extend(heavy);
        things.extend(numbers_told(material, quantities));
        things.extend(light);
        let untried = things.len().saturating_sub(most);
        things.truncate(most);
        let judge = |(what, omitted): Thing| Tried { what, score: self.without(material, &omitted) };
        let mut tried: Vec<Tried> = things.into_iter().map(judge).collect();
        let words = found.words(&tried, &base);
        tried.extend(words.into_iter().map(judge));
        (base, tried, untried)
    }

    /// Judges once more, without one thing.
    pub(super) fn without(&self, material: Material<'_>, omitted: &Omitted) -> Score {
        let model = self.model.as_deref();
        let weigh = |material: Material<'_>, uncounted: Option<&Quantity>, model: Option<&Model>| {
            self.read(material, uncounted, |seen, _| self.conclude(seen, model).score)
        };
        match omitted {
            Omitted::Finds(finds) => {
                let all = material.scan.matches.iter().enumerate();
                let kept = all.filter(|(at, _)| finds.binary_search(at).is_err()).map(|(_, one)| *one);
                let scan = Scan { matches: kept.collect(), places: material.scan.places.clone() };
                weigh(Material { scan: &scan, ..material }, None, model)
            }
            Omitted::Number(number) => weigh(material, Some(number), model),
            Omitted::Model => weigh(material, None, None),
        }
    }
}

impl Tried {
    pub(super) fn decides(&self, base: &Score) -> bool {
        self.score.grade != base.grade
    }
}

/// The finds of a scan with the words they stand on.
struct Found<'a> {
    lexicon: &'a Lexicon,
    matches: &'a [Match],
    /// By find: the characters it spans.
    spans: Vec<&'a str>,
}

impl<'a> Found<'a> {
    fn of(lexicon: &'a Lexicon, material: Material<'a>) -> Self {
        let text = material.normalized.text();
        let mut bytes: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        bytes.push(text.len());
        let matches = &material.scan.matches[..];
        let span = |found: &Match| &text[bytes[found.start as usize]..bytes[found.end as usize]];
        Self { lexicon, matches, spans: matches.iter().map(span).collect() }
    }

    /// The rows found, each once, the weightiest first: those that have points of their own, and the others.
    fn rows(&self) -> (Vec<Thing>, Vec<Thing>) {
        let mut places: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (at, found) in self.matches.iter().enumerate() {
            places.entry(found.row).or_default().push(at);
        }
        let mut places: Vec<Vec<usize>> = places.into_values().collect();
        let rank = |kind| POINTED.iter().position(|one| *one == kind).unwrap_or(POINTED.len());
        places.sort_by(|one, other| {
            let (one, other) = (&self.matches[one[0]], &self.matches[other[0]]);
            let ranks = rank(one.kind).cmp(&rank(other.kind));
            ranks.then(other.weight.abs().total_cmp(&one.weight.abs())).then(one.start.cmp(&other.start))
        });
        let pointed = places.partition_point(|places| POINTED.contains(&self.matches[places[0]].kind));
        let light = places.split_off(pointed).into_iter().map(|places| self.row(places)).collect();
        (places.into_iter().map(|places| self.row(places)).collect(), light)
    }

    fn row(&self, places: Vec<usize>) -> Thing {
        let first = places[0];
        let row = self.lexicon.row(self.matches[first].row);
        let span = self.spans[first];
        // What lies between the parts of an `all` row is not found.
        let is_joined = row.mode == Mode::All && !row.is_found_whole(span);
        let found = if is_joined { row.term.replace('+', "…") } else { span.to_owned() };
        let others =
            self.matches.iter().zip(&self.spans).filter(|(other, _)| other.row != self.matches[first].row);
        let is_shared = others.filter(|(_, other)| **other == span).count() > 0;
        let shared = if is_shared { Shared::Yes } else { Shared::No };
        let what = Absent::Row { term: row.term.clone(), kind: row.kind, found, shared };
        (what, Omitted::Finds(places))
    }

    /// Words that several rows rest on, none of which decides alone.
    fn words(&self, tried: &[Tried], base: &Score) -> Vec<Thing> {
        let mut words: BTreeMap<Vec<usize>, &str> = BTreeMap::new();
        for one in tried {
            let Absent::Row { found, .. } = &one.what else { continue };
            let finds = self.resting_on(found);
            let rows = |at: &usize| self.matches[*at].row;
            if finds.iter().map(rows).min() != finds.iter().map(rows).max() {
                words.entry(finds).or_insert(found);
            }
        }
        let decides = |at: &usize| {
            let row = self.lexicon.row(self.matches[*at].row);
            let same = |what: &Absent| matches!(what, Absent::Row { term, kind, .. } if *term == row.term && *kind == row.kind);
            tried.iter().any(|one| one.decides(base) && same(&one.what))
        };
        words.retain(|finds, _| !finds.iter().any(decides));
        let thing = |(finds, found): (Vec<usize>, &str)| {
            (Absent::Word { found: found.to_owned() }, Omitted::Finds(finds))
        };
        words.into_iter().map(thing).collect()
    }

    /// The finds that would not be there without these words, in order.
    fn resting_on(&self, word: &str) -> Vec<usize> {
        let rests = |at: &usize| {
            let row = self.lexicon.row(self.matches[*at].row);
            self.spans[*at].contains(word) && (row.mode != Mode::All || row.has_part_with(word))
        };
        (0..self.matches.len()).filter(rests).collect()
    }
}

/// The numbers that a score can rest on, each once.
fn numbers_told(material: Material<'_>, quantities: Vec<Quantity>) -> Vec<Thing> {
    let mut told: Vec<Quantity> = Vec::new();
    for quantity in quantities {
        let counts = match quantity.what {
            Counted::Dead | Counted::Hurt | Counted::People | Counted::Households | Counted::Hours => true,
            // Sums of money have no points.
            Counted::Yuan => false,
        };
        if counts && !told.iter().any(|other| other.says_the_same(&quantity)) {
            told.push(quantity);
        }
    }
    let absent = |number: Quantity| {
        let text = material.normalized.text().chars();
        let found = text.skip(number.start as usize).take((number.end - number.start) as usize).collect();
        (Absent::Number { found }, Omitted::Number(number))
    };
    told.into_iter().map(absent).collect()
}
