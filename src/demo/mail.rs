//! A mail server inside the program: takes every mail by SMTP, sends none on, keeps them to be read.
//!
//! The dialogue is `session`'s; here are the port, the bound of sessions at once, and how a mail is read. No
//! log-in and no TLS: it can be reached from this machine only.

mod session;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use mail_parser::{MessageParser, PartType};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Now;
use super::inbox::{Channel, Inbox, InboxMessage};

/// Sessions at once; further ones wait until one ends.
const SESSIONS: usize = 32;

/// Pause after a connection that could not be accepted, so that a lack of descriptors does not spin.
const PAUSE: Duration = Duration::from_millis(100);

/// The sink for mail, bound and not yet answering.
pub struct MailSink {
    listener: TcpListener,
    address: SocketAddr,
    inbox: Inbox,
    now: Now,
}

impl MailSink {
    /// Takes a free port of 127.0.0.1.
    pub async fn bind(inbox: Inbox, now: Now) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, inbox, now })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes mail until it is asked to stop; then every session is told so and ended.
    pub async fn run(self, stop: CancellationToken) -> std::io::Result<()> {
        let mut sessions = FuturesUnordered::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.listener.accept(), if sessions.len() < SESSIONS => match accepted {
                    Ok((stream, _)) => sessions.push(session::run(stream, &self.inbox, &self.now, &stop)),
                    // The caller hung up before we answered, or descriptors are short: neither ends the sink.
                    Err(error) => {
                        tracing::warn!(%error, "mail connection not accepted");
                        tokio::time::sleep(PAUSE).await;
                    }
                },
                Some(ended) = sessions.next() => report(ended),
            }
        }
        while let Some(ended) = sessions.next().await {
            report(ended);
        }
        Ok(())
    }
}

impl std::fmt::Debug for MailSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailSink").field("address", &self.address).finish_non_exhaustive()
    }
}

fn report(ended: std::io::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "mail session broke off");
    }
}

/// What a person reads of a mail. One that cannot be parsed is kept as it came.
fn message(to: Vec<String>, raw: &[u8], at: Timestamp) -> InboxMessage {
    let parsed = MessageParser::default().parse(raw);
    let html = parsed.as_ref().and_then(|mail| {
        mail.parts.iter().find_map(|part| match &part.body {
            PartType::Html(html) => Some(html.to_string()),
            PartType::Text(_)
            | PartType::Binary(_)
            | PartType::InlineBinary(_)
            | PartType::Message(_)
            | PartType::Multipart(_) => None,
        })
    });
    let body = String::from_utf8_lossy(raw).into_owned();
    let text = parsed.as_ref().and_then(|mail| mail.body_text(0)).map(std::borrow::Cow::into_owned);
    let headers = parsed.iter().flat_map(mail_parser::Message::headers_raw);
    InboxMessage {
        at,
        channel: Channel::Mail,
        to,
        subject: parsed.as_ref().and_then(|mail| mail.subject()).unwrap_or_default().to_owned(),
        text: text.unwrap_or_else(|| body.clone()),
        html,
        headers: headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect(),
        body,
    }
}
