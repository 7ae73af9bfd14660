//! Who hears of incidents, and how: `receivers.toml`, read and checked as a whole.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use url::Url;

use crate::alert::{EVERYBODY, Fault, Sheet, legal_name};
use crate::assess::Grade;
use crate::outward::address::is_private;

use super::address::MailAddress;
use super::alertmanager::Alertmanager;
use super::chat::{Chat, Service};
use super::heartbeat::{self, Heartbeat, HeartbeatTable};
use super::pagerduty::PagerDuty;
use super::policy::{Budget, Policy, Spacing};
use super::secret::{Secret, SecretError, SecretPlace};
use super::services::{self, ServiceTable};
use super::signature::WebhookSecret;
use super::{Notification, Part, Reason, Wording};

/// All of one `receivers.toml`. An empty file is legal: then nobody is told anything.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Receivers {
    /// The relay that takes our mail, if any receiver is a mailbox.
    pub smtp: Option<Smtp>,
    /// Where our silence is noticed, if anywhere.
    pub heartbeat: Option<Heartbeat>,
    /// Who is told when: `routes.toml`.
    pub policy: Policy,
    /// In which words: `templates/`.
    pub wording: Wording,
    list: Vec<Receiver>,
}

/// One receiver.
#[derive(Debug, Clone, PartialEq)]
pub struct Receiver {
    /// Its name: rules, records and the console speak of it so.
    pub name: String,
    /// It hears of incidents of this grade or higher.
    pub min_grade: Grade,
    /// It hears for these reasons.
    pub reasons: BTreeSet<Reason>,
    /// Who is told in its place of what it cannot be told: at once where it is set up wrong or refuses, and what is
    /// orange or red also where it has failed for two minutes.
    pub fallback: Option<String>,
    /// It is told within these windows of `routes.toml`, and of what comes outside of them when one opens; red goes
    /// through. Empty: at any time.
    pub during: Vec<String>,
    /// How its words on one incident are spaced out, where no route says. Default: not at all.
    pub spacing: Spacing,
    /// How many alerts it is told one by one in a shift. Default: all.
    pub budget: Option<Budget>,
    /// How it is reached.
    pub channel: Channel,
}

/// How a receiver is reached.
#[derive(Debug, Clone, PartialEq)]
pub enum Channel {
    /// By mail, each mailbox by a mail of its own.
    Email(Vec<MailAddress>),
    /// By a signed POST.
    Webhook(Webhook),
    /// By a group's robot.
    Chat(Chat),
    /// As an alert of a Prometheus Alertmanager.
    Alertmanager(Alertmanager),
    /// As an incident of PagerDuty.
    PagerDuty(PagerDuty),
}

/// Where a webhook goes and what signs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    /// The address; a secret as a whole.
    pub url: Secret,
    /// What signs.
    pub secret: WebhookSecret,
    /// What signs too while the secret is being changed.
    pub previous_secret: Option<WebhookSecret>,
    /// How long one try may take. Default: 15s.
    pub timeout: Duration,
}

/// The relay that takes our mail: the `[smtp]` table.
#[derive(Debug, Clone, PartialEq)]
pub struct Smtp {
    /// Its name or address.
    pub host: String,
    /// Default: 465, 587 or 25 by `tls`.
    pub port: u16,
    /// How the connection is kept secret.
    pub tls: SmtpTls,
    /// Name and password to log in with.
    pub login: Option<(String, Secret)>,
    /// What stands in `From`.
    pub from: MailAddress,
    /// What stands in `Reply-To`. Default: `from`.
    pub reply_to: MailAddress,
    /// Certificates (PEM) of a private authority, trusted besides the public ones.
    pub ca_file: Option<PathBuf>,
}

