//! Tells what may be a person's name, for lists in which no person may stand.
//!
//! Chinese writes names like words, so this errs to one side: a word that looks like a name, or stands mostly
//! where names stand, counts as one. Losing a word costs little; a list that names a person must not be.
//! Taking names out of a text that is stored is the affair of [`mask`](super::mask), which needs certainty.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::text::mask::name::{COMPOUND, SURNAMES, TITLES};
use crate::text::segment::{Nature, Segmenter};
use crate::text::sentence::is_han;

/// Titles beyond those that [`mask`](super::mask) knows.
#[rustfmt::skip]
const FURTHER_TITLES: [&str; 40] = [
    "律师", "校长", "院长", "局长", "处长", "厂长", "所长", "队长", "镇长", "村长", "区长", "县长", "市长", "部长", "教授",
    "法官", "警官", "老板", "老总", "姐", "哥", "叔", "婶", "姨", "嫂", "伯", "爷", "大娘", "大叔", "大婶", "护士", "记者",
    "主播", "店长", "组长", "班长", "教练", "法师", "某", "氏",
];
/// What stands right before a name.
#[rustfmt::skip]
const BEFORE: [&str; 45] = [
    "叫", "名叫", "叫做", "姓名", "姓", "名字是", "名为", "我是", "本人", "患者", "死者", "逝者", "伤者", "家属", "业主",
    "租户", "学生", "男子", "女子", "男孩", "女孩", "司机", "嫌疑人", "嫌犯", "被告", "原告", "被告人", "受害人", "当事人", "女星",
    "男星", "演员", "歌手", "导演", "网红", "博主", "明星", "作家", "选手", "球员", "教练", "总统", "首相", "总理", "记者",
];
/// Characters of which given names are mostly made.
const GIVEN: &str = "伟芳娜敏静丽强磊洋艳勇军杰娟涛超明霞秀平刚桂英华玉兰红梅建国志鑫宇轩涵梓浩子欣怡诗雨晨佳琪思雅婷倩颖琳慧莹雪峰鹏\
飞斌俊辉健龙波宁凯宸睿泽铭哲博文昊天然皓煜熙萱妍彤瑶萌媛璐蕾薇莉珊玲凤珍琴素云莲春菊淑芬芝香月翠爱荣美亮东海生福祥\
庆林森松柏栋柱根发财旺贵富康乐喜胜利民权胤翔瀚栩骏晟晗昕晓曦楠彬钧铮恒毅威武斯嘉若语嫣可悦心妙琬艺晔怜融蕴润滢漪涓汐沁";
/// Characters with which foreign names are written.
const FOREIGN: &str = "阿埃艾奥巴贝比波伯布达德迪蒂杜恩尔法菲费弗格哈赫霍基吉加杰卡凯科克库拉莱兰朗劳勒雷里莉丽林隆卢鲁伦罗洛马迈曼梅米密莫\
穆纳娜内尼诺努欧帕佩皮普奇乔琼萨塞桑沙史斯苏索塔泰坦汤特托瓦威维韦温沃乌西希夏谢辛休雅亚扬伊约泽扎詹朱兹佐";
/// Kinship and ranks behind a nickname: 字母哥, 侃爷.
const RANKS: [&str; 12] = ["哥", "姐", "爷", "叔", "姨", "婶", "少", "奶奶", "爷爷", "主席", "书记", "郡王"];
/// Characters that end Japanese surnames.
const JAPANESE: &str = "田川村崎原";
/// Things and matters: what ends in one and begins with a known word (门禁|卡) is no name though its first
/// character is a surname.
const THINGS: &str =
    "卡费车门井锁灯桩单证款贷群店站员房桥路管水电气味声音堆坑线网杆牌机柜箱桶池墙板窗顶漏堵断停坏塌裂臭脏乱";
