//! The words of a post by which it is compared with others: whole words and pairs of neighbouring characters, as hashes.
//!
//! Pairs find what two texts share where the segmenter cut them differently, and carry names that no dictionary
//! knows. Nothing of the text can be read back.

use crate::detect::hash::hash;
use crate::text::segment::{Class, Tokens};
use crate::text::sentence::is_han;

/// Most features of a post: the first; a longer text is told by its beginning.
const MOST: usize = 400;

/// The features of `text`, sorted, each once.
pub(super) fn of(text: &str, tokens: &Tokens) -> Vec<u32> {
    let mut features: Vec<u32> = Vec::with_capacity(MOST);
    for token in tokens.words() {
        let length = token.end - token.start;
        let word = token.text(text);
        // Words of two characters are among the pairs already.
        let whole = length > 2 || length == 2 && !word.chars().all(is_han);
        if token.class == Class::Word && whole && features.len() < MOST {
            features.push(hash(word));
        }
    }
    let mut before: Option<(usize, char)> = None;
    for (at, c) in text.char_indices() {
        if !is_han(c) {
            before = None;
            continue;
        }
        if let Some((from, _)) = before.replace((at, c)) {
            if features.len() == MOST {
                break;
            }
            features.push(hash(&text[from..at + c.len_utf8()]));
        }
    }
    features.sort_unstable();
    features.dedup();
    features
}

/// The features that a name brings: itself and its pairs.
pub(super) fn of_name(name: &str) -> impl Iterator<Item = u32> {
    let ends = name.char_indices().map(|(at, c)| at + c.len_utf8());
    let pairs = name.char_indices().zip(ends.skip(1)).map(|((from, _), until)| hash(&name[from..until]));
    pairs.chain([hash(name)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixture::SEGMENTER;
    use crate::text::normalize::normalize;

    #[test]
    fn words_and_pairs_are_taken_once_and_marks_part_them() {
        let text = normalize("望江花园停水，停水了K3");
        let features = of(text.text(), &SEGMENTER.segment(text.text()));
        for word in ["望江花园", "停水", "花园", "水了", "k3"] {
            assert!(features.contains(&hash(word)), "{word}");
        }
        assert!(!features.contains(&hash("水停")), "a comma stands between them");
        assert!(features.is_sorted_by(|one, other| one < other));
    }
}
