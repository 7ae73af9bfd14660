//! The journal in the files of one directory: the handle that appenders and readers share.
//!
//! It decides who waits: an appender takes its bytes' worth of the queue before it sends, and gives
//! it back when it is answered, so the memory held by waiting batches is bounded. How batches
//! become durable is the writer's matter; what the files hold after a crash is recovery's.
//!
//! What always holds: the shared state tells of durable records only. The writer enters a group's
//! records first and then moves `durable` past them.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, mpsc};

use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use super::segment::{FRAME, Place};
use super::{
    DirectoryLock, Disk, Entry, JournalConfig, JournalError, MAX_PAYLOAD, OpenReport, Reader, Sequence,
    Stream, Writer, reader, recovery,
};

/// Every so many records the place of one is remembered, for point look-ups.
const MARK_EVERY: u64 = 64;

/// A handle to the journal; clones share everything. The last one dropped lets the [`Writer`] end.
#[derive(Clone)]
pub struct Journal {
    shared: Arc<Shared>,
    queue: mpsc::SyncSender<Message>,
}

impl Journal {
    /// Takes the lock of `dir`, makes it where it is missing, and recovers what it holds. The
    /// caller runs the [`Writer`] on a thread of its own; until then appenders wait.
    ///
    /// Blocks for as long as it takes to read every segment once.
    pub fn open(
        disk: Arc<dyn Disk>,
        dir: &Path,
        config: &JournalConfig,
    ) -> Result<(Self, Writer, OpenReport), JournalError> {
        if let Some((key, reason)) = config.faults().into_iter().next() {
            return Err(JournalError::Setting { key, reason });
        }
        disk.create_dir(dir).map_err(|error| JournalError::io("make", dir, error))?;
        let lock = disk.lock(&dir.join("lock")).map_err(|error| match error.kind() {
            std::io::ErrorKind::WouldBlock => JournalError::Locked { dir: dir.to_owned() },
            _ => JournalError::io("lock", dir, error),
        })?;
        let recovered = recovery::recover(disk.as_ref(), dir)?;
        let report = recovered.report;
        let shared = Arc::new(Shared {
            disk,
            segments: recovered.segments.map(RwLock::new),
            durable: watch::Sender::new(report.highest),
            slots: Arc::new(Semaphore::new(config.queue_bytes as usize)),
            slots_total: config.queue_bytes,
            least_slots: config.queue_bytes.div_ceil(config.queue),
            closing: AtomicBool::new(false),
            dropping: Mutex::new(()),
            _lock: lock,
        });
        // One more than can hold slots, for the message that closes.
        let (queue, batches) = mpsc::sync_channel(config.queue as usize + 1);
        let writer = Writer::new(Arc::clone(&shared), batches, dir, config, recovered.start);
        Ok((Self { shared, queue }, writer, report))
    }

