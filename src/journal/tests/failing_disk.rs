//! Calls that fail: nothing is acknowledged that is not durable, and writing goes on by itself.

use std::io::ErrorKind;

use super::super::sim::{Fault, SimDisk};
use super::super::{JournalError, Stream};
use super::{Witness, all, commit, numbers, open};

/// Enough groups to go through several segments of both streams.
fn trial(seed: u64, fault: Option<Fault>) -> u64 {
    let case = format!("seed {seed}, {fault:?}");
    let disk = SimDisk::new(seed);
    let mut pick = numbers(seed + 3);
    let mut witness = Witness::default();
    let (journal, mut writer, _) = open(&disk).expect("opens");
    if let Some(fault) = fault {
        disk.fail(fault);
    }
    for _ in 0..12 {
        witness.group(&mut writer, &mut pick);
    }
    let calls = disk.calls();
    witness.check_live(&journal, &case);
    disk.heal();
    assert_eq!(witness.group(&mut writer, &mut pick), 0, "{case}: goes on by itself");
    witness.check_live(&journal, &case);
    if pick(2) == 0 {
        disk.power_cut();
    }
    drop((journal, writer));
    let (journal, mut writer, _) = open(&disk).expect("opens");
    witness.check_start(&journal, &case);
    assert_eq!(witness.group(&mut writer, &mut pick), 0, "{case}");
    witness.check_live(&journal, &case);
    calls
}

#[test]
fn every_call_may_fail_once_and_for_long() {
    let calls = trial(1, None);
    assert!(calls > 40, "the trial makes {calls} calls");
    for at in 1..=calls {
        for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
            for times in [1, 2, 5, u64::MAX] {
                trial(1, Some(Fault { at, times, kind }));
            }
        }
    }
}

#[test]
fn a_full_disk_has_an_error_of_its_own_and_mends_itself() {
    let disk = SimDisk::new(5);
    let (journal, mut writer, _) = open(&disk).expect("opens");
    let batch = || vec![vec![(Stream::Posts, b"one".to_vec()), (Stream::Desk, b"two".to_vec())]];
    commit(&mut writer, batch()).remove(0).expect("there is room");
    disk.fail(Fault { at: disk.calls() + 1, times: u64::MAX, kind: ErrorKind::StorageFull });
    for _ in 0..5 {
        let refused = commit(&mut writer, batch()).remove(0);
        assert!(matches!(refused, Err(JournalError::Full)), "{refused:?}");
    }
    assert_eq!(all(&journal, Stream::Posts).len(), 1, "a refused record is not shown");
    disk.heal();
    let given = commit(&mut writer, batch()).remove(0).expect("there is room again");
    assert_eq!(given.len(), 2);
    assert_eq!((all(&journal, Stream::Posts).len(), all(&journal, Stream::Desk).len()), (2, 2));
    disk.fail(Fault { at: disk.calls() + 1, times: u64::MAX, kind: ErrorKind::Other });
    let refused = commit(&mut writer, batch()).remove(0);
    assert!(matches!(refused, Err(JournalError::Io { .. })), "{refused:?}");
}

#[test]
fn a_start_on_a_failing_disk_fails_or_loses_nothing() {
    for at in 1..12 {
        let disk = SimDisk::new(at);
        let mut pick = numbers(at);
        let mut witness = Witness::default();
        let (journal, mut writer, _) = open(&disk).expect("opens");
        for _ in 0..5 {
            witness.group(&mut writer, &mut pick);
        }
        disk.power_cut();
        drop((journal, writer));
        disk.fail(Fault { at: disk.calls() + at, times: 1, kind: ErrorKind::Other });
        if let Ok((journal, writer, _)) = open(&disk) {
            witness.check_start(&journal, "beside a failed call");
            drop((journal, writer));
        }
        disk.heal();
        let (journal, _writer, _) = open(&disk).expect("opens");
        witness.check_start(&journal, "after healing");
    }
}

#[test]
fn a_segment_that_saw_an_error_is_cut_and_left() {
    for call in [1, 2] {
        let disk = SimDisk::new(6);
        let (journal, mut writer, _) = open(&disk).expect("opens");
        let batch = || vec![vec![(Stream::Posts, vec![7; 100])]];
        commit(&mut writer, batch()).remove(0).expect("is stored");
        disk.fail(Fault { at: disk.calls() + call, times: 1, kind: ErrorKind::Other });
        commit(&mut writer, batch()).remove(0).expect("is stored at the second try");
        let segments = journal.segments(Stream::Posts);
        assert_eq!(segments.iter().map(|segment| segment.records).collect::<Vec<_>>(), [1, 1]);
        for segment in segments {
            let bytes = disk.contents(&segment.path).expect("is there").len();
            assert_eq!(bytes as u64, segment.bytes, "call {call}: nothing void is left where it can be cut");
        }
    }
}
