//! What a topic is called and how it explains itself, for people.

use super::keys;
use super::said::Said;
use super::standing::Standing;
use super::table::{Name, Table};
use super::volume::{DAY, WINDOWS};

/// Most words in a topic's name.
const WORDS: usize = 3;
/// A further word of the name stands in at least this share of the posts of the first.
const SHARED: f32 = 0.5;

/// The topic's words: those that stand out, strongest first, then those of the post that the same posts share.
///
/// Names of persons are no keys, so none can stand here.
pub(super) fn words(table: &Table, standing: &[Standing], said: &Said<'_>, now: u32) -> Vec<String> {
    let posts_of = |key: u64| table.get(key).map(|entry| entry.posts(now, DAY)).unwrap_or_default();
    let posts = standing.first().map(|best| posts_of(best.key)).unwrap_or_default();
    let shared = |key: u64| {
        let own = posts_of(key);
        let common = posts.iter().filter(|post| own.contains(post)).count();
        common as f32 >= SHARED * posts.len() as f32
    };
    let standing = standing.iter().flat_map(|stands| match table.get(stands.key).map(|entry| &entry.name) {
        Some(Name::Pair(one, other)) => vec![*one, *other],
        Some(Name::Word(..)) | None => vec![stands.key],
    });
    let own = said.words.iter().map(|word| keys::of_word(word.text));
    let mut words: Vec<String> = Vec::new();
    for key in standing.chain(own) {
        let Some(Name::Word(_, text)) = table.get(key).map(|entry| &entry.name) else { continue };
        if words.iter().any(|word| word.contains(&**text)) || !words.is_empty() && !shared(key) {
            continue;
        }
        // `泰和` of `泰和路` is said by the longer.
        match words.iter_mut().find(|word| text.contains(word.as_str())) {
            Some(shorter) => *shorter = text.to_string(),
            None => words.push(text.to_string()),
        }
        if words.len() == WORDS {
            break;
        }
    }
    words
}

/// A topic's name of its words, the most telling first: `泰和路、塌陷`.
pub fn term(words: &[String]) -> String {
    words.join("、")
}

/// Why a topic is one: `过去1小时24人提到，往常同一时段约0.3人`.
///
/// Where a post does not tell its writer, posts were counted, and the sentence says so.
pub(super) fn sentence(window: usize, voices: u32, expected: f32, named: bool) -> String {
    let span = match WINDOWS[window] {
        seconds if seconds >= 3_600 => format!("{}小时", seconds / 3_600),
        seconds => format!("{}分钟", seconds / 60),
    };
    let counted = if named { "人" } else { "条帖文" };
    let usual = if expected < 0.1 {
        format!("不到0.1{counted}")
    } else if expected < 10.0 {
        format!("约{expected:.1}{counted}")
    } else {
        format!("约{expected:.0}{counted}")
    };
    format!("过去{span}{voices}{counted}提到，往常同一时段{usual}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_one_plain_sentence() {
        for (window, voices, expected, named, sentence) in [
            (1, 24, 0.3, true, "过去1小时24人提到，往常同一时段约0.3人"),
            (0, 5, 0.02, true, "过去10分钟5人提到，往常同一时段不到0.1人"),
            (2, 60, 12.4, false, "过去6小时60条帖文提到，往常同一时段约12条帖文"),
        ] {
            assert_eq!(super::sentence(window, voices, expected, named), sentence);
        }
        assert_eq!(term(&["泰和路".to_owned(), "塌陷".to_owned()]), "泰和路、塌陷");
    }
}
