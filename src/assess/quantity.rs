//! Reads what is counted: people hurt, people and households touched, how long it has lasted.
//!
//! A number counts only with its measure word, and as a casualty only beside a word of bodily harm.
//! Deadlines (`七个工作日内`), dates, ages and prices are no durations and no people. Whether what is
//! said is true (denied, heard, rehearsed) is [`status`](super::status)'s affair: each quantity knows
//! where it stands, and the score asks.

use std::collections::{BTreeMap, BTreeSet};

use super::grammar::{List, PEOPLE, Spot};
use super::reading::Reading;

/// Something counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quantity {
    /// What.
    pub(crate) what: Counted,
    /// How many; hours for durations.
    pub(crate) value: f64,
    /// First character.
    pub(crate) start: u32,
    /// One past the last character.
    pub(crate) end: u32,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// People dead; at least one.
    Dead,
    /// People hurt or ill.
    Hurt,
    /// People, whatever became of them.
    People,
    /// Households.
    Households,
    /// Hours it has lasted.
    Hours,
    /// Yuan.
    Yuan,
}

impl Quantity {
    /// Whether another tells of the same number of the same, wherever it stands.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        self.what == other.what && self.value.total_cmp(&other.value).is_eq()
    }
}

/// How many people are said to have come to harm, in figures; what is counted by `several` is no figure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Toll {
    /// Dead.
    pub dead: Option<u32>,
    /// Hurt or ill.
    pub hurt: Option<u32>,
}

impl Toll {
    /// The greatest figures of a text.
    pub(crate) fn of(quantities: &[Quantity], chars: &[char]) -> Self {
        let figure = |quantity: &&Quantity| {
            let first = chars.get(quantity.start as usize).copied().unwrap_or_default();
            first.is_ascii_digit() || FIGURES.contains(first)
        };
        let most = |what: Counted| {
            let told = quantities.iter().filter(|quantity| quantity.what == what).filter(figure);
            told.map(|quantity| quantity.value as u32).max().filter(|count| *count > 0)
        };
        Self { dead: most(Counted::Dead), hurt: most(Counted::Hurt) }
    }
}

/// Characters with which a written number begins.
const FIGURES: &str = "一二两三四五六七八九十百千万";

/// Reads the quantities of a text.
pub(crate) fn quantities(reading: &Reading<'_>) -> Vec<Quantity> {
    let mut found: Vec<Quantity> = Vec::new();
    for number in &reading.numbers {
        if let Some(quantity) = measured(reading, number.value, number.start, number.end) {
            found.push(quantity);
        }
    }
    let mut taken: BTreeMap<u32, u32> = found.iter().map(|q| (q.start, q.end)).collect();
    // Counts without a numeral: 多人受伤, 有人受伤.
    let several = reading.spots.each(List::Several).map(|spot| (spot, 3.0));
    let somebody = reading.spots.each(List::Somebody).map(|spot| (spot, 1.0));
    for (Spot { start, end, .. }, value) in several.chain(somebody) {
        if taken.range(..end).next_back().is_some_and(|(_, taken)| start < *taken) {
            continue;
        }
        let what = match harm_beside(reading, start, end) {
            Some(Harm::Death) => Counted::Dead,
            Some(Harm::Hurt) => Counted::Hurt,
            None if value > 1.0 => Counted::People,
            None => continue,
        };
        taken.insert(start, end);
        found.push(Quantity { what, value, start, end });
    }
    let dead = found.iter().filter(|q| q.what == Counted::Dead);
    let mut counted: BTreeSet<usize> = dead.map(|q| reading.clause_at(q.start)).collect();
    for Spot { start, end, .. } in reading.spots.each(List::Death) {
        if counted.insert(reading.clause_at(start)) {
            found.push(Quantity { what: Counted::Dead, value: 1.0, start, end });
        }
    }
    found.sort_by_key(|q| (q.start, q.end));
    found
}

/// What follows a number, longest first, and what it makes of it.
enum Measure {
    Person,
    /// 个 alone: people only beside harm.
    Piece,
    Household,
    /// So many hours each.
    Time(f64),
    Yuan(f64),
}

const MEASURES: &[(&str, Measure)] = &[
    ("个小时", Measure::Time(1.0)),
    ("个钟头", Measure::Time(1.0)),
    ("个星期", Measure::Time(168.0)),
    ("个礼拜", Measure::Time(168.0)),
    ("个半小时", Measure::Time(1.0)),
    ("个半月", Measure::Time(720.0)),
    ("个多月", Measure::Time(720.0)),
    ("个多小时", Measure::Time(1.0)),
    ("个多星期", Measure::Time(168.0)),
    ("个月", Measure::Time(720.0)),
    ("小时", Measure::Time(1.0)),
    ("星期", Measure::Time(168.0)),
    ("天", Measure::Time(24.0)),
    ("夜", Measure::Time(12.0)),
    ("周", Measure::Time(168.0)),
    ("年", Measure::Time(8_760.0)),
    ("个业主", Measure::Household),
    ("户", Measure::Household),
    ("家住户", Measure::Household),
    ("人", Measure::Person),
    ("名", Measure::Person),
    ("位", Measure::Person),
    ("号人", Measure::Person),
    ("口人", Measure::Person),
    ("口子", Measure::Person),
    ("个", Measure::Piece),
    ("万元", Measure::Yuan(10_000.0)),
    ("万块", Measure::Yuan(10_000.0)),
    ("元", Measure::Yuan(1.0)),
    ("块", Measure::Yuan(1.0)),
];

