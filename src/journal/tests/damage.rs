//! Files that were cut or changed: what is whole is kept, what is not is told, nothing is made up.

use std::path::Path;

use super::super::segment::{self, HEADER};
use super::super::sim::SimDisk;
use super::super::{Disk, Entry, JournalError, Sequence, Stream, verify};
use super::{DIR, all, commit, filled, numbers, open_roomy as open, segment_paths};

#[test]
fn a_file_cut_anywhere_in_its_last_4_kib_keeps_its_whole_records() {
    let disk = SimDisk::new(11);
    let written = filled(&disk, 60);
    let path = segment_paths(&disk)
        .into_iter()
        .find(|path| path.to_string_lossy().contains("posts"))
        .expect("is there");
    let whole = disk.contents(&path).expect("is there");
    let posts: Vec<_> =
        written.into_iter().filter(|(stream, _)| *stream == Stream::Posts).map(|(_, entry)| entry).collect();
    assert!(whole.len() > 4096 + 64, "long enough: {}", whole.len());
    for cut in 0..=4096 {
        let length = whole.len() - cut;
        disk.put(&path, whole[..length].to_vec());
        let mut end = HEADER as usize;
        let kept = posts.iter().take_while(|entry| {
            end += segment::FRAME + entry.payload.len();
            end <= length
        });
        let kept: Vec<_> = kept.cloned().collect();
        let told = verify(&disk, Path::new(DIR)).expect("reads");
        let (journal, mut writer, report) = open(&disk).expect("opens");
        assert!(all(&journal, Stream::Posts) == kept, "cut by {cut}");
        assert_eq!(report.damage, [], "cut by {cut}: a torn tail is no damage");
        assert!(told.is_sound());
        let now = disk.contents(&path).map(|bytes| bytes.len() as u64);
        if !report.cut.is_empty() {
            assert_eq!(now, Some(report.cut[0].offset), "cut by {cut}");
        }
        let torn = told.files.iter().any(|file| file.torn.is_some());
        assert_eq!(torn, !report.cut.is_empty(), "cut by {cut}: verify foretells the cut");
        let given = commit(&mut writer, vec![vec![(Stream::Posts, b"more".to_vec())]]).remove(0);
        assert!(given.expect("is stored")[0] > journal.durable().min(Sequence(48)), "cut by {cut}");
        assert_eq!(all(&journal, Stream::Posts).len(), kept.len() + 1, "cut by {cut}");
    }
}

#[test]
fn a_thousand_flipped_bits_make_no_false_record_and_are_counted() {
    let disk = SimDisk::new(12);
    // More than one segment of posts.
    let written = filled(&disk, 800);
    let paths = segment_paths(&disk);
    assert!(paths.len() > 2, "{paths:?}");
    let mut pick = numbers(99);
    for nth in 0..1000 {
        let path = &paths[pick(paths.len() as u64) as usize];
        let sound = disk.contents(path).expect("is there");
        let mut flipped = sound.clone();
        // Headers are small; flip them more often than chance would.
        let range = if nth % 10 == 0 { HEADER } else { sound.len() as u64 };
        let (byte, bit) = (pick(range) as usize, pick(8));
        flipped[byte] ^= 1 << bit;
        disk.put(path, flipped);
        let case = format!("flip {nth}: bit {bit} of byte {byte} in {}", path.display());
        let (journal, writer, report) = open(&disk).unwrap_or_else(|error| panic!("{case}: {error}"));
        let found: Vec<(Stream, Entry)> = Stream::ALL
            .into_iter()
            .flat_map(|stream| all(&journal, stream).into_iter().map(move |entry| (stream, entry)))
            .collect();
        assert!(found.iter().all(|entry| written.contains(entry)), "{case}: false record");
        assert!(found.len() + 1 >= written.len(), "{case}: {} of {}", found.len(), written.len());
        assert_eq!(report.cut.len() + report.damage.len(), 1, "{case}: {report:?}");
        for damage in &report.damage {
            let kept = damage.kept.as_ref().expect("is copied aside");
            let bytes = disk.contents(kept).expect("is there");
            assert_eq!(bytes.len() as u64, damage.bytes, "{case}");
        }
        drop((journal, writer));
        disk.put(path, sound);
    }
}

#[test]
fn damage_is_told_at_every_start_but_is_new_only_once() {
    let disk = SimDisk::new(13);
    filled(&disk, 50);
    let path = segment_paths(&disk).pop().expect("is there");
    let mut bytes = disk.contents(&path).expect("is there");
    bytes[100] ^= 4;
    disk.put(&path, bytes);
    assert!(!verify(&disk, Path::new(DIR)).expect("reads").is_sound());
    for known in [false, true, true] {
        let (journal, _writer, report) = open(&disk).expect("opens");
        assert_eq!(report.damage.iter().map(|damage| damage.known).collect::<Vec<_>>(), [known]);
        assert_eq!(all(&journal, Stream::Posts).len(), 39, "one of 40 is damaged");
        assert_eq!(journal.segments(Stream::Posts)[0].damaged, report.damage[0].bytes);
    }
}

