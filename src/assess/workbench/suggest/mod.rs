//! Words that are missing: what posts of a service say, others do not, and no dictionary holds.
//!
//! Candidates are known words, pairs of them side by side, and new words ([`units`], [`cohesion`]); each is held
//! against the services, and against posts of yellow or higher beside all others, by how it leans ([`odds`]).
//! Known words and pairs are sought in labelled posts only; new words in all, where nobody says by our own word.
//!
//! Persons are never suggested: what may be a name, or stands mostly where names stand, is left out
//! ([`crate::text::person`]), numbers and names of accounts cannot become candidates. Names of places, offices and
//! firms are left out too ([`proper`]): they belong to the gazetteer. A person reads the rest and decides; nothing
//! is added by itself.

mod cohesion;
mod corpus;
mod known;
mod odds;
mod proper;
mod sides;
mod units;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use self::cohesion::Grams;
use self::corpus::{Original, originals};
use self::known::Known;
use self::proper::{is_institution, stands_before_institution};
use self::sides::{Side, Sides};
use self::units::{Finder, Unit, stretches};
use super::Share;
use crate::assess::Assessor;
use crate::lexicon::row::NewRow;
use crate::text::person::{may_name, stands_as_name};
use crate::text::segment::{Nature, Segmenter};

pub use cohesion::Cohesion;
pub use corpus::Case;
pub use sides::PointsTo;
pub use units::Form;

/// Posts in which a word must stand.
const LEAST_POSTS: u64 = 5;
/// Standard errors by which a word must lean to one side.
const LEAN: f64 = 1.96;
/// Share of its posts that must be of the side it points to.
const OF_ITS_SIDE: f64 = 2.0 / 3.0;
/// The same for harm: nearly half of all labelled posts are grave, and grave ones are long and hold many words.
const OF_GRAVE: f64 = 0.9;
/// Share of its posts in which a longer word holds it, from which only the longer one is told; and the reverse.
const SAME: f64 = 0.8;
/// Examples shown of a word.
const EXAMPLES: usize = 2;
/// Most characters of an example.
const EXAMPLE: usize = 40;
/// Characters before and after a word by which its surroundings are told apart.
const AROUND: usize = 4;
/// Most surroundings that are looked at.
const MOST_AROUND: usize = 200;
/// Most candidates counted at once.
const MOST_CANDIDATES: usize = 3_000_000;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Who is to answer for the rows.
    pub owner: String,
    /// Most suggestions for each service, and of each kind.
    pub most: usize,
}

/// Words that the dictionaries lack.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestions {
    /// Posts read, copies left out.
    pub posts: u64,
    /// Copies.
    pub copies: u64,
    /// Of the posts, those whose service people have named.
    pub labelled: u64,
    /// Candidates left out because they may name a person.
    pub names_left_out: u64,
    /// Candidates left out because they are part of the name of a place, an office or a firm.
    pub institutions_left_out: u64,
    /// New words that point to no service.
    pub pointless: u64,
    /// The suggestions, by what they point to, the surest first.
    pub words: Vec<Suggestion>,
}

/// One word that the dictionaries lack.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestion {
    /// The word; `A+B` for a pair.
    pub term: String,
    /// What sort of candidate it is.
    pub form: Form,
    /// What it points to.
    pub points_to: PointsTo,
    /// Posts with the word, and how many of them are of what it points to.
    pub posts: Share,
    /// By how many standard errors it leans there.
    pub lean: f64,
    /// For a new word, how it holds together.
    pub cohesion: Option<Cohesion>,
    /// Whether any of its posts were assigned by people; else all by our own word.
    pub told: bool,
    /// Where it stands, at most two, private data masked.
    pub examples: Vec<String>,
    /// The row, ready to be put into a dictionary.
    pub row: String,
}

type Candidates = BTreeSet<(String, Form)>;
type Counts = BTreeMap<(String, Form), Count>;

