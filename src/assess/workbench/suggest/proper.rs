//! Names of places, offices, schools and firms: they belong to the gazetteer, not among the words of a matter.

/// What ends such a name and is a word by itself.
#[rustfmt::skip]
const NOUNS: [&str; 44] = [
    "医院", "小学", "中学", "大学", "学院", "学校", "幼儿园", "公司", "集团", "小区", "花园", "家园", "公寓", "广场", "大厦",
    "大桥", "公园", "超市", "商场", "酒店", "饭店", "水库", "工业园", "园区", "开发区", "新区", "街道", "社区", "高速", "机场",
    "火车站", "车站", "地铁站", "派出所", "银行", "中心", "名邸", "雅苑", "家苑", "名苑", "一期", "二期", "号楼", "号线",
];
/// Single characters that end such a name when it is short for one: 市二院, 炉前二小, 青云路.
const ENDS: &str = "省市县区镇乡村路街巷弄里苑庭湾院局厂矿所站校厅署处社港";
/// What ends the name of a firm: 恒渡港务.
#[rustfmt::skip]
const FIRMS: [&str; 18] = [
    "港务", "物流", "地产", "置业", "实业", "科技", "电子", "食品", "商贸", "建材", "建设", "集团", "公司", "公交",
    "能源", "药业", "矿业", "置地",
];
/// What opens a name of the offices and schools of a place.
const OPENS: &str = "省市县区镇乡村东西南北中一二三四五六七八九十";

/// Whether the text behind a candidate makes it the first part of such a name: 夕照|颐养中心.
pub(super) fn stands_before_institution(after: &str) -> bool {
    let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
    NOUNS.iter().any(|noun| after.starts_with(noun))
}

/// Whether a candidate is such a name by its form: `矿务局+医院`, 市二院, 东站.
pub(super) fn is_institution(term: &str) -> bool {
    let ends_in_noun = term.split('+').next_back().is_some_and(|last| NOUNS.contains(&last));
    let mut chars = term.chars();
    let (first, last) = (chars.next(), chars.next_back());
    let short = first.is_some_and(|c| OPENS.contains(c)) && last.is_some_and(|c| ENDS.contains(c));
    let firm = FIRMS.iter().any(|firm| term.strip_suffix(firm).is_some_and(|own| own.chars().count() != 1));
    ends_in_noun && term.contains('+') || firm || short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_names_are_told_by_what_follows() {
        for (after, expected) in [
            ("小学门口", true),
            ("1号线停运", true),
            ("3期", false),
            ("颐养中心", false),
            ("停水", false),
            ("", false),
        ] {
            assert_eq!(stands_before_institution(after), expected, "{after}");
        }
    }

    #[test]
    fn names_are_told_by_their_form() {
        for (term, expected) in [
            ("矿务局+医院", true),
            ("市二院", true),
            ("东站", true),
            ("恒渡港务", true),
            ("港务", true),
            ("医院", false),
            ("散装", false),
            ("彩铃", false),
            ("电梯+停运", false),
        ] {
            assert_eq!(is_institution(term), expected, "{term}");
        }
    }
}
