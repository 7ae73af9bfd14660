//! Secrets of people's and machines' making: the one-time set-up code and the tokens of machines.
//!
//! Each is 128 bits or more from the system, shown once, kept as SHA-256 and compared in constant time.
//! A fast hash is enough: nobody guesses 128 random bits.

use std::fmt;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::person::TokenRecord;

/// Letters and digits that are not mistaken for one another when read aloud or copied by hand (Crockford).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The system gave no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random bytes: {0}")]
pub struct RandomnessError(getrandom::Error);

/// What the first start prints, good for making the first administrator: `7K3M-…`, 26 characters in groups.
/// Prints as `***` in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct SetupCode(String);

/// What a machine sends as `Authorization: Bearer`: `msk_ID_SECRET`. Prints as `***` in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenSecret(String);

impl SetupCode {
    /// A new code.
    pub fn generate() -> Result<Self, RandomnessError> {
        Ok(Self(letters(&random::<16>()?)))
    }

    /// The code in groups of four, to be shown once.
    pub fn reveal(&self) -> String {
        let groups: Vec<&str> = self
            .0
            .as_bytes()
            .chunks(4)
            .map(|group| std::str::from_utf8(group).expect("the alphabet is ASCII"))
            .collect();
        groups.join("-")
    }

    /// What is kept of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// Whether `typed` is the code of this hash; case, blanks and dashes do not matter.
    pub fn matches(hash: &[u8; 32], typed: &str) -> bool {
        let plain = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').take(64);
        let plain: String = plain
            .map(|c| match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                c => c,
            })
            .collect();
        let typed: [u8; 32] = Sha256::digest(plain.as_bytes()).into();
        typed.ct_eq(hash).into()
    }
}

impl TokenSecret {
    /// A new token: the id under which its record is kept, the secret, and what is kept of it.
    pub fn generate() -> Result<(String, Self, [u8; 32]), RandomnessError> {
        let id = letters(&random::<5>()?).to_ascii_lowercase();
        let secret = Self(format!("msk_{id}_{}", letters(&random::<20>()?).to_ascii_lowercase()));
        let hash = secret.hash();
        Ok((id, secret, hash))
    }

    /// The token, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Takes what a machine sent, if it has the shape of a token.
    pub fn presented(sent: &str) -> Option<Self> {
        let shaped = sent.len() <= 128 && sent.starts_with("msk_") && sent.is_ascii();
        shaped.then(|| Self(sent.to_owned()))
    }

    /// Under which id its record is kept.
    pub fn id(&self) -> &str {
        self.0.split('_').nth(1).unwrap_or("")
    }

    /// Whether this is the token of `record` and it may be used at `now`.
    pub fn opens(&self, record: &TokenRecord, now: Timestamp) -> bool {
        let same: bool = self.hash().ct_eq(&record.secret_hash).into();
        same && !record.revoked && record.expires_at.is_none_or(|end| now < end)
    }

    fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

/// Random bytes of the system.
pub(super) fn random<const N: usize>() -> Result<[u8; N], RandomnessError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(RandomnessError)?;
    Ok(bytes)
}

/// Bytes in base 32, five bits a letter.
fn letters(bytes: &[u8]) -> String {
    let (mut text, mut bits, mut held) = (String::new(), 0u32, 0u32);
    for &byte in bytes {
        held = (held << 8) | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(held >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[(held << (5 - bits) & 31) as usize]));
    }
    text
}

impl fmt::Debug for SetupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::Role;

    #[test]
    fn a_set_up_code_is_taken_as_people_type_it() {
        let code = SetupCode::generate().unwrap();
        let hash = code.hash();
        let shown = code.reveal();
        assert_eq!(shown.len(), 26 + 6);
        let typed = shown.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        assert!(SetupCode::matches(&hash, &shown));
        assert!(SetupCode::matches(&hash, &typed));
        assert!(!SetupCode::matches(&hash, &shown[1..]));
        assert!(!SetupCode::matches(&hash, ""));
        assert_ne!(SetupCode::generate().unwrap(), code);
        assert_eq!(letters(&[0xff, 0x00, 0x10]), "ZW010");
    }

    #[test]
    fn a_token_opens_its_record_until_it_ends_or_is_taken_back() {
        let now: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
        let (id, secret, hash) = TokenSecret::generate().unwrap();
        let record = TokenRecord {
            id: id.clone(),
            label: "gateway".to_owned(),
            role: Role::Ingest,
            secret_hash: hash,
            created_at: now,
            expires_at: None,
            revoked: false,
        };
        let sent = TokenSecret::presented(secret.reveal()).unwrap();
        assert_eq!(sent.id(), id);
        assert!(sent.opens(&record, now));
        assert!(!sent.opens(&TokenRecord { revoked: true, ..record.clone() }, now));
        assert!(!sent.opens(&TokenRecord { expires_at: Some(now), ..record.clone() }, now));
        let other = TokenSecret::presented(&format!("{}x", secret.reveal())).unwrap();
        assert!(!other.opens(&record, now));
        assert!(TokenSecret::presented("Basic abc").is_none());
        assert_eq!(format!("{secret:?}"), "***");
    }
}