impl Assessor {
    /// Looks for words that the dictionaries lack.
    pub fn suggest(&self, cases: &[Case], asked: &Asked) -> Suggestions {
        let originals = originals(cases);
        let mut finder = Finder::new(&self.segmenter);
        let candidates = frequent(&originals, &mut finder, &Known::new(self.lexicon()));
        let mut grams =
            Grams::of(candidates.iter().filter(|(_, form)| *form == Form::New).map(|(term, _)| &**term));
        let mut all = Sides::default();
        let mut counts = Counts::new();
        for original in &originals {
            all.take(original);
            stretches(&original.text).for_each(|stretch| grams.read(stretch));
            let units = finder.units(&original.text, original.is_labelled());
            note(original, &units, &candidates, &mut counts);
        }
        let before = counts.len();
        counts
            .retain(|(term, _), count| !count.stands_as_name() && !may_name_somebody(term, &self.segmenter));
        let nameless = counts.len();
        counts.retain(|(term, _), count| !count.is_proper() && !self.is_place(term));
        let mut found = Suggestions {
            posts: originals.len() as u64,
            copies: (cases.len() - originals.len()) as u64,
            labelled: originals.iter().filter(|one| one.told).count() as u64,
            names_left_out: (before - nameless) as u64,
            institutions_left_out: (nameless - counts.len()) as u64,
            pointless: 0,
            words: Vec::new(),
        };
        for ((term, form), count) in counts {
            let cohesion = if form == Form::New { grams.cohesion(&term) } else { None };
            if form == Form::New && cohesion.is_none_or(|cohesion| !cohesion.is_word()) {
                continue;
            }
            let leaning = count.sides.leaning(form, &all);
            found.pointless += u64::from(form == Form::New && leaning.is_empty());
            let rows = leaning.into_iter().filter_map(|side| {
                let row = self.row(&term, &side, &asked.owner)?;
                Some(count.suggestion(&term, form, cohesion, &side, row))
            });
            found.words.extend(rows);
        }
        found.words = best(found.words, asked.most);
        found
    }

    fn is_place(&self, term: &str) -> bool {
        let named = |part: &str| self.segmenter.nature(part) == Nature::Place;
        is_institution(term) || term.split('+').any(named)
    }

    /// The row that would hold a word; `None` if no dictionary would take it.
    fn row(&self, term: &str, side: &Side, owner: &str) -> Option<String> {
        let Share { right, of } = side.posts;
        let note = format!("候选：{of}帖中{right}帖");
        let cells = NewRow {
            term,
            subject: side.points_to.subject(),
            kind: side.points_to.kind(),
            owner,
            note: &note,
        };
        cells.line(self.lexicon.categories())
    }
}

/// Candidates in enough posts that no dictionary holds.
fn frequent(originals: &[Original], finder: &mut Finder<'_>, known: &Known<'_>) -> Candidates {
    let mut posts: HashMap<(String, Form), u64> = HashMap::new();
    for original in originals {
        let units = finder.units(&original.text, original.is_labelled());
        let here: BTreeSet<(String, Form)> = units.into_iter().map(|unit| (unit.term, unit.form)).collect();
        for unit in here {
            *posts.entry(unit).or_default() += 1;
        }
        if posts.len() > MOST_CANDIDATES {
            // What was seen once among millions will hardly come often; without a bound a long stream fills memory.
            posts.retain(|_, count| *count > 1);
        }
    }
    let frequent = posts.into_iter().filter(|(_, count)| *count >= LEAST_POSTS).map(|(unit, _)| unit);
    frequent.filter(|(term, _)| !known.holds(term)).collect()
}

/// Notes what a post says of the candidates in it.
fn note(original: &Original, units: &[Unit], candidates: &Candidates, counts: &mut Counts) {
    let chars: Vec<char> = original.text.chars().collect();
    let mut here = BTreeSet::new();
    for unit in units {
        let key = (unit.term.clone(), unit.form);
        if !candidates.contains(&key) {
            continue;
        }
        let count = counts.entry(key.clone()).or_default();
        count.see(&chars, unit);
        if here.insert(key) {
            count.sides.take(original);
            if count.examples.len() < EXAMPLES {
                count.examples.push(example(&chars, unit.start, unit.end));
            }
        }
    }
}

