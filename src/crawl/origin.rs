//! A site as robots rules and politeness know it: scheme, host and port.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

/// Scheme, host and port of an address, written `http://forum.example:8080`; default ports left out.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Origin(String);

impl Origin {
    /// The site an address belongs to.
    pub fn of(url: &Url) -> Self {
        Self(url.origin().ascii_serialization())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port, the port always written: `forum.example:443`.
    pub fn authority(&self) -> String {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("", &self.0));
        let ported = rest.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
        match (ported, scheme) {
            (true, _) => rest.to_owned(),
            (false, "https") => format!("{rest}:443"),
            (false, _) => format!("{rest}:80"),
        }
    }

    /// Where its robots.txt lies.
    pub fn robots_txt(&self) -> Option<Url> {
        Url::parse(&format!("{}/robots.txt", self.0)).ok()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for (url, origin, authority) in [
            ("http://Forum.example:80/a?b#c", "http://forum.example", "forum.example:80"),
            ("https://forum.example/a", "https://forum.example", "forum.example:443"),
            ("http://127.0.0.1:9000/", "http://127.0.0.1:9000", "127.0.0.1:9000"),
            ("http://[2606:4700::1]/", "http://[2606:4700::1]", "[2606:4700::1]:80"),
        ] {
            let found = Origin::of(&Url::parse(url).unwrap());
            assert_eq!((found.as_str(), found.authority().as_str()), (origin, authority), "{url}");
            assert_eq!(found.robots_txt().map(|url| url.path().to_owned()).as_deref(), Some("/robots.txt"));
        }
    }
}
