//! What of a text can be a word of a dictionary: known words, two of them side by side, and runs of characters
//! that the segmenter does not know as a word.
//!
//! Only Chinese characters make a candidate: numbers and names of accounts never become one.

use std::collections::HashMap;

use super::cohesion::LONGEST;
use crate::lexicon::lint::COMMON;
use crate::text::person::is_surname;
use crate::text::segment::{Nature, Segmenter};
use crate::text::sentence::is_han;

/// Longest known word that is looked at, in characters.
const LONGEST_WORD: usize = 8;
/// Words that name nothing and that the segmenter takes for content.
#[rustfmt::skip]
const EMPTY: [&str; 63] = [
    "没有", "不是", "就是", "还是", "可以", "可能", "知道", "觉得", "问题", "事情", "出来", "起来", "时候", "东西", "地方",
    "情况", "感觉", "希望", "请问", "有人", "没人", "大家", "有没有", "是不是", "为什么", "怎么样", "一下", "一点", "一直", "每天",
    "今天", "昨天", "前天", "早上", "晚上", "上午", "下午", "中午", "半夜", "说话", "看到", "听说", "里面", "外面", "上面",
    "下面", "旁边", "附近", "自己", "人家", "家里", "我家", "你家", "他家", "不知", "不会", "不能", "不用", "进去", "回来",
    "开始", "外头", "单元",
];
/// Characters that no word of a dictionary begins or ends with.
const GLUE: &str = "的了着过地得吗呢吧啊呀啦嘛么哦嗯哈啥咋和与及或而但也都就才又再还是在我你您他她它们这那哪谁自己有到把给让从对为以所其之于\
一二三四五六七八九十百千万亿零两几多半第个只条件次位名些点儿里上下中前后内外去来说看要会能可想很太更最真好人家天年月日时分号今昨明早晚起句岁元名次度期号因将遭称致等获该此据曾正使同向跟";
/// Characters that end words and begin none.
const SUFFIXES: &str = "量型性率数式化感者族们";
/// Numbers: what holds one in its midst is a phrase (讲一句), not a word.
const NUMBERS: &str = "一二三四五六七八九十百千万亿零两几";
/// Characters that end no word but may begin one: 没回复, 不处理, 被投诉.
const OPENERS: &str = "没不未无被别乱";

/// Something in a text that can be a word of a dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// A word that the segmenter knows.
    Word,
    /// Two such words side by side: `A+B`.
    Pair,
    /// A run of characters that it does not know as a word.
    New,
}

/// A candidate in a text, by first and last character (exclusive).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) term: String,
    pub(super) form: Form,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether a surname stands right before it, by itself.
    pub(super) after_surname: bool,
}

impl Unit {
    fn new(term: String, form: Form, start: usize, end: usize) -> Self {
        Self { term, form, start, end, after_surname: false }
    }
}

