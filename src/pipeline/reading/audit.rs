//! What was decided and done, as a stream that is made while it is read: it may be longer than what memory should hold.

use std::io::{self, BufWriter, Write};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::Reading;
use crate::pipeline::audit::{AuditError, export};

/// Bytes handed over at once.
const PIECE: usize = 64 << 10;
/// Pieces that may wait for the reader.
const WAITING: usize = 4;

impl Reading {
    /// The export of what happened at `since` or later and before `until`, piece by piece. An error is the last piece:
    /// what came before it lacks its end, and whoever checks it sees that.
    pub fn audit(
        &self,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> mpsc::Receiver<io::Result<Bytes>> {
        let (pieces, read) = mpsc::channel(WAITING);
        let data = self.data.clone();
        tokio::task::spawn_blocking(move || {
            let out = BufWriter::with_capacity(PIECE, Pipe(pieces.clone()));
            match export(&data, since, until, out) {
                Ok((_, 0)) => {}
                Ok((_, lost)) => tracing::error!(lost, "records could not be read for the audit export"),
                Err(AuditError::Write(error)) => tracing::info!(%error, "an audit export was broken off"),
                Err(error) => {
                    tracing::error!(%error, "the audit export failed");
                    // Whoever went away does not want to know.
                    drop(pieces.blocking_send(Err(io::Error::other(error))));
                }
            }
        });
        read
    }
}

/// Hands over what is written.
struct Pipe(mpsc::Sender<io::Result<Bytes>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map_err(|_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads it any more"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
