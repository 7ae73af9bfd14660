//! Whether the store is what the journal says: compared, key by key, with one folded afresh.
//!
//! `minsheng verify` opens a second store in an empty directory, applies the whole journal to it, and
//! asks for the differences. What is not in the journal (sessions) is left out. After retention has
//! dropped segments, a fresh store knows fewer posts; only then do differences not mean damage.

use std::fmt;

use super::keys::Table;
use super::{Store, StoreError};

/// One key on which two stores do not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What the key belongs to, in a word or two.
    pub table: &'static str,
    /// The rest of the key, as text where it is text, else in hex.
    pub key: String,
    /// How they differ.
    pub kind: DifferenceKind,
}

/// How two stores differ on a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DifferenceKind {
    /// Only this one has it.
    TooMuch,
    /// Only the fresh one has it.
    Lacking,
    /// Both have it, with different values.
    Changed,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            DifferenceKind::TooMuch => "is not in the journal",
            DifferenceKind::Lacking => "is lacking",
            DifferenceKind::Changed => "differs from the journal",
        };
        write!(f, "{} {} {kind}", self.table, self.key)
    }
}

impl Store {
    /// Where this store differs from one folded afresh from the same records: the first `most` keys,
    /// in the order of tables and keys. Both must have reached the same sequences and be at rest.
    pub fn differences(&self, fresh: &Self, most: usize) -> Result<Vec<Difference>, StoreError> {
        let mut differences = Vec::new();
        for (table, name) in Table::JOURNALED {
            let mut ours = self.scan(&table.key()).peekable();
            let mut theirs = fresh.scan(&table.key()).peekable();
            while differences.len() < most {
                let order = match (ours.peek(), theirs.peek()) {
                    (None, None) => break,
                    (Some(Ok((ours, _))), Some(Ok((theirs, _)))) => ours.cmp(theirs),
                    (Some(_), None) => std::cmp::Ordering::Less,
                    (None, Some(_)) => std::cmp::Ordering::Greater,
                    (Some(_), Some(_)) => std::cmp::Ordering::Equal,
                };
                let left = if order.is_le() { ours.next().transpose()? } else { None };
                let right = if order.is_ge() { theirs.next().transpose()? } else { None };
                let (key, kind) = match (left, right) {
                    (Some((key, ours)), Some((_, theirs))) if ours != theirs => {
                        (key, DifferenceKind::Changed)
                    }
                    (Some((key, _)), None) => (key, DifferenceKind::TooMuch),
                    (None, Some((key, _))) => (key, DifferenceKind::Lacking),
                    (Some(_), Some(_)) | (None, None) => continue,
                };
                differences.push(Difference { table: name, key: readable(&key[1..]), kind });
            }
        }
        Ok(differences)
    }
}

fn readable(key: &[u8]) -> String {
    match std::str::from_utf8(key) {
        Ok(text) if !text.is_empty() && !text.chars().any(char::is_control) => text.to_owned(),
        _ => key.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")),
    }
}
