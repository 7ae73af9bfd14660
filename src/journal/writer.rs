//! The one writing thread: turns waiting batches into durable records, many with one sync.
//!
//! A group is all that waits. Its records get their numbers, each stream's bytes go out with one
//! write and are synced, then `durable` moves and everyone is answered. Whether to wait for more
//! company is learnt from the group before: appenders that come alone are not kept, and nobody is
//! kept longer than the group before took to be written, or the wait would cost more than it saves.
//!
//! When a call fails, the state of the file is unknown: the kernel may have dropped the pages and
//! will say that all is well the next time. So the segment is closed behind its last durable
//! record, and the group is written once more to fresh segments. When that fails too, the group is
//! refused as a whole and its numbers are free again, since nobody ever saw them. What may be left
//! of its bytes is void: before anything else is acknowledged, both streams concerned get a fresh
//! segment whose first sequence bounds the old one, durable itself. With that the writer goes on by
//! itself as soon as the disk does.
//!
//! What always holds: a segment that saw an error is never written again; no answer `Ok` before
//! every record of the batch is synced, in a file whose name is synced.

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::local::{Extent, Message, Request, Segment, Shared};
use super::recovery::Start;
use super::segment::{self, HEADER, Header, Place};
use super::{DiskFile, JournalConfig, JournalError, Sequence, Stream};

/// Bytes after which a group is closed, so that the first in it does not wait for ever more.
const GROUP_BYTES: usize = 8 << 20;

/// The writing side of a [`super::Journal`]. Dropping it without running it refuses all appends.
#[must_use = "appenders wait until it runs"]
pub struct Writer {
    shared: Arc<Shared>,
    queue: mpsc::Receiver<Message>,
    dir: PathBuf,
    segment_bytes: u64,
    company: Duration,
    salt: u32,
    /// The sequence of the next record.
    next: u64,
    /// By stream.
    heads: [Head; 2],
    /// Batches in the group before.
    before: usize,
    /// How long it took to be written and synced.
    took: Duration,
}

/// Where the next record of a stream goes.
enum Head {
    /// To the newest segment.
    Open(Box<dyn DiskFile>),
    /// To a segment yet to be made.
    Missing,
    /// To a segment yet to be made, and nothing may be acknowledged before it is: the one before
    /// may hold void records.
    Void,
}

/// A group's records of one stream.
#[derive(Default)]
struct Part {
    bytes: Vec<u8>,
    /// Sequence, place in `bytes`, length.
    records: Vec<(u64, u64, u64)>,
}

impl Writer {
    pub(super) fn new(
        shared: Arc<Shared>,
        queue: mpsc::Receiver<Message>,
        dir: &Path,
        config: &JournalConfig,
        start: Start,
    ) -> Self {
        let Start { next, salt, files } = start;
        let (segment_bytes, company) = (config.segment_bytes, config.group_commit);
        let heads = files.map(|file| file.map_or(Head::Missing, Head::Open));
        let (dir, before, took) = (dir.to_owned(), 0, Duration::ZERO);
        Self { shared, queue, dir, segment_bytes, company, salt, next, heads, before, took }
    }

    /// Writes until [`super::Journal::close`] is called or all handles are gone, and what waits
    /// then. Blocks: give it a thread.
    pub fn run(mut self) {
        let mut open = true;
        while open {
            let group = match self.queue.recv() {
                Ok(Message::Append(first)) => self.gather(first, &mut open),
                Ok(Message::Close) | Err(mpsc::RecvError) => break,
            };
            self.commit(group);
        }
        // Sent by appenders who had their slots before intake ended.
        while let Ok(message) = self.queue.try_recv() {
            if let Message::Append(first) = message {
                let group = self.gather(first, &mut open);
                self.commit(group);
            }
        }
    }

    /// All that waits, and what comes within the wait for company.
    fn gather(&mut self, first: Request, open: &mut bool) -> Vec<Request> {
        let size = |request: &Request| request.batch.iter().map(|(_, payload)| payload.len()).sum::<usize>();
        let mut bytes = size(&first);
        let mut group = vec![first];
        let mut patience = if self.before > 1 { self.company.min(self.took) } else { Duration::ZERO };
        while bytes < GROUP_BYTES {
            // One wait only: whoever came in its course is there without another.
            let message = match self.queue.try_recv() {
                Err(mpsc::TryRecvError::Empty) if group.len() < self.before => {
                    match self.queue.recv_timeout(std::mem::take(&mut patience)) {
                        Ok(message) => message,
                        Err(_) => break,
                    }
                }
                Ok(message) => message,
                Err(_) => break,
            };
            match message {
                Message::Append(request) => {
                    bytes += size(&request);
                    group.push(request);
                }
                Message::Close => {
                    *open = false;
                    break;
                }
            }
        }
        self.before = group.len();
        group
    }