/// How the connection to the relay is kept secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    /// TLS from the first byte.
    Implicit,
    /// Plain first, then TLS, or nothing is sent.
    Starttls,
    /// Plain; only to a host of the own network.
    None,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SmtpTable {
    host: String,
    port: Option<u16>,
    #[serde(default = "starttls")]
    tls: SmtpTls,
    user: Option<String>,
    password_env: Option<String>,
    password_file: Option<PathBuf>,
    from: String,
    reply_to: Option<String>,
    ca_file: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceiverTable {
    name: String,
    kind: Kind,
    #[serde(default = "blue")]
    min_grade: Grade,
    reasons: Option<BTreeSet<Reason>>,
    fallback: Option<String>,
    #[serde(default)]
    during: Vec<String>,
    #[serde(default, with = "humantime_serde")]
    wait: Duration,
    #[serde(default, with = "humantime_serde")]
    interval: Duration,
    budget: Option<u32>,
    #[serde(default, with = "humantime_serde")]
    bundle: Option<Duration>,
    email: Option<EmailTable>,
    webhook: Option<WebhookTable>,
    wecom: Option<ServiceTable>,
    dingtalk: Option<ServiceTable>,
    feishu: Option<ServiceTable>,
    slack: Option<ServiceTable>,
    alertmanager: Option<ServiceTable>,
    pagerduty: Option<ServiceTable>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Email,
    Webhook,
    WeCom,
    DingTalk,
    Feishu,
    Slack,
    Alertmanager,
    PagerDuty,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EmailTable {
    to: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhookTable {
    url: Option<String>,
    url_env: Option<String>,
    url_file: Option<PathBuf>,
    secret_env: Option<String>,
    secret_file: Option<PathBuf>,
    previous_secret_env: Option<String>,
    previous_secret_file: Option<PathBuf>,
    #[serde(default = "fifteen_seconds", with = "humantime_serde")]
    timeout: Duration,
}

const SMTP_KEYS: &[&str] =
    &["host", "port", "tls", "user", "password_env", "password_file", "from", "reply_to", "ca_file"];
const RECEIVER_KEYS: &[&str] = &[
    "name",
    "kind",
    "min_grade",
    "reasons",
    "fallback",
    "during",
    "wait",
    "interval",
    "budget",
    "bundle",
    "email",
    "webhook",
    "wecom",
    "dingtalk",
    "feishu",
    "slack",
    "alertmanager",
    "pagerduty",
];
/// Most receivers, and most mailboxes of one.
const MOST: usize = 200;

fn starttls() -> SmtpTls {
    SmtpTls::Starttls
}

fn blue() -> Grade {
    Grade::Blue
}

fn fifteen_seconds() -> Duration {
    Duration::from_secs(15)
}

/// How secrets are read: [`SecretPlace::read`], or a table in tests.
pub(super) type Read<'a> = &'a dyn Fn(&SecretPlace) -> Result<Secret, SecretError>;

impl Receivers {
    /// Reads `receivers.toml` and the secrets it names; all faults at once, by line.
    pub fn from_toml(text: &str, read: Read<'_>) -> Result<Self, Vec<Fault>> {
        let mut sheet = Sheet::new(text);
        let smtp_part = sheet.table("smtp");
        let smtp_named = smtp_part.is_some();
        let smtp = smtp_part.and_then(|part| {
            let line = part.line;
            let table = sheet.read::<SmtpTable>(part, SMTP_KEYS)?;
            Smtp::checked(table, read)
                .map_err(|what| sheet.fault(Fault::at(line, format!("smtp: {what}"))))
                .ok()
        });
        let heartbeat = sheet.table("heartbeat").and_then(|part| {
            let line = part.line;
            let table = sheet.read::<HeartbeatTable>(part, heartbeat::KEYS)?;
            Heartbeat::checked(table, read)
                .map_err(|what| sheet.fault(Fault::at(line, format!("heartbeat: {what}"))))
                .ok()
        });
        let (mut receivers, mut lines): (Vec<Receiver>, Vec<usize>) = (Vec::new(), Vec::new());
        for part in sheet.tables("receiver") {
            let line = part.line;
            let Some(table) = sheet.read::<ReceiverTable>(part, RECEIVER_KEYS) else { continue };
            let name = table.name.clone();
            if receivers.iter().any(|known| known.name == name) {
                sheet.fault(Fault::at(line, format!("a receiver {name:?} stands above already")));
            }
            match Receiver::checked(table, read) {
                Ok(receiver) => {
                    if matches!(receiver.channel, Channel::Email(_)) && !smtp_named {
                        let fault = Fault::at(
                            line,
                            format!("receiver {name:?} is a mailbox, and there is no [smtp] table"),
                        );
                        sheet.fault(fault.mend("add [smtp] with host and from"));
                    }
                    receivers.push(receiver);
                    lines.push(line);
                }
                Err(what) => sheet.fault(Fault::at(line, format!("receiver {name:?}: {what}"))),
            }
        }
        for (line, what) in wrong_fallbacks(&receivers, &lines) {
            sheet.fault(Fault::at(line, what));
        }
        if receivers.len() > MOST {
            sheet.fault(Fault { line: None, what: format!("more than {MOST} receivers"), mend: None });
        }
        sheet.close(
            &["smtp", "heartbeat", "receiver"],
            Self { smtp, heartbeat, policy: Policy::default(), wording: Wording::default(), list: receivers },
        )
    }

    /// The same under the routes and windows of this policy.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// The same in these words.
    #[must_use]
    pub fn with_wording(mut self, wording: Wording) -> Self {
        for receiver in &mut self.list {
            if let Channel::Chat(chat) = &mut receiver.channel {
                chat.wording = wording.is_own(Part::Chat).then(|| wording.clone());
            }
        }
        Self { wording, ..self }
    }

    /// Windows that receivers speak of and the policy does not know.
    pub fn unknown_windows(&self) -> Vec<Fault> {
        let known = self.policy.windows();
        let named =
            self.list.iter().flat_map(|receiver| receiver.during.iter().map(move |name| (receiver, name)));
        let unknown = named.filter(|(_, name)| !known.contains(name.as_str()));
        unknown
            .map(|(receiver, window)| {
                let what = format!("receiver {:?}: routes.toml has no window `{window}`", receiver.name);
                let mend = format!("use one of: {}", known.iter().copied().collect::<Vec<_>>().join(", "));
                Fault { line: None, what, mend: (!known.is_empty()).then_some(mend) }
            })
            .collect()
    }

    /// All, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Receiver> {
        self.list.iter()
    }

    /// The receiver of this name.
    pub fn get(&self, name: &str) -> Option<&Receiver> {
        self.list.iter().find(|receiver| receiver.name == name)
    }

    /// Their names, for checking rules.
    pub fn names(&self) -> BTreeSet<String> {
        self.list.iter().map(|receiver| receiver.name.clone()).collect()
    }

    /// Those that `named` means: names, or [`EVERYBODY`].
    pub(super) fn meant_by<'a>(&'a self, named: &'a [String]) -> impl Iterator<Item = &'a Receiver> {
        let everybody = named.iter().any(|name| name == EVERYBODY);
        self.list.iter().filter(move |receiver| everybody || named.contains(&receiver.name))
    }
}

impl Receiver {
    fn checked(mut table: ReceiverTable, read: Read<'_>) -> Result<Self, String> {
        legal_name("receiver", &table.name)?;
        let channel = Channel::checked(&mut table, read)?;
        let reasons = table.reasons.unwrap_or_else(|| Reason::ALL.into());
        if reasons.is_empty() {
            return Err("reasons is empty: it would never hear of anything".to_owned());
        }
        let spacing = Spacing {
            wait: Spacing::length("wait", table.wait)?,
            interval: Spacing::length("interval", table.interval)?,
        };
        let budget = Budget::checked(table.budget, table.bundle)?;
        if budget.is_some() && !matches!(channel, Channel::Email(_) | Channel::Chat(_)) {
            return Err("budget is for mailboxes and groups; what is no person is told all".to_owned());
        }
        Ok(Self {
            spacing,
            budget,
            name: table.name,
            min_grade: table.min_grade,
            reasons,
            fallback: table.fallback,
            during: table.during,
            channel,
        })
    }

    /// The mailboxes of a receiver; `None` alone for one that has no mailboxes.
    pub(super) fn mailboxes(&self) -> Vec<Option<&MailAddress>> {
        match &self.channel {
            Channel::Email(to) => to.iter().map(Some).collect(),
            Channel::Webhook(_) | Channel::Chat(_) | Channel::Alertmanager(_) | Channel::PagerDuty(_) => {
                vec![None]
            }
        }
    }

    /// The mailbox that a notification is for, as it is written now; `None` if it was taken off the list.
    pub fn mailbox_of(&self, notification: &Notification) -> Option<&MailAddress> {
        let wanted = notification.to.as_deref()?;
        self.mailboxes().into_iter().flatten().find(|mailbox| mailbox.email() == wanted)
    }
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Webhook => "webhook",
            Self::WeCom => "wecom",
            Self::DingTalk => "dingtalk",
            Self::Feishu => "feishu",
            Self::Slack => "slack",
            Self::Alertmanager => "alertmanager",
            Self::PagerDuty => "pagerduty",
        }
    }
}