/// What is counted of a candidate.
#[derive(Debug, Default)]
struct Count {
    sides: Sides,
    /// Distinct surroundings, with what each says.
    around: BTreeMap<String, Around>,
    examples: Vec<String>,
}

/// What the surroundings of a candidate say.
#[derive(Debug, Clone, Copy)]
struct Around {
    /// Those of a person's name.
    person: bool,
    /// Those of a part of the name of a place, an office or a firm.
    proper: bool,
}

impl Count {
    fn see(&mut self, chars: &[char], unit: &Unit) {
        let line = |c: &&char| **c != '\n';
        let mut before: String = chars[..unit.start].iter().rev().take(AROUND).take_while(line).collect();
        before = before.chars().rev().collect();
        let after: String = chars[unit.end..].iter().take(AROUND).take_while(line).collect();
        if self.around.len() < MOST_AROUND {
            let person = unit.after_surname || stands_as_name(&before, &after);
            let proper = stands_before_institution(&after);
            self.around.insert(format!("{before}|{after}"), Around { person, proper });
        }
    }

    /// Whether at least half of its surroundings are those of a name.
    fn stands_as_name(&self) -> bool {
        2 * self.around.values().filter(|around| around.person).count() >= self.around.len()
    }

    /// Whether at least half of its surroundings make it a part of the name of a place, an office or a firm.
    fn is_proper(&self) -> bool {
        2 * self.around.values().filter(|around| around.proper).count() >= self.around.len()
    }

    fn suggestion(
        &self,
        term: &str,
        form: Form,
        cohesion: Option<Cohesion>,
        side: &Side,
        row: String,
    ) -> Suggestion {
        Suggestion {
            term: term.to_owned(),
            form,
            points_to: side.points_to,
            posts: side.posts,
            lean: side.lean,
            cohesion,
            told: self.sides.is_told(),
            examples: self.examples.clone(),
            row,
        }
    }
}

fn may_name_somebody(term: &str, segmenter: &Segmenter) -> bool {
    term.split('+').any(|part| may_name(part, &segmenter.cut_known(part), segmenter))
}

/// The text around a candidate on one line, at most [`EXAMPLE`] characters.
fn example(chars: &[char], start: usize, end: usize) -> String {
    let room = EXAMPLE.saturating_sub(end - start + 2);
    let from = start.saturating_sub(room / 2);
    let to = (end + room - (start - from)).min(chars.len());
    let mut shown: String = chars[from..to].iter().map(|&c| if c == '\n' { ' ' } else { c }).collect();
    shown = shown.trim().to_owned();
    if from > 0 {
        shown.insert(0, '…');
    }
    if to < chars.len() {
        shown.push('…');
    }
    shown
}

/// For each side and form the surest, without those that another one says as well.
fn best(mut words: Vec<Suggestion>, most: usize) -> Vec<Suggestion> {
    words.sort_by(|one, other| {
        let by_lean = other.lean.total_cmp(&one.lean);
        one.points_to.cmp(&other.points_to).then(by_lean).then_with(|| one.term.cmp(&other.term))
    });
    let mut kept: Vec<Suggestion> = Vec::new();
    for word in words {
        let beside = kept.iter().filter(|other| other.points_to == word.points_to);
        let (mut as_many, mut said) = (0, false);
        for other in beside {
            as_many += usize::from((other.form == Form::New) == (word.form == Form::New));
            said |= says_as_well(other, &word);
        }
        if !said && as_many < most {
            kept.push(word);
        }
    }
    kept
}

/// Whether a suggestion makes another of the same side superfluous: it is a part of it, or nearly always holds it.
fn says_as_well(kept: &Suggestion, word: &Suggestion) -> bool {
    let (whole, other) = (kept.term.replace('+', ""), word.term.replace('+', ""));
    let same = kept.posts.of as f64 >= SAME * word.posts.of as f64;
    other.contains(&whole) || whole.contains(&other) && same
}

#[cfg(test)]
mod tests;
