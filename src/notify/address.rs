//! Mailboxes as an operator writes them: `值班室 <duty@example.gov.cn>`.
//!
//! Narrower than the standards on purpose: no comments, no quoted local parts, nothing that a mail
//! program or a shell could take for something else (promise X5).

use std::fmt;

use lettre::Address;
use lettre::message::Mailbox;

/// One mailbox, with a name or without.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MailAddress {
    name: Option<String>,
    email: Address,
}

/// Why a text is no mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a mailbox is written user@host or NAME <user@host>, in one line, without quotes or comments")]
pub struct BadMailAddress;

impl MailAddress {
    /// Reads one mailbox.
    pub fn parse(text: &str) -> Result<Self, BadMailAddress> {
        let text = text.trim_matches(' ');
        let (name, email) = match text.strip_suffix('>').and_then(|rest| rest.split_once('<')) {
            Some((name, email)) => (Some(name.trim_matches(' ')), email),
            None => (None, text),
        };
        let shown = |c: char| {
            !is_unsafe(c) && !matches!(c, '<' | '>' | '"' | '\\' | '(' | ')' | ',' | ';' | ':' | '@')
        };
        let name = name.filter(|name| !name.is_empty());
        if name.is_some_and(|name| name.chars().count() > 60 || !name.chars().all(shown)) {
            return Err(BadMailAddress);
        }
        let (user, host) = email.split_once('@').ok_or(BadMailAddress)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-.".contains(c);
        let labelled = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        // A leading dash could be taken for an option by a program that is handed the address.
        if user.starts_with('-') || !user.chars().all(plain) || !host.chars().all(labelled) {
            return Err(BadMailAddress);
        }
        let email = Address::new(user, host).map_err(|_| BadMailAddress)?;
        Ok(Self { name: name.map(str::to_owned), email })
    }

    /// The address alone.
    pub fn email(&self) -> &str {
        self.email.as_ref()
    }

    /// The part after the `@`.
    pub fn host(&self) -> &str {
        self.email.domain()
    }

    /// For lettre's typed headers.
    pub(super) fn mailbox(&self) -> Mailbox {
        Mailbox::new(self.name.clone(), self.email.clone())
    }
}

/// Characters that end lines, turn or hide text.
pub(super) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.email),
            None => write!(f, "{}", self.email),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes_are_read_and_what_could_be_more_than_one_is_refused() {
        for (text, read) in [
            ("duty@example.gov.cn", Some("duty@example.gov.cn")),
            (" 值班室 <duty+night@example.gov.cn> ", Some("值班室 <duty+night@example.gov.cn>")),
            ("<duty@localhost>", Some("duty@localhost")),
            ("duty@127.0.0.1", Some("duty@127.0.0.1")),
            ("duty", None),
            ("a@b@c", None),
            ("a@example.com, b@example.com", None),
            ("a@example.com\r\nBcc: b@example.com", None),
            ("值\n班 <a@example.com>", None),
            ("(comment)a@example.com", None),
            ("\"a b\"@example.com", None),
            ("-oQ/tmp@example.com", None),
            ("\u{202e}a@example.com", None),
            ("", None),
        ] {
            let found = MailAddress::parse(text).ok().map(|address| address.to_string());
            assert_eq!(found.as_deref(), read, "{text:?}");
        }
    }
}
