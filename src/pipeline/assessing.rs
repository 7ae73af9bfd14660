//! Reads the journal's posts in order, has them judged in parallel, and hands them on in order.
//!
//! Live work and catching up are the same: the task always reads on from where it is up to what is
//! durable. The views behind it say where they are, and it begins at the one that is farthest back.
//! Between two batches it judges some of the stored posts again, if that was asked for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::health::Health;
use super::indexing::ToIndex;
use super::judging::{Bench, Judged, JudgingError, Moved};
use super::rescoring::Rescoring;
use crate::journal::Sequence;

/// Records read at once.
const BATCH: usize = 2_000;
/// A round that lasts longer is stuck.
const LIMIT: Duration = Duration::from_mins(2);

/// Judged posts in the journal's order, up to a place in it.
pub(super) struct Batch {
    /// Every record up to here is in this batch or an earlier one.
    pub(super) up_to: Sequence,
    pub(super) posts: Vec<Judged>,
    /// What somebody said of events among them.
    pub(super) moved: Vec<Moved>,
}

/// The task.
pub(super) struct AssessTask {
    pub(super) bench: Bench,
    /// Where it begins: after this record.
    pub(super) reached: Sequence,
    pub(super) rescoring: Rescoring,
    pub(super) index: mpsc::Sender<ToIndex>,
    pub(super) detector: mpsc::Sender<Arc<Batch>>,
    pub(super) progress: watch::Sender<Sequence>,
    pub(super) health: Health,
}

/// Whether the views behind the task still take what it gives.
enum Taken {
    Yes,
    No,
}

impl AssessTask {
    /// Works until stopped; then the views behind it end too.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut durable = self.bench.journal.subscribe();
        loop {
            let reached = self.reached;
            let waited = async {
                if self.rescoring.is_at_work() {
                    return Ok(());
                }
                tokio::select! {
                    more = durable.wait_for(|durable| *durable > reached) => more.map(|_| ()),
                    () = self.rescoring.ordered() => Ok(()),
                }
            };
            match stop.run_until_cancelled(waited).await {
                None | Some(Err(_)) => return,
                Some(Ok(())) => {}
            }
            match self.round().await {
                Ok(Taken::Yes) => {}
                Ok(Taken::No) => return,
                Err(error) => {
                    tracing::error!(%error, "posts could not be read back from the journal");
                    self.health.not_ready("assess", error.to_string());
                    self.rescoring.break_off();
                    return;
                }
            }
        }
    }

    /// The next batch, if there is one, and some of what is to be judged again: neither waits for the other's end.
    async fn round(&mut self) -> Result<Taken, JudgingError> {
        if self.bench.journal.durable() > self.reached {
            let batch = Arc::new(self.next_batch().await?);
            self.reached = batch.up_to;
            let new = ToIndex::New(Arc::clone(&batch));
            if tokio::try_join!(send(&self.index, new), send(&self.detector, batch)).is_err() {
                return Ok(Taken::No);
            }
            self.progress.send_replace(self.reached);
        }
        let working = self.health.working("assess", LIMIT);
        let again = self.rescoring.go_on(&self.bench, self.reached).await?;
        drop(working);
        let Some(again) = again else { return Ok(Taken::Yes) };
        Ok(if send(&self.index, again).await.is_ok() { Taken::Yes } else { Taken::No })
    }

    async fn next_batch(&self) -> Result<Batch, JudgingError> {
        let _working = self.health.working("assess", LIMIT);
        let (entries, up_to) = self.bench.read(self.reached.next(), BATCH).await?;
        let moved = self.bench.moved(&entries).await?;
        Ok(Batch { up_to, posts: self.bench.judge(entries, Bench::news).await?, moved })
    }
}

async fn send<T>(to: &mpsc::Sender<T>, what: T) -> Result<(), ()> {
    to.send(what).await.map_err(|_| ())
}
