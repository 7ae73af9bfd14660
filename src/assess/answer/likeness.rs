//! How alike two remarks of one thread are, by their characters and pairs of them.
//!
//! Remarks are short and reworded (小程序能约吗, 能线上预约吗): they share characters more often than words.
//! What all remarks of the thread share says little, so each feature weighs by its rarity in the thread
//! (tf-idf); characters of grammar and of asking weigh nothing.

use std::collections::BTreeMap;

use crate::text::sentence::is_han;

/// Characters that carry no matter of their own.
const GRAMMAR: &str = "的了吗呢啊吧呀哦么嘛请问您好你我们他她它这那个有没不是在就也都还要会能可以和与及到上下来去什多\
    少哪怎谁几啥为何如被把给让对从里一点号日月年时分元块后前再又才很太大小家想说知道看得着过";

/// The rarity of features in one thread.
#[derive(Debug)]
pub(super) struct Likeness {
    texts: f32,
    holding: BTreeMap<String, f32>,
}

/// A text as weighted features.
#[derive(Debug)]
pub(super) struct Vector {
    weights: BTreeMap<String, f32>,
    length: f32,
    sum: f32,
}

impl Likeness {
    /// Counts in how many of the texts each feature stands.
    pub(super) fn over<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut found = Self { texts: 0.0, holding: BTreeMap::new() };
        for text in texts {
            found.texts += 1.0;
            for feature in features(text).into_keys() {
                *found.holding.entry(feature).or_default() += 1.0;
            }
        }
        found
    }

    /// The weighted features of a text.
    pub(super) fn vector(&self, text: &str) -> Vector {
        let weigh = |(feature, count): (String, u16)| {
            let holding = self.holding.get(&feature).copied().unwrap_or(1.0);
            let weight = (1.0 + f32::from(count).ln()) * (1.0 + self.texts / holding).ln();
            (feature, weight)
        };
        let weights: BTreeMap<String, f32> = features(text).into_iter().map(weigh).collect();
        let length = weights.values().map(|weight| weight * weight).sum::<f32>().sqrt();
        let sum = weights.values().sum();
        Vector { weights, length, sum }
    }
}

impl Vector {
    /// Cosine of the angle between both; 0 where one is empty.
    pub(super) fn cosine(&self, other: &Self) -> f32 {
        let shared = self.weights.iter().filter_map(|(feature, one)| Some(one * other.weights.get(feature)?));
        let product: f32 = shared.sum();
        if product == 0.0 { 0.0 } else { product / (self.length * other.length) }
    }

    /// The share of its weight that the other has too.
    pub(super) fn covered_by(&self, other: &Self) -> f32 {
        let shared = self.weights.iter().filter(|(feature, _)| other.weights.contains_key(*feature));
        if self.sum == 0.0 { 0.0 } else { shared.map(|(_, weight)| weight).sum::<f32>() / self.sum }
    }
}

/// Characters and pairs of neighbours, counted; pairs do not reach over marks.
fn features(text: &str) -> BTreeMap<String, u16> {
    let mut found = BTreeMap::new();
    let mut count = |feature: String| *found.entry(feature).or_default() += 1;
    let speaks = |c: char| !GRAMMAR.contains(c);
    for run in text.split(|c: char| !(is_han(c) || c.is_ascii_alphanumeric())) {
        let chars: Vec<char> = run.chars().collect();
        for (at, &c) in chars.iter().enumerate() {
            if speaks(c) {
                count(c.to_string());
            }
            if let Some(&next) = chars.get(at + 1)
                && (speaks(c) || speaks(next))
            {
                count([c, next].iter().collect());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rewording_is_nearer_than_another_matter() {
        let texts = ["充电桩几号通电", "充电桩啥时通电啊", "地下车库漏水谁修", "充电桩旁边有蛇"];
        let likeness = Likeness::over(texts.into_iter());
        let [one, same, other, near] = texts.map(|text| likeness.vector(text));
        assert!(one.cosine(&same) > one.cosine(&near) && one.cosine(&near) > one.cosine(&other));
        assert!(one.cosine(&other) == 0.0 && one.covered_by(&other) == 0.0);
    }

    proptest! {
        #[test]
        fn likeness_stays_in_its_bounds(one in "[停水电几点来吗，a1]{0,12}", other in "[停水电几点来吗，a1]{0,12}") {
            let likeness = Likeness::over([one.as_str(), other.as_str()].into_iter());
            let (a, b) = (likeness.vector(&one), likeness.vector(&other));
            for value in [a.cosine(&b), a.covered_by(&b), b.covered_by(&a)] {
                prop_assert!((0.0..=1.0 + 1e-4).contains(&value));
            }
            prop_assert!((a.cosine(&b) - b.cosine(&a)).abs() < 1e-5);
        }
    }
}
