//! A receiver of webhooks inside the program: takes what is signed, refuses what is not, keeps it to be read.
//!
//! Signatures are those of Standard Webhooks 1.0, checked over the very bytes received. It is a second reading of
//! that standard, apart from the sender's, so that the two hold each other to it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Now;
use super::inbox::{Channel, Inbox, InboxMessage};

/// Where the sink is posted to.
const PATH: &str = "/hook";

/// Largest body, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;

/// How far the sender's clock may be from ours, in seconds.
const TOLERANCE: u64 = 5 * 60;

/// The sink for webhooks, bound and not yet answering.
#[derive(Debug)]
pub struct WebhookSink {
    listener: TcpListener,
    address: SocketAddr,
    desk: Arc<Desk>,
}

/// Why there is no sink for webhooks.
#[derive(Debug, thiserror::Error)]
pub enum WebhookSinkError {
    /// The secret is not `whsec_` and 24 to 64 bytes in Base64.
    #[error("a webhook secret is \"whsec_\" and 24 to 64 bytes in Base64")]
    Secret,
    /// No port could be had.
    #[error("no port of the loopback is free")]
    Listen(#[from] std::io::Error),
}

/// Why a webhook is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("header {0} is missing or unreadable")]
    Header(&'static str),
    #[error("the timestamp is more than five minutes off")]
    Time,
    #[error("no signature fits")]
    Signature,
}

struct Desk {
    key: Vec<u8>,
    inbox: Inbox,
    now: Now,
}

impl WebhookSink {
    /// Takes a free port of 127.0.0.1. `secret` is the one that the sender signs with: `whsec_…`.
    pub async fn bind(secret: &str, inbox: Inbox, now: Now) -> Result<Self, WebhookSinkError> {
        let key = key(secret).ok_or(WebhookSinkError::Secret)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, desk: Arc::new(Desk { key, inbox, now }) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where webhooks are to be posted.
    pub fn url(&self) -> Url {
        Url::parse(&format!("http://{}{PATH}", self.address)).expect("an address makes a URL")
    }

    /// Answers until it is asked to stop; requests under way are finished.
    pub async fn run(self, stop: CancellationToken) -> std::io::Result<()> {
        axum::serve(self.listener, router(self.desk)).with_graceful_shutdown(stop.cancelled_owned()).await
    }
}

fn router(desk: Arc<Desk>) -> Router {
    Router::new().route(PATH, post(take)).layer(DefaultBodyLimit::max(BODY_LIMIT)).with_state(desk)
}

async fn take(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let now = (desk.now)();
    match verify(&desk.key, &headers, &body, now) {
        Ok(()) => {
            desk.inbox.add(message(&headers, &body, now));
            (StatusCode::OK, "taken\n".to_owned())
        }
        Err(refused) => {
            tracing::warn!(error = %refused, "webhook refused");
            let status = match refused {
                Refused::Header(_) => StatusCode::BAD_REQUEST,
                Refused::Time | Refused::Signature => StatusCode::UNAUTHORIZED,
            };
            (status, format!("{refused}\n"))
        }
    }
}

fn key(secret: &str) -> Option<Vec<u8>> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    (24..=64).contains(&key.len()).then_some(key)
}

fn verify(key: &[u8], headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<(), Refused> {
    let header = |name: &'static str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.filter(|value| !value.is_empty()).ok_or(Refused::Header(name))
    };
    let (id, stamp, signatures) =
        (header("webhook-id")?, header("webhook-timestamp")?, header("webhook-signature")?);
    let sent: i64 = stamp.parse().map_err(|_| Refused::Header("webhook-timestamp"))?;
    if now.as_second().abs_diff(sent) > TOLERANCE {
        return Err(Refused::Time);
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in [id.as_bytes(), b".", stamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    // Several while a secret is being changed; of other versions we know nothing.
    let mut given =
        signatures.split(' ').filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok());
    if given.any(|given| mac.clone().verify_slice(&given).is_ok()) { Ok(()) } else { Err(Refused::Signature) }
}

fn message(headers: &HeaderMap, body: &[u8], now: Timestamp) -> InboxMessage {
    let body = String::from_utf8_lossy(body).into_owned();
    let payload = serde_json::from_str::<Value>(&body).ok();
    let subject = payload.as_ref().and_then(|payload| {
        let summary = payload.pointer("/alerts/0/annotations/summary").or_else(|| payload.get("type"));
        summary?.as_str().map(str::to_owned)
    });
    let readable = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    InboxMessage {
        at: now,
        channel: Channel::Webhook,
        to: vec![PATH.to_owned()],
        subject: subject.unwrap_or_default(),
        text: payload.map_or_else(|| body.clone(), |payload| format!("{payload:#}")),
        html: None,
        headers: headers.iter().map(|(name, value)| (name.to_string(), readable(value))).collect(),
        body,
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Desk")
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt as _;

    use super::*;

    /// The fixed point of the standard's own signature.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SENT: i64 = 1_700_000_000;
    const SIGNATURE: &str = "v1,x5lVgj0b/JJJaUYaa1+6I5J/EECcryrPlFN4VrkmI94=";

    fn router_at(second: i64, inbox: &Inbox) -> Router {
        let now = Timestamp::from_second(second).unwrap();
        let desk = Desk { key: key(SECRET).unwrap(), inbox: inbox.clone(), now: Arc::new(move || now) };
        router(Arc::new(desk))
    }

    fn request(stamp: &str, signature: &str, body: impl Into<Body>) -> Request<Body> {
        let request = Request::post(PATH).header("webhook-id", "msg_1").header("webhook-timestamp", stamp);
        request.header("webhook-signature", signature).body(body.into()).unwrap()
    }

    #[tokio::test]
    async fn only_what_is_signed_now_is_taken() {
        let stamp = SENT.to_string();
        let rotated = format!("v1a,abc v1,AAAA {SIGNATURE}");
        for (name, at, stamp, signature, body, status) in [
            ("signed", SENT, &stamp[..], SIGNATURE, "{}", 200),
            ("in time", SENT + 300, &stamp, SIGNATURE, "{}", 200),
            ("one of several", SENT, &stamp, &rotated, "{}", 200),
            ("other body", SENT, &stamp, SIGNATURE, "{ }", 401),
            ("other time", SENT, "1700000001", SIGNATURE, "{}", 401),
            ("other signature", SENT, &stamp, "v1,AAAA", "{}", 401),
            ("other version", SENT, &stamp, &SIGNATURE.replace("v1,", "v2,"), "{}", 401),
            ("too late", SENT + 301, &stamp, SIGNATURE, "{}", 401),
            ("too early", SENT - 301, &stamp, SIGNATURE, "{}", 401),
            ("no time", SENT, "now", SIGNATURE, "{}", 400),
            ("no signature", SENT, &stamp, "", "{}", 400),
        ] {
            let inbox = Inbox::default();
            let answer = router_at(at, &inbox).oneshot(request(stamp, signature, body)).await.unwrap();
            assert_eq!(answer.status().as_u16(), status, "{name}");
            assert_eq!(inbox.count(Channel::Webhook), u64::from(status == 200), "{name}");
        }
    }

    #[tokio::test]
    async fn what_the_standards_own_library_signs_is_taken_and_can_be_read() {
        let body = r#"{"version":"4","alerts":[{"annotations":{"summary":"云锦苑燃气爆炸"}}]}"#;
        let signature =
            standardwebhooks::Webhook::new(SECRET).unwrap().sign("msg_1", SENT, body.as_bytes()).unwrap();
        let inbox = Inbox::default();
        let request = request(&SENT.to_string(), &signature, body);
        assert_eq!(router_at(SENT, &inbox).oneshot(request).await.unwrap().status(), StatusCode::OK);
        let message = &inbox.messages()[0];
        assert_eq!((&message.subject[..], &message.body[..]), ("云锦苑燃气爆炸", body));
        assert!(message.text.contains("\n      \"annotations\""), "indented: {}", message.text);
        assert!(message.headers.contains(&("webhook-id".into(), "msg_1".into())));
    }

    #[tokio::test]
    async fn a_body_without_end_and_a_poor_secret_are_refused() {
        let inbox = Inbox::default();
        let large = request(&SENT.to_string(), SIGNATURE, vec![b' '; BODY_LIMIT + 1]);
        let answer = router_at(SENT, &inbox).oneshot(large).await.unwrap();
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let now: Now = Arc::new(|| Timestamp::UNIX_EPOCH);
        for secret in ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            let sink = WebhookSink::bind(secret, inbox.clone(), Arc::clone(&now)).await;
            assert!(matches!(sink, Err(WebhookSinkError::Secret)), "{secret}");
        }
        assert!(WebhookSink::bind(SECRET, inbox, now).await.unwrap().url().path() == PATH);
    }
}
