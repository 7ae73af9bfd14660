//! Takes private data out of a text before it is stored or sent.
//!
//! Phone numbers, identity numbers, bank cards, number plates and e-mail addresses become `[电话]`,
//! `[证件号]`, `[银行卡]`, `[车牌]`, `[邮箱]`; a name after 我叫, 联系人 or 姓名 becomes `[姓名]`. Full-width
//! digits and letters, separators and invisible characters inside a number do not hide it. Prices,
//! dates, house numbers and counts stay, and so do public service numbers (12345, 95598, 400-…),
//! which belong to nobody.
//!
//! Always holds: masking twice is masking once, and a text without anything private comes back
//! unchanged, to the byte.

use std::borrow::Cow;

use crate::text::normalize::{is_invisible, narrow};

pub(in crate::text) mod name;
mod number;

/// The text with private data replaced.
pub fn mask(text: &str) -> Cow<'_, str> {
    let mut letters = match (text.chars().any(may_begin), name::may_hold(text)) {
        (false, false) => return Cow::Borrowed(text),
        (_, names) => Letters::of(text, names),
    };
    let mut masked = String::new();
    let mut copied = 0;
    let mut at = 0;
    while at < letters.len() {
        let Some((end, label)) = find(&letters, at) else {
            at = letters.keep(at);
            continue;
        };
        masked.push_str(&text[copied..letters.byte(at)]);
        masked.push_str(label);
        copied = letters.byte(end);
        at = letters.replace(end, label);
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    masked.push_str(&text[copied..]);
    Cow::Owned(masked)
}

/// Whether private data other than a name can hold this character.
fn may_begin(c: char) -> bool {
    narrow(c).is_ascii_digit() || narrow(c) == '@'
}

/// What begins at `at`: one past its last letter, and what stands for it.
fn find(letters: &Letters, at: usize) -> Option<(usize, &'static str)> {
    number::email(letters, at)
        .map(|end| (end, "[邮箱]"))
        .or_else(|| number::plate(letters, at).map(|end| (end, "[车牌]")))
        .or_else(|| number::identity(letters, at).map(|end| (end, "[证件号]")))
        .or_else(|| number::phone(letters, at).map(|end| (end, "[电话]")))
        .or_else(|| number::bank_card(letters, at).map(|end| (end, "[银行卡]")))
        .or_else(|| letters.names.then(|| name::name(letters, at)).flatten().map(|end| (end, "[姓名]")))
}

/// The visible characters of a text in ASCII width, each with its place in bytes.
///
/// Looking back from a letter shows what has been masked as masked, as it would be seen the second time.
struct Letters {
    chars: Vec<char>,
    /// What stands before `here` now: letters that were kept, and labels.
    past: Vec<char>,
    /// The first letter that is not decided.
    here: usize,
    bytes: Vec<usize>,
    /// Where the text after the last visible character ends.
    end: usize,
    /// Whether the text holds a cue for a name at all.
    names: bool,
}

impl Letters {
    fn of(text: &str, names: bool) -> Self {
        let visible = || text.char_indices().filter(|&(_, c)| !is_invisible(c));
        Self {
            chars: visible().map(|(_, c)| narrow(c)).collect(),
            past: Vec::new(),
            here: 0,
            bytes: visible().map(|(at, _)| at).collect(),
            end: text.len(),
            names,
        }
    }

    fn len(&self) -> usize {
        self.chars.len()
    }

    fn get(&self, at: usize) -> Option<char> {
        self.chars.get(at).copied()
    }

    /// The letter at `here` stays; gives the next one.
    fn keep(&mut self, at: usize) -> usize {
        self.past.push(self.chars[at]);
        self.here = at + 1;
        self.here
    }

    /// The letters from `here` to `end` are `label` now; gives the next one.
    fn replace(&mut self, end: usize, label: &str) -> usize {
        self.past.extend(label.chars());
        self.here = end;
        end
    }

