//! Power cuts: nothing acknowledged is lost, nothing false appears.

use super::super::sim::{Fault, SimDisk};
use super::{Witness, numbers, open};

#[test]
fn power_cuts_lose_nothing_that_was_acknowledged() {
    for seed in 0..400 {
        let disk = SimDisk::new(seed);
        let mut pick = numbers(seed + 1);
        let mut witness = Witness::default();
        for life in 0..6 {
            let case = format!("seed {seed}, life {life}");
            let (journal, mut writer, report) = open(&disk).expect("opens after a power cut");
            assert_eq!(report.highest, journal.durable(), "{case}");
            witness.check_start(&journal, &case);
            for _ in 0..pick(12) {
                assert_eq!(witness.group(&mut writer, &mut pick), 0, "{case}");
            }
            witness.check_live(&journal, &case);
            // A last group, ended in its midst by a failing disk or by a kill.
            let killed = pick(2) == 0;
            if killed {
                disk.kill_after(pick(6));
            } else {
                let kind = std::io::ErrorKind::Other;
                disk.fail(Fault { at: disk.calls() + 1 + pick(4), times: u64::MAX, kind });
            }
            witness.group(&mut writer, &mut pick);
            // A killed process is started again on what the system still has in memory.
            if !killed || pick(2) == 0 {
                disk.power_cut();
            }
            disk.heal();
        }
        disk.power_cut();
        let (journal, _writer, _) = open(&disk).expect("opens");
        witness.check_start(&journal, &format!("seed {seed}, end"));
    }
}

#[test]
fn records_that_only_the_page_cache_held_are_synced_before_they_are_shown() {
    for seed in 0..100 {
        let disk = SimDisk::new(seed);
        let mut pick = numbers(seed + 7);
        let mut witness = Witness::default();
        let (journal, mut writer, _) = open(&disk).expect("opens");
        witness.group(&mut writer, &mut pick);
        // Killed before the sync.
        disk.kill_after(1 + pick(3));
        witness.group(&mut writer, &mut pick);
        disk.heal();
        drop((journal, writer));
        let (journal, writer, _) = open(&disk).expect("opens");
        let shown = witness.read(&journal, "after the kill");
        drop((journal, writer));
        disk.power_cut();
        let (journal, _writer, _) = open(&disk).expect("opens");
        let after = witness.read(&journal, "after the power cut");
        assert_eq!(shown, after, "seed {seed}: shown, then lost");
    }
}