impl Channel {
    /// The word used for its kind in `receivers.toml` and the API.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Webhook(_) => "webhook",
            Self::Chat(chat) => chat.service.as_str(),
            Self::Alertmanager(_) => "alertmanager",
            Self::PagerDuty(_) => "pagerduty",
        }
    }

    /// The way that the one table of the receiver's kind describes.
    fn checked(table: &mut ReceiverTable, read: Read<'_>) -> Result<Self, String> {
        let kind = table.kind;
        let mut services = [
            (Kind::WeCom, services::Kind::Chat(Service::WeCom), table.wecom.take()),
            (Kind::DingTalk, services::Kind::Chat(Service::DingTalk), table.dingtalk.take()),
            (Kind::Feishu, services::Kind::Chat(Service::Feishu), table.feishu.take()),
            (Kind::Slack, services::Kind::Chat(Service::Slack), table.slack.take()),
            (Kind::Alertmanager, services::Kind::Alertmanager, table.alertmanager.take()),
            (Kind::PagerDuty, services::Kind::PagerDuty, table.pagerduty.take()),
        ];
        let named = usize::from(table.email.is_some())
            + usize::from(table.webhook.is_some())
            + services.iter().filter(|(_, _, table)| table.is_some()).count();
        let wrong = || format!("kind \"{0}\" wants a table [receiver.{0}] and no other", kind.word());
        if named != 1 {
            return Err(wrong());
        }
        match kind {
            Kind::Email => Ok(Self::Email(mailboxes(&table.email.take().ok_or_else(wrong)?.to)?)),
            Kind::Webhook => {
                Webhook::checked(table.webhook.take().ok_or_else(wrong)?, read).map(Self::Webhook)
            }
            _ => {
                let service = services.iter_mut().find(|(one, _, _)| *one == kind);
                let (of, table) =
                    service.and_then(|(_, of, table)| Some((*of, table.take()?))).ok_or_else(wrong)?;
                table.checked(of, read)
            }
        }
    }
}

