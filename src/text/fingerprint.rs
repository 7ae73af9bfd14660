//! Tells copies from originals.
//!
//! Only what was said counts: repost markers (`//@name:`), `@names`, links, `[emoticons]`, 转发微博,
//! marks, symbols and white space are left out first. What remains gives a hash, equal for exact
//! copies, and a MinHash over its pairs of neighbouring characters: 16 bands of 4 values, which is
//! robust where SimHash is not, for posts of 30 characters with three of them changed.
//!
//! A text of which nothing remains is fingerprinted as it stands, so that two posts of different
//! emoji are no copies. Fingerprints are stored: constants here must not change without a new version.

use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::text::sentence::is_han;

/// Number of bands of a sketch.
pub const BANDS: usize = 16;
/// Values in a band.
pub const ROWS: usize = 4;

/// What is kept of a text to find its copies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    copy: u64,
    sketch: [[u16; ROWS]; BANDS],
}

impl Fingerprint {
    /// The fingerprint of a normalised text.
    pub fn of(normalised: &str) -> Self {
        let said = essence(normalised);
        let said = if said.is_empty() { normalised.chars().collect() } else { said };
        let text: String = said.iter().collect();
        Self { copy: xxh3_64(text.as_bytes()), sketch: sketch(&said) }
    }

    /// Equal for exact copies.
    pub fn copy(&self) -> u64 {
        self.copy
    }

    /// Keys to look near copies up by: two texts that share at least one are candidates, and two
    /// texts of similarity 0.8 share one with probability 0.9998, of 0.6 with 0.89, of 0.2 with 0.03.
    pub fn bands(&self) -> [u64; BANDS] {
        let mut keys = [0; BANDS];
        for (band, (key, rows)) in keys.iter_mut().zip(&self.sketch).enumerate() {
            let packed = rows.iter().fold(0_u64, |packed, &row| packed << 16 | u64::from(row));
            *key = mix(packed ^ mix(band as u64 + 1));
        }
        keys
    }

    /// Estimated share of character pairs that both texts have (Jaccard), 0 to 1, standard error
    /// at most 0.0625.
    pub fn similarity(&self, other: &Self) -> f32 {
        let equal = self.sketch.iter().flatten().zip(other.sketch.iter().flatten()).filter(|(a, b)| a == b);
        equal.count() as f32 / (BANDS * ROWS) as f32
    }

    /// The sketch in 64 bits, one from each value, for stores that have room for no more.
    /// Two texts of similarity `s` agree in `(1 + s) / 2` of the bits.
    pub fn bits(&self) -> u64 {
        self.sketch.iter().flatten().fold(0, |bits, &value| bits << 1 | u64::from(value & 1))
    }
}

/// Hex of the copy hash, a hyphen, and hex of the 64-bit sketch.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{:016x}", self.copy, self.bits())
    }
}

/// Number of bits in which two 64-bit sketches differ.
pub fn hamming(one: u64, other: u64) -> u32 {
    (one ^ other).count_ones()
}

fn sketch(said: &[char]) -> [[u16; ROWS]; BANDS] {
    const VALUES: usize = BANDS * ROWS;
    let mut least = [u32::MAX; VALUES];
    let mut take = |pair: u64| {
        let hash = (mix(pair) >> 32) as u32;
        for (value, &(factor, addend)) in least.iter_mut().zip(&PERMUTATIONS) {
            *value = (*value).min(hash.wrapping_mul(factor).wrapping_add(addend));
        }
    };
    match said {
        [] => {}
        [one] => take(u64::from(*one)),
        _ => said.windows(2).for_each(|pair| take(u64::from(pair[0]) << 32 | u64::from(pair[1]))),
    }
    let mut sketch = [[0; ROWS]; BANDS];
    for (slot, value) in sketch.iter_mut().flatten().zip(least) {
        *slot = (mix(u64::from(value)) >> 48) as u16;
    }
    sketch
}

