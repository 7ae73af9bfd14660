//! What a question asks for, and what a reply gives: a time, a place, a cost, an office, a reason, a way.
//!
//! A question for a time is not answered by where. Both sides are read loosely: what is not recognised is
//! unknown and speaks neither for nor against.

use std::sync::LazyLock;

use regex::Regex;

/// The things asked for, in the order of the bits.
const ASKED: [&str; 6] = [
    // A time.
    "什么时候|何时|啥时|几时|几点|几号|几月|哪天|多久|多长时间|几天|几个工作日|时间|截止|最晚|最早|日子|周几|期限|来得及",
    // A place.
    "在哪|哪里|哪儿|去哪|上哪|到哪|往哪|从哪|哪个(窗口|口|门|站|医院|地方|部门|区|学校)|哪所|哪块|哪条|哪下|哪查|哪办|哪有|哪能|地址|地点|位置|入口",
    // A cost.
    "多少钱|几块|价格|收费|要钱|费用|金额|多少元|补多少|几元|补贴|贵不贵|免费|赔",
    // An office.
    "谁|哪个部门|哪家",
    // A reason.
    "为什么|为啥|为何|原因|怎么回事|咋回事|怎么会|怎么没|怎么又",
    // A way.
    "怎么|咋|如何|流程|手续|材料|方式|渠道|途径",
];

/// How each of them is given but the last. A way has no form of its own: any reply may give it.
const GIVEN: [&str; 5] = [
    "[0-9零一二两三四五六七八九十](日|号|点|时|月|天|小时|分|个工作日|周|:)|今天|明天|今晚|明早|本周|下周|本月|下月|月底|[上中下]旬|年底|即日|立即|目前|预计|早上|晚上|周[一二三四五六日末]|节后|每天",
    "路|街|楼|层|窗口|门|站|厅|中心|医院|学校|小区|广场|[东西南北]|网站|小程序|app|公众号|社区|室|口|区",
    "[0-9零一二两三四五六七八九十百千万](元|块|毛|万|折|%|成)|免费|不收|免",
    "局|公司|物业|部门|街道|社区|单位|负责|委|中心|医院|办",
    "因|由于|系|为了|导致|造成",
];

/// The bit of a way.
const WAY: u8 = 1 << 5;

static MAY: LazyLock<Regex> = LazyLock::new(|| compile("能|可以|可不可以|行不行|让"));
static ASKS: LazyLock<[Regex; 6]> = LazyLock::new(|| ASKED.map(compile));
static GIVES: LazyLock<[Regex; 5]> = LazyLock::new(|| GIVEN.map(compile));

fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns are constants, and a test reads them all")
}

/// What a question asks for; a bit for each thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sought(u8);

/// What a reply gives; a bit for each thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Given(u8);

/// How two sides stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compared {
    /// They share a thing.
    Same,
    /// One side is not recognised.
    Unknown,
    /// They have nothing in common.
    Other,
}

impl Sought {
    /// What a normalised text asks for.
    pub(super) fn of(text: &str) -> Self {
        Self(bits(&*ASKS, text))
    }

    /// Whether another question asks for the same thing.
    pub(super) fn compare(self, other: Self) -> Compared {
        match (self.0, other.0) {
            (0, _) | (_, 0) => Compared::Unknown,
            (one, other) if one & other != 0 => Compared::Same,
            // A way may be a place to go to, a price to pay, somebody to ask.
            (one, other) if (one | other) & WAY != 0 => Compared::Unknown,
            _ => Compared::Other,
        }
    }
}

impl Given {
    /// What a normalised text gives.
    pub(super) fn of(text: &str) -> Self {
        Self(bits(&*GIVES, text))
    }

    /// Whether it gives what is sought.
    pub(super) fn gives(self, sought: Sought) -> Compared {
        match (sought.0, self.0) {
            (0, _) => Compared::Unknown,
            (sought, given) if sought & (given | WAY) != 0 => Compared::Same,
            (_, 0) => Compared::Unknown,
            _ => Compared::Other,
        }
    }
}

/// Whether a normalised question asks whether one may or can.
pub(super) fn asks_leave(text: &str) -> bool {
    MAY.is_match(text)
}

fn bits(patterns: &[Regex], text: &str) -> u8 {
    patterns.iter().enumerate().map(|(at, pattern)| u8::from(pattern.is_match(text)) << at).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_answers_when_and_not_how_much() {
        for (question, reply, expected) in [
            ("几点恢复供暖", "预计今晚8点恢复", Compared::Same),
            ("一桶多少钱", "明早送到", Compared::Other),
            ("一桶多少钱", "一桶12元", Compared::Same),
            ("谁负责清运", "由街道负责", Compared::Same),
            ("老人也算吗", "明早送到", Compared::Unknown),
            ("怎么预约", "当面说一声", Compared::Same),
        ] {
            assert_eq!(Given::of(reply).gives(Sought::of(question)), expected, "{question}: {reply}");
        }
        assert_eq!(Sought::of("几点开门").compare(Sought::of("哪天开")), Compared::Same);
        assert_eq!(Sought::of("几点开门").compare(Sought::of("收费吗要钱不")), Compared::Other);
    }
}
