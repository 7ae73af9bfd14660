//! What an event is called: where, and what, in the words of the dictionaries or of its posts.

use serde::{Deserialize, Serialize};

/// Most words remembered.
const KEPT: usize = 24;
/// Most words of a title.
const SHOWN: usize = 2;

/// Words with how many posts hold them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Wording {
    words: Vec<(String, f32)>,
}

impl Wording {
    /// Counts a word of a post by how much it tells; where there is no room, the least telling goes.
    pub(super) fn add(&mut self, word: &str, worth: f32) {
        match self.words.iter().position(|(known, _)| known == word) {
            Some(at) => self.words[at].1 += worth,
            None if self.words.len() < KEPT => self.words.push((word.to_owned(), worth)),
            None => {
                // Later words must be said more often than once to be remembered.
                if let Some(least) = self.words.iter_mut().min_by(|one, other| one.1.total_cmp(&other.1)) {
                    least.1 -= worth;
                    if least.1 <= 0.0 {
                        *least = (word.to_owned(), worth);
                    }
                }
            }
        }
    }

    /// Takes in the words of another event.
    pub(super) fn merge(&mut self, other: &Self) {
        other.words.iter().for_each(|(word, sum)| self.add(word, *sum));
    }

    /// The words that tell most, of which none holds another, and none is within `place`.
    pub(super) fn leading(&self, place: &str) -> Vec<&str> {
        let mut ranked: Vec<&(String, f32)> = self.words.iter().collect();
        ranked.sort_by(|one, other| other.1.total_cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        let mut leading: Vec<&str> = Vec::new();
        for (word, _) in ranked {
            let said = place.contains(word.as_str())
                || leading.iter().any(|known| known.contains(word.as_str()) || word.contains(known));
            if !said && leading.len() < SHOWN {
                leading.push(word);
            }
        }
        leading
    }
}

/// `望江花园 · 停水、水管爆裂`.
pub(super) fn title(place: &str, words: &[&str]) -> String {
    let words = words.join("、");
    match (place.is_empty(), words.is_empty()) {
        (false, false) => format!("{place} · {words}"),
        (false, true) => place.to_owned(),
        (true, _) => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_tell_most_come_first() {
        let mut wording = Wording::default();
        for (word, worth) in [("停水", 3.0), ("望江", 9.0), ("水管爆裂", 2.0), ("爆裂", 1.0), ("停水", 3.0)]
        {
            wording.add(word, worth);
        }
        assert_eq!(title("望江花园", &wording.leading("望江花园")), "望江花园 · 停水、水管爆裂");
        assert_eq!(title("", &["停水"]), "停水");
    }

    #[test]
    fn what_is_said_once_makes_room() {
        let mut wording = Wording::default();
        (0..100).for_each(|word| wording.add(&format!("词{word}"), 1.0));
        (0..30).for_each(|_| wording.add("停水", 1.0));
        assert_eq!(wording.leading("")[0], "停水");
        assert!(wording.words.len() <= KEPT);
    }
}
