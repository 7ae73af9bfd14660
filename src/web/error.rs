//! Domain errors to answers: RFC 9457 for machines, a calm page for people.
//!
//! No answer echoes a parameter as HTML, and none tells what lies inside: the log does.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::incident::Refusal;
use crate::notify::policy::BadSilence;
use crate::pipeline::desk::DeskError;
use crate::pipeline::intake::IntakeError;
use crate::pipeline::reading::ReadingError;
use crate::pipeline::rescoring::RescoreError;

/// The kinds of problems, each with a `type` that stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    BadRequest,
    NotLoggedIn,
    Forbidden,
    WrongOrigin,
    WrongHost,
    NotFound,
    Conflict,
    TooLarge,
    Unsupported,
    Behind,
    TooMany,
    Busy,
    DiskFull,
    Internal,
}

/// What went wrong, for whoever asked.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) kind: Kind,
    /// For the reader; never HTML.
    pub(super) detail: String,
    pub(super) retry_after: Option<Duration>,
}

/// A problem as it is written (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemBody {
    /// Stable: `urn:minsheng:problem:…`.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What is wrong in this case.
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
}

impl Kind {
    pub(super) const ALL: [Self; 14] = [
        Self::BadRequest,
        Self::NotLoggedIn,
        Self::Forbidden,
        Self::WrongOrigin,
        Self::WrongHost,
        Self::NotFound,
        Self::Conflict,
        Self::TooLarge,
        Self::Unsupported,
        Self::Behind,
        Self::TooMany,
        Self::Busy,
        Self::DiskFull,
        Self::Internal,
    ];

    pub(super) fn told(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::BadRequest => (StatusCode::BAD_REQUEST, "bad-request", "the request cannot be understood"),
            Self::NotLoggedIn => (StatusCode::UNAUTHORIZED, "not-logged-in", "a log-in or token is needed"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "the role does not allow this"),
            Self::WrongOrigin => {
                (StatusCode::FORBIDDEN, "wrong-origin", "the request comes from another site")
            }
            Self::WrongHost => {
                (StatusCode::MISDIRECTED_REQUEST, "wrong-host", "this name is not served here")
            }
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "there is no such thing"),
            Self::Conflict => (StatusCode::CONFLICT, "conflict", "the state does not allow this"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "the body is too large"),
            Self::Unsupported => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported",
                "this content type or encoding is not taken",
            ),
            Self::Behind => (StatusCode::TOO_MANY_REQUESTS, "behind", "the daemon is behind"),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too-many", "too many tries"),
            Self::Busy => {
                (StatusCode::SERVICE_UNAVAILABLE, "busy", "this took too long or the daemon is stopping")
            }
            Self::DiskFull => (StatusCode::INSUFFICIENT_STORAGE, "disk-full", "the disk is full"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "the daemon failed"),
        }
    }
}

impl Problem {
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), retry_after: None }
    }

    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::new(Kind::BadRequest, detail)
    }

    pub(super) fn not_found() -> Self {
        Self::new(Kind::NotFound, "")
    }

    /// Something failed within: the log tells what, the answer does not.
    pub(super) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %error, cause = error.source().map(tracing::field::display), "a request failed");
        Self::new(Kind::Internal, "")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, name, title) = self.kind.told();
        let kind = format!("urn:minsheng:problem:{name}");
        let body = ProblemBody { kind, title, status: status.as_u16(), detail: self.detail };
        let body = serde_json::to_vec(&body).expect("strings and numbers can be written");
        let kind = HeaderValue::from_static("application/problem+json");
        let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
        let headers = response.headers_mut();
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, wait.as_secs().max(1).into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"minsheng\""));
        }
        response
    }
}

impl From<ReadingError> for Problem {
    fn from(error: ReadingError) -> Self {
        match error {
            ReadingError::Query(error) => Self::bad(error.to_string()),
            ReadingError::Cursor => Self::bad(ReadingError::Cursor.to_string()),
            ReadingError::Stopped => {
                Self { retry_after: Some(Duration::from_secs(5)), ..Self::new(Kind::Busy, "") }
            }
            error => Self::internal(&error),
        }
    }
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        let text = error.to_string();
        match error {
            DeskError::Refused(Refusal::Unknown(_))
            | DeskError::Silence(BadSilence::Unknown(_))
            | DeskError::NoHandover(_) => Self::not_found(),
            DeskError::Refused(
                Refusal::Note
                | Refusal::Department(_)
                | Refusal::Itself
                | Refusal::Until
                | Refusal::Posts
                | Refusal::Item(_),
            )
            | DeskError::NothingSaid
            | DeskError::Fact(_)
            | DeskError::Silence(BadSilence::Everything | BadSilence::Reason | BadSilence::Until)
            | DeskError::NobodysMatter => Self::bad(text),
            DeskError::Refused(
                Refusal::Acknowledged { .. }
                | Refusal::Closed
                | Refusal::Illegal(_)
                | Refusal::NotOpen(_)
                | Refusal::Beside(_),
            )
            | DeskError::KeyUsed => Self::new(Kind::Conflict, text),
            DeskError::DiskFull => Self::new(Kind::DiskFull, ""),
            DeskError::Stopped => {
                Self { retry_after: Some(Duration::from_secs(5)), ..Self::new(Kind::Busy, "") }
            }
            DeskError::Failed(_) => Self::internal(&error),
        }
    }
}

impl From<RescoreError> for Problem {
    fn from(error: RescoreError) -> Self {
        match error {
            RescoreError::Running => Self::new(Kind::Conflict, error.to_string()),
            RescoreError::Desk(error) => error.into(),
            RescoreError::Store(_) | RescoreError::Broken(_) => Self::internal(&error),
        }
    }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Behind { retry_after } => {
                Self { retry_after: Some(retry_after), ..Self::new(Kind::Behind, "") }
            }
            IntakeError::DiskFull => Self::new(Kind::DiskFull, ""),
            IntakeError::Stopped => {
                Self { retry_after: Some(Duration::from_secs(5)), ..Self::new(Kind::Busy, "") }
            }
            IntakeError::Failed(_) => Self::internal(&error),
        }
    }
}
