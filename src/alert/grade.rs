//! Which grade a rule gives.

use serde::Deserialize;

use crate::assess::Grade;
use crate::detect::Measure;

/// How a rule grades its alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum Grading {
    /// By what was measured: the post's own grade, the highest of several.
    Measured,
    /// Always this one, but never below what was measured.
    AtLeast(Grade),
}

impl TryFrom<String> for Grading {
    type Error = String;
    fn try_from(word: String) -> Result<Self, String> {
        if word == "measured" {
            return Ok(Self::Measured);
        }
        let grade = Grade::from_word(&word).map(Self::AtLeast);
        grade.ok_or_else(|| format!("grade {word:?} is none of blue, yellow, orange, red, measured"))
    }
}

impl Grading {
    /// The grade of an alert on this measure.
    pub(super) fn of(self, measure: &Measure) -> Grade {
        let measured = match measure {
            Measure::Post { grade, .. } | Measure::Event { grade, .. } => *grade,
            Measure::Voices { highest, .. } | Measure::Topic { highest, .. } => {
                highest.unwrap_or(Grade::Blue)
            }
        };
        match self {
            Self::Measured => measured,
            Self::AtLeast(grade) => grade.max(measured),
        }
    }
}
