//! Whether an official reply says anything: 已收悉, 已转办, 请关注后续公告 do not.
//!
//! A reply says something if one of its clauses is neither a greeting nor a phrase of courtesy and
//! procedure. A phrase with a date, an hour or an amount in it says something: 将于3日前公布.

use std::sync::LazyLock;

use regex::Regex;

use crate::text::sentence::{Mark, clauses};

/// Phrases of courtesy and procedure.
const PHRASES: &str = "收悉|收到|已记录|已登记|已反馈|转交|转办|转达|转相关|转至|后续(公告|通知|通报)|\
    以.{0,6}(通知|公告|通报)为准|(感谢|谢谢).{0,14}(关注|监督|支持|理解|来信|留言|反馈|建议)|请您?.{0,3}(理解|谅解|放心)|\
    耐心等待|保持电话畅通|尽快(处理|核实|回复|答复|安排)|加强管理|认真(研究|对待|核实)|生活愉快|依法依规|\
    及时(公布|回复|答复)|进一步(调查|核实)|咨询前台|高度重视|第一时间|请.{0,2}(拨打|致电).{0,3}(12345|热线|客服)|\
    持续关注|会(改进|研究)|带来.{0,2}不便";
/// A date, an hour, an amount: then the phrase holds a fact.
const FACT: &str = "[0-9零一二两三四五六七八九十](日|号|点|时|元|月|个|%|分|天|小时|层|楼|:)";
/// Words of greeting.
const GREETING: &str = "^(尊敬的.{0,6}|.{0,6}(您好|你好|亲|大家好).{0,3}|回复.{0,6})$";

static PHRASE: LazyLock<Regex> = LazyLock::new(|| compile(PHRASES));
static A_FACT: LazyLock<Regex> = LazyLock::new(|| compile(FACT));
static GREETS: LazyLock<Regex> = LazyLock::new(|| compile(GREETING));

fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns are constants, and a test reads them all")
}

/// Whether a normalised official reply gives substance. One that only asks back does not.
pub fn says_something(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    clauses(text).into_iter().any(|span| {
        let clause: String = chars[span.start as usize..span.end as usize].iter().collect();
        let clause = clause.trim_matches(|c: char| !c.is_alphanumeric());
        let empty = clause.is_empty()
            || span.mark == Mark::Question
            || GREETS.is_match(clause)
            || PHRASE.is_match(clause) && !A_FACT.is_match(clause);
        !empty
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::normalize::normalized_text;

    #[test]
    fn courtesy_and_procedure_say_nothing() {
        for (reply, expected) in [
            ("您好，您反映的情况已收悉，我们将尽快核实。", false),
            ("网友你好！已转交属地街道办理，感谢您对城管工作的关心和支持！", false),
            ("尊敬的居民，请以后续公告为准，祝您生活愉快～", false),
            ("请问您住哪一栋？", false),
            ("收到，今晚8点前恢复。", true),
            ("您好，不收费。", true),
            ("感谢关注，检查结果将于5日公布。", true),
            ("高度重视，已派两辆吸污车到场。", true),
            ("请拨打12345。", false),
        ] {
            assert_eq!(says_something(&normalized_text(reply)), expected, "{reply}");
        }
    }
}