#[test]
fn damage_that_comes_while_running_is_told_once_and_read_past() {
    let disk = SimDisk::new(14);
    let written = filled(&disk, 50);
    let (journal, _writer, _) = open(&disk).expect("opens");
    let path = segment_paths(&disk).pop().expect("is there");
    let mut bytes = disk.contents(&path).expect("is there");
    bytes[100] ^= 4;
    disk.put(&path, bytes);
    let first = written[0].1.sequence;
    let found: Vec<_> = journal.read(Stream::Posts, Sequence::NONE).collect();
    assert!(matches!(found[0], Err(JournalError::Damaged { start: HEADER, .. })), "{:?}", found[0]);
    assert_eq!((found.len(), found.iter().filter(|entry| entry.is_ok()).count()), (40, 39));
    assert_eq!(all(&journal, Stream::Posts).len(), 39, "then it is known");
    assert_eq!(journal.get(Stream::Posts, first).expect("is known"), None);
    assert_eq!(
        journal.get(Stream::Posts, written[1].1.sequence).expect("is whole").as_ref(),
        Some(&written[1].1)
    );
}

#[test]
fn the_image_of_a_record_inside_a_post_is_not_taken_for_one() {
    let disk = SimDisk::new(15);
    let (journal, mut writer, _) = open(&disk).expect("opens");
    // An author who knows the format, but not the salt, tries many.
    let mut post = Vec::new();
    for salt in 0..200 {
        segment::encode(&mut post, salt, 2, b"forged");
    }
    let whole = vec![(Stream::Posts, post), (Stream::Posts, b"behind".to_vec())];
    commit(&mut writer, vec![whole]).remove(0).expect("is stored");
    drop((journal, writer));
    let path = segment_paths(&disk).pop().expect("is there");
    let mut bytes = disk.contents(&path).expect("is there");
    bytes[HEADER as usize] ^= 1;
    disk.put(&path, bytes);
    let (journal, _writer, report) = open(&disk).expect("opens");
    let found = all(&journal, Stream::Posts);
    assert_eq!(found.iter().map(|entry| &entry.payload[..]).collect::<Vec<_>>(), [b"behind"]);
    assert_eq!(report.damage.len(), 1);
}

#[test]
fn a_segment_that_lost_both_headers_is_read_with_the_salt_of_another() {
    let disk = SimDisk::new(16);
    let written = filled(&disk, 50);
    let path = segment_paths(&disk).pop().expect("is there");
    let mut bytes = disk.contents(&path).expect("is there");
    bytes[..64].fill(0);
    disk.put(&path, bytes);
    let (journal, mut writer, report) = open(&disk).expect("opens");
    assert_eq!(all(&journal, Stream::Posts).len(), 40);
    assert_eq!(report.damage.iter().map(|damage| damage.bytes).sum::<u64>(), 64);
    let given = commit(&mut writer, vec![vec![(Stream::Posts, b"more".to_vec())]]).remove(0);
    assert_eq!(given.expect("is stored")[0], written[49].1.sequence.next());
    assert_eq!(journal.segments(Stream::Posts).len(), 2, "a file with a broken header is not continued");
}

#[test]
fn a_number_that_lost_bytes_may_have_borne_is_not_given_again() {
    let disk = SimDisk::new(17);
    let written = filled(&disk, 10);
    let last = written.iter().rev().find(|(stream, _)| *stream == Stream::Desk).expect("is there");
    assert_eq!(last.1.sequence, Sequence(10));
    let path = segment_paths(&disk).remove(0);
    let mut bytes = disk.contents(&path).expect("is there");
    let end = bytes.len() - 1;
    bytes[end] ^= 1;
    disk.put(&path, bytes);
    let (journal, mut writer, report) = open(&disk).expect("opens");
    assert_eq!((report.cut.len(), journal.durable()), (1, Sequence(9)));
    let given = commit(&mut writer, vec![vec![(Stream::Posts, b"more".to_vec())]]).remove(0);
    assert!(given.expect("is stored")[0] > Sequence(10));
}

#[test]
fn data_from_the_future_and_renamed_files_are_refused_untouched() {
    let disk = SimDisk::new(18);
    filled(&disk, 10);
    let path = segment_paths(&disk).pop().expect("is there");
    let sound = disk.contents(&path).expect("is there");
    let mut later = sound.clone();
    later[8] = 2;
    let crc = crc32c::crc32c(&later[..28]).to_le_bytes();
    later[28..32].copy_from_slice(&crc);
    disk.put(&path, later.clone());
    let refused = open(&disk).err().expect("is refused").to_string();
    insta::assert_snapshot!(refused, @"/journal/posts-00000000000000000001.seg was written by a newer minsheng: journal format 2, this one reads up to 1");
    assert_eq!(disk.contents(&path), Some(later));
    disk.put(&path, sound.clone());
    let renamed = Path::new(DIR).join("posts-00000000000000000077.seg");
    disk.put(&renamed, sound);
    let refused = open(&disk).err().expect("is refused");
    assert!(matches!(&refused, JournalError::Misnamed { path } if *path == renamed), "{refused}");
    disk.remove(&renamed).expect("is there");
    assert!(open(&disk).is_ok());
}
