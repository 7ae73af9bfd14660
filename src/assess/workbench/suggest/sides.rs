//! On which side of the public's matters a word stands: of which service, of grave posts or of harmless ones.
//!
//! A post uses a word or does not; how often it repeats it says nothing.

use serde::{Serialize, Serializer};

use super::corpus::{Original, Weight};
use super::odds::{Use, lean};
use super::units::Form;
use super::{LEAN, LEAST_POSTS, OF_GRAVE, OF_ITS_SIDE};
use crate::assess::workbench::Share;
use crate::lexicon::category::Category;
use crate::lexicon::kind::Kind;

/// The services, and the side of what is nobody's matter.
const SIDES: usize = Category::ALL.len() + 1;

/// What a word points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PointsTo {
    /// A service.
    Matter(Category),
    /// Harm or danger, whatever the service.
    Grave,
}

impl PointsTo {
    /// The word of records: the category, or `severity`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Matter(category) => category.id(),
            Self::Grave => Kind::Severity.id(),
        }
    }

    /// The category cell of a row that says it.
    pub(super) fn subject(self) -> &'static str {
        match self {
            Self::Matter(category) => category.id(),
            Self::Grave => "-",
        }
    }

    /// The kind of a row that says it.
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Matter(_) => Kind::Topic,
            Self::Grave => Kind::Severity,
        }
    }
}

impl Serialize for PointsTo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Posts by side: of all posts, or of those that use a word.
#[derive(Debug, Clone, Default)]
pub(super) struct Sides {
    /// By service, where people said it.
    told: [u64; SIDES],
    /// By service, where we say it.
    judged: [u64; SIDES],
    grave: u64,
    /// Of a concrete but light matter.
    light: u64,
    harmless: u64,
}

/// A side to which a word leans.
pub(super) struct Side {
    pub(super) points_to: PointsTo,
    pub(super) posts: Share,
    pub(super) lean: f64,
}

impl Sides {
    /// Counts a post.
    pub(super) fn take(&mut self, post: &Original) {
        let side = post.matter.map_or(SIDES - 1, |category| category as usize);
        if post.told {
            self.told[side] += 1;
        } else {
            self.judged[side] += 1;
        }
        match post.weight {
            Some(Weight::Grave) => self.grave += 1,
            Some(Weight::Light) => self.light += 1,
            Some(Weight::Nothing) => self.harmless += 1,
            None => {}
        }
    }

    /// Whether people have said of any of the posts whose matter it is.
    pub(super) fn is_told(&self) -> bool {
        self.told.iter().any(|&posts| posts > 0)
    }

    /// The sides that a word with these posts leans to, `of` all posts: the service it leans to most, and harm.
    pub(super) fn leaning(&self, form: Form, of: &Self) -> Vec<Side> {
        let matters = Category::ALL.into_iter().map(|category| {
            let one = |sides: &Self| sides.by_matter(form)[category as usize];
            let all = |sides: &Self| sides.by_matter(form).iter().sum::<u64>();
            side(PointsTo::Matter(category), (one(self), all(self)), (one(of), all(of)))
        });
        let matter = matters.flatten().max_by(|one, other| one.lean.total_cmp(&other.lean));
        matter.into_iter().chain(self.grave(of)).collect()
    }

    /// Harm, if grave posts use the word more than all others. Held against harmless posts alone, every word that
    /// tells a complaint from chat (单元, 合同) would be one of harm.
    fn grave(&self, of: &Self) -> Option<Side> {
        let both = |sides: &Self| (sides.grave, sides.grave + sides.light + sides.harmless);
        side(PointsTo::Grave, both(self), both(of))
    }

    /// Known words are sought where people said whose matter it is; new ones everywhere.
    fn by_matter(&self, form: Form) -> [u64; SIDES] {
        match form {
            Form::Word | Form::Pair => self.told,
            Form::New => std::array::from_fn(|side| self.told[side] + self.judged[side]),
        }
    }
}

/// The side, if the word leans there: posts of the side and of all, with the word and altogether.
fn side(points_to: PointsTo, (right, of): (u64, u64), (all_right, all_of): (u64, u64)) -> Option<Side> {
    let posts = Share { right, of };
    let count = |word: u64, all: u64| Use { word: word as f64, all: all as f64 };
    let lean = lean(count(right, all_right), count(of - right, all_of - all_right));
    let least = match points_to {
        PointsTo::Matter(_) => OF_ITS_SIDE,
        PointsTo::Grave => OF_GRAVE,
    };
    let enough = right >= LEAST_POSTS && lean >= LEAN && posts.value()? >= least;
    enough.then_some(Side { points_to, posts, lean })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sides(told: &[(Category, u64)], nobody: u64, judged: &[(Category, u64)]) -> Sides {
        let mut sides = Sides::default();
        for &(category, posts) in told {
            sides.told[category as usize] = posts;
        }
        for &(category, posts) in judged {
            sides.judged[category as usize] = posts;
        }
        sides.told[SIDES - 1] = nobody;
        sides
    }

    #[test]
    fn a_word_points_to_the_side_it_leans_to() {
        let all = sides(&[(Category::Food, 100), (Category::Safety, 100)], 800, &[(Category::Food, 50)]);
        let points = |word: &Sides, form| {
            word.leaning(form, &all).iter().map(|side| side.points_to.as_str()).collect::<Vec<_>>()
        };
        for (word, form, expected) in [
            (sides(&[(Category::Food, 12)], 2, &[]), Form::Word, &["food"][..]),
            (sides(&[(Category::Food, 4)], 0, &[]), Form::Word, &[]),
            (sides(&[(Category::Food, 8), (Category::Safety, 7)], 5, &[]), Form::Word, &[]),
            (sides(&[(Category::Food, 3)], 0, &[(Category::Food, 9)]), Form::Word, &[]),
            (sides(&[(Category::Food, 3)], 0, &[(Category::Food, 9)]), Form::New, &["food"]),
        ] {
            assert_eq!(points(&word, form), expected, "{word:?}");
        }
    }

    #[test]
    fn grave_posts_are_held_against_light_and_harmless_ones() {
        let all = Sides { grave: 200, light: 300, harmless: 400, ..Sides::default() };
        let word = Sides { grave: 20, light: 1, harmless: 1, ..Sides::default() };
        let complaint = Sides { light: 40, ..word.clone() };
        assert!(complaint.leaning(Form::Word, &all).is_empty(), "light matters use it as well");
        let found = word.leaning(Form::Word, &all);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].points_to, found[0].posts), (PointsTo::Grave, Share { right: 20, of: 22 }));
        assert_eq!((found[0].points_to.subject(), found[0].points_to.kind()), ("-", Kind::Severity));
    }
}
