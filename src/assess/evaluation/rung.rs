//! The grades as steps of one ladder, with the step below them: nothing for the desk.

use serde::{Deserialize, Serialize};

use crate::assess::Grade;

/// A step of the ladder none, blue, yellow, orange, red.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub struct Rung(u8);

/// The word of no step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no grade; it must be one of none, blue, yellow, orange, red")]
pub struct NoRung(String);

impl TryFrom<String> for Rung {
    type Error = NoRung;
    fn try_from(word: String) -> Result<Self, NoRung> {
        Self::from_word(&word).ok_or(NoRung(word))
    }
}

impl From<Rung> for &'static str {
    fn from(rung: Rung) -> Self {
        rung.as_str()
    }
}

impl Rung {
    /// Nothing for the desk.
    pub const NONE: Self = Self(0);
    /// The least that somebody is told of the same day.
    pub const YELLOW: Self = Self(2);
    /// Hours.
    pub const ORANGE: Self = Self(3);
    /// Minutes.
    pub const RED: Self = Self(4);
    /// All, from the lowest.
    pub const ALL: [Self; 5] = [Self(0), Self(1), Self(2), Self(3), Self(4)];

    /// The step of a grade.
    pub fn of(grade: Option<Grade>) -> Self {
        match grade {
            None => Self(0),
            Some(Grade::Blue) => Self(1),
            Some(Grade::Yellow) => Self(2),
            Some(Grade::Orange) => Self(3),
            Some(Grade::Red) => Self(4),
        }
    }

    /// The grade of the step.
    pub fn grade(self) -> Option<Grade> {
        (self.0 as usize).checked_sub(1).map(|at| Grade::ALL[at])
    }

    /// Which step, from 0.
    pub fn step(self) -> usize {
        usize::from(self.0)
    }

    /// How many steps apart.
    pub fn distance(self, other: Self) -> u8 {
        self.0.abs_diff(other.0)
    }

    /// The word used in records.
    pub fn as_str(self) -> &'static str {
        self.grade().map_or("none", Grade::as_str)
    }

    /// The word people read.
    pub fn chinese(self) -> &'static str {
        self.grade().map_or("无", Grade::chinese)
    }

    /// Back from the word of records.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rung| rung.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_words_lead_back() {
        for rung in Rung::ALL {
            assert_eq!(Rung::of(rung.grade()), rung);
            assert_eq!(Rung::from_word(rung.as_str()), Some(rung));
        }
        assert_eq!(Rung::RED.distance(Rung::NONE), 4);
        assert_eq!((Rung::YELLOW.chinese(), Rung::NONE.chinese()), ("黄", "无"));
        assert_eq!(Rung::from_word("purple"), None);
        assert_eq!(Rung::try_from("red".to_owned()), Ok(Rung::RED));
        assert_eq!(Rung::try_from("4".to_owned()), Err(NoRung("4".to_owned())));
    }
}