    /// Appends a batch and answers when all of it is durable, with one sequence number per record
    /// in the order of the batch. Waits while the queue is full; waiting appenders are served in
    /// the order in which they came. An empty batch is durable at once.
    ///
    /// Dropping the future while it waits for the disk does not take the batch back.
    ///
    /// Fails with [`JournalError::Full`] when the disk has no room, [`JournalError::TooLarge`] for
    /// a record over [`MAX_PAYLOAD`] or a batch over `queue_bytes`, [`JournalError::Closed`] after
    /// the writer's end, [`JournalError::Io`] else.
    pub async fn append(&self, batch: Vec<(Stream, Vec<u8>)>) -> Result<Vec<Sequence>, JournalError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let slots = self.shared.slots_for(&batch)?;
        let slots = Arc::clone(&self.shared.slots).acquire_many_owned(slots).await;
        let slots = slots.map_err(|_closed| JournalError::Closed)?;
        let (answer, answered) = oneshot::channel();
        // There is room, since each batch in the queue holds its slots; it fails after the end only.
        let sent = self.queue.try_send(Message::Append(Request { batch, answer, slots }));
        sent.map_err(|_gone| JournalError::Closed)?;
        answered.await.unwrap_or(Err(JournalError::Closed))
    }

    /// The highest sequence number for which it holds that every record up to it is durable.
    pub fn durable(&self) -> Sequence {
        *self.shared.durable.borrow()
    }

    /// Follows [`Journal::durable`].
    pub fn subscribe(&self) -> watch::Receiver<Sequence> {
        self.shared.durable.subscribe()
    }

    /// The durable records of `stream` from `from` on, in order, up to what is durable now.
    /// The reader blocks on the disk.
    pub fn read(&self, stream: Stream, from: Sequence) -> Reader {
        let until = self.durable();
        Reader::new(Arc::clone(&self.shared.disk), self.shared.segments(stream), from, until)
    }

    /// The durable record of `stream` at `sequence`; `None` where that number belongs to the other
    /// stream, to no record, or to one that retention has dropped. Blocks on the disk.
    pub fn get(&self, stream: Stream, sequence: Sequence) -> Result<Option<Entry>, JournalError> {
        if sequence == Sequence::NONE || sequence > self.durable() {
            return Ok(None);
        }
        let segments = self.shared.segments(stream);
        let after = segments.partition_point(|segment| segment.place.first <= sequence.0);
        match after.checked_sub(1) {
            Some(at) => reader::find(self.shared.disk.as_ref(), &segments[at], sequence),
            None => Ok(None),
        }
    }

    /// The segments of `stream`, oldest first.
    pub fn segments(&self, stream: Stream) -> Vec<SegmentInfo> {
        self.shared.segments(stream).iter().map(|segment| segment.info()).collect()
    }

    /// Removes the segments of `stream` all of whose records lie before `before`; gives what they
    /// were, oldest first. The newest segment always stays. Blocks on the disk.
    pub fn drop_before(&self, stream: Stream, before: Sequence) -> Result<Vec<SegmentInfo>, JournalError> {
        let _alone = self.shared.dropping.lock().unwrap_or_else(PoisonError::into_inner);
        let mut dropped = Vec::new();
        loop {
            let oldest = {
                let mut segments = self.shared.write_segments(stream);
                let outlived = segments.get(1).is_some_and(|next| next.place.first <= before.0);
                if !outlived {
                    return Ok(dropped);
                }
                segments.remove(0)
            };
            let path = &oldest.place.path;
            oldest.extent().dropped = true;
            let removed = self.shared.disk.remove(path);
            // Each removal is made durable before the next: what a segment holds beyond the first
            // sequence of its follower is void only while the follower is there.
            let removed = removed.and_then(|()| self.shared.disk.sync_dir(parent(path)));
            if let Err(error) = removed {
                let error = JournalError::io("remove", path, error);
                oldest.extent().dropped = false;
                self.shared.write_segments(stream).insert(0, oldest);
                return Err(error);
            }
            dropped.push(oldest.info());
        }
    }

    /// Ends intake: later appends fail with [`JournalError::Closed`], batches already in the queue
    /// are still written, then [`Writer::run`] returns. Reading goes on.
    pub fn close(&self) {
        if !self.shared.closing.swap(true, Ordering::AcqRel) {
            self.shared.slots.close();
            if self.queue.try_send(Message::Close).is_err() {
                tracing::debug!("journal writer ended before it was asked to");
            }
        }
    }
}

/// One segment file, as far as it is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SegmentInfo {
    /// The file.
    pub path: PathBuf,
    /// No record in it has a lower sequence.
    pub first: Sequence,
    /// Its last record; [`Sequence::NONE`] where it has none.
    pub last: Sequence,
    /// Number of records.
    pub records: u64,
    /// Length in bytes.
    pub bytes: u64,
    /// Bytes of it that cannot be read as records.
    pub damaged: u64,
}

/// What the handles and the writer share.
pub(super) struct Shared {
    pub(super) disk: Arc<dyn Disk>,
    /// By stream, oldest first.
    segments: [RwLock<Vec<Arc<Segment>>>; 2],
    pub(super) durable: watch::Sender<Sequence>,
    /// One slot for each byte that may wait.
    slots: Arc<Semaphore>,
    slots_total: u32,
    /// What the smallest batch takes, so that no more than `queue` batches wait.
    least_slots: u32,
    closing: AtomicBool,
    /// Held while retention drops segments.
    dropping: Mutex<()>,
    _lock: DirectoryLock,
}