/// Second channels that do not exist or lead back to where they come from, with the lines of their receivers.
fn wrong_fallbacks(receivers: &[Receiver], lines: &[usize]) -> Vec<(usize, String)> {
    let of = |name: &str| receivers.iter().find(|receiver| receiver.name == name);
    let mut wrong = Vec::new();
    for (receiver, line) in receivers.iter().zip(lines) {
        let (mut at, mut steps) = (receiver, 0);
        while let Some(next) = &at.fallback {
            let Some(found) = of(next) else {
                if steps == 0 {
                    let what = format!(
                        "receiver {:?}: fallback {next:?} is no receiver of this file",
                        receiver.name
                    );
                    wrong.push((*line, what));
                }
                break;
            };
            steps += 1;
            if found.name == receiver.name || steps > receivers.len() {
                let what = format!("receiver {:?}: its fallback leads back to itself", receiver.name);
                wrong.push((*line, what));
                break;
            }
            at = found;
        }
    }
    wrong
}

fn mailboxes(to: &[String]) -> Result<Vec<MailAddress>, String> {
    if to.is_empty() || to.len() > MOST {
        return Err(format!("to holds 1 to {MOST} mailboxes"));
    }
    let mut read: Vec<MailAddress> = Vec::new();
    for text in to {
        let mailbox = MailAddress::parse(text).map_err(|error| format!("{text:?}: {error}"))?;
        if read.iter().any(|known| known.email() == mailbox.email()) {
            return Err(format!("{} stands twice in to", mailbox.email()));
        }
        read.push(mailbox);
    }
    Ok(read)
}

