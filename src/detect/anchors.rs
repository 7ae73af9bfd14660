//! The places and institutions of a post that tell one happening from another.
//!
//! Narrow places of the gazetteer, and names that end as places and institutions do: 望江花园, 青云路, 清荷小学. The ending
//! is told apart by its sort and not by its words, so that 望江花园 and 望江小区 are one and 望江小学 is another.
//!
//! 农贸市场 and 建筑公司 are no names but sorts of thing. Schools, firms and the like are names only where the word before
//! the ending is none of the language; roads and estates are called by any word (和平路), and count where few posts
//! speak of them.

use crate::assess::AssessedPost;
use crate::text::segment::{Class, Nature, Segmenter, Token};
use crate::text::sentence::is_han;

use super::hash::hash;

/// Most anchors of a post.
const MOST: usize = 6;
/// Longest name before the ending, in characters.
const LONGEST: usize = 6;

/// A place or institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Anchor<'a> {
    /// Stands for it.
    pub(super) key: u32,
    /// As it was written first.
    pub(super) name: &'a str,
    /// Where it stands in the normal form of the text, in bytes, if its ending told it.
    pub(super) span: Option<(u32, u32)>,
}

/// Of what sort the place is that an ending tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Estate,
    Road,
    School,
    Hospital,
    Firm,
    Market,
    Station,
    Park,
    Village,
}

/// Endings, of each sort the longer before the shorter that it ends in.
const ENDINGS: &[(&str, Sort)] = &[
    ("小区", Sort::Estate),
    ("花园", Sort::Estate),
    ("花苑", Sort::Estate),
    ("公寓", Sort::Estate),
    ("家园", Sort::Estate),
    ("家苑", Sort::Estate),
    ("新村", Sort::Estate),
    ("新城", Sort::Estate),
    ("名城", Sort::Estate),
    ("名苑", Sort::Estate),
    ("雅苑", Sort::Estate),
    ("华府", Sort::Estate),
    ("公馆", Sort::Estate),
    ("雅居", Sort::Estate),
    ("苑", Sort::Estate),
    ("府", Sort::Estate),
    ("庭", Sort::Estate),
    ("湾", Sort::Estate),
    ("大道", Sort::Road),
    ("大街", Sort::Road),
    ("大桥", Sort::Road),
    ("路口", Sort::Road),
    ("路", Sort::Road),
    ("街", Sort::Road),
    ("巷", Sort::Road),
    ("桥", Sort::Road),
    ("小学", Sort::School),
    ("中学", Sort::School),
    ("幼儿园", Sort::School),
    ("学校", Sort::School),
    ("学院", Sort::School),
    ("大学", Sort::School),
    ("卫生院", Sort::Hospital),
    ("医院", Sort::Hospital),
    ("保健院", Sort::Hospital),
    ("门诊部", Sort::Hospital),
    ("养老院", Sort::Hospital),
    ("物流园", Sort::Firm),
    ("工业园", Sort::Firm),
    ("产业园", Sort::Firm),
    ("科技园", Sort::Firm),
    ("公司", Sort::Firm),
    ("集团", Sort::Firm),
    ("地产", Sort::Firm),
    ("化工", Sort::Firm),
    ("工厂", Sort::Firm),
    ("厂", Sort::Firm),
    ("市场", Sort::Market),
    ("超市", Sort::Market),
    ("商场", Sort::Market),
    ("广场", Sort::Market),
    ("步行街", Sort::Market),
    ("地铁站", Sort::Station),
    ("火车站", Sort::Station),
    ("站", Sort::Station),
    ("公园", Sort::Park),
    ("社区", Sort::Village),
    ("街道", Sort::Village),
    ("村", Sort::Village),
    ("镇", Sort::Village),
    ("乡", Sort::Village),
];

/// Words before an ending that point at a place instead of naming it.
const POINTING: &[&str] = &[
    "这个", "那个", "这条", "那条", "这家", "那家", "我们", "咱们", "他们", "你们", "一个", "一条", "一家",
    "整个", "整条", "附近", "隔壁", "对面", "门口", "旁边", "该", "本", "某", "各", "全", "老", "新", "小",
    "大", "这", "那", "哪", "我", "每", "俩", "两个", "几个", "多个", "所有", "部分", "全市", "全县", "全区",
    "农村", "城市", "高档", "老旧",
];

impl Sort {
    /// Whether a word of the language may stand for the name: 和平路, 阳光花园.
    fn is_named_by_words(self) -> bool {
        matches!(self, Self::Estate | Self::Road)
    }
}

/// The anchors of `heard`, those of the gazetteer first.
pub(super) fn of<'a>(heard: &'a AssessedPost) -> Vec<Anchor<'a>> {
    let mut anchors: Vec<Anchor<'a>> = Vec::new();
    let mut take = |anchor: Anchor<'a>| {
        if anchors.len() < MOST && !anchors.iter().any(|known| known.key == anchor.key) {
            anchors.push(anchor);
        }
    };
    for spot in &heard.spots {
        take(Anchor { key: folded(spot), name: spot, span: None });
    }
    let text = heard.normalized.text();
    let tokens = heard.tokens.words();
    for at in 0..tokens.len() {
        let Some((key, from)) = named_at(tokens, at, text, &heard.segmenter) else { continue };
        let until = tokens[at].byte_end;
        take(Anchor { key, name: &text[from..until as usize], span: Some((from as u32, until)) });
    }
    anchors
}

