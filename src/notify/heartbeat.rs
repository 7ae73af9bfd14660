//! The heartbeat: a sign of life to an outside address, whose silence raises an alarm there (promise R7; the wire is
//! that of healthchecks.io, integrations §6).

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use url::Url;

use super::secret::{Secret, SecretError, SecretPlace};
use super::webhook::one_line;
use crate::outward::{Outward, Post};

/// How long one try may take, and how many are made of one beat.
const TIMEOUT: Duration = Duration::from_secs(10);
const TRIES: u32 = 3;
/// Beats are no closer together and no further apart than this.
const CLOSEST: Duration = Duration::from_secs(5);
const FURTHEST: Duration = Duration::from_hours(1);

/// The `[heartbeat]` table of `receivers.toml`.
#[derive(Debug, Clone, PartialEq)]
pub struct Heartbeat {
    /// Where to; a secret as a whole.
    pub url: Secret,
    /// Time between two beats. Default: 1m.
    pub every: Duration,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeartbeatTable {
    url: Option<String>,
    url_env: Option<String>,
    url_file: Option<PathBuf>,
    #[serde(default = "a_minute", with = "humantime_serde")]
    every: Duration,
}

pub(super) const KEYS: &[&str] = &["url", "url_env", "url_file", "every"];

fn a_minute() -> Duration {
    Duration::from_mins(1)
}

/// What became of a beat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beat {
    /// It was heard.
    Heard,
    /// It was not heard, for this reason; the next is tried all the same.
    Unheard(String),
    /// The other side does not know this address, so nobody would notice our silence.
    Unknown(String),
    /// The other side wants fewer beats.
    TooMany,
}

impl Heartbeat {
    pub(super) fn checked(
        table: HeartbeatTable,
        read: &dyn Fn(&SecretPlace) -> Result<Secret, SecretError>,
    ) -> Result<Self, String> {
        let read = |place| read(&place).map_err(|error| error.to_string());
        let url = match (table.url, table.url_env, table.url_file) {
            (Some(url), None, None) => Secret::new(url),
            (None, Some(name), None) => read(SecretPlace::Environment(name))?,
            (None, None, Some(path)) => read(SecretPlace::File(path))?,
            _ => return Err("one of url, url_env, url_file is wanted".to_owned()),
        };
        match Url::parse(url.reveal()) {
            Ok(read) if matches!(read.scheme(), "http" | "https") && read.has_host() => {}
            Ok(_) | Err(_) => return Err("url is no http or https address".to_owned()),
        }
        if !(CLOSEST..=FURTHEST).contains(&table.every) {
            return Err("every is 5s to 1h".to_owned());
        }
        Ok(Self { url, every: table.every })
    }

    /// Sends one beat with a line that says how we are; tries again where the way fails.
    pub async fn beat(&self, outward: &Outward, line: &str) -> Beat {
        let Ok(url) = Url::parse(self.url.reveal()) else {
            return Beat::Unknown("the address cannot be read".to_owned());
        };
        let mut beat = Beat::Heard;
        for _ in 0..TRIES {
            let headers = [("content-type", "text/plain; charset=utf-8")];
            let body = Bytes::copy_from_slice(line.as_bytes());
            let post = Post { url: &url, headers: &headers, body, timeout: TIMEOUT };
            beat = match outward.post(post).await {
                Ok(answer) => match answer.status {
                    200..=299 => return Beat::Heard,
                    404 | 410 => return Beat::Unknown(format!("HTTP {}", answer.status)),
                    429 => return Beat::TooMany,
                    status => {
                        let said = String::from_utf8_lossy(&answer.body);
                        Beat::Unheard(one_line(&format!("HTTP {status} {said}")))
                    }
                },
                Err(error) => Beat::Unheard(one_line(&error.to_string())),
            };
        }
        beat
    }
}
