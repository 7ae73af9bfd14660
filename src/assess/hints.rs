//! What the dictionaries teach a learned model: a word of a service is a short text about that service.
//!
//! A few thousand labelled posts do not hold the words of every service; the dictionaries do. Each spelling of
//! a topic row is a hint for category and department, of far less weight than a post that somebody labelled,
//! and none for grade or mood: a word alone has neither.

use std::collections::BTreeMap;

use super::Assessor;
use super::features;
use super::reading::Reading;
use crate::lexicon::kind::{Kind, Mode};
use crate::model::Example;
use crate::text::normalize::normalize;

/// What a mistake on a hint costs beside one on a post. Measured: from 0.1 to 0.4 it makes no difference.
const WEIGHT: f32 = 0.2;

impl Assessor {
    /// A hint for each spelling of each topic row, in the order of the rows.
    pub fn hints(&self) -> Vec<Example> {
        let categories = self.lexicon.categories();
        let topics = self.lexicon.rows().iter().filter(|row| row.kind == Kind::Topic && row.mode != Mode::Re);
        let mut hints = Vec::new();
        for row in topics {
            let Some(category) = row.category else { continue };
            let mut labels = BTreeMap::from([("category".to_owned(), category.id().to_owned())]);
            if let Some(department) = categories.department(category, row.sub.as_deref()) {
                labels.insert("department".to_owned(), department.to_owned());
            }
            for spelling in std::iter::once(&row.term).chain(&row.variants) {
                let normalized = normalize(&spelling.replace('+', " "));
                let tokens = self.segmenter.segment(normalized.text());
                let reading = Reading::new(normalized.text(), &tokens, Vec::new());
                hints.push(Example {
                    bag: features::text_bag(&reading),
                    labels: labels.clone(),
                    weight: WEIGHT,
                });
            }
        }
        hints
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::fixture;

    #[test]
    fn every_spelling_of_a_topic_is_a_hint_and_nothing_else_is() {
        let assessor = fixture::assessor();
        let hints = assessor.hints();
        let topics =
            assessor.lexicon().rows().iter().filter(|row| row.kind == Kind::Topic && row.mode != Mode::Re);
        assert_eq!(hints.len(), topics.map(|row| 1 + row.variants.len()).sum::<usize>());
        assert!(
            hints
                .iter()
                .all(|hint| hint.labels.contains_key("category") && !hint.labels.contains_key("grade"))
        );
    }
}
