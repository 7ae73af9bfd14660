//! Reads what is left of a request's body after a refusal, so that the refusal arrives.
//!
//! A connection that is closed while its client still sends is reset, and the client may never see the
//! answer that was written before (RFC 9112 §9.6). So the rest is read and thrown away first, within bounds:
//! who sends more, or slower, finds the connection closed.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures::stream::{self, StreamExt as _};
use tokio::sync::Mutex;

/// Most bytes thrown away for one request.
const MOST: usize = 64 << 20;
/// Longest time that takes.
const LONGEST: Duration = Duration::from_secs(5);

/// Answers, and throws away what a refused request has not been read of.
pub(super) async fn what_is_left(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if parts.method.is_safe() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let sent = Arc::new(Mutex::new(body.into_data_stream()));
    let lent = stream::unfold(Arc::clone(&sent), |sent| async move {
        let chunk = sent.lock().await.next().await?;
        Some((chunk, sent))
    });
    // What inflates a body asks once more after its end.
    let lent = lent.fuse();
    let response = next.run(Request::from_parts(parts, Body::from_stream(lent))).await;
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let all = async {
            let (mut sent, mut left) = (sent.lock().await, MOST);
            while let Some(Ok(chunk)) = sent.next().await {
                left = match left.checked_sub(chunk.len()) {
                    Some(left) => left,
                    None => break,
                };
            }
        };
        if tokio::time::timeout(LONGEST, all).await.is_err() {
            tracing::debug!("a refused request was not read to its end");
        }
    }
    response
}
