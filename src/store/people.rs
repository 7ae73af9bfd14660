//! People and machines that may log in.

use crate::people::{Person, PersonName, TokenRecord};

use super::draft::Draft;
use super::keys::Table;
use super::{Folded, Store, StoreError};

impl Store {
    /// Someone by log-in name.
    pub fn person(&self, name: &PersonName) -> Result<Option<Person>, StoreError> {
        self.get(&Table::Person.key().last(name.as_str()))
    }

    /// Everyone, by name.
    pub fn people(&self) -> Result<Vec<Person>, StoreError> {
        self.scan(&Table::Person.key()).map(|pair| self.read(&pair?.1)).collect()
    }

    /// A token by its name.
    pub fn token(&self, id: &str) -> Result<Option<TokenRecord>, StoreError> {
        self.get(&Table::Token.key().last(id))
    }

    /// All tokens, by name.
    pub fn tokens(&self) -> Result<Vec<TokenRecord>, StoreError> {
        self.scan(&Table::Token.key()).map(|pair| self.read(&pair?.1)).collect()
    }

    /// The token whose secret has this SHA-256; whether it is still good is for the caller to see.
    pub fn token_by_secret(&self, secret_hash: &[u8; 32]) -> Result<Option<TokenRecord>, StoreError> {
        let id: Option<String> = self.get(&Table::TokenSecret.key().bytes(secret_hash))?;
        id.map_or(Ok(None), |id| self.token(&id))
    }
}

/// Folds someone as they are from now on.
pub(super) fn person(draft: &mut Draft<'_>, person: &Person) {
    draft.put(Table::Person.key().last(person.name.as_str()), person);
}

/// Folds a token as it is from now on.
pub(super) fn token(draft: &mut Draft<'_>, token: &TokenRecord) -> Result<Folded, StoreError> {
    let key = Table::Token.key().last(&token.id);
    if let Some(before) = draft.get::<TokenRecord>(&key)? {
        draft.remove(Table::TokenSecret.key().bytes(&before.secret_hash));
    }
    draft.put(Table::TokenSecret.key().bytes(&token.secret_hash), &token.id);
    draft.put(key, token);
    Ok(Folded::Done)
}