/// Titles that say by themselves that a name stood before them, by their first character: every word of every post
/// is asked about. 总 and 工 begin too many words (总是, 工人) to say anything by themselves.
static AFTER: LazyLock<HashMap<char, Vec<&str>>> = LazyLock::new(|| {
    by(titles().filter(|title| title.chars().nth(1).is_some()), |title| title.chars().next())
});
/// What stands right before a name, by its last character.
static CUES: LazyLock<HashMap<char, Vec<&str>>> =
    LazyLock::new(|| by(BEFORE.into_iter(), |cue| cue.chars().next_back()));
static IS_SURNAME: LazyLock<HashSet<char>> = LazyLock::new(|| SURNAMES.chars().collect());
/// Longest text that can be a name by its form, with what clings to it.
const LONGEST: usize = 5;

/// Whether a word, by itself, may be a person's name or hold one.
///
/// `parts` are its characters' spans as [`Segmenter::cut_known`] gives them, relative to the word.
pub fn may_name(word: &str, parts: &[(u32, u32)], segmenter: &Segmenter) -> bool {
    let chars: Vec<char> = word.chars().collect();
    if word.contains('·') || segmenter.nature(word) == Nature::Person {
        return true;
    }
    if parts.len() <= 1 {
        return is_known_name(&chars, segmenter);
    }
    let known_person = parts.iter().any(|&(start, end)| {
        end - start > 1 && segmenter.nature(&slice(&chars, start, end)) == Nature::Person
    });
    known_person
        || chars.len() <= LONGEST && (holds_surname(&chars, parts) || is_nickname(&chars) || is_titled(word))
        || chars.iter().all(|c| FOREIGN.contains(*c))
        || begins_with_surname(&chars, parts)
        || parts.len() == chars.len() && is_given(&chars)
}

/// Whether what stands before and after a word says that the word is a person's name.
///
/// `before` and `after` are the text on its line; the few characters next to the word are looked at.
pub fn stands_as_name(before: &str, after: &str) -> bool {
    if before.ends_with(['@', '·']) || after.starts_with('·') {
        return true;
    }
    let first = after.chars().next().and_then(|c| AFTER.get(&c));
    let last = before.chars().next_back().and_then(|c| CUES.get(&c));
    first.is_some_and(|titles| titles.iter().any(|title| after.starts_with(title)))
        || last.is_some_and(|cues| cues.iter().any(|cue| before.ends_with(cue)))
}

/// Words by one of their characters.
fn by(
    words: impl Iterator<Item = &'static str>,
    key: impl Fn(&str) -> Option<char>,
) -> HashMap<char, Vec<&'static str>> {
    let mut found: HashMap<char, Vec<&str>> = HashMap::new();
    for word in words {
        if let Some(c) = key(word) {
            found.entry(c).or_default().push(word);
        }
    }
    found
}

/// Whether a character may be a surname.
pub fn is_surname(c: char) -> bool {
    IS_SURNAME.contains(&c)
}

fn titles() -> impl Iterator<Item = &'static str> {
    TITLES.iter().chain(&FURTHER_TITLES).copied()
}

/// A surname that is no part of a longer known word, and something behind it: 王|小|明, 李|建国.
fn holds_surname(chars: &[char], parts: &[(u32, u32)]) -> bool {
    parts.windows(2).any(|pair| {
        let (surname, given) = (slice(chars, pair[0].0, pair[0].1), slice(chars, pair[1].0, pair[1].1));
        let is_one = surname.chars().count() == 1 && surname.chars().all(is_surname);
        let is_han_only = given.chars().all(is_han);
        (is_one || COMPOUND.contains(&surname.as_str())) && given.chars().count() <= 2 && is_han_only
    })
}

/// Names that the segmenter knows and calls something else (薛淑杰, 徐若瑄): a surname, and behind it what is no
/// word with it. 高速|率 and 石料|场 are words.
fn is_known_name(chars: &[char], segmenter: &Segmenter) -> bool {
    match chars {
        [surname, given] => is_surname(*surname) && GIVEN.contains(*given),
        [surname, _, _] if is_surname(*surname) => {
            let opening = slice(chars, 0, 2);
            !segmenter.knows(&opening) || segmenter.nature(&opening) == Nature::Person
        }
        _ => false,
    }
}