impl Shared {
    pub(super) fn segments(&self, stream: Stream) -> Vec<Arc<Segment>> {
        self.segments[stream.index()].read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn write_segments(
        &self,
        stream: Stream,
    ) -> std::sync::RwLockWriteGuard<'_, Vec<Arc<Segment>>> {
        self.segments[stream.index()].write().unwrap_or_else(PoisonError::into_inner)
    }

    fn slots_for(&self, batch: &[(Stream, Vec<u8>)]) -> Result<u32, JournalError> {
        if let Some((_, payload)) = batch.iter().find(|(_, payload)| payload.len() > MAX_PAYLOAD) {
            return Err(JournalError::TooLarge { bytes: payload.len(), limit: MAX_PAYLOAD });
        }
        let bytes: usize = batch.iter().map(|(_, payload)| FRAME + payload.len()).sum();
        match u32::try_from(bytes) {
            Ok(slots) if slots <= self.slots_total => Ok(slots.max(self.least_slots)),
            _ => Err(JournalError::TooLarge { bytes, limit: self.slots_total as usize }),
        }
    }
}

/// What comes to the writer.
pub(super) enum Message {
    Append(Request),
    Close,
}

/// One batch that waits to become durable.
pub(super) struct Request {
    pub(super) batch: Vec<(Stream, Vec<u8>)>,
    pub(super) answer: oneshot::Sender<Result<Vec<Sequence>, JournalError>>,
    /// Given back when the batch is answered.
    pub(super) slots: OwnedSemaphorePermit,
}

/// A segment file and where its durable records lie.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) place: Place,
    pub(super) salt: u32,
    extent: Mutex<Extent>,
}

impl Segment {
    pub(super) fn new(place: Place, salt: u32, extent: Extent) -> Self {
        Self { place, salt, extent: Mutex::new(extent) }
    }

    /// To look at or change how far it reaches; held for a moment only.
    pub(super) fn extent(&self) -> MutexGuard<'_, Extent> {
        self.extent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn info(&self) -> SegmentInfo {
        let extent = self.extent();
        SegmentInfo {
            path: self.place.path.clone(),
            first: Sequence(self.place.first),
            last: Sequence(extent.last),
            records: extent.records,
            bytes: extent.end,
            damaged: extent.gaps.iter().map(|gap| gap.end - gap.start).sum(),
        }
    }
}

/// How far a segment reaches and where in it to begin looking.
#[derive(Debug, Clone, Default)]
pub(super) struct Extent {
    /// The byte after the last durable record.
    pub(super) end: u64,
    pub(super) records: u64,
    /// Sequence of the last record; 0 where there is none.
    pub(super) last: u64,
    /// Sequence and place of every 64th record.
    marks: Vec<(u64, u64)>,
    /// Bytes before `end` that are known to be no records.
    pub(super) gaps: Vec<Range<u64>>,
    /// Retention is about to remove the file, or has.
    pub(super) dropped: bool,
}

impl Extent {
    /// No records yet, up to `end`.
    pub(super) fn empty(end: u64) -> Self {
        Self { end, ..Self::default() }
    }

    /// Enters the next record, which begins at `offset`.
    pub(super) fn enter(&mut self, sequence: u64, offset: u64, length: u64) {
        if self.records.is_multiple_of(MARK_EVERY) {
            self.marks.push((sequence, offset));
        }
        self.records += 1;
        self.last = sequence;
        self.end = offset + length;
    }

    /// Sequence and place of a record at or before `sequence`, where one is remembered.
    pub(super) fn mark_before(&self, sequence: u64) -> Option<(u64, u64)> {
        let after = self.marks.partition_point(|(marked, _)| *marked <= sequence);
        after.checked_sub(1).map(|at| self.marks[at])
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().expect("a segment lies in the journal's directory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_never_far_before_what_is_sought() {
        let mut extent = Extent::empty(64);
        for nth in 0..1000 {
            extent.enter(10 + 3 * nth, 64 + 20 * nth, 20);
        }
        assert_eq!(extent.mark_before(9), None);
        for nth in 0..1000 {
            let (_, offset) = extent.mark_before(10 + 3 * nth).expect("the first is marked");
            let at = 64 + 20 * nth;
            assert!(offset <= at && at - offset < MARK_EVERY * 20, "record {nth}");
        }
    }
}
