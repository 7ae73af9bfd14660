//! Which characters of a text made it a hit.

use super::schema::Word;

/// Words that a query looks for, as they must stand in a text to be marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The words with their distance from the first; one word, or a phrase.
    pub(super) words: Vec<(u32, String)>,
}

/// The stretches of the text to mark, as `[start, end)` in characters of the text that the words were
/// cut from: in order, neither overlapping nor touching.
pub fn highlight(words: &[Word<'_>], marks: &[Mark]) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    for mark in marks {
        let Some(((_, first), rest)) = mark.words.split_first() else { continue };
        for word in words.iter().filter(|word| word.text == first) {
            let ends: Option<Vec<u32>> = rest.iter().map(|next| end_of(words, word, next)).collect();
            if let Some(ends) = ends {
                found.push((word.start, ends.into_iter().fold(word.end, u32::max)));
            }
        }
    }
    found.sort_unstable();
    let mut marked: Vec<(u32, u32)> = Vec::with_capacity(found.len());
    for (start, end) in found {
        match marked.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            Some(_) | None => marked.push((start, end)),
        }
    }
    marked
}

/// Where the word of a phrase that stands so far from the first ends.
fn end_of(words: &[Word<'_>], first: &Word<'_>, (distance, text): &(u32, String)) -> Option<u32> {
    let position = first.position.checked_add(*distance)?;
    let from = words.partition_point(|word| word.position < position);
    words[from..]
        .iter()
        .take_while(|word| word.position == position)
        .find(|word| word.text == text)
        .map(|word| word.end)
}
