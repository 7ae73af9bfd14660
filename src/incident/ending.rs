//! How an incident ends: the outcomes of 国办发〔2016〕80号, and why something was no matter for the desk.

use serde::{Deserialize, Serialize};

/// How a matter ended, as the rules want it told to the public. Stored by number: new ones go last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// A suggestion: it was said what was adopted.
    Adopted,
    /// A hardship: the solution was said.
    Solved,
    /// A problem: the finding was published.
    Published,
    /// Something unclear: it was explained.
    Explained,
    /// A wrong view: it was corrected.
    Corrected,
    /// Something false: it was answered with facts.
    Refuted,
}

/// Why an incident was no matter for the desk. Stored by number: new ones go last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dismissal {
    /// The text was misread.
    Misread,
    /// It is not of here.
    Elsewhere,
    /// It is old, or was settled before.
    Old,
    /// An advert, a drill, a joke, a story.
    Unmeant,
    /// It was looked into, and there is nothing.
    Unfounded,
}

impl Outcome {
    /// All, in the order of the rules.
    pub const ALL: [Self; 6] =
        [Self::Adopted, Self::Solved, Self::Published, Self::Explained, Self::Corrected, Self::Refuted];

    /// The word used in records and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Adopted => "adopted",
            Self::Solved => "solved",
            Self::Published => "published",
            Self::Explained => "explained",
            Self::Corrected => "corrected",
            Self::Refuted => "refuted",
        }
    }

    /// The outcome of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }

    /// What the duty officer reads.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Adopted => "意见建议：已说明采纳情况",
            Self::Solved => "实际困难：已告知解决方案",
            Self::Published => "反映问题：已公布调查处理结果",
            Self::Explained => "情况不明：已解释说明",
            Self::Corrected => "认识偏差：已引导纠正",
            Self::Refuted => "不实信息：已用事实澄清",
        }
    }
}

impl Dismissal {
    /// All.
    pub const ALL: [Self; 5] = [Self::Misread, Self::Elsewhere, Self::Old, Self::Unmeant, Self::Unfounded];

    /// The word used in records and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Misread => "misread",
            Self::Elsewhere => "elsewhere",
            Self::Old => "old",
            Self::Unmeant => "unmeant",
            Self::Unfounded => "unfounded",
        }
    }

    /// The reason of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dismissal| dismissal.as_str() == word)
    }

    /// What the duty officer reads.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Misread => "研判有误，文字没有这个意思",
            Self::Elsewhere => "不属本地",
            Self::Old => "旧闻，或早已解决",
            Self::Unmeant => "广告、演练、玩笑或虚构",
            Self::Unfounded => "经核实没有此事",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back_and_are_those_of_serde() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_word(outcome.as_str()), Some(outcome));
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        }
        for dismissal in Dismissal::ALL {
            assert_eq!(Dismissal::from_word(dismissal.as_str()), Some(dismissal));
            assert_eq!(serde_json::to_value(dismissal).unwrap(), dismissal.as_str());
        }
    }
}