/// What stands for a name of the gazetteer: the same as for the name as people write it.
fn folded(name: &str) -> u32 {
    match ending(name) {
        Some((stem, sort)) if stem.chars().count() >= 2 => key(stem, sort),
        _ => hash(name),
    }
}

fn key(stem: &str, sort: Sort) -> u32 {
    hash(&format!("{stem}\n{}", sort as u8))
}

/// The ending of a name, and what stands before it.
fn ending(name: &str) -> Option<(&str, Sort)> {
    ENDINGS.iter().find_map(|(ending, sort)| name.strip_suffix(ending).map(|stem| (stem, *sort)))
}

/// The name that ends with the token at `at`, and where it begins.
fn named_at(tokens: &[Token], at: usize, text: &str, segmenter: &Segmenter) -> Option<(u32, usize)> {
    let token = &tokens[at];
    if token.class != Class::Word {
        return None;
    }
    let (stem, sort) = ending(token.text(text))?;
    let until = token.byte_start as usize + stem.len();
    let from = match stem.chars().count() {
        // The ending by itself: the name is what stands before.
        0 => before(tokens, at, text)?,
        // 翠湖雅苑 may be cut as 翠 | 湖雅苑; what comes before 错路 makes no name.
        1 if token.end - token.start > 2 => {
            just_before(tokens, at, text).unwrap_or(token.byte_start as usize)
        }
        1 => return None,
        _ => token.byte_start as usize,
    };
    // Of A4区泉星公园 the segmenter may make 区泉星: what stands for a district is none of the name.
    let whole = &text[from..until];
    let stem = whole.trim_start_matches(['省', '市', '区', '县', '镇']);
    let stem = if stem.chars().count() >= 2 { stem } else { whole };
    let from = until - stem.len();
    let length = stem.chars().count();
    if !(2..=LONGEST).contains(&length)
        || POINTING.contains(&stem)
        || ENDINGS.iter().any(|(ending, _)| stem == *ending)
    {
        return None;
    }
    let word = segmenter.knows(stem) && stem.chars().all(is_han);
    let names = if word {
        sort.is_named_by_words() && segmenter.nature(stem) != Nature::Grammar
    } else {
        // An ending of one character makes words too: 走错路. Only what was cut as one word is a name.
        !POINTING.iter().any(|word| stem.starts_with(word)) && (stem.len() > 3 || from == until)
    };
    names.then(|| (key(stem, sort), from))
}

/// Where the single character before the token at `at` stands, if one does.
fn just_before(tokens: &[Token], at: usize, text: &str) -> Option<usize> {
    let last = at.checked_sub(1).map(|at| &tokens[at])?;
    let single =
        last.class == Class::Word && last.end - last.start == 1 && last.text(text).chars().all(is_han);
    single.then_some(last.byte_start as usize)
}

/// Where the name before the token at `at` begins: the word before it, or the last two characters that are none.
fn before(tokens: &[Token], at: usize, text: &str) -> Option<usize> {
    let last = at.checked_sub(1).map(|at| &tokens[at])?;
    let is_name = |token: &Token| {
        token.class == Class::Word && token.text(text).chars().all(|c| is_han(c) || c.is_ascii_alphanumeric())
    };
    if !is_name(last) {
        return None;
    }
    if last.end - last.start >= 2 {
        return Some(last.byte_start as usize);
    }
    let first = at.checked_sub(2).map(|at| &tokens[at])?;
    (is_name(first) && first.end - first.start <= 2).then_some(first.byte_start as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixture::{Draft, at};

    fn names(text: &'static str) -> String {
        let heard = Draft { text, place: None, ..Draft::new(1, at("2026-03-02T08:00:00+08:00")) }.assessed();
        of(&heard).into_iter().map(|anchor| anchor.name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn places_and_institutions_are_found_by_their_endings() {
        for (text, found) in [
            ("翠湖雅苑三号楼停水两天了", "翠湖雅苑"),
            ("和平路中间塌了一块", "和平路"),
            ("清荷小学食堂不干净", "清荷小学"),
            ("农贸市场太脏了，建筑公司拖欠工资", ""),
            ("我们小区停水，这条路没人修", ""),
            ("永鑫化工又在排废气", "永鑫化工"),
            ("走错路了", ""),
            ("A市A4区泉星公园附近噪音扰民", "泉星公园"),
            ("丽发新城小区旁边搅拌站", "丽发新城"),
        ] {
            assert_eq!(names(text), found, "{text}");
        }
    }

    #[test]
    fn an_estate_is_the_same_by_either_ending_and_not_its_school() {
        assert_eq!(folded("望江花园"), folded("望江小区"));
        assert_ne!(folded("望江花园"), folded("望江小学"));
        assert_eq!(folded("万达"), hash("万达"));
    }
}
