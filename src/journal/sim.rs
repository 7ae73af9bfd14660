//! A disk in memory that behaves as badly as a disk may: for tests, here and in `tests/it`.
//!
//! It forgets, reorders and tears at [`SimDisk::power_cut`] what was not synced, sector by sector
//! and name by name, and it fails calls when told to. All of it follows from the seed and from the
//! order of the calls, so that a failing seed can be run again.
//!
//! What always holds: what was synced with success survives a power cut, and a handle or lock from
//! before the cut is good for nothing after it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{DirectoryLock, Disk, DiskFile};

/// Writes are torn at multiples of this.
const SECTOR: u64 = 512;

/// The simulated disk; clones are the same disk.
#[derive(Debug, Clone)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
}

/// Which calls fail: the `at`th changing call (counted from 1) and the `times - 1` behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The first that fails.
    pub at: u64,
    /// How many fail; `u64::MAX` until [`SimDisk::heal`].
    pub times: u64,
    /// What they fail with, `StorageFull` for instance. A failing write leaves part of its bytes
    /// behind; a failing sync loses what it should have kept, and the next sync will not tell.
    pub kind: io::ErrorKind,
}

#[derive(Debug)]
struct State {
    random: u64,
    /// Power cuts so far.
    age: u64,
    calls: u64,
    fault: Option<Fault>,
    /// The last call that has an effect.
    killed_after: Option<u64>,
    files: Vec<Inode>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    locks: BTreeSet<PathBuf>,
}

#[derive(Debug, Default)]
struct Inode {
    now: Vec<u8>,
    durable: Vec<u8>,
    /// Since the last sync.
    pending: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Write(u64, Vec<u8>),
    SetLen(u64),
}

impl SimDisk {
    /// An empty disk whose misfortunes follow from `seed`.
    pub fn new(seed: u64) -> Self {
        let state = State {
            random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            age: 0,
            calls: 0,
            fault: None,
            killed_after: None,
            files: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            locks: BTreeSet::new(),
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Cuts the power: of each change since the last sync each sector may be there or not.
    pub fn power_cut(&self) {
        self.state().power_cut();
    }

    /// Lets calls fail from now on, instead of those named before.
    pub fn fail(&self, fault: Fault) {
        self.state().fault = Some(fault);
    }

    /// Lets the next `calls` changing calls through and no more, as if the process that makes them
    /// was killed then: what it wrote stays in the system's memory, unsynced.
    pub fn kill_after(&self, calls: u64) {
        let mut state = self.state();
        state.killed_after = Some(state.calls + calls);
    }

    /// Ends all failing; after [`SimDisk::kill_after`] the next process may start. Locks of the
    /// killed one end with its handles.
    pub fn heal(&self) {
        let mut state = self.state();
        state.fault = None;
        state.killed_after = None;
    }

    /// Number of changing calls so far: create, write, set length, sync, remove, directory sync.
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// A file's contents as the running system sees them.
    pub fn contents(&self, path: &Path) -> Option<Vec<u8>> {
        let state = self.state();
        state.names.get(path).map(|file| state.files[*file].now.clone())
    }

    /// Puts a durable file in place, as if it had always been there.
    pub fn put(&self, path: &Path, bytes: Vec<u8>) {
        let mut state = self.state();
        let file = state.files.len();
        state.files.push(Inode { now: bytes.clone(), durable: bytes, pending: Vec::new() });
        state.names.insert(path.to_owned(), file);
        state.durable_names.insert(path.to_owned(), file);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let state = self.state();
        let file = *state.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(SimFile { disk: self.clone(), file, age: state.age }))
    }
}

impl State {
    /// A number below `below`, by xorshift.
    fn pick(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % below.max(1)
    }

    /// Counts a changing call and fails it if it is its turn.
    fn call(&mut self) -> io::Result<()> {
        self.calls += 1;
        if self.is_killed() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        match self.fault {
            Some(fault) if self.calls >= fault.at && self.calls - fault.at < fault.times => {
                Err(fault.kind.into())
            }
            _ => Ok(()),
        }
    }

    fn is_killed(&self) -> bool {
        self.killed_after.is_some_and(|last| self.calls > last)
    }