/// Finds candidates; remembers what it has asked the segmenter.
pub(super) struct Finder<'a> {
    segmenter: &'a Segmenter,
    /// Whether a word is worth a look.
    content: HashMap<String, bool>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(segmenter: &'a Segmenter) -> Self {
        Self { segmenter, content: HashMap::new() }
    }

    /// The candidates of a text: new words, and known words and pairs if they are wanted.
    pub(super) fn units(&mut self, text: &str, known: bool) -> Vec<Unit> {
        let (chars, parts) = (text.chars().collect::<Vec<_>>(), self.segmenter.cut_known(text));
        let mut units = self.runs(&chars, &parts);
        if known {
            units.extend(self.words(text));
        }
        for unit in &mut units {
            // A word may begin within a longer known one; then no part ends where it begins.
            let before = parts.binary_search_by_key(&unit.start, |&(_, end)| end as usize);
            let alone = before.ok().map(|at| parts[at]).filter(|(start, end)| end - start == 1);
            unit.after_surname = alone.is_some_and(|(start, _)| is_surname(chars[start as usize]));
        }
        units
    }

    fn words(&mut self, text: &str) -> Vec<Unit> {
        let tokens = self.segmenter.segment(text);
        let mut found: Vec<Unit> = Vec::new();
        let mut before: Option<Unit> = None;
        for token in tokens.words() {
            let word = token.text(text);
            let unit = self
                .is_content(word)
                .then(|| Unit::new(word.to_owned(), Form::Word, token.start as usize, token.end as usize));
            if let (Some(left), Some(right)) = (&before, &unit)
                && left.term != right.term
            {
                let term = format!("{}+{}", left.term, right.term);
                found.push(Unit::new(term, Form::Pair, left.start, right.end));
            }
            found.extend(unit.clone());
            before = unit;
        }
        found
    }

    /// Runs of characters that are no known word though they may be one.
    fn runs(&self, chars: &[char], parts: &[(u32, u32)]) -> Vec<Unit> {
        let han = |&(start, end): &(u32, u32)| chars[start as usize..end as usize].iter().all(|&c| is_han(c));
        let mut found = Vec::new();
        for first in 0..parts.len() {
            let mut single = false;
            for part in first..parts.len() {
                if !han(&parts[part]) || parts[part].1 - parts[first].0 > LONGEST as u32 {
                    break;
                }
                single |= parts[part].1 - parts[part].0 == 1;
                let (start, end) = (parts[first].0 as usize, parts[part].1 as usize);
                if part > first && single && !is_glued(&chars[start..end]) {
                    let term: String = chars[start..end].iter().collect();
                    if !self.segmenter.knows(&term) {
                        found.push(Unit::new(term, Form::New, start, end));
                    }
                }
            }
        }
        found
    }

    fn is_content(&mut self, word: &str) -> bool {
        if let Some(&known) = self.content.get(word) {
            return known;
        }
        let chars: Vec<char> = word.chars().collect();
        let content = (2..=LONGEST_WORD).contains(&chars.len())
            && chars.iter().all(|&c| is_han(c))
            && self.segmenter.knows(word)
            && self.segmenter.nature(word) == Nature::Content
            && !EMPTY.contains(&word)
            && !COMMON.contains(&word);
        self.content.insert(word.to_owned(), content);
        content
    }
}

fn is_glued(chars: &[char]) -> bool {
    let (first, last) = (chars[0], chars[chars.len() - 1]);
    let glued = GLUE.contains(first) || GLUE.contains(last);
    let glued = glued || SUFFIXES.contains(first) || OPENERS.contains(last);
    glued || chars.iter().any(|c| NUMBERS.contains(*c))
}

/// The stretches of Chinese characters of a text.
pub(super) fn stretches(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| !is_han(c)).filter(|stretch| !stretch.is_empty())
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static SEGMENTER: LazyLock<Segmenter> = LazyLock::new(|| Segmenter::new(["停水"]));

    fn terms(units: &[Unit], form: Form) -> Vec<&str> {
        units.iter().filter(|unit| unit.form == form).map(|unit| unit.term.as_str()).collect()
    }

    #[test]
    fn known_words_stand_alone_and_in_pairs() {
        let mut finder = Finder::new(&SEGMENTER);
        let found = finder.units("小区停水了,物业 13800138000 经理没有回复我们,北京abc", true);
        assert_eq!(terms(&found, Form::Word), ["小区", "停水", "物业", "经理", "回复"]);
        assert_eq!(
            terms(&found, Form::Pair),
            ["小区+停水"],
            "a mark, a blank or another word parts two words"
        );
    }

    #[test]
    fn runs_hold_something_unknown_and_end_in_no_glue() {
        let found = Finder::new(&SEGMENTER).units("楼道的飞线了", false);
        let found = terms(&found, Form::New);
        assert!(found.contains(&"飞线"), "{found:?}");
        assert!(found.iter().all(|run| !run.ends_with('了') && !run.starts_with('的')), "{found:?}");
    }

    #[test]
    fn a_surname_before_a_run_is_told() {
        let units = Finder::new(&SEGMENTER).units("找王梓涵,又找梓涵", false);
        let after: Vec<bool> =
            units.iter().filter(|unit| unit.term == "梓涵").map(|unit| unit.after_surname).collect();
        assert_eq!(after, [true, false]);
    }

    #[test]
    fn stretches_end_at_all_that_is_no_character() {
        assert_eq!(stretches("停水2天,没人管\n电话").collect::<Vec<_>>(), ["停水", "天", "没人管", "电话"]);
    }
}
