//! Writes the one sentence that tells a duty officer why: largest reasons first, at most 60 characters.

use std::collections::BTreeMap;

use super::sensitivity::Score;
use super::{FactorName, Status, Verdict};
use crate::lexicon::category::Category;

/// Longest sentence, in characters.
const LONGEST: usize = 60;

/// The sentence: `橙：公共安全类；2人受害；有人被困；正在发生`.
pub(crate) fn sentence(
    score: &Score,
    category: Option<&Verdict<Category>>,
    names: &BTreeMap<Category, String>,
) -> String {
    let mut text = score.grade.map_or("不预警", |grade| grade.chinese()).to_owned();
    let mut parts: Vec<String> = Vec::new();
    if let Some(name) = category.and_then(|verdict| names.get(&verdict.id)) {
        parts.push(format!("{name}类"));
    }
    if score.status != Status::Asserted {
        parts.push(score.status.chinese().to_owned());
    }
    // Mood and reach are no reasons to act; category and status stand first already.
    let said = |name| {
        matches!(name, FactorName::Category | FactorName::Status | FactorName::Reach | FactorName::Sentiment)
    };
    let bound = |name| matches!(name, FactorName::Floor | FactorName::Ceiling | FactorName::Model);
    let bounds = score.factors.iter().filter(|f| bound(f.name));
    let lines = score.factors.iter().filter(|f| !said(f.name) && !bound(f.name));
    for factor in bounds.chain(lines) {
        for why in factor.why.split('、').filter(|why| !why.is_empty()) {
            if !parts.iter().any(|part| part == why) {
                parts.push(why.to_owned());
            }
        }
    }
    if parts.is_empty() {
        parts.push("未发现需要处理的事项".to_owned());
    }
    for (index, part) in parts.iter().enumerate() {
        let mark = if index == 0 { "：" } else { "；" };
        if text.chars().count() + 1 + part.chars().count() > LONGEST {
            break;
        }
        text.push_str(mark);
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::assess::fixture::assess;

    #[test]
    fn sentences_read_well() {
        let told: Vec<String> = [
            "快来人！锦华里4栋着火了，三楼有两个老人被困，楼道全是烟",
            "锦华里停水两天了，家里老人没法做饭，物业电话没人接",
            "消防演练，模拟三楼着火，有人被困",
            "今天星期二",
        ]
        .iter()
        .map(|text| assess(text).explanation)
        .collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        红：公共安全类；有人命危险，正在发生；被困；快来人；涉及老人
        黄：水电气热类；停供一天以上；涉及老人；已持续2天
        不预警：公共安全类；演练；被困
        不预警：未发现需要处理的事项
        ");
    }
}