    fn power_cut(&mut self) {
        self.age += 1;
        self.locks.clear();
        // Some cuts keep all, some keep nothing, most keep a share.
        let share = self.pick(5);
        for nth in 0..self.files.len() {
            let mut kept = std::mem::take(&mut self.files[nth].durable);
            for change in std::mem::take(&mut self.files[nth].pending) {
                match change {
                    Change::SetLen(len) => {
                        if self.pick(4) < share {
                            kept.resize(len as usize, 0);
                        }
                    }
                    Change::Write(offset, bytes) => {
                        let mut done = 0;
                        while done < bytes.len() {
                            let at = offset + done as u64;
                            let room = (SECTOR - at % SECTOR) as usize;
                            let sector = &bytes[done..(done + room).min(bytes.len())];
                            if self.pick(4) < share {
                                write(&mut kept, at, sector);
                            }
                            done += sector.len();
                        }
                    }
                }
            }
            self.files[nth].now.clone_from(&kept);
            self.files[nth].durable = kept;
        }
        let all: BTreeSet<PathBuf> = self.names.keys().chain(self.durable_names.keys()).cloned().collect();
        for path in all {
            let (now, before) = (self.names.get(&path).copied(), self.durable_names.get(&path).copied());
            let kept = if now == before || self.pick(4) < share { now } else { before };
            match kept {
                Some(file) => self.durable_names.insert(path, file),
                None => self.durable_names.remove(&path),
            };
        }
        self.names.clone_from(&self.durable_names);
    }
}

impl Disk for SimDisk {
    fn create_dir(&self, _dir: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let state = self.state();
        let inside = state.names.keys().filter(|path| path.parent() == Some(dir));
        Ok(inside.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        state.call()?;
        if state.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = state.files.len();
        state.files.push(Inode::default());
        state.names.insert(path.to_owned(), file);
        drop(state);
        self.file(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.file(path)
    }

    fn open_to_write(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.file(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        if !state.names.contains_key(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.call()?;
        state.names.remove(path);
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.call()?;
        state.durable_names.retain(|path, _| path.parent() != Some(dir));
        let synced: Vec<_> = state.names.iter().filter(|(path, _)| path.parent() == Some(dir)).collect();
        let synced: Vec<_> = synced.into_iter().map(|(path, file)| (path.clone(), *file)).collect();
        state.durable_names.extend(synced);
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<DirectoryLock> {
        let mut state = self.state();
        if !state.locks.insert(path.to_owned()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(DirectoryLock::new(SimLock { disk: self.clone(), path: path.to_owned(), age: state.age }))
    }

    fn salt(&self) -> io::Result<u32> {
        Ok(self.state().pick(1 << 32) as u32)
    }
}

struct SimLock {
    disk: SimDisk,
    path: PathBuf,
    age: u64,
}

impl Drop for SimLock {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        if state.age == self.age {
            state.locks.remove(&self.path);
        }
    }
}

struct SimFile {
    disk: SimDisk,
    file: usize,
    age: u64,
}

impl SimFile {
    /// Fails for a handle from before a power cut.
    fn alive(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.disk.state();
        if state.age == self.age { Ok(state) } else { Err(io::ErrorKind::BrokenPipe.into()) }
    }
}

impl DiskFile for SimFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.alive()?.files[self.file].now.len() as u64)
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let state = self.alive()?;
        let bytes = &state.files[self.file].now;
        let there = bytes.get(offset as usize..).unwrap_or_default();
        let length = there.len().min(into.len());
        into[..length].copy_from_slice(&there[..length]);
        Ok(length)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.alive()?;
        let called = state.call();
        if state.is_killed() {
            return called;
        }
        let done = if called.is_ok() { bytes.len() } else { state.pick(bytes.len() as u64) as usize };
        let file = &mut state.files[self.file];
        write(&mut file.now, offset, &bytes[..done]);
        file.pending.push(Change::Write(offset, bytes[..done].to_vec()));
        called
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.alive()?;
        state.call()?;
        let file = &mut state.files[self.file];
        file.now.resize(len as usize, 0);
        file.pending.push(Change::SetLen(len));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.alive()?;
        let called = state.call();
        if state.is_killed() {
            return called;
        }
        let lost = called.is_err();
        let file = &mut state.files[self.file];
        for change in std::mem::take(&mut file.pending) {
            match change {
                // The kernel has marked these pages clean: no later sync will write them.
                Change::Write(..) if lost => {}
                Change::Write(offset, bytes) => write(&mut file.durable, offset, &bytes),
                Change::SetLen(len) => file.durable.resize(len as usize, 0),
            }
        }
        called
    }
}

/// Writes as a file does: a gap before `offset` becomes zeros.
fn write(file: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let (start, end) = (offset as usize, offset as usize + bytes.len());
    if file.len() < end {
        file.resize(end, 0);
    }
    file[start..end].copy_from_slice(bytes);
}
