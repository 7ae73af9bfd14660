//! Whether a sequence of characters is a word: it holds together within, and stands freely among others.
//!
//! Within: pointwise mutual information, the least over all ways to split it, in bits. Without: the entropy of
//! the characters left and right of it, in bits; the edge of a clause counts as a neighbour seen once, for a word
//! can stand there (algorithms §7).

use std::collections::BTreeMap;

/// Least mutual information within a word, in bits.
const WITHIN: f64 = 4.0;
/// Least entropy on either side of a word, in bits.
const WITHOUT: f64 = 1.0;
/// Longest word looked for, in characters.
pub(super) const LONGEST: usize = 5;

/// How a sequence of characters holds together and stands among others.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Cohesion {
    /// Pointwise mutual information at its weakest split, in bits.
    pub within: f64,
    /// Entropy of its left neighbours, in bits.
    pub left: f64,
    /// Entropy of its right neighbours, in bits.
    pub right: f64,
}

impl Cohesion {
    /// Whether it is a word by these figures.
    pub(super) fn is_word(&self) -> bool {
        self.within >= WITHIN && self.left.min(self.right) >= WITHOUT
    }
}

/// Counts of the sequences that were asked for, and their neighbours.
#[derive(Debug, Default)]
pub(super) struct Grams {
    counts: BTreeMap<String, Gram>,
    /// Characters read.
    characters: u64,
}

#[derive(Debug, Default)]
struct Gram {
    count: u64,
    /// Whether its neighbours are wanted.
    whole: bool,
    left: Neighbours,
    right: Neighbours,
}

#[derive(Debug, Default)]
struct Neighbours {
    edges: u64,
    seen: BTreeMap<char, u64>,
}

impl Grams {
    /// Will count these words, and the parts into which they can be split.
    pub(super) fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut grams = Self::default();
        for word in words {
            for (left, right) in splits(word) {
                grams.counts.entry(left.to_owned()).or_default();
                grams.counts.entry(right.to_owned()).or_default();
            }
            grams.counts.entry(word.to_owned()).or_default().whole = true;
        }
        grams
    }

    /// Counts in a stretch of Chinese characters with an edge at both ends.
    pub(super) fn read(&mut self, stretch: &str) {
        let mut borders: Vec<usize> = stretch.char_indices().map(|(at, _)| at).collect();
        borders.push(stretch.len());
        self.characters += borders.len() as u64 - 1;
        for start in 0..borders.len() - 1 {
            for end in start + 1..borders.len().min(start + LONGEST + 1) {
                let (from, to) = (borders[start], borders[end]);
                let Some(gram) = self.counts.get_mut(&stretch[from..to]) else { continue };
                gram.count += 1;
                if gram.whole {
                    gram.left.see(stretch[..from].chars().next_back());
                    gram.right.see(stretch[to..].chars().next());
                }
            }
        }
    }

    /// What the counts say of a word that was asked for.
    pub(super) fn cohesion(&self, word: &str) -> Option<Cohesion> {
        let gram = self.counts.get(word).filter(|gram| gram.whole && gram.count > 0)?;
        let chance = |text: &str| {
            let count = self.counts.get(text).map_or(0, |gram| gram.count);
            count as f64 / self.characters as f64
        };
        let within = splits(word)
            .map(|(left, right)| (chance(word) / (chance(left) * chance(right))).log2())
            .fold(f64::INFINITY, f64::min);
        Some(Cohesion { within, left: gram.left.entropy(), right: gram.right.entropy() })
    }
}

impl Neighbours {
    fn see(&mut self, neighbour: Option<char>) {
        match neighbour {
            None => self.edges += 1,
            Some(c) => *self.seen.entry(c).or_default() += 1,
        }
    }

    fn entropy(&self) -> f64 {
        let all = (self.edges + self.seen.values().sum::<u64>()) as f64;
        let bits = |count: u64| {
            let share = count as f64 / all;
            -share * share.log2()
        };
        let edges = if self.edges == 0 { 0.0 } else { self.edges as f64 * bits(1) };
        edges + self.seen.values().map(|&count| bits(count)).sum::<f64>()
    }
}

/// All ways to split a word in two.
fn splits(word: &str) -> impl Iterator<Item = (&str, &str)> {
    word.char_indices().skip(1).map(|(at, _)| word.split_at(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(word: &str, texts: &[&str]) -> Cohesion {
        let mut grams = Grams::of([word]);
        for text in texts {
            grams.read(text);
        }
        grams.cohesion(word).expect("it was asked for and read")
    }

    #[test]
    fn a_word_holds_together_and_stands_freely() {
        let texts = ["楼上飞线充电", "禁止飞线", "还有飞线乱拉", "飞线谁管", "又见飞线了", "这些飞线太多"];
        let word = read("飞线", &texts);
        // 6 of 30 characters each, always together: log2((6/30) / (6/30)²) = log2 5.
        assert!((word.within - (5.0_f64).log2()).abs() < 0.4, "{word:?}");
        assert!(word.left > 2.0 && word.right > 2.0, "{word:?}");
        let fragment = read("线充", &texts);
        assert!(fragment.left < 0.1 && fragment.right < 0.1, "it only stands within 飞线充电: {fragment:?}");
        assert!(!fragment.is_word());
    }

    #[test]
    fn an_edge_is_a_neighbour_of_its_own() {
        let alone = read("停水", &["停水", "停水", "停水", "停水"]);
        assert!((alone.left - 2.0).abs() < 1e-9 && (alone.right - 2.0).abs() < 1e-9, "{alone:?}");
        let same = read("停水", &["又停水了", "又停水了"]);
        assert!(same.left.abs() < 1e-9 && same.right.abs() < 1e-9, "{same:?}");
    }

    #[test]
    fn what_was_not_read_has_no_figures() {
        assert_eq!(Grams::of(["飞线"]).cohesion("飞线"), None);
        assert_eq!(Grams::of(["飞线"]).cohesion("飞"), None, "a part is no word that was asked for");
    }
}
