//! Mails: composed with typed headers, handed to one relay, one recipient each (integrations §5).
//!
//! A mail's `Message-ID` comes from the notification's key: a mail sent twice is recognised as one. All mails
//! on one incident refer to the first that the same mailbox got, so that they stand together.
//!
//! The relay's addresses are judged by `outward` like any other; the connection is made to the judged address,
//! while the certificate is held against the relay's name.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lettre::message::header::{ContentType, Date, HeaderName, HeaderValue};
use lettre::message::{MessageBuilder, MultiPart, SinglePart};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio::time::timeout;
use url::Url;

use crate::assess::Grade;
use crate::outward::address::is_private;
use crate::outward::{Outward, OutwardError};

use super::address::MailAddress;
use super::receiver::{Smtp, SmtpTls};
use super::render::{self, Mail};
use super::retry::Attempt;
use super::webhook::one_line;
use super::{Batch, Notification, NotificationKey, Wording};

/// Until the connection to the relay stands.
const CONNECT: Duration = Duration::from_secs(10);
/// Until the relay has taken the mail.
const WHOLE: Duration = Duration::from_mins(1);
/// Where the relay may have taken the mail before the try failed.
const AFTER_UNKNOWN: Duration = Duration::from_mins(1);

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// Sends mails through one relay. Needs a running tokio runtime.
pub struct Mailer {
    smtp: Smtp,
    outward: Outward,
    console: Url,
    authority: Vec<Certificate>,
    /// One pool of connections an address of the relay.
    transports: Mutex<BTreeMap<IpAddr, Transport>>,
}