/// Two or three characters of which the first is a surname, whatever the segmenter makes of them: 何以|琛.
fn begins_with_surname(chars: &[char], parts: &[(u32, u32)]) -> bool {
    let is_thing = parts[0].1 == 2 && chars.last().is_some_and(|c| THINGS.contains(*c));
    chars.len() <= 3 && is_surname(chars[0]) && !is_thing
}

/// Characters of which none is a known word with its neighbour, and that end as given or foreign names do.
fn is_given(chars: &[char]) -> bool {
    let of_names = |c: &char| GIVEN.contains(*c) || FOREIGN.contains(*c);
    match chars {
        [_, last] => GIVEN.contains(*last) || JAPANESE.contains(*last),
        [_, rest @ ..] if rest.len() == 2 => rest.iter().any(of_names),
        _ => false,
    }
}

/// 小王, 老李, 阿强.
fn is_nickname(chars: &[char]) -> bool {
    match chars {
        ['阿', _, ..] => true,
        ['小' | '老' | '大', name] => is_surname(*name) || GIVEN.contains(*name),
        _ => false,
    }
}

/// 张女士, 李某, 王姐, 字母哥.
fn is_titled(word: &str) -> bool {
    RANKS.iter().any(|rank| word.ends_with(rank))
        || titles().any(|title| {
            word.strip_suffix(title).is_some_and(|rest| {
                let mut rest = rest.chars();
                rest.next().is_some_and(is_surname) && rest.count() <= 2
            })
        })
}

fn slice(chars: &[char], start: u32, end: u32) -> String {
    chars[start as usize..end as usize].iter().collect()
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static SEGMENTER: LazyLock<Segmenter> = LazyLock::new(|| Segmenter::new(["停水"]));

    fn may(word: &str) -> bool {
        may_name(word, &SEGMENTER.cut_known(word), &SEGMENTER)
    }

    #[test]
    fn names_of_every_form_are_told() {
        for word in [
            "王小明",
            "李秀芳",
            "王建国",
            "欧阳雪",
            "胡鑫宇",
            "王女士",
            "李某",
            "李某某",
            "张姐",
            "刘师傅",
            "陈律师",
            "小王",
            "老李",
            "阿强",
            "小芳",
            "梓涵",
            "欣怡",
            "诸葛亮",
            "找王小明",
            "王小明案",
            "司马小云",
            "卡佩罗",
            "弗拉霍",
            "小红",
            "艾·普",
            "马云说",
            "吴谢宇",
            "任素汐",
            "具俊晔",
            "何以琛",
            "焉栩嘉",
            "习主席",
            "字母哥",
            "侃爷",
            "展翔",
            "涵艺",
            "岸田",
            "薛淑杰",
            "徐若瑄",
            "李惟淼",
            "热依扎",
        ] {
            assert!(may(word), "{word}");
        }
    }

    #[test]
    fn words_of_the_trade_are_no_names() {
        for word in [
            "停水",
            "高空抛物",
            "排污口",
            "路灯",
            "安全隐患",
            "网格员",
            "外滤芯",
            "没回复",
            "物业费",
            "充电桩",
            "飞线",
            "上门",
            "门禁卡",
            "石料场",
            "高速率",
            "周期表",
            "集卡",
            "挂水",
            "彩铃",
            "血透",
            "产检",
            "已办结",
            "没人应",
            "洒水车",
            "散装",
        ] {
            assert!(!may(word), "{word}");
        }
    }

    #[test]
    fn the_words_around_tell_a_name() {
        for (before, after, expected) in [
            ("我叫", "家住三楼", true),
            ("死者", "的家属", true),
            ("找", "女士问", true),
            ("", "律师说", true),
            ("@", " 看看", true),
            ("艾", "·某", true),
            ("小区", "三天了", false),
            ("", "", false),
        ] {
            assert_eq!(stands_as_name(before, after), expected, "{before}…{after}");
        }
    }
}