/// The finaliser of SplitMix64: every bit of the result depends on every bit of the argument.
const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

const PERMUTATIONS: [(u32, u32); BANDS * ROWS] = {
    let mut made = [(0, 0); BANDS * ROWS];
    let mut at = 0;
    while at < made.len() {
        let random = mix(0x6d69_6e73_6865_6e67 + at as u64);
        made[at] = ((random >> 32) as u32 | 1, random as u32);
        at += 1;
    }
    made
};

/// A normalised text with a line feed in place of everything that a platform or a repost put around it: markers
/// of reposts, names after `@`, links, emoticons and other labels in brackets. Text glued to a name goes with it.
pub fn unwrapped(normalised: &str) -> String {
    let chars: Vec<char> = normalised.chars().collect();
    let mut text = String::with_capacity(normalised.len());
    let mut at = 0;
    while at < chars.len() {
        let skip = match wrapping_at(&chars[at..]) {
            1 if chars[at] == '@' => 1 + chars[at + 1..].iter().take_while(|&&c| is_name_char(c)).count(),
            skip => skip,
        };
        if skip > 0 {
            text.push('\n');
        } else {
            text.push(chars[at]);
        }
        at += skip.max(1);
    }
    text
}

/// What was said: letters, digits and characters, without what a platform or a repost put around.
fn essence(normalised: &str) -> Vec<char> {
    let chars: Vec<char> = normalised.chars().collect();
    let mut said = Vec::with_capacity(chars.len());
    let mut at = 0;
    while at < chars.len() {
        let skip = wrapping_at(&chars[at..]);
        if skip > 0 {
            at += skip;
            continue;
        }
        if is_han(chars[at]) || chars[at].is_alphanumeric() {
            said.push(chars[at]);
        }
        at += 1;
    }
    said
}

/// Length of the marker, name, link or emoticon that begins here; 0 if none does.
fn wrapping_at(rest: &[char]) -> usize {
    let starts = |with: &str| with.chars().eq(rest.iter().copied().take(with.chars().count()));
    match rest[0] {
        '/' if starts("//@") => {
            let name = name_len(&rest[3..]);
            3 + name + usize::from(rest.get(3 + name) == Some(&':'))
        }
        '@' => 1 + name_len(&rest[1..]),
        '[' => match rest.iter().take(12).position(|&c| c == ']') {
            Some(end) if end > 1 && !rest[1..end].iter().any(|c| c.is_whitespace() || *c == '[') => end + 1,
            _ => 0,
        },
        'h' if starts("http://") || starts("https://") => link_len(rest),
        'w' if starts("www.") => link_len(rest),
        't' if starts("t.cn/") => link_len(rest),
        '转' if starts("转发微博") => 4,
        'r' if starts("repost") => 6,
        _ => 0,
    }
}

/// Length of a name after `@`. A run without an end is no name but text glued to one: 0.
fn name_len(rest: &[char]) -> usize {
    const LONGEST: usize = 20;
    let len = rest.iter().take(LONGEST + 1).take_while(|&&c| is_name_char(c)).count();
    if len > LONGEST { 0 } else { len }
}

fn is_name_char(c: char) -> bool {
    is_han(c) || c.is_alphanumeric() || matches!(c, '_' | '-' | '·' | '.')
}