    /// The letter so many steps before `at`.
    fn back(&self, at: usize, steps: usize) -> Option<char> {
        match steps.checked_sub(at - self.here) {
            None | Some(0) => self.get(at - steps),
            Some(past) => self.past.len().checked_sub(past).map(|at| self.past[at]),
        }
    }

    fn before(&self, at: usize) -> Option<char> {
        self.back(at, 1)
    }

    fn from(&self, at: usize) -> &[char] {
        &self.chars[at.min(self.chars.len())..]
    }

    /// Whether one of `words` stands in the `within` letters before `at`, other than in a label.
    fn has_before(&self, at: usize, within: usize, words: &[&str]) -> bool {
        let near: String = (1..=within).rev().filter_map(|steps| self.back(at, steps)).collect();
        let near = near.to_ascii_lowercase().replace("电话]", "").replace("证件号]", "");
        words.iter().any(|word| near.contains(word))
    }

    /// Whether `with` ends right before the letter so many steps before `at`.
    fn ends(&self, at: usize, steps: usize, with: &str) -> bool {
        with.chars().rev().zip(steps + 1..).all(|(c, steps)| self.back(at, steps) == Some(c))
    }

    fn starts(&self, at: usize, with: &str) -> bool {
        with.chars().eq(self.from(at).iter().copied().take(with.chars().count()))
    }