/// Why a mailer cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// The private authority's file cannot be read.
    #[error("smtp: ca_file {file} cannot be read")]
    Authority {
        /// The file.
        file: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The private authority's file holds no certificate, or the TLS library refuses it.
    #[error("smtp: TLS cannot be set up")]
    Tls(#[from] lettre::transport::smtp::Error),
}

impl Mailer {
    /// A mailer for this relay; reads the private authority's file. `console` is the console's address.
    pub fn new(smtp: Smtp, outward: Outward, console: Url) -> Result<Self, MailerError> {
        let authority = match &smtp.ca_file {
            None => Vec::new(),
            Some(path) => {
                let pem = std::fs::read(path);
                let pem = pem
                    .map_err(|source| MailerError::Authority { file: path.display().to_string(), source })?;
                vec![Certificate::from_pem(&pem)?]
            }
        };
        let mailer = Self { smtp, outward, console, authority, transports: Mutex::default() };
        mailer.tls()?;
        Ok(mailer)
    }

    /// Makes one try to send a notification, or several in one mail, to one mailbox; says what became of it, with what
    /// the relay said in one line.
    pub async fn send(
        &self,
        batch: &Batch,
        to: &MailAddress,
        wording: &Wording,
        now: Timestamp,
    ) -> (Attempt, String) {
        let message = match batch.single() {
            Some(notification) => self.message(notification, to, wording, now),
            None => self.digest(batch, to, wording, now),
        };
        let message = match message {
            Ok(message) => message,
            Err(error) => return (Attempt::Rejected, one_line(&error.to_string())),
        };
        match timeout(WHOLE, self.deliver(message)).await {
            Ok(result) => result,
            Err(_) => {
                (Attempt::Failed { after: Some(AFTER_UNKNOWN) }, "no answer within the time limit".to_owned())
            }
        }
    }

    /// The mail as it goes over the wire.
    pub fn compose(&self, notification: &Notification, to: &MailAddress, now: Timestamp) -> Option<Vec<u8>> {
        self.message(notification, to, &Wording::default(), now).ok().map(|message| message.formatted())
    }

    fn message(
        &self,
        notification: &Notification,
        to: &MailAddress,
        wording: &Wording,
        now: Timestamp,
    ) -> Result<Message, lettre::error::Error> {
        let mail = render::mail(notification, &self.console, wording);
        let id = |transition: u32, key: &NotificationKey| {
            let incident = &notification.brief.incident;
            format!("<inc.{incident}.{}.{}@{}>", transition + 1, key.as_str(), self.smtp.from.host())
        };
        let mut builder = self.envelope(to, now).subject(mail.subject.as_str());
        builder = builder.message_id(Some(id(notification.transition, &notification.key)));
        if let Some(thread) = &notification.thread {
            let first = id(thread.first.0, &thread.first.1);
            let previous = id(thread.previous.0, &thread.previous.1);
            let references = if first == previous { first.clone() } else { format!("{first} {previous}") };
            builder = builder.in_reply_to(first).references(references);
        }
        if notification.brief.grade == Grade::Red {
            builder = builder.raw_header(constant("Importance", "high"));
        }
        builder.multipart(parts(mail, &notification.key))
    }

    /// What tells of several incidents: a thread of its own.
    fn digest(
        &self,
        batch: &Batch,
        to: &MailAddress,
        wording: &Wording,
        now: Timestamp,
    ) -> Result<Message, lettre::error::Error> {
        let (key, host) = (batch.key(), self.smtp.from.host());
        let mail = render::digest_mail(batch, &self.console, wording);
        let builder = self.envelope(to, now).subject(mail.subject.as_str());
        let builder = builder.message_id(Some(format!("<digest.{}@{host}>", key.as_str())));
        builder.multipart(parts(mail, &key))
    }

    fn envelope(&self, to: &MailAddress, now: Timestamp) -> MessageBuilder {
        Message::builder()
            .header(Date::new(SystemTime::from(now)))
            .from(self.smtp.from.mailbox())
            .reply_to(self.smtp.reply_to.mailbox())
            .to(to.mailbox())
            .raw_header(constant("Auto-Submitted", "auto-generated"))
            .raw_header(constant("X-Auto-Response-Suppress", "All"))
    }

    async fn deliver(&self, message: Message) -> (Attempt, String) {
        let addresses = match self.outward.check_host(&self.smtp.host, self.smtp.port).await {
            Ok(addresses) => addresses,
            Err(error @ OutwardError::Refused(_)) => return (Attempt::Broken, one_line(&error.to_string())),
            Err(error) => return (Attempt::Failed { after: None }, one_line(&error.to_string())),
        };
        let Some(address) = addresses.first().map(std::net::SocketAddr::ip) else {
            return (Attempt::Failed { after: None }, "the relay's name has no address".to_owned());
        };
        if self.smtp.tls == SmtpTls::None && !is_private(address) {
            return (
                Attempt::Broken,
                format!("{address} is not of the own network: tls = \"none\" is not for it"),
            );
        }
        let transport = match self.transport(address) {
            Ok(transport) => transport,
            Err(error) => return (Attempt::Broken, one_line(&error.to_string())),
        };
        match transport.send(message).await {
            Ok(response) => {
                let said: Vec<&str> = response.message().collect();
                (Attempt::Sent, one_line(&format!("{} {}", response.code(), said.join(" "))))
            }
            Err(error) => judge(&error),
        }
    }

    fn transport(&self, address: IpAddr) -> Result<Transport, lettre::transport::smtp::Error> {
        // Nothing is left half done by a panic while this lock is held.
        let mut transports = self.transports.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(transport) = transports.get(&address) {
            return Ok(transport.clone());
        }
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.to_string())
            .port(self.smtp.port)
            .tls(self.tls()?)
            .timeout(Some(CONNECT))
            .pool_config(PoolConfig::new().max_size(2).idle_timeout(Duration::from_mins(1)));
        if let Some((user, password)) = &self.smtp.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.reveal().to_owned()));
        }
        let transport: Transport = builder.build();
        // A relay of many addresses keeps only the pools of the latest few.
        while transports.len() >= 4 {
            transports.pop_first();
        }
        transports.insert(address, transport.clone());
        Ok(transport)
    }

    fn tls(&self) -> Result<Tls, lettre::transport::smtp::Error> {
        let parameters = || {
            let name = self.smtp.host.trim_matches(['[', ']']).to_owned();
            let builder = TlsParameters::builder(name);
            self.authority
                .iter()
                .cloned()
                .fold(builder, lettre::transport::smtp::client::TlsParametersBuilder::add_root_certificate)
                .build_rustls()
        };
        Ok(match self.smtp.tls {
            SmtpTls::Implicit => Tls::Wrapper(parameters()?),
            SmtpTls::Starttls => Tls::Required(parameters()?),
            SmtpTls::None => Tls::None,
        })
    }
}

/// Text and HTML. The boundary is made from the key: the same mail has the same bytes in every try, and text of 7 bits
/// cannot hold it.
fn parts(mail: Mail, key: &NotificationKey) -> MultiPart {
    let part = |kind: ContentType, body: String| SinglePart::builder().header(kind).body(body);
    MultiPart::alternative()
        .boundary(format!("minsheng-{}", key.as_str()))
        .singlepart(part(ContentType::TEXT_PLAIN, mail.text))
        .singlepart(part(ContentType::TEXT_HTML, mail.html))
}

/// What a failure means.
fn judge(error: &lettre::transport::smtp::Error) -> (Attempt, String) {
    let attempt = match error.status().map(u16::from) {
        // Log-in refused or wanted; the mailbox does not exist or is not ours to write to. Nothing gets
        // through until somebody mends it.
        Some(530 | 534 | 535 | 538 | 550 | 551 | 553) => Attempt::Broken,
        Some(500..=599) => Attempt::Rejected,
        // The relay does not offer what the configuration wants: TLS, a way to log in.
        None if error.is_client() => Attempt::Broken,
        None if error.is_timeout() => Attempt::Failed { after: Some(AFTER_UNKNOWN) },
        Some(_) | None => Attempt::Failed { after: None },
    };
    (attempt, one_line(&error.to_string()))
}

fn constant(name: &'static str, value: &'static str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}
