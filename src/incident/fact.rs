//! What is known of what an event tells: its fact card (核查卡).
//!
//! It never says "rumour": it names a claim and how far the desk got with it. Anything but "not verified" needs an
//! office that says so.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::Actor;
use super::desk::optional as optional_note;

/// Longest claim and longest name of an office, in characters.
const CLAIM: usize = 300;
const SOURCE: usize = 100;

/// A claim that many posts repeat, and what an office says of it. The latest of an event counts; the earlier ones stay
/// in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FactCard {
    /// The event whose posts make the claim: its id. Posts that join it later are answered by the card too.
    pub event: u64,
    /// What the event was called when this was said.
    pub title: String,
    /// What is claimed.
    pub claim: String,
    /// How far the desk got with it.
    pub status: FactStatus,
    /// The office that says so; there is one unless nothing is verified.
    pub source: Option<String>,
    /// Where that can be read.
    pub url: Option<Url>,
    /// What is said to it.
    pub note: Option<String>,
    /// When the first post of the event was said.
    pub first_seen: Timestamp,
    /// Distinct voices of the event when this was said.
    pub voices: u32,
    /// Who said it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// How far the desk got with a claim. Stored by number: new ones go last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactStatus {
    /// 待核实.
    Unverified,
    /// 属实.
    True,
    /// 部分属实.
    Partly,
    /// 不实.
    False,
}

/// Why a card is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadFact {
    /// There is no claim, or it is too long.
    #[error("a claim has 1 to {CLAIM} characters")]
    Claim,
    /// The name of the office is too long.
    #[error("the source has at most {SOURCE} characters")]
    Source,
    /// It is said that something is true or false, and not who says so.
    #[error("what is verified names the office that says so: source")]
    NoSource,
    /// It cannot be opened in a browser.
    #[error("url is an address of http or https")]
    Url,
    /// The note is too long.
    #[error("a note has 1 to 2000 characters")]
    Note,
}

impl FactCard {
    /// The card with its texts trimmed, if it says enough.
    pub fn checked(self) -> Result<Self, BadFact> {
        let claim = self.claim.trim().to_owned();
        if !(1..=CLAIM).contains(&claim.chars().count()) {
            return Err(BadFact::Claim);
        }
        let source = self.source.map(|source| source.trim().to_owned()).filter(|source| !source.is_empty());
        if source.as_ref().is_some_and(|source| source.chars().count() > SOURCE) {
            return Err(BadFact::Source);
        }
        if source.is_none() && self.status != FactStatus::Unverified {
            return Err(BadFact::NoSource);
        }
        if self.url.as_ref().is_some_and(|url| !matches!(url.scheme(), "http" | "https")) {
            return Err(BadFact::Url);
        }
        let note = optional_note(self.note).map_err(|_| BadFact::Note)?;
        Ok(Self { claim, source, note, ..self })
    }

    /// As alerts tell it: `核查：不实（市水务局）`.
    pub fn sentence(&self) -> String {
        let source = self.source.as_ref().map(|source| format!("（{source}）")).unwrap_or_default();
        format!("核查：{}{source}", self.status.chinese())
    }

    /// As an incident's timeline tells it: `核查“全城停水三天”：不实（市水务局）。今晚恢复供水`.
    pub fn note(&self) -> String {
        let source = self.source.as_ref().map(|source| format!("（{source}）")).unwrap_or_default();
        let note = self.note.as_ref().map(|note| format!("。{note}")).unwrap_or_default();
        format!("核查“{}”：{}{source}{note}", self.claim, self.status.chinese())
    }
}

impl FactStatus {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Unverified, Self::True, Self::Partly, Self::False];

    /// The word used in records and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::True => "true",
            Self::Partly => "partly",
            Self::False => "false",
        }
    }

    /// The status of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// What the duty officer reads.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Unverified => "待核实",
            Self::True => "属实",
            Self::Partly => "部分属实",
            Self::False => "不实",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(status: FactStatus) -> FactCard {
        FactCard {
            event: 7,
            title: "锦华里 · 停水".to_owned(),
            claim: " 全城停水三天 ".to_owned(),
            status,
            source: None,
            url: None,
            note: None,
            first_seen: Timestamp::UNIX_EPOCH,
            voices: 12,
            by: Actor::Token("t".to_owned()),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn what_is_verified_names_an_office() {
        let open = card(FactStatus::Unverified).checked().unwrap();
        assert_eq!((open.claim.as_str(), open.sentence().as_str()), ("全城停水三天", "核查：待核实"));
        let source = |source: &str| Some(source.to_owned());
        for (fact, expected) in [
            (card(FactStatus::False), Err(BadFact::NoSource)),
            (FactCard { source: source(" "), ..card(FactStatus::True) }, Err(BadFact::NoSource)),
            (FactCard { source: source(&"局".repeat(101)), ..card(FactStatus::True) }, Err(BadFact::Source)),
            (FactCard { claim: " ".to_owned(), ..card(FactStatus::Unverified) }, Err(BadFact::Claim)),
            (FactCard { claim: "长".repeat(301), ..card(FactStatus::Unverified) }, Err(BadFact::Claim)),
            (FactCard { url: "ftp://a/".parse().ok(), ..card(FactStatus::Unverified) }, Err(BadFact::Url)),
            (
                FactCard { note: source(&"长".repeat(2001)), ..card(FactStatus::Unverified) },
                Err(BadFact::Note),
            ),
            (
                FactCard { source: source("市水务局 "), ..card(FactStatus::False) },
                Ok("核查：不实（市水务局）"),
            ),
        ] {
            let told = fact.clone().checked().map(|fact| fact.sentence());
            assert_eq!(told.as_deref(), expected.as_ref().copied(), "{fact:?}");
        }
        let closed =
            FactCard {
                source: source("市水务局"), note: source("今晚恢复"), ..card(FactStatus::Partly)
            };
        assert_eq!(closed.checked().unwrap().note(), "核查“全城停水三天”：部分属实（市水务局）。今晚恢复");
    }
}