    fn byte(&self, at: usize) -> usize {
        self.bytes.get(at).copied().unwrap_or(self.end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn private_data_is_replaced() {
        for (received, expected) in [
            ("打我电话13800138000谢谢", "打我电话[电话]谢谢"),
            ("１３８００１３８０００", "[电话]"),
            ("138-0013-8000", "[电话]"),
            ("138 0013 8000。", "[电话]。"),
            ("138.0013.8000", "[电话]"),
            ("1 3 8 0 0 1 3 8 0 0 0", "[电话]"),
            ("138\u{200b}0013\u{200b}8000", "[电话]"),
            ("+86 13800138000", "[电话]"),
            ("+86-138-0013-8000", "[电话]"),
            ("(0571)87654321", "[电话]"),
            ("（０５７１）８７６５４３２１", "[电话]"),
            ("0571-87654321转8012", "[电话]转8012"),
            ("010 87654321", "[电话]"),
            ("02087654321", "[电话]"),
            ("座机：87654321", "座机：[电话]"),
            ("身份证11010519491231002X，", "身份证[证件号]，"),
            ("身份证11010519491231002x", "身份证[证件号]"),
            ("110105 19491231 002X", "[证件号]"),
            ("身份证号：110105194912310021", "身份证号：[证件号]"),
            ("老证110105491231002", "老证[证件号]"),
            ("卡号6222020200112233441", "卡号6222020200112233441"),
            ("卡号4111111111111111", "卡号[银行卡]"),
            ("4111 1111 1111 1111", "[银行卡]"),
            ("4111-1111-1111-1111到账", "[银行卡]到账"),
            ("车牌粤B12345占道", "车牌[车牌]占道"),
            ("京A·D12345", "[车牌]"),
            ("沪AD12345", "[车牌]"),
            ("苏e 8k88z乱停", "[车牌]乱停"),
            ("发到wang.li@example.com.cn吧", "发到[邮箱]吧"),
            ("ａｂｃ＠ｅｘａｍｐｌｅ．ｃｏｍ", "[邮箱]"),
            ("我叫张晓明，住三楼", "我叫[姓名]，住三楼"),
            ("联系人：欧阳娜 13900001111", "联系人：[姓名] [电话]"),
            ("姓名: 李强", "姓名: [姓名]"),
            ("联系人是王建国电话13900001111", "联系人是[姓名]电话[电话]"),
            // One after the other: none hides the next, and none makes the next look like a number.
            ("身份证110105194912310021 13800138000", "身份证[证件号] [电话]"),
            ("110105491231002 13800138000", "[证件号] [电话]"),
            ("卡号4111111111111111 13800138000", "卡号[银行卡] [电话]"),
            ("4111 1111 1111 1111 13800138000", "[银行卡] [电话]"),
            ("电话8765432 13800138000", "电话[电话] [电话]"),
            ("13800138000.13900139000", "[电话].[电话]"),
            ("13800138000，20260301", "[电话]，20260301"),
            ("a@b.com.13700137000", "[邮箱].[电话]"),
            ("我叫张三丰京A12345", "我叫[姓名][车牌]"),
        ] {
            assert_eq!(mask(received), expected, "{received}");
        }
    }

    #[test]
    fn what_is_not_private_stays() {
        for text in [
            "",
            "停水两天了",
            "工资拖欠120000元",
            "总价15000000000元",
            "2026-03-01 08:15",
            "20260301",
            "2026年3月1日",
            "10-2-301室",
            "打12345没人接",
            "拨打95598和96110",
            "400-820-8820",
            "32名工人4个月",
            "18层1802",
            "订单20260301123456789",
            "3.14159265358",
            "京A区停车场",
            "川A的车",
            "@小明 你好",
            "我叫了外卖",
            "我叫周边邻居一起去",
            "我叫高层来人看看",
            "联系人：李女士",
            "姓名：",
            "联系人都没有",
            "192.168.100.101",
            "[电话]",
        ] {
            assert_eq!(mask(text), text);
            assert!(matches!(mask(text), Cow::Borrowed(_)), "{text}");
        }
    }

    fn luhn_complete(mut digits: Vec<u32>) -> String {
        digits.push(0);
        let sum: u32 = digits
            .iter()
            .rev()
            .enumerate()
            .map(|(i, &d)| if i % 2 == 1 { if d > 4 { 2 * d - 9 } else { 2 * d } } else { d })
            .sum();
        *digits.last_mut().expect("just pushed") = (10 - sum % 10) % 10;
        digits.iter().map(u32::to_string).collect()
    }

    proptest! {
        #[test]
        fn every_mobile_number_goes(second in 3..10_u32, rest in "[0-9]{9}", before in "[一-龥，。]{0,6}",
                                    after in "[，。！]{1}[一-龥]{0,6}", separator in "[ -]?", wide in any::<bool>()) {
            let digits = format!("1{second}{rest}");
            let number = format!("{}{separator}{}{separator}{}", &digits[..3], &digits[3..7], &digits[7..]);
            let number: String = if wide {
                number.chars().map(|c| if c.is_ascii_digit() {
                    char::from_u32(c as u32 + 0xfee0).expect("full-width digit")
                } else { c }).collect()
            } else { number };
            let masked = mask(&format!("{before}{number}{after}")).into_owned();
            prop_assert!(masked.contains("[电话]"), "{masked}");
            prop_assert!(!masked.chars().any(|c| narrow(c).is_ascii_digit()), "{masked}");
        }

        #[test]
        fn every_valid_card_goes(first in 3..7_u32, rest in prop::collection::vec(0..10_u32, 14..18)) {
            let number = luhn_complete(std::iter::once(first).chain(rest).collect());
            let masked = mask(&number).into_owned();
            prop_assert!(masked == "[银行卡]" || masked == "[证件号]", "{number} {masked}");
        }

        #[test]
        fn twice_is_once(text in "[0-9０-９Xx +\\-@.a-c京粤AB我叫张联系人：名\\u{200b}()]{0,40}|\\PC{0,40}") {
            let once = mask(&text).into_owned();
            let twice = mask(&once).into_owned();
            prop_assert_eq!(once, twice);
        }

        #[test]
        fn short_numbers_stay(text in "[一-丿]{0,5}[0-9]{1,6}[元人名个号楼][一-丿]{0,5}") {
            prop_assert_eq!(mask(&text), text.as_str());
        }
    }
}
