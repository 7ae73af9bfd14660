//! Reads the body of an answer within its limits: time, rate, size after inflating, one encoding.
//!
//! The wire is read chunk by chunk under a deadline that is the earlier of the end of the whole request
//! and the moment at which the average rate would fall below the least one; inflating happens on the
//! way, so a bomb costs no more than the limit it breaks.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_compression::tokio::bufread::{BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, timeout_at};
use tokio_util::io::StreamReader;

use super::{Awaited, Limits, OutwardError, Part};

/// Up to this size a body may inflate at any ratio.
const RATIO_FROM: u64 = 1024 * 1024;

/// How the body was packed for the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Plain,
    Gzip,
    Brotli,
    /// zlib by the standard, raw deflate by some servers: the first byte tells.
    Deflate,
}

impl Encoding {
    /// Reads the value of `Content-Encoding`, several headers joined by commas.
    pub(super) fn of(value: &str) -> Result<Self, OutwardError> {
        let value = value.to_ascii_lowercase();
        let mut named = value.split(',').map(str::trim).filter(|name| !matches!(*name, "" | "identity"));
        let encoding = match named.next() {
            None => Self::Plain,
            Some("gzip" | "x-gzip") => Self::Gzip,
            Some("br") => Self::Brotli,
            Some("deflate") => Self::Deflate,
            Some(unknown) => {
                let unknown: String = unknown.chars().take(40).collect();
                return Err(OutwardError::Encoding(format!("{unknown:?} is not known")));
            }
        };
        match named.next() {
            None => Ok(encoding),
            Some(_) => Err(OutwardError::Encoding("more than one encoding".into())),
        }
    }
}

/// The rest of an answer on its way, with what limits it.
pub(super) struct Wire {
    response: reqwest::Response,
    host: String,
    first_byte: Instant,
    end: Instant,
    grace: Duration,
    least_rate: u64,
    received: Arc<AtomicU64>,
}

impl Wire {
    /// `first_byte`: when the head was there; `end`: when the whole request must be over.
    pub(super) fn new(
        response: reqwest::Response,
        host: String,
        limits: &Limits,
        first_byte: Instant,
        end: Instant,
    ) -> Self {
        Self {
            response,
            host,
            first_byte,
            end,
            grace: limits.grace,
            least_rate: limits.least_rate,
            received: Arc::default(),
        }
    }

    /// The next piece as received; `None` at the end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, OutwardError> {
        let received = self.received.load(Ordering::Relaxed);
        let enough_until = Duration::from_secs(received / self.least_rate.max(1)).max(self.grace);
        let too_slow = self.first_byte + enough_until;
        let deadline = too_slow.min(self.end);
        match timeout_at(deadline, self.response.chunk()).await {
            Ok(Ok(Some(piece))) => {
                self.received.fetch_add(piece.len() as u64, Ordering::Relaxed);
                Ok(Some(piece))
            }
            Ok(Ok(None)) => Ok(None),
            Ok(Err(error)) => Err(OutwardError::Network {
                host: self.host.clone(),
                unsent: false,
                source: Box::new(error.without_url()),
            }),
            Err(_) if self.end <= too_slow => Err(OutwardError::Timeout { awaited: Awaited::End }),
            Err(_) => Err(OutwardError::TooSlow { least: self.least_rate }),
        }
    }

    /// At most `limit` bytes as received; what is beyond is left unread.
    pub(super) async fn beginning(mut self, limit: usize) -> Result<Bytes, OutwardError> {
        let mut body = Vec::new();
        while let Some(piece) = self.chunk().await? {
            let room = limit - body.len();
            body.extend_from_slice(&piece[..piece.len().min(room)]);
            if body.len() == limit {
                break;
            }
        }
        Ok(body.into())
    }

    /// The whole body, inflated; an error as soon as it is larger than `limits` allow.
    pub(super) async fn whole(mut self, encoding: Encoding, limits: &Limits) -> Result<Bytes, OutwardError> {
        // An empty body is legal under any encoding, and the first byte tells the two deflates apart.
        let first = loop {
            match self.chunk().await? {
                None => return Ok(Bytes::new()),
                Some(piece) if piece.is_empty() => {}
                Some(piece) => break piece,
            }
        };
        let received = Arc::clone(&self.received);
        let zlib = first[0] & 0x0f == 8;
        let pieces = stream::once(async { Ok(first) }).chain(self.rest()).boxed();
        let wire = StreamReader::new(pieces);
        let mut body: Box<dyn AsyncRead + Send + Unpin> = match encoding {
            Encoding::Plain => Box::new(wire),
            Encoding::Gzip => Box::new(GzipDecoder::new(wire)),
            Encoding::Brotli => Box::new(BrotliDecoder::new(wire)),
            Encoding::Deflate if zlib => Box::new(ZlibDecoder::new(wire)),
            Encoding::Deflate => Box::new(DeflateDecoder::new(wire)),
        };
        let mut inflated = Vec::new();
        let mut piece = vec![0; 16 * 1024];
        loop {
            let length = body.read(&mut piece).await.map_err(told)?;
            if length == 0 {
                return Ok(inflated.into());
            }
            let size = (inflated.len() + length) as u64;
            if size > limits.body {
                return Err(OutwardError::TooLarge { part: Part::Body, limit: limits.body });
            }
            if size > RATIO_FROM && size > received.load(Ordering::Relaxed).saturating_mul(limits.ratio) {
                return Err(OutwardError::Inflation { ratio: limits.ratio });
            }
            inflated.extend_from_slice(&piece[..length]);
        }
    }

    fn rest(self) -> impl Stream<Item = io::Result<Bytes>> {
        stream::try_unfold(self, |mut wire| async move {
            let piece = wire.chunk().await.map_err(io::Error::other)?;
            Ok(piece.map(|piece| (piece, wire)))
        })
    }
}

/// Our own error where one of ours travelled through the reader, else what the decoder says.
fn told(error: io::Error) -> OutwardError {
    match error.downcast::<OutwardError>() {
        Ok(ours) => ours,
        Err(decoder) => OutwardError::Encoding(decoder.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_known_content_encoding_at_most() {
        for (value, encoding) in [
            ("", Some(Encoding::Plain)),
            ("identity", Some(Encoding::Plain)),
            ("GZIP", Some(Encoding::Gzip)),
            ("x-gzip, identity", Some(Encoding::Gzip)),
            ("br", Some(Encoding::Brotli)),
            ("deflate", Some(Encoding::Deflate)),
            ("gzip, gzip", None),
            ("gzip, br", None),
            ("x-rot13", None),
        ] {
            assert_eq!(Encoding::of(value).ok(), encoding, "{value:?}");
        }
    }
}
