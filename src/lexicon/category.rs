//! The twelve services a matter can belong to: a closed list, so that a dictionary cannot be made
//! to look for anything else.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A public service that a matter belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Danger to life: fire, gas, collapse, drowning.
    Safety,
    /// Food and what is eaten out.
    Food,
    /// Hospitals, medicine, epidemics.
    Health,
    /// Air, water, noise, waste.
    Environment,
    /// Schools and kindergartens.
    Education,
    /// Wages and work.
    Labour,
    /// Water, power, gas, heating, networks.
    Utilities,
    /// Housing, property management, building quality.
    Housing,
    /// Roads and public transport.
    Traffic,
    /// Purchases, refunds, fraud in trade.
    Consumer,
    /// How offices and their staff behave.
    Conduct,
    /// What is passed on and needs to be verified.
    Rumour,
}

impl Category {
    /// Every category, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::Safety,
        Self::Food,
        Self::Health,
        Self::Environment,
        Self::Education,
        Self::Labour,
        Self::Utilities,
        Self::Housing,
        Self::Traffic,
        Self::Consumer,
        Self::Conduct,
        Self::Rumour,
    ];

    /// The word used in records and the API: the id.
    pub fn as_str(self) -> &'static str {
        self.id()
    }

    /// The id used in files and interfaces.
    pub fn id(self) -> &'static str {
        match self {
            Self::Safety => "safety",
            Self::Food => "food",
            Self::Health => "health",
            Self::Environment => "environment",
            Self::Education => "education",
            Self::Labour => "labour",
            Self::Utilities => "utilities",
            Self::Housing => "housing",
            Self::Traffic => "traffic",
            Self::Consumer => "consumer",
            Self::Conduct => "conduct",
            Self::Rumour => "rumour",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// The text names no category.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no category")]
pub struct UnknownCategory(String);

impl FromStr for Category {
    type Err = UnknownCategory;

    fn from_str(id: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|c| c.id() == id).ok_or_else(|| UnknownCategory(id.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_same_everywhere() {
        for category in Category::ALL {
            assert_eq!(category.id().parse(), Ok(category));
            assert_eq!(serde_json::to_string(&category).expect("a string"), format!("\"{category}\""));
        }
        assert!("persons".parse::<Category>().is_err());
    }
}
