//! The grades as steps of one ladder, with the step below them: nothing for the desk.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::assess::Grade;

/// A step of the ladder none, blue, yellow, orange, red. By its word for people and other programs, by its number
/// in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rung(u8);

impl Serialize for Rung {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(self.as_str())
        } else {
            serializer.serialize_u8(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Rung {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let word = String::deserialize(deserializer)?;
            Self::from_word(&word).ok_or_else(|| D::Error::custom(format_args!("`{word}` is no grade")))
        } else {
            let step = u8::deserialize(deserializer)?;
            Self::ALL
                .get(usize::from(step))
                .copied()
                .ok_or_else(|| D::Error::custom(format_args!("{step} is no step of the grades")))
        }
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
        assert_eq!(serde_json::from_str::<Rung>("\"red\"").ok(), Some(Rung::RED));
        assert!(serde_json::from_str::<Rung>("4").is_err());
        assert_eq!(postcard::to_allocvec(&Rung::RED).ok(), Some(vec![4]));
        assert!(postcard::from_bytes::<Rung>(&[5]).is_err());
    }
}
