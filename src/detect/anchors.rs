//! The places and institutions of a post that tell one happening from another.
//!
//! Narrow places of the gazetteer, and names that end as places and institutions do: 望江花园, 青云路, 清荷小学. Endings are
//! looked for in the characters and not in the words, since a segmenter that does not know a name cuts it anywhere
//! (桂川名 | 城楼 | 道); what stands before the ending is the name, without the particle or the hour of the day that it was
//! cut together with (早兰岭 | 苑). An estate goes by any of its endings, 望江花园 and 望江小区 are one; 清荷小学 and 清荷中学 are two.
//!
//! 农贸市场 and 建筑公司 are no names but sorts of thing: schools, firms and the like are named only by what is no word of the
//! language (永鑫建筑公司) or by a number (第三医院). Roads and estates are called by any word (和平路).

use std::collections::HashMap;
use std::sync::LazyLock;

use super::hash::hash;
use crate::assess::AssessedPost;
use crate::text::segment::{Class, Nature, Segmenter, Token};
use crate::text::sentence::is_han;

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

/// How the places are named that an ending tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Naming {
    /// By any word, and called by one ending or another: an estate.
    Estate,
    /// By any word: a road.
    Words,
    /// Only by what is no word of the language.
    Names,
    /// The same, and called by one ending or another: a firm.
    Firm,
}

const ENDINGS: &[(Naming, &str)] = &[
    (Naming::Estate, "小区 花园 花苑 公寓 家园 家苑 新村 新城 名城 名苑 雅苑 华府 公馆 雅居 苑 府 庭 湾"),
    (Naming::Words, "大道 大街 大桥 路口 路 街 巷 桥"),
    (Naming::Names, "小学 中学 幼儿园 学校 学院 大学 卫生院 医院 保健院 门诊部 养老院 敬老院 福利院"),
    (Naming::Firm, "公司 集团 地产 化工 工厂 厂"),
    (
        Naming::Names,
        "物流园 工业园 产业园 科技园 市场 超市 商场 广场 步行街 地铁站 火车站 站 公园 社区 街道 村 镇 乡",
    ),
];

/// Endings by their last character, the longer first.
static BY_LAST: LazyLock<HashMap<char, Vec<(&str, Naming)>>> = LazyLock::new(|| {
    let mut by_last: HashMap<char, Vec<(&str, Naming)>> = HashMap::new();
    for (naming, endings) in ENDINGS {
        for ending in endings.split(' ') {
            by_last.entry(ending.chars().last().unwrap_or_default()).or_default().push((ending, *naming));
        }
    }
    for endings in by_last.values_mut() {
        endings.sort_by_key(|(ending, _)| std::cmp::Reverse(ending.len()));
    }
    by_last
});

/// Words before an ending that point at a place instead of naming it.
const POINTING: &[&str] = &[
    "这个", "那个", "这条", "那条", "这家", "那家", "我们", "咱们", "他们", "你们", "一个", "一条", "一家",
    "整个", "整条", "附近", "隔壁", "对面", "门口", "旁边", "该", "本", "某", "各", "全", "老", "新", "小",
    "大", "这", "那", "哪", "我", "每", "俩", "两个", "几个", "多个", "所有", "部分", "全市", "全县", "全区",
    "农村", "城市", "高档", "老旧",
];
/// Characters with which no name begins: what a name was cut together with.
const BEFORE_NAMES: &str = "了的在是从到去来把被将和跟与及等又就都也还早晚夜天点时年月日号说让给向往对于因由很太挺有没们这那我你他她它省市区县送进出找问离走";
/// No name ends with a number: 走两站.
const NUMERALS: &str = "一二三四五六七八九十两几半百";
/// Characters with which no name begins or ends.
const IN_NO_NAME: &str = "了的在是从把被就都也还很太没们这那你我他她它";
/// What may follow an ending within one word of the language: 公寓楼.
const AFTER_NAMES: &str = "楼门口里内外旁边上下";

/// The anchors of `heard`, those of the gazetteer first.
pub(super) fn of(heard: &AssessedPost) -> Vec<Anchor<'_>> {
    let spots = heard.spots.iter().map(|spot| Anchor { key: folded(spot), name: spot, span: None });
    let mut anchors: Vec<Anchor<'_>> = Vec::new();
    let reading =
        Reading { text: heard.normalized.text(), tokens: heard.tokens.words(), segmenter: &heard.segmenter };
    for anchor in spots.chain(reading.names()) {
        if anchors.len() < MOST && !anchors.iter().any(|known| known.key == anchor.key) {
            anchors.push(anchor);
        }
    }
    anchors
}