fn measured(reading: &Reading<'_>, value: f64, start: u32, end: u32) -> Option<Quantity> {
    let rest = reading.slice(end, end + 6);
    let ordinal = start > 0 && reading.chars[start as usize - 1] == '第';
    // 俩 and 仨 hold their measure word.
    let own = matches!(reading.chars[end as usize - 1], '俩' | '仨');
    let (word, measure) = match MEASURES.iter().find(|(word, _)| rest.starts_with(word)) {
        Some((word, measure)) => (*word, measure),
        None if own => ("", &Measure::Piece),
        None => {
            let noun = PEOPLE.iter().find(|noun| noun.chars().count() > 1 && rest.starts_with(**noun))?;
            (*noun, &Measure::Person)
        }
    };
    let after_at = end + word.chars().count() as u32;
    let after = reading.slice(after_at, after_at + 4);
    match measure {
        Measure::Time(hours) => {
            let value = if ordinal { value - 1.0 } else { value };
            let date = word == "年" && value > 99.0 || word == "周" && ordinal;
            // 三天内, 两年前, 七天后 tell a term or a date, not how long it has lasted.
            let term = [
                "前",
                "内",
                "之内",
                "以内",
                "后",
                "之后",
                "之前",
                "一次",
                "无理由",
                "一趟",
                "级",
                "生",
                "之前",
                "的保",
            ]
            .iter()
            .any(|word| after.starts_with(word));
            let age = word == "年" && (after.starts_with('级') || after.starts_with("代"));
            (!date && !term && !age && value > 0.0).then_some(Quantity {
                what: Counted::Hours,
                value: value * hours,
                start,
                end: after_at,
            })
        }
        Measure::Yuan(each) => {
            let money = !after.starts_with('地') && !after.starts_with("钱一");
            money.then_some(Quantity { what: Counted::Yuan, value: value * each, start, end: after_at })
        }
        Measure::Household => {
            (!ordinal).then_some(Quantity { what: Counted::Households, value, start, end: after_at })
        }
        Measure::Person | Measure::Piece => {
            if ordinal {
                return None;
            }
            let noun = PEOPLE.iter().find(|noun| after.starts_with(**noun));
            let stop = after_at + noun.map_or(0, |noun| noun.chars().count() as u32);
            let person = matches!(measure, Measure::Person)
                && !after.starts_with('字')
                && !(word == "名" && noun.is_none() && after.starts_with('次'));
            // 个 without a noun is a person only where nothing else follows it: 倒了两个, 十几个.
            let alone = noun.is_none() && (own || after.is_empty() || reading.ends_clause(after_at));
            let people = person || noun.is_some();
            if !people && !alone {
                return None;
            }
            let what = match harm_beside(reading, start, stop) {
                Some(Harm::Death) => Counted::Dead,
                Some(Harm::Hurt) => Counted::Hurt,
                None if people && !own => Counted::People,
                None => return None,
            };
            Some(Quantity { what, value, start, end: stop })
        }
    }
}

enum Harm {
    Death,
    Hurt,
}

/// The word of harm within three words of a stretch, in the same clause.
fn harm_beside(reading: &Reading<'_>, start: u32, end: u32) -> Option<Harm> {
    let (from, to) = reading.around(start, end, 3);
    let dead = reading.spots.within(List::Death, from, to)
        || reading.slice(end, (end + 2).min(to)).starts_with('死')
        || reading.slice(start.saturating_sub(2).max(from), start).contains('死');
    if dead {
        return Some(Harm::Death);
    }
    reading.spots.within(List::Harm, from, to).then_some(Harm::Hurt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::normalize::normalized_text;
    use crate::text::segment::Segmenter;

    #[test]
    fn what_is_counted() {
        let segmenter = Segmenter::new([]);
        for (text, expected) in [
            ("7个孩子呕吐送医院", "Hurt 7"),
            ("我和邻居两人头晕恶心", "Hurt 2"),
            ("已造成三人死亡，十余人受伤", "Dead 3; Hurt 10"),
            ("有人受伤", "Hurt 1"),
            ("医院送了六七十个人", "Hurt 60"),
            ("路边倒了两个", "Hurt 2"),
            ("拖欠32名工人工资四个月", "People 32; Hours 2880"),
            ("三百多户停水两天", "Households 300; Hours 48"),
            ("四十来号人在排队", "People 40"),
            ("停水第三天了", "Hours 48"),
            ("七个工作日内答复", ""),
            ("三年前买的房，2026年交付", ""),
            ("两天前打的电话", ""),
            ("多收860元", "Yuan 860"),
            ("骗走12万元", "Yuan 120000"),
            ("笑死我了，累死个人", ""),
            ("抢救无效", "Dead 1"),
            ("三个包子两杯豆浆", ""),
        ] {
            let text = normalized_text(text);
            let tokens = segmenter.segment(&text);
            let found = quantities(&Reading::new(&text, &tokens, Vec::new()));
            let told: Vec<String> = found.iter().map(|q| format!("{:?} {}", q.what, q.value)).collect();
            assert_eq!(told.join("; "), expected, "{text}");
        }
    }

    #[test]
    fn only_figures_make_a_toll() {
        let segmenter = Segmenter::new([]);
        for (text, dead, hurt) in [
            ("已造成三人死亡，十余人受伤", Some(3), Some(10)),
            ("听说死了12个人", Some(12), None),
            ("有人受伤", None, None),
            ("抢救无效", None, None),
        ] {
            let text = normalized_text(text);
            let tokens = segmenter.segment(&text);
            let reading = Reading::new(&text, &tokens, Vec::new());
            assert_eq!(Toll::of(&quantities(&reading), &reading.chars), Toll { dead, hurt }, "{text}");
        }
    }
}
