//! The four grades of 突发事件应对法: blue, yellow, orange, red.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How urgently a matter needs a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// Ⅳ 一般: deserves a reply in ordinary time.
    Blue,
    /// Ⅲ 较大: the same day to 48 hours.
    Yellow,
    /// Ⅱ 重大: hours.
    Orange,
    /// Ⅰ 特别重大: minutes.
    Red,
}

impl Grade {
    /// All, from the least to the most urgent.
    pub const ALL: [Self; 4] = [Self::Blue, Self::Yellow, Self::Orange, Self::Red];

    /// The word used in records and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Yellow => "yellow",
            Self::Orange => "orange",
            Self::Red => "red",
        }
    }

    /// The word people read: `红`.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Blue => "蓝",
            Self::Yellow => "黄",
            Self::Orange => "橙",
            Self::Red => "红",
        }
    }

    /// Back from the word; `none` and anything else is `None`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.as_str() == word)
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
