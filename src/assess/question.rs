//! Decides what a text asks of an office: information, that something be done, nothing in earnest.
//!
//! Each clause is read by itself ([`form`]): whether it has the form of a question, and what lifts that
//! form again. 不知道几点 states, 能不能派人来修 asks for hands, 凭什么 asks for nothing. Then the text takes
//! the strongest of its clauses: who scolds first and asks then has asked.
//!
//! What vocabulary an operator adds as kind `question` or `request` counts; what stands here is how Chinese
//! forms a question. An advert and a story ask nothing, whatever their form.

mod form;
mod words;

use serde::Serialize;

use self::form::Clause;
use super::Status;
use super::reading::Reading;
use super::status::Standing;
use crate::lexicon::kind::Kind;
use crate::text::sentence::Mark;

/// What a text asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Asking {
    /// Nothing.
    Nothing,
    /// It has the form of a question, and states or scolds.
    Rhetorical,
    /// That somebody act: repair, send, look into.
    Request,
    /// What, where, when, who, how much, whether.
    Information,
}

/// Texts up to so many characters are remarks: a question in one stands where the remark is made.
const REMARK: usize = 45;
/// Of longer texts, the last clauses ask even without a question mark.
const LAST: usize = 2;

impl Asking {
    /// The words people read.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Nothing => "无",
            Self::Rhetorical => "反问或感叹",
            Self::Request => "请求处理",
            Self::Information => "询问",
        }
    }

    /// Reads what a text asks for.
    pub(crate) fn read(reading: &Reading<'_>, standing: &Standing) -> Self {
        let clauses = reading.clauses.len();
        let quoted = quoted(&reading.chars);
        let remark = reading.chars.len() <= REMARK;
        let mut found = Self::Nothing;
        let mut said = String::new();
        for at in 0..clauses {
            let span = reading.clauses[at];
            if !is_in_earnest(standing.at(reading, span.start)) {
                continue;
            }
            said.clear();
            said.extend(
                (span.start..span.end)
                    .map(|at| if quoted[at as usize] { BLANK } else { reading.chars[at as usize] }),
            );
            let outside = !quoted.get(span.end as usize).copied().unwrap_or_default();
            let clause = Clause {
                said: form::bare(&said),
                marked: span.mark == Mark::Question && outside,
                is_last: at + 1 == clauses,
                late: remark || at + LAST >= clauses,
                brief: reading.chars.len() <= REMARK / 2,
                next: reading.clause_text(at + 1),
                term: reading.of(Kind::Question).any(|cue| {
                    span.start <= cue.start
                        && cue.end <= span.end
                        && !quoted[cue.start as usize]
                        && form::asks_by_itself(cue.term)
                }),
            };
            found = found.max(clause.asking());
        }
        match found {
            Self::Nothing if reading.of(Kind::Request).next().is_some() => Self::Request,
            found => found,
        }
    }
}

/// Stands for each character of a quotation.
const BLANK: char = '〇';
/// A quotation longer than this was not closed.
const QUOTATION: usize = 60;

/// By character: whether it stands in a quotation, marks included.
fn quoted(chars: &[char]) -> Vec<bool> {
    let mut quoted = vec![false; chars.len()];
    let mut at = 0;
    while at < chars.len() {
        let closing = match chars[at] {
            '“' => '”',
            '「' => '」',
            '『' => '』',
            '"' => '"',
            _ => {
                at += 1;
                continue;
            }
        };
        let rest = &chars[at + 1..chars.len().min(at + 1 + QUOTATION)];
        match rest.iter().position(|&c| c == closing) {
            // Two or three characters in quotation marks are a name or a word, and belong to the sentence.
            Some(length) => {
                if length > 3 || rest[..length].iter().any(|c| matches!(c, '?' | '!' | '。')) {
                    quoted[at..at + length + 2].fill(true);
                }
                at += length + 2;
            }
            None => at += 1,
        }
    }
    quoted
}

fn is_in_earnest(status: Status) -> bool {
    match status {
        Status::Advert | Status::Fiction => false,
        Status::Asserted
        | Status::Drill
        | Status::Negated
        | Status::Resolved
        | Status::Elsewhere
        | Status::Hypothetical
        | Status::Hearsay
        | Status::OldNews
        | Status::Question => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::assess::fixture::assessor;

    #[test]
    fn what_is_asked_of_an_office_is_told_from_scolding_and_telling() {
        use Asking::{Information, Nothing, Request, Rhetorical};
        let mut wrong = Vec::new();
        for (asking, texts) in [
            (
                Information,
                &[
                    "居住证到期了在哪续签",
                    "游泳馆换水到几号",
                    "公交卡丢了还能补吗",
                    "想问一下体检要空腹不",
                    "补贴发了没有",
                    "火车站到老城有末班车没",
                    "先登记还是先交钱？",
                    "牛奶补助今年停没停啊",
                    "群里说自来水有毒，是真的吗",
                    "老年證辦理需要哪些材料",
                    "我们这片呢？",
                    "车被拖走了，请问归哪儿管，要罚多少",
                    "路灯坏了一个月，问谁都不说。到底什么时候修？",
                ][..],
            ),
            (
                Request,
                &[
                    "能不能派人来疏通一下下水道",
                    "请尽快修好路灯",
                    "半夜别再放喇叭行不行",
                    "能帮忙清一下楼道的垃圾吗",
                ],
            ),
            (
                Rhetorical,
                &[
                    "你们晚上睡得着吗",
                    "凭什么只罚我们？",
                    "难道要等出了人命才有人看？",
                    "监管在哪里？",
                    "这不是欺负老实人吗",
                    "才修好三天又坏？",
                ],
            ),
            (
                Nothing,
                &[
                    "谢谢师傅，水来了",
                    "不知道什么时候能好，先去打水了",
                    "他问我几点下班，我没理",
                    "谁都不想停电",
                    "哪怕早说一天也好",
                    "小朋友问我：“月亮是谁的？”",
                    "到现在一点消息没有",
                    "还在为掉头发发愁吗？加微信领优惠，扫码下单立减",
                ],
            ),
        ] {
            for text in texts {
                let found = assessor().asking_of(text);
                if found != asking {
                    wrong.push(format!("{text}: {found:?} for {asking:?}"));
                }
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_a_quotation_asks_nothing(raw in "[几点来水吗不没有谁哪还是？！，。“”你们能a 1]{0,30}") {
            // Whatever is asked, the reading ends; and what somebody else is quoted with is not asked.
            assessor().asking_of(&raw);
            let quoted = format!("“{}。”", raw.replace(['“', '”'], ""));
            prop_assert!(matches!(assessor().asking_of(&quoted), Asking::Nothing | Asking::Request));
        }
    }
}
