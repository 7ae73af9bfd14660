//! An address of another service that takes JSON: a secret as a whole, and at no other host than expected.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use super::retry::Attempt;
use super::secret::Secret;
use super::webhook::one_line;
use crate::outward::{Answer, Outward, OutwardError, Post, retry_after};

/// Where the other side may have taken the message before the try failed.
pub(super) const AFTER_UNKNOWN: Duration = Duration::from_mins(1);

/// Where messages to a service go.
#[derive(Debug, Clone, PartialEq)]
pub struct Hook {
    /// The address; a secret as a whole.
    pub url: Secret,
    /// How long one try may take. Default: 15s.
    pub timeout: Duration,
}

impl Hook {
    /// An address at one of the `expected` hosts, or at the one that the operator allows in their place, as for a
    /// gateway of the own network. Without `expected` any host will do.
    pub(super) fn checked(
        url: Secret,
        timeout: Duration,
        expected: &[&str],
        allowed: Option<&str>,
    ) -> Result<Self, String> {
        let host = match Url::parse(url.reveal()) {
            Ok(read) if matches!(read.scheme(), "http" | "https") && read.has_host() => {
                read.host_str().unwrap_or_default().to_owned()
            }
            Ok(_) | Err(_) => return Err("url is no http or https address".to_owned()),
        };
        let known = expected.is_empty() || expected.contains(&host.as_str());
        if !known && allowed != Some(host.as_str()) {
            let expected = expected.join(" or ");
            return Err(format!(
                "url leads to {host}, not to {expected}; if that is right, set allow_host = \"{host}\""
            ));
        }
        if timeout.is_zero() || timeout > Duration::from_mins(1) {
            return Err("timeout must be longer than 0s and at most 60s".to_owned());
        }
        Ok(Self { url, timeout })
    }

    /// Posts JSON; `query` is added to the address. An error says what became of the try.
    pub(super) async fn post(
        &self,
        outward: &Outward,
        query: &[(&str, String)],
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Answer, (Attempt, String)> {
        let Ok(mut url) = Url::parse(self.url.reveal()) else {
            return Err((Attempt::Broken, "the address cannot be read".to_owned()));
        };
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut all = vec![("content-type", "application/json; charset=utf-8")];
        all.extend_from_slice(headers);
        let body = Bytes::from(body.to_string());
        let post = Post { url: &url, headers: &all, body, timeout: self.timeout };
        outward.post(post).await.map_err(|error| {
            let attempt = match &error {
                OutwardError::Refused(_) => Attempt::Broken,
                failed if failed.certainly_unsent() => Attempt::Failed { after: None },
                _ => Attempt::Failed { after: Some(AFTER_UNKNOWN) },
            };
            (attempt, one_line(&error.to_string()))
        })
    }
}

/// `HTTP 200 {"errcode":0}` in one line.
pub(super) fn told(answer: &Answer) -> String {
    one_line(&format!("HTTP {} {}", answer.status, String::from_utf8_lossy(&answer.body)))
}

/// What the answer of a service means that tells by a code of its own, `code` being where it stands in the body: 0 alone is
/// a success, whatever the status; `others` says what another code means. Without a code a success is in doubt.
pub(super) fn judge_code(
    answer: &Answer,
    now: Timestamp,
    code: impl Fn(&Value) -> Option<i64>,
    others: impl Fn(i64, &Value) -> Attempt,
) -> (Attempt, String) {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let attempt = match code(&body) {
        Some(0) => Attempt::Sent,
        Some(code) => others(code, &body),
        None if (200..300).contains(&answer.status) => Attempt::Failed { after: Some(AFTER_UNKNOWN) },
        None => by_status(answer, now),
    };
    (attempt, told(answer))
}

/// Not taken now; to be tried again so many seconds later.
pub(super) fn busy(seconds: u64) -> Attempt {
    Attempt::Failed { after: Some(Duration::from_secs(seconds)) }
}

/// What a status that is no success means where the service says nothing better.
pub(super) fn by_status(answer: &Answer, now: Timestamp) -> Attempt {
    let asked = answer.headers.get("retry-after").and_then(|value| retry_after(value, now));
    match answer.status {
        410 => Attempt::Broken,
        _ => Attempt::Failed { after: asked },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_the_service_or_to_where_the_operator_says() {
        let check = |url: &str, allowed: Option<&str>| {
            Hook::checked(Secret::new(url), Duration::from_secs(15), &["a.example", "b.example"], allowed)
                .map(|_| ())
        };
        assert_eq!(check("https://b.example/x?key=1", None), Ok(()));
        assert_eq!(check("http://127.0.0.1:1/x", Some("127.0.0.1")), Ok(()));
        for (url, allowed, named) in [
            ("https://c.example/?key=canary", None, "leads to c.example, not to a.example or b.example"),
            ("https://c.example/", Some("d.example"), "leads to c.example"),
            ("https://a.example.c.example/", None, "leads to a.example.c.example"),
            ("ftp://a.example/", None, "no http or https"),
        ] {
            let refused = check(url, allowed).unwrap_err();
            assert!(refused.contains(named) && !refused.contains("canary"), "{refused}");
        }
    }
}
