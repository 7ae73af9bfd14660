//! The posts as the search for words sees them: originals only, cleaned of names and links, each with the service
//! it belongs to.

use std::collections::HashMap;

use crate::assess::evaluation::{Labelled, Matter, Rung};
use crate::assess::received;
use crate::lexicon::category::Category;
use crate::text::fingerprint::{Fingerprint, unwrapped};
use crate::text::normalize::normalized_text;

/// Share of character pairs from which a text is a copy of another (algorithms §1).
const COPY: f32 = 0.8;

/// A post with what it belongs to.
#[derive(Debug, Clone)]
pub struct Case {
    /// The post and what people say of it.
    pub labelled: Labelled,
    /// The service we take it for, where nobody says; `None` for nothing for the desk.
    pub judged: Option<Category>,
}

/// A post that is no copy of an earlier one.
pub(super) struct Original {
    /// Normalised, with line feeds in place of names, links and labels.
    pub(super) text: String,
    /// The service; `None` for nothing for the desk.
    pub(super) matter: Option<Category>,
    /// Whether people say so.
    pub(super) told: bool,
    /// How heavy people say it is.
    pub(super) weight: Option<Weight>,
}

/// How heavy a post is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// Nothing for the desk.
    Nothing,
    /// Blue.
    Light,
    /// Yellow or higher.
    Grave,
}

impl Weight {
    fn of(grade: Rung) -> Self {
        match grade {
            Rung::NONE => Self::Nothing,
            grade if grade >= Rung::YELLOW => Self::Grave,
            _ => Self::Light,
        }
    }
}

impl Original {
    /// Whether people say anything of it that words can be held against.
    pub(super) fn is_labelled(&self) -> bool {
        self.told || self.weight.is_some()
    }

    fn of(case: &Case, text: &str) -> Self {
        let labels = &case.labelled.labels;
        let nothing = labels.grade == Some(Rung::NONE);
        let matter = match labels.category {
            // A drill or a thank-you speaks of a service and is none of its matters.
            Some(Matter::Of(category)) => Some(category).filter(|_| !nothing),
            Some(Matter::Nobodys) => None,
            None => case.judged,
        };
        let weight = labels.grade.map(Weight::of);
        Self { text: unwrapped(text), matter, told: labels.category.is_some(), weight }
    }
}

/// The cases without copies: what is forwarded a hundred times was said once.
pub(super) fn originals(cases: &[Case]) -> Vec<Original> {
    let mut seen: Vec<Fingerprint> = Vec::new();
    let mut by_band: HashMap<u64, u32> = HashMap::new();
    let mut originals = Vec::new();
    for case in cases {
        let text = normalized_text(&received(&case.labelled.post));
        let print = Fingerprint::of(&text);
        let copied = print.bands().iter().filter_map(|band| by_band.get(band)).any(|&at| {
            let other = &seen[at as usize];
            other.copy() == print.copy() || other.similarity(&print) >= COPY
        });
        if copied {
            continue;
        }
        for band in print.bands() {
            by_band.entry(band).or_insert(seen.len() as u32);
        }
        seen.push(print);
        originals.push(Original::of(case, &text));
    }
    originals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::evaluation::Labels;
    use crate::assess::fixture::post;

    fn case(text: &str, labels: &str) -> Case {
        let labels = Labels::read(labels).expect("labels");
        let labelled = Labelled { id: String::new(), post: post("", text), labels };
        Case { labelled, judged: Some(Category::Food) }
    }

    #[test]
    fn copies_count_once_and_labels_come_before_our_own_word() {
        let found = originals(&[
            case("望江花园停水两天了，没人管！", r#"{"category":"utilities","grade":"yellow"}"#),
            case("//@路人甲：望江花园停水两天了，没人管！", r#"{"category":"utilities","grade":"yellow"}"#),
            case("食堂的菜里有虫子", "{}"),
            case("消防演练，学校响起警报", r#"{"category":"safety","grade":"none"}"#),
            case("电费贵了一点", r#"{"category":"utilities","grade":"blue"}"#),
        ]);
        let told: Vec<_> = found.iter().map(|one| (one.matter, one.told, one.weight)).collect();
        assert_eq!(
            told,
            [
                (Some(Category::Utilities), true, Some(Weight::Grave)),
                (Some(Category::Food), false, None),
                (None, true, Some(Weight::Nothing)),
                (Some(Category::Utilities), true, Some(Weight::Light)),
            ]
        );
    }
}
