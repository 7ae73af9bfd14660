//! Passwords: argon2id, and the same cost whether or not the name exists (promise W3).

use std::fmt;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use super::person::Person;
use super::secret::{RandomnessError, random};

/// Memory of one hash in KiB, passes, lanes: the least that OWASP advises for argon2id.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// What a try against nobody is compared with: a hash of these costs whose password nobody knows.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bWluc2hlbmcubm9ib2R5Lg$PbwWPvOiKKyh1sU7Kj7cDgC2mXHIv8kMcRXM2+NO4EA";

/// A password as typed: 10 to 200 characters. Prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a password cannot be taken or hashed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Shorter than 10 or longer than 200 characters.
    #[error("a password has 10 to 200 characters")]
    Length,
    /// No salt could be made.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

impl Password {
    /// Takes a new password.
    pub fn new(typed: &str) -> Result<Self, PasswordError> {
        if (10..=200).contains(&typed.chars().count()) {
            Ok(Self(typed.to_owned()))
        } else {
            Err(PasswordError::Length)
        }
    }

    /// Its hash with a fresh salt, in PHC string form. Takes tens of milliseconds and 19 MiB: not on a
    /// thread that serves others.
    pub fn hash(&self) -> Result<String, PasswordError> {
        let salt: [u8; 16] = random()?;
        let hash = hasher().hash_password_with_salt(self.0.as_bytes(), &salt);
        Ok(hash.expect("cost, salt and password are within what argon2 takes").to_string())
    }
}

/// Whether `typed` is the password of `person`. Costs the same for nobody and for someone disabled, who both
/// never get in. Takes as long as [`Password::hash`].
pub fn verify(person: Option<&Person>, typed: &str) -> bool {
    let hash = person.map_or(NOBODY, |person| person.password_hash.as_str());
    // A password longer than any that is taken need not be hashed as a whole.
    let mut end = typed.len().min(1024);
    while !typed.is_char_boundary(end) {
        end -= 1;
    }
    let matches = hasher().verify_password(&typed.as_bytes()[..end], hash).is_ok();
    matches && end == typed.len() && person.is_some_and(|person| !person.disabled)
}

fn hasher() -> Argon2<'static> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).expect("the costs are within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::{PersonName, Role};
    use argon2::password_hash::phc::PasswordHash;

    #[test]
    fn only_the_right_password_of_someone_enabled_gets_in() {
        let password = Password::new("望江花园 correct").unwrap();
        let person = Person {
            name: PersonName::new("li").unwrap(),
            role: Role::Officer,
            password_hash: password.hash().unwrap(),
            disabled: false,
            added_at: jiff::Timestamp::UNIX_EPOCH,
        };
        assert!(verify(Some(&person), "望江花园 correct"));
        assert!(!verify(Some(&person), "望江花园 Correct"));
        assert!(!verify(Some(&person), ""));
        assert!(!verify(None, "望江花园 correct"));
        assert!(!verify(Some(&Person { disabled: true, ..person.clone() }), "望江花园 correct"));
        assert!(!verify(Some(&Person { password_hash: "broken".to_owned(), ..person }), "望江花园 correct"));
        assert_ne!(password.hash().unwrap(), password.hash().unwrap());
        assert!(Password::new("short").is_err());
        assert_eq!(format!("{password:?}"), "***");
    }

    #[test]
    fn a_try_against_nobody_costs_what_a_try_against_someone_costs() {
        let of = |hash: &str| {
            let hash = PasswordHash::new(hash).unwrap();
            let salt_length = hash.salt.unwrap().as_ref().len();
            (
                hash.algorithm.to_string(),
                hash.version,
                hash.params.to_string(),
                hash.hash.unwrap().len(),
                salt_length,
            )
        };
        assert_eq!(of(NOBODY).2, "m=19456,t=2,p=1");
        assert_eq!(of(NOBODY), of(&Password::new("someone's own").unwrap().hash().unwrap()));
    }
}
