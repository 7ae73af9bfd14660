//! People and machines that may log in, and their roles.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Someone who works at the desk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// What they log in with.
    pub name: PersonName,
    /// What they may do.
    pub role: Role,
    /// Argon2id in PHC string form.
    pub password_hash: String,
    /// Whether they may not log in any more.
    pub disabled: bool,
    /// When they were added.
    pub added_at: Timestamp,
}

/// A log-in name: 1 to 64 letters, digits, Chinese characters, `-`, `_`, `.`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

/// Why a text is no log-in name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a name is 1 to 64 letters, digits, '-', '_' or '.'")]
pub struct BadPersonName;

/// What someone may do; each role may do all that stands before it, but `Ingest` may only post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A machine that may only send posts.
    Ingest,
    /// Reads.
    Viewer,
    /// Works incidents.
    Officer,
    /// Also changes dictionaries, rules and silences.
    Editor,
    /// Does all.
    Admin,
}

/// A machine's key: the secret itself is shown once and never kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenRecord {
    /// Name of the token, for lists and revocation.
    pub id: String,
    /// What it is for.
    pub label: String,
    /// What it may do.
    pub role: Role,
    /// SHA-256 of the secret.
    pub secret_hash: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, if ever.
    pub expires_at: Option<Timestamp>,
    /// Whether it was taken back.
    pub revoked: bool,
}

impl PersonName {
    /// Checks and takes a name.
    pub fn new(name: &str) -> Result<Self, BadPersonName> {
        let legal = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if (1..=64).contains(&name.chars().count()) && name.chars().all(legal) {
            Ok(Self(name.to_owned()))
        } else {
            Err(BadPersonName)
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PersonName {
    type Error = BadPersonName;
    fn try_from(name: String) -> Result<Self, BadPersonName> {
        Self::new(&name)
    }
}

impl From<PersonName> for String {
    fn from(name: PersonName) -> Self {
        name.0
    }
}

impl Role {
    /// All, from the least to the most.
    pub const ALL: [Self; 5] = [Self::Ingest, Self::Viewer, Self::Officer, Self::Editor, Self::Admin];

    /// The word used in records and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Viewer => "viewer",
            Self::Officer => "officer",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }

    /// Back from the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}
