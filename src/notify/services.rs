//! Other services as receivers, as `receivers.toml` names them: one table of keys, of which each kind has its own.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::alertmanager::Alertmanager;
use super::chat::{Chat, Mentions, Service};
use super::hook::Hook;
use super::pagerduty::{self, PagerDuty};
use super::receiver::{Channel, Read, place};
use super::secret::Secret;
use crate::assess::Grade;

/// A table `[receiver.KIND]` of a service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceTable {
    url: Option<String>,
    url_env: Option<String>,
    url_file: Option<PathBuf>,
    allow_host: Option<String>,
    #[serde(default = "fifteen_seconds", with = "humantime_serde")]
    timeout: Duration,
    secret_env: Option<String>,
    secret_file: Option<PathBuf>,
    keyword: Option<String>,
    mention: Option<Vec<String>>,
    mention_from: Option<Grade>,
    key_env: Option<String>,
    key_file: Option<PathBuf>,
    token_env: Option<String>,
    token_file: Option<PathBuf>,
}

/// A kind of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Chat(Service),
    Alertmanager,
    PagerDuty,
}

/// Longest keyword, in characters, and most people who are called.
const KEYWORD: usize = 20;
const CALLED: usize = 20;

fn fifteen_seconds() -> Duration {
    Duration::from_secs(15)
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Chat(service) => service.as_str(),
            Self::Alertmanager => "alertmanager",
            Self::PagerDuty => "pagerduty",
        }
    }

    /// Keys that this kind has beside those of all.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Chat(Service::WeCom) => &["mention"],
            Self::Chat(Service::DingTalk | Service::Feishu) => &["secret", "keyword", "mention"],
            Self::Chat(Service::Slack) => &[],
            Self::Alertmanager => &["token"],
            Self::PagerDuty => &["key"],
        }
    }
}

impl ServiceTable {
    /// The way that the table describes.
    pub(super) fn checked(self, kind: Kind, read: Read<'_>) -> Result<Channel, String> {
        self.only_keys_of(kind)?;
        let secret = |what, env: &Option<String>, file: &Option<PathBuf>| match place(
            what,
            env.clone(),
            file.clone(),
        )? {
            Some(place) => read(&place).map(Some).map_err(|error| error.to_string()),
            None => Ok(None),
        };
        let url = match (self.url.clone(), secret("url", &self.url_env, &self.url_file)?) {
            (Some(url), None) => Some(Secret::new(url)),
            (None, url) => url,
            (Some(_), Some(_)) => return Err("one of url, url_env, url_file is wanted".to_owned()),
        };
        let wanted = || "one of url, url_env, url_file is wanted".to_owned();
        let allowed = self.allow_host.as_deref();
        match kind {
            Kind::Chat(service) => {
                let secret = secret("secret", &self.secret_env, &self.secret_file)?;
                let keyword = self.keyword.clone();
                if let Some(keyword) = &keyword
                    && !((1..=KEYWORD).contains(&keyword.chars().count())
                        && keyword.chars().all(char::is_alphanumeric))
                {
                    return Err(format!("keyword is 1 to {KEYWORD} letters or digits"));
                }
                if service == Service::DingTalk && secret.is_none() && keyword.is_none() {
                    return Err("a robot of DingTalk wants a secret (secret_env, secret_file) or a keyword"
                        .to_owned());
                }
                Ok(Channel::Chat(Chat {
                    service,
                    hook: Hook::checked(url.ok_or_else(wanted)?, self.timeout, service.hosts(), allowed)?,
                    secret,
                    keyword,
                    mentions: self.mentions(service)?,
                    wording: None,
                }))
            }
            Kind::Alertmanager => {
                let url = Alertmanager::endpoint(&url.ok_or_else(wanted)?)?;
                let hook = Hook::checked(url, self.timeout, &[], None)?;
                let token = secret("token", &self.token_env, &self.token_file)?;
                Ok(Channel::Alertmanager(Alertmanager { hook, token }))
            }
            Kind::PagerDuty => {
                let url = url.unwrap_or_else(|| Secret::new(pagerduty::ENDPOINT));
                let hook = Hook::checked(url, self.timeout, &[pagerduty::HOST], allowed)?;
                let key = secret("key", &self.key_env, &self.key_file)?;
                let key = key.ok_or("one of key_env, key_file is wanted: the integration's key")?;
                Ok(Channel::PagerDuty(PagerDuty { hook, key }))
            }
        }
    }

    /// A key that belongs to another kind is a mistake, not a wish to be passed over.
    fn only_keys_of(&self, kind: Kind) -> Result<(), String> {
        let given = [
            ("secret", self.secret_env.is_some() || self.secret_file.is_some()),
            ("keyword", self.keyword.is_some()),
            ("mention", self.mention.is_some() || self.mention_from.is_some()),
            ("key", self.key_env.is_some() || self.key_file.is_some()),
            ("token", self.token_env.is_some() || self.token_file.is_some()),
        ];
        match given.iter().find(|(key, given)| *given && !kind.keys().contains(key)) {
            Some((key, _)) => Err(format!("{key}… is no key of [receiver.{}]", kind.word())),
            None => Ok(()),
        }
    }

    fn mentions(&self, service: Service) -> Result<Mentions, String> {
        let whom = self.mention.clone().unwrap_or_default();
        if whom.len() > CALLED {
            return Err(format!("mention names at most {CALLED}"));
        }
        for one in &whom {
            let known = match service {
                Service::WeCom | Service::DingTalk => {
                    (5..=20).contains(&one.len())
                        && one
                            .strip_prefix('+')
                            .unwrap_or(one)
                            .bytes()
                            .all(|byte| byte.is_ascii_digit() || byte == b'-')
                }
                Service::Feishu => {
                    one.starts_with("ou_")
                        && one.len() <= 64
                        && one.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                }
                Service::Slack => false,
            };
            if !known && one != super::chat::ALL {
                let wanted = if service == Service::Feishu { "open ids (ou_…)" } else { "mobile numbers" };
                return Err(format!("mention {one:?}: it names {wanted}, or \"all\""));
            }
        }
        Ok(Mentions { whom, from: self.mention_from })
    }
}