/// What stands for a name of the gazetteer: the same as for the name as people write it.
fn folded(name: &str) -> u32 {
    let endings = name.chars().last().and_then(|last| BY_LAST.get(&last)).into_iter().flatten();
    let mut named =
        endings.filter_map(|(ending, naming)| Some((name.strip_suffix(ending)?, ending, *naming)));
    match named.next() {
        Some((stem, ending, naming)) if stem.chars().count() >= 2 => key(stem, ending, naming),
        _ => hash(name),
    }
}

fn key(stem: &str, ending: &str, naming: Naming) -> u32 {
    match naming {
        Naming::Estate => hash(&format!("{stem}\n小区")),
        Naming::Firm => hash(&format!("{stem}\n公司")),
        Naming::Words if ending == "路口" => hash(&format!("{stem}路")),
        Naming::Words | Naming::Names => hash(&format!("{stem}{ending}")),
    }
}

/// A text in which names are looked for.
#[derive(Clone, Copy)]
struct Reading<'a> {
    text: &'a str,
    tokens: &'a [Token],
    segmenter: &'a Segmenter,
}

/// An ending, and where it begins and ends, in bytes.
#[derive(Clone, Copy)]
struct Ending {
    text: &'static str,
    naming: Naming,
    from: usize,
    until: usize,
}

impl Ending {
    fn is_single(&self) -> bool {
        self.text.chars().nth(1).is_none()
    }
}

