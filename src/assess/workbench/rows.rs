//! Which rows of the dictionaries a post meets, and how it puts what they say.

use crate::assess::reading::Cue;
use crate::assess::{Assessor, Material};
use crate::extract::post::Post;

/// What a hit must keep of its points to count as said in earnest (algorithms §4, floors).
const ASSERTED: f32 = 0.8;

/// One hit of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowHit {
    /// The row's number in its lexicon.
    pub row: u32,
    /// Whether the text says it in earnest: not denied, not over, no advert, drill or story, not of elsewhere.
    pub asserted: bool,
}

impl Assessor {
    /// The hits of a post, in the order of its text.
    pub fn rows_in(&self, post: &Post) -> Vec<RowHit> {
        let (normalized, tokens) = self.cut_post(post);
        let scan = self.scan(post, &normalized, &tokens);
        let material = Material { post, normalized: &normalized, tokens: &tokens, scan: &scan };
        self.read(material, None, |seen, _| {
            let hit = |(index, cue): (usize, &Cue<'_>)| RowHit {
                row: cue.row,
                asserted: seen.standing.of_cue(seen.reading, index).factor() >= ASSERTED,
            };
            seen.reading.cues.iter().enumerate().map(hit).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::{assessor, post};

    #[test]
    fn a_hit_says_how_it_is_put() {
        for (text, expected) in [("停水了", true), ("没有停水", false), ("模拟演练：小区停水了", false)]
        {
            let hits = assessor().rows_in(&post("", text));
            let of: Vec<bool> = hits
                .iter()
                .filter(|hit| {
                    let row = assessor().lexicon().row(hit.row);
                    row.term == "停水" && row.kind == crate::lexicon::kind::Kind::Topic
                })
                .map(|hit| hit.asserted)
                .collect();
            assert_eq!(of, [expected], "{text}");
        }
    }
}