    /// Makes a group durable and answers it.
    pub(super) fn commit(&mut self, group: Vec<Request>) {
        let first = self.next;
        let mut parts: [Part; 2] = Default::default();
        let answers: Vec<_> = group
            .into_iter()
            .map(|request| {
                let given = request.batch.iter().map(|(stream, payload)| {
                    let sequence = self.next;
                    self.next += 1;
                    parts[stream.index()].add(self.salt, sequence, payload);
                    Sequence(sequence)
                });
                (given.collect::<Vec<_>>(), request.answer, request.slots)
            })
            .collect();
        let began = Instant::now();
        let stored = self.store(&parts, first).or_else(|error| {
            tracing::warn!(%error, "journal write failed, trying again in fresh segments");
            self.void(&parts);
            self.store(&parts, first)
        });
        self.took = began.elapsed();
        match &stored {
            Ok(()) => self.publish(&parts),
            Err(error) => {
                tracing::error!(%error, "journal refused a group of records");
                self.void(&parts);
                self.next = first;
            }
        }
        for (given, answer, slots) in answers {
            if answer.send(stored.clone().map(|()| given)).is_err() {
                tracing::debug!("an appender did not wait for its answer");
            }
            drop(slots);
        }
    }

    /// Writes and syncs the parts of the group that begins with sequence `first`.
    fn store(&mut self, parts: &[Part; 2], first: u64) -> Result<(), JournalError> {
        for stream in Stream::ALL {
            let wanted = !parts[stream.index()].records.is_empty();
            let full =
                wanted && self.newest(stream).is_some_and(|newest| newest.extent().end >= self.segment_bytes);
            let make = match self.heads[stream.index()] {
                Head::Open(_) => full,
                Head::Missing => wanted,
                Head::Void => true,
            };
            if make {
                // Should it fail, this stream is no worse off than before.
                let fresh = self.make_segment(stream, first)?;
                self.heads[stream.index()] = Head::Open(fresh);
            }
        }
        let touched = || Stream::ALL.into_iter().filter(|stream| !parts[stream.index()].records.is_empty());
        for stream in touched() {
            let (file, newest) = self.head(stream);
            let written = file.write_at(newest.extent().end, &parts[stream.index()].bytes);
            written.map_err(|error| JournalError::io("write", &newest.place.path, error))?;
        }
        for stream in touched() {
            let (file, newest) = self.head(stream);
            file.sync().map_err(|error| JournalError::io("sync", &newest.place.path, error))?;
        }
        Ok(())
    }

    /// Makes a segment that begins with sequence `first`, durable with its header and its name.
    fn make_segment(&mut self, stream: Stream, first: u64) -> Result<Box<dyn DiskFile>, JournalError> {
        let place = Place::new(&self.dir, stream, first);
        let failed = |error| JournalError::io("make", &place.path, error);
        let disk = self.shared.disk.as_ref();
        // Left by an attempt that failed. It holds nothing durable, or `first` would lie behind it.
        match disk.remove(&place.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            removed => removed.map_err(failed)?,
        }
        self.shared.write_segments(stream).retain(|segment| segment.place.first != first);
        let file = disk.create(&place.path).map_err(failed)?;
        file.write_at(0, &Header::encode(&place, self.salt)).map_err(failed)?;
        file.sync().map_err(failed)?;
        disk.sync_dir(&self.dir).map_err(|error| JournalError::io("sync", &self.dir, error))?;
        let extent = Extent::empty(HEADER);
        self.shared.write_segments(stream).push(Arc::new(Segment::new(place, self.salt, extent)));
        Ok(file)
    }

    /// Gives up the segments that the parts may have reached, cutting them where the disk allows.
    fn void(&mut self, parts: &[Part; 2]) {
        for stream in Stream::ALL {
            if parts[stream.index()].records.is_empty() {
                continue;
            }
            let Head::Open(file) = std::mem::replace(&mut self.heads[stream.index()], Head::Void) else {
                continue;
            };
            let newest = self.newest(stream).expect("an open head has a segment");
            let end = newest.extent().end;
            if let Err(error) = file.set_len(end).and_then(|()| file.sync()) {
                let path = newest.place.path.display();
                tracing::warn!(path = %path, %error, "journal segment could not be cut, its end is void");
            }
        }
    }

    /// Shows the parts to readers.
    fn publish(&mut self, parts: &[Part; 2]) {
        for stream in Stream::ALL {
            let part = &parts[stream.index()];
            if part.records.is_empty() {
                continue;
            }
            let newest = self.newest(stream).expect("its records were just written to it");
            let mut extent = newest.extent();
            let base = extent.end;
            for (sequence, offset, length) in &part.records {
                extent.enter(*sequence, base + offset, *length);
            }
        }
        self.shared.durable.send_replace(Sequence(self.next - 1));
    }

    fn newest(&self, stream: Stream) -> Option<Arc<Segment>> {
        self.shared.segments(stream).pop()
    }

    fn head(&self, stream: Stream) -> (&dyn DiskFile, Arc<Segment>) {
        match (&self.heads[stream.index()], self.newest(stream)) {
            (Head::Open(file), Some(newest)) => (file.as_ref(), newest),
            _ => unreachable!("a segment was made before anything is written"),
        }
    }
}

impl Part {
    fn add(&mut self, salt: u32, sequence: u64, payload: &[u8]) {
        let start = self.bytes.len();
        segment::encode(&mut self.bytes, salt, sequence, payload);
        self.records.push((sequence, start as u64, (self.bytes.len() - start) as u64));
    }
}
