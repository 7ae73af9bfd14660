//! Trials of the whole journal, on the simulated disk where the disk must misbehave.

mod daily;
mod damage;
mod failing_disk;
mod power_cut;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{Semaphore, oneshot};

use super::local::Request;
use super::sim::SimDisk;
use super::{Disk, Entry, Journal, JournalConfig, JournalError, OpenReport, Sequence, Stream, Writer};

type Batch = Vec<(Stream, Vec<u8>)>;

const DIR: &str = "/journal";

/// Small segments, so that a trial goes through many.
fn small() -> JournalConfig {
    JournalConfig { segment_bytes: 4 << 10, ..JournalConfig::default() }
}

fn open(disk: &SimDisk) -> Result<(Journal, Writer, OpenReport), JournalError> {
    Journal::open(Arc::new(disk.clone()), Path::new(DIR), &small())
}

/// With segments of 64 KiB, so that a short trial stays within one for each stream.
fn open_roomy(disk: &SimDisk) -> Result<(Journal, Writer, OpenReport), JournalError> {
    let config = JournalConfig { segment_bytes: 64 << 10, ..JournalConfig::default() };
    Journal::open(Arc::new(disk.clone()), Path::new(DIR), &config)
}

/// Lets the writer make one group of `batches`, on this thread, so that a seed tells all.
fn commit(writer: &mut Writer, batches: Vec<Batch>) -> Vec<Result<Vec<Sequence>, JournalError>> {
    let slots = Arc::new(Semaphore::new(batches.len()));
    let mut answers = Vec::new();
    let mut group = Vec::new();
    for batch in batches {
        let (answer, answered) = oneshot::channel();
        answers.push(answered);
        let slots = Arc::clone(&slots).try_acquire_owned().expect("one for each");
        group.push(Request { batch, answer, slots });
    }
    writer.commit(group);
    answers.into_iter().map(|mut answered| answered.try_recv().expect("each is answered")).collect()
}

fn all(journal: &Journal, stream: Stream) -> Vec<Entry> {
    journal.read(stream, Sequence::NONE).map(|entry| entry.expect("readable")).collect()
}

fn numbers(from: u64) -> impl FnMut(u64) -> u64 {
    let mut state = from.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) % below
    }
}

/// Remembers what was offered and what was promised, and holds the journal to it.
#[derive(Default)]
struct Witness {
    offered: u64,
    /// By stream: what was offered, in order; the number is at the head of the payload.
    payloads: BTreeMap<u64, (Stream, Vec<u8>)>,
    promised: BTreeMap<u64, u64>,
    /// What a reader must find as long as the process lives.
    seen: BTreeMap<u64, u64>,
    /// Refused, with nothing acknowledged since: a crash may still bring it to light.
    refused: BTreeSet<u64>,
    /// Refused before something was acknowledged: gone for good.
    void: BTreeSet<u64>,
}

impl Witness {
    fn batch(&mut self, pick: &mut impl FnMut(u64) -> u64) -> Batch {
        (0..=pick(6))
            .map(|_| {
                self.offered += 1;
                let stream = if pick(3) == 0 { Stream::Desk } else { Stream::Posts };
                let mut payload = self.offered.to_le_bytes().to_vec();
                payload.extend((0..pick(900)).map(|_| pick(256) as u8));
                self.payloads.insert(self.offered, (stream, payload.clone()));
                (stream, payload)
            })
            .collect()
    }

    /// Commits a group and takes down what was promised; gives the number of refused batches.
    fn group(&mut self, writer: &mut Writer, pick: &mut impl FnMut(u64) -> u64) -> usize {
        let batches: Vec<_> = (0..=pick(4)).map(|_| self.batch(pick)).collect();
        let answers = commit(writer, batches.clone());
        let mut refused = 0;
        for (batch, answer) in batches.iter().zip(answers) {
            let Ok(given) = answer else {
                refused += 1;
                self.refused.extend(batch.iter().map(|(_, payload)| number(payload)));
                continue;
            };
            self.void.append(&mut self.refused);
            assert_eq!(given.len(), batch.len());
            for (sequence, (_, payload)) in given.iter().zip(batch) {
                let before = self.promised.insert(sequence.0, number(payload));
                assert_eq!(before, None, "sequence {sequence} was given twice");
            }
        }
        refused
    }

    /// The live journal holds exactly what it held at its start and what was promised since.
    fn check_live(&mut self, journal: &Journal, case: &str) {
        let found = self.read(journal, case);
        let mut wanted = self.seen.clone();
        wanted.extend(&self.promised);
        assert_eq!(found, wanted, "{case}");
    }

    /// After a start: all that was promised is there, and nothing that was never offered.
    fn check_start(&mut self, journal: &Journal, case: &str) {
        let found = self.read(journal, case);
        for (sequence, number) in &self.promised {
            assert_eq!(found.get(sequence), Some(number), "{case}: acknowledged {sequence} is lost");
        }
        for number in found.values() {
            assert!(!self.void.contains(number), "{case}: void record {number} came back");
            // What came to light is a record now.
            self.refused.remove(number);
        }
        self.seen = found;
    }

    fn read(&self, journal: &Journal, case: &str) -> BTreeMap<u64, u64> {
        let mut found = BTreeMap::new();
        for stream in Stream::ALL {
            let mut last = (0, 0);
            for Entry { sequence, payload } in all(journal, stream) {
                let number = number(&payload);
                let offered = self.payloads.get(&number).map(|(stream, payload)| (*stream, &payload[..]));
                assert_eq!(offered, Some((stream, &payload[..])), "{case}: false record {sequence}");
                assert!((sequence.0, number) > last && number > last.1, "{case}: order at {sequence}");
                assert_eq!(found.insert(sequence.0, number), None, "{case}: {sequence} twice");
                // Looking up each would take most of the trial's time.
                if sequence.0 % 7 == 0 {
                    let got = journal.get(stream, sequence).expect("readable");
                    assert_eq!(got, Some(Entry { sequence, payload }), "{case}: get {sequence}");
                }
                last = (sequence.0, number);
            }
        }
        found
    }
}

fn number(payload: &[u8]) -> u64 {
    u64::from_le_bytes(payload[..8].try_into().expect("every payload begins with its number"))
}

/// A journal of `records` records in one group each, all durable, closed.
fn filled(disk: &SimDisk, records: u64) -> Vec<(Stream, Entry)> {
    let (_journal, mut writer, _) = open_roomy(disk).expect("opens");
    let mut pick = numbers(records);
    let mut filled = Vec::new();
    for nth in 0..records {
        let stream = if nth % 5 == 4 { Stream::Desk } else { Stream::Posts };
        let payload: Vec<u8> = (0..20 + pick(200)).map(|_| pick(256) as u8).collect();
        let given = commit(&mut writer, vec![vec![(stream, payload.clone())]]).remove(0).expect("is stored");
        filled.push((stream, Entry { sequence: given[0], payload: payload.into() }));
    }
    filled
}

/// The segment files, `desk` first.
fn segment_paths(disk: &SimDisk) -> Vec<PathBuf> {
    let names = disk.list(Path::new(DIR)).expect("lists").into_iter();
    names.map(|name| Path::new(DIR).join(name)).filter(|path| path.extension().is_some()).collect()
}