impl<'a> Reading<'a> {
    /// The names, in the order of the text.
    fn names(self) -> Vec<Anchor<'a>> {
        let mut names: Vec<Anchor<'a>> = Vec::new();
        for (at, last) in self.text.char_indices() {
            let Some(ending) = self.ending(at + last.len_utf8(), last) else { continue };
            let ends_before =
                names.last().and_then(|anchor| anchor.span).map_or(0, |(_, until)| until as usize);
            if ending.from < ends_before || !self.ends_here(&ending) {
                continue;
            }
            let Some((from, stem)) = self.stem(&ending) else { continue };
            if from < ends_before {
                // 丽发新城 | 小区 is the estate, 岚桥 | 卫生院 is not the bridge, 霞汀苑 | 热力公司 tells the estate alone.
                let whole = stem == ending.from && ends_before == stem && ending.naming != Naming::Estate;
                if !whole {
                    continue;
                }
                names.pop();
            }
            let key = key(&self.text[from..ending.from], ending.text, ending.naming);
            let span = Some((from as u32, ending.until as u32));
            names.push(Anchor { key, name: &self.text[from..ending.until], span });
        }
        names
    }

    /// The longest ending that ends at `until`.
    fn ending(self, until: usize, last: char) -> Option<Ending> {
        let (text, naming) =
            BY_LAST.get(&last)?.iter().find(|(ending, _)| self.text[..until].ends_with(ending))?;
        Some(Ending { text, naming: *naming, from: until - text.len(), until })
    }

    /// Whether an ending is one, and not the beginning of another word: 小学生.
    fn ends_here(self, ending: &Ending) -> bool {
        let token = &self.tokens[self.token_at(ending.until - 1)];
        let (begin, end) = (token.byte_start as usize, token.byte_end as usize);
        if end == ending.until {
            return true;
        }
        let rest = &self.text[ending.until..end];
        // 公寓楼, 学校食堂.
        let goes_on = rest.chars().all(|c| AFTER_NAMES.contains(c))
            || rest.chars().nth(1).is_some() && self.segmenter.knows(rest);
        !ending.is_single()
            && (begin > ending.from || goes_on || !self.segmenter.knows(token.text(self.text)))
    }

    /// Where the name begins, and where what stands before the ending, or before the word that tells of what sort it
    /// is, ends.
    fn stem(self, ending: &Ending) -> Option<(usize, usize)> {
        let token = &self.tokens[self.token_at(ending.from.checked_sub(1)?)];
        let begin = token.byte_start as usize;
        let part = &self.text[begin..ending.from];
        let of_a_sort = matches!(ending.naming, Naming::Names | Naming::Firm)
            && token.byte_end as usize > ending.from
            && self.segmenter.knows(token.text(self.text))
            && (part.chars().nth(1).is_none() || self.segmenter.knows(part));
        if of_a_sort {
            // 化工厂 is a word.
            return self.named_before(begin, ending);
        }
        let from = self.before(ending.from, ending.is_single())?;
        let stem = &self.text[from..ending.from];
        if !self.segmenter.knows(stem) || !stem.chars().all(is_han) {
            return names(stem).then_some((from, ending.from));
        }
        let nature = self.segmenter.nature(stem);
        let by_words = matches!(ending.naming, Naming::Estate | Naming::Words) && nature != Nature::Grammar;
        if by_words || nature == Nature::Place {
            return names(stem).then_some((from, ending.from));
        }
        self.named_before(from, ending)
    }

    /// 兰坪 | 纺织 | 厂: the word that begins at `until` tells of what sort it is, the name stands before.
    fn named_before(self, until: usize, ending: &Ending) -> Option<(usize, usize)> {
        if matches!(ending.naming, Naming::Estate | Naming::Words) {
            return None;
        }
        let from = self.before(until, true)?;
        let name = &self.text[from..until];
        let is_name = !self.segmenter.knows(name)
            || name.starts_with('第')
            || self.segmenter.nature(name) == Nature::Place;
        (names(name) && is_name).then_some((from, until))
    }

    /// Where the word before `until` begins, without what belongs to no name. Of a single character it takes the one
    /// before too, which, where it is `strict`, must stand alone.
    fn before(self, until: usize, strict: bool) -> Option<usize> {
        let at = self.token_at(until.checked_sub(1)?);
        let token = self.is_name(at)?;
        let mut from = token.byte_start as usize;
        let part = &self.text[from..until];
        if part.chars().nth(1).is_none() {
            if part.contains(|c| BEFORE_NAMES.contains(c) || NUMERALS.contains(c)) {
                return None;
            }
            let before = self.is_name(at.checked_sub(1)?)?.text(self.text);
            if strict && before.chars().nth(1).is_some() {
                return None;
            }
            // Of 早晨 | 苇 | 家园 the last character.
            let first = before.chars().last().filter(|c| !BEFORE_NAMES.contains(*c))?;
            from -= first.len_utf8();
        }
        let mut stem = &self.text[from..until];
        while stem.chars().nth(2).is_some() && stem.starts_with(|c| BEFORE_NAMES.contains(c)) {
            stem = &stem[stem.chars().next()?.len_utf8()..];
        }
        Some(until - stem.len())
    }

    /// The token at an index, if a name may be made of it.
    fn is_name(self, at: usize) -> Option<&'a Token> {
        let token = self.tokens.get(at)?;
        let legal = token.text(self.text).chars().all(|c| is_han(c) || c.is_ascii_alphanumeric());
        (token.class == Class::Word && legal).then_some(token)
    }

    /// The token that holds a byte.
    fn token_at(self, byte: usize) -> usize {
        self.tokens.partition_point(|token| token.byte_end as usize <= byte)
    }
}

/// Whether a stem may be a name at all.
fn names(stem: &str) -> bool {
    let length = stem.chars().count();
    let pointing = |word: &str| stem == word || word.len() > 3 && stem.starts_with(word);
    let is_ending = || ENDINGS.iter().any(|(_, endings)| endings.split(' ').any(|ending| ending == stem));
    (2..=LONGEST).contains(&length)
        && !POINTING.iter().any(|word| pointing(word))
        && !stem.starts_with(|c| IN_NO_NAME.contains(c))
        && !stem.ends_with(|c| IN_NO_NAME.contains(c))
        && !is_ending()
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
            ("都第二天了，桂川名城楼道里有烟", "桂川名城"),
            ("今早兰岭苑没水，施工把路占了", "兰岭苑"),
            ("兰坪纺织厂欠薪，小学生也知道", "兰坪纺织厂"),
            ("锦泽妇幼保健院挂号难", "锦泽妇幼保健院"),
        ] {
            assert_eq!(names(text), found, "{text}");
        }
    }

    #[test]
    fn an_estate_is_the_same_by_either_ending_and_not_its_school() {
        assert_eq!(folded("望江花园"), folded("望江小区"));
        assert_ne!(folded("望江花园"), folded("望江小学"));
        assert_ne!(folded("清荷中学"), folded("清荷小学"));
        assert_eq!(folded("万达"), hash("万达"));
    }
}