impl Webhook {
    fn checked(table: WebhookTable, read: Read<'_>) -> Result<Self, String> {
        let url = match (table.url, place("url", table.url_env, table.url_file)?) {
            (Some(url), None) => Secret::new(url),
            (None, Some(place)) => read(&place).map_err(|error| error.to_string())?,
            (Some(_), Some(_)) | (None, None) => {
                return Err("one of url, url_env, url_file is wanted".to_owned());
            }
        };
        match Url::parse(url.reveal()) {
            Ok(read) if matches!(read.scheme(), "http" | "https") && read.has_host() => {}
            Ok(_) | Err(_) => return Err("url is no http or https address".to_owned()),
        }
        let signing = |name, place: Option<SecretPlace>| match place {
            None => Ok(None),
            Some(place) => {
                let secret = read(&place).map_err(|error| error.to_string())?;
                WebhookSecret::parse(secret.reveal()).map(Some).map_err(|error| format!("{name}: {error}"))
            }
        };
        let secret = signing("secret", place("secret", table.secret_env, table.secret_file)?)?;
        let previous = place("previous_secret", table.previous_secret_env, table.previous_secret_file)?;
        if table.timeout.is_zero() || table.timeout > Duration::from_mins(1) {
            return Err("timeout must be longer than 0s and at most 60s".to_owned());
        }
        Ok(Self {
            url,
            secret: secret.ok_or("one of secret_env, secret_file is wanted: every webhook is signed")?,
            previous_secret: signing("previous_secret", previous)?,
            timeout: table.timeout,
        })
    }
}

impl Smtp {
    fn checked(table: SmtpTable, read: Read<'_>) -> Result<Self, String> {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '[' | ']' | '_');
        if table.host.is_empty() || !table.host.chars().all(legal) {
            return Err("host is a name or an address".to_owned());
        }
        let address = table.host.trim_matches(['[', ']']).parse();
        if table.tls == SmtpTls::None && address.is_ok_and(|address| !is_private(address)) {
            return Err("tls = \"none\" is only for hosts of the own network".to_owned());
        }
        let password = place("password", table.password_env, table.password_file)?;
        let login = match (table.user, password) {
            (None, None) => None,
            (Some(user), Some(place)) => Some((user, read(&place).map_err(|error| error.to_string())?)),
            (Some(_), None) => return Err("user needs password_env or password_file".to_owned()),
            (None, Some(_)) => return Err("a password needs user".to_owned()),
        };
        let mailbox = |text: &str| MailAddress::parse(text).map_err(|error| format!("{text:?}: {error}"));
        let from = mailbox(&table.from)?;
        let reply_to = table.reply_to.as_deref().map(mailbox).transpose()?.unwrap_or_else(|| from.clone());
        let port = table.port.unwrap_or(match table.tls {
            SmtpTls::Implicit => 465,
            SmtpTls::Starttls => 587,
            SmtpTls::None => 25,
        });
        Ok(Self { host: table.host, port, tls: table.tls, login, from, reply_to, ca_file: table.ca_file })
    }
}

pub(super) fn place(
    what: &str,
    env: Option<String>,
    file: Option<PathBuf>,
) -> Result<Option<SecretPlace>, String> {
    match (env, file) {
        (None, None) => Ok(None),
        (Some(name), None) => Ok(Some(SecretPlace::Environment(name))),
        (None, Some(path)) => Ok(Some(SecretPlace::File(path))),
        (Some(_), Some(_)) => Err(format!("{what}_env and {what}_file are both given; one is enough")),
    }
}

#[cfg(test)]
#[path = "receiver_tests.rs"]
mod tests;