fn link_len(rest: &[char]) -> usize {
    rest.iter().take_while(|&&c| c.is_ascii_graphic()).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::normalize::normalized_text;

    fn of(text: &str) -> Fingerprint {
        Fingerprint::of(&normalized_text(text))
    }

    #[test]
    fn copies_have_one_hash() {
        let original = of("望江花园停水两天了，没人管！");
        for copy in [
            "望江花園停水兩天了，沒人管！",
            "//@路人甲：望江花园停水两天了，没人管！",
            "//@路人甲：//@路人-乙_2:望江花园停水两天了 没人管",
            "@城市服务 望江花园停水两天了，没人管！[怒][怒]http://t.cn/A6abc",
            "转发微博 望江花园停水两天了。没人管😡 https://example.org/a?b=c，",
        ] {
            assert_eq!(of(copy).copy(), original.copy(), "{copy}");
            assert_eq!(of(copy), original, "{copy}");
        }
        assert_ne!(of("望江花园停水三天了，没人管！").copy(), original.copy());
        assert_ne!(of("👍👍").copy(), of("😡").copy());
        assert_ne!(of("[怒]").copy(), of("[赞]").copy());
    }

    #[test]
    fn what_is_put_around_a_text_leaves_a_line_feed() {
        let glued = format!("@{}停水", "路人甲乙丙".repeat(5));
        for (received, expected) in [
            ("停水[怒]了", "停水\n了"),
            ("@城市服务 停水", "\n 停水"),
            ("//@路人甲:停水http://t.cn/a", "\n停水\n"),
            ("电话[电话]", "电话\n"),
            (glued.as_str(), "\n"),
            ("停水", "停水"),
        ] {
            assert_eq!(unwrapped(&normalized_text(received)), expected, "{received}");
        }
    }

    #[test]
    fn near_copies_are_near_and_others_far() {
        let text = "昨晚十一点到现在南塘区清荷路一带一直没有水，打了三次热线都说在抢修，老人孩子怎么办，到底几点恢复";
        let near = "昨晚十点到现在南塘区清荷路一带一直没有水，打了两次热线都说在抢修，老人孩子怎么办，到底几点恢复啊";
        let far =
            "清荷路新开的面馆味道不错，就是排队太久，老板人很好，下次带孩子再来，停车要走到后面的巷子里";
        let (text, near, far) = (of(text), of(near), of(far));
        assert!(text.similarity(&near) > 0.65, "{}", text.similarity(&near));
        assert!(text.similarity(&far) < 0.2, "{}", text.similarity(&far));
        let shared = |a: &Fingerprint, b: &Fingerprint| {
            a.bands().iter().zip(b.bands()).filter(|(x, y)| **x == *y).count()
        };
        assert!(shared(&text, &near) >= 1);
        assert_eq!(shared(&text, &far), 0);
        assert!(hamming(text.bits(), near.bits()) < hamming(text.bits(), far.bits()));
    }

    #[test]
    fn stored_form_does_not_change() {
        insta::assert_snapshot!(of("望江花园停水两天了"), @"877d888ef4e3b1c6-88b2c61b4d1f91a5");
    }

    proptest! {
        #[test]
        fn estimate_is_near_the_truth(base in "[一-龥]{40,80}", from in 0_usize..30, len in 0_usize..30) {
            let chars: Vec<char> = base.chars().collect();
            let other: String =
                chars.iter().enumerate().map(|(i, &c)| if i >= from && i < from + len { '水' } else { c }).collect();
            let pairs = |t: &str| {
                let c: Vec<char> = t.chars().collect();
                c.windows(2).map(|p| (p[0], p[1])).collect::<std::collections::BTreeSet<_>>()
            };
            let (base, other) = (normalized_text(&base), normalized_text(&other));
            let (a, b) = (pairs(&base), pairs(&other));
            let truth = a.intersection(&b).count() as f32 / a.union(&b).count() as f32;
            let estimate = Fingerprint::of(&base).similarity(&Fingerprint::of(&other));
            // Five standard errors.
            prop_assert!((truth - estimate).abs() < 0.32, "{truth} {estimate}");
        }

        #[test]
        fn any_text_has_one(raw in "\\PC{0,60}|[/@\\[\\]:ahtp:.w 转发微博]{0,30}") {
            let text = normalized_text(&raw);
            prop_assert!(Fingerprint::of(&text).similarity(&Fingerprint::of(&text)) > 0.999);
            prop_assert_eq!(Fingerprint::of(&text).to_string().len(), 33);
        }
    }
}
