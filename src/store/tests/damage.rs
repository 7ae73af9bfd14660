//! A store that lasts, that is ahead, of another shape or damaged, and what differs from a fresh fold.

use super::*;

#[test]
fn a_store_lasts_and_one_process_alone_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let (store, _) = open(&path);
    store.apply_posts(&numbered([found(1, None), found(2, None)])).unwrap();
    let second = Store::open(&path, DURABLE, &StoreConfig::default());
    assert!(matches!(second, Err(StoreError::Locked { .. })), "{second:?}");
    drop(store);
    let (store, opened) = open(&path);
    assert_eq!(opened, Opened { posts: Sequence(2), desk: Sequence(0), set_aside: None });
    assert_eq!(store.post_count().unwrap(), 2);
}

#[test]
fn a_store_ahead_of_the_journal_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    open(&path).0.apply_posts(&numbered([found(1, None), found(2, None)])).unwrap();
    let (store, opened) = Store::open(&path, Sequence(1), &StoreConfig::default()).unwrap();
    let aside = opened.set_aside.unwrap();
    assert_eq!(aside.path, dir.path().join("store.broken-1"));
    assert!(aside.reason.contains("ahead of the journal"), "{}", aside.reason);
    assert_eq!((opened.posts, store.post_count().unwrap()), (Sequence(0), 0));
    store.condemn("a value could not be read");
    drop(store);
    let (_store, opened) = open(&path);
    assert_eq!(opened.set_aside.unwrap().path, dir.path().join("store.broken-2"));
}

#[test]
fn a_store_of_another_shape_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let (store, _) = open(&path);
    store.tree().insert(schema_key().0, codec::encode(&(SCHEMA + 1))).unwrap();
    drop(store);
    assert!(open(&path).1.set_aside.unwrap().reason.contains("schema"));
}

/// Whatever stands in the files: an opened store holds what was applied, or is new, or says that it is damaged.
#[test]
fn damaged_files_give_a_new_store_or_a_condemned_one_never_a_dead_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let (store, _) = open(&path);
    let records = numbered((0..500).map(|number| found(number, Some(number % 7))));
    store.apply_posts(&records).unwrap();
    store.flush().unwrap();
    drop(store);
    let whole = fs::read(path.join("db")).unwrap();
    let used = whole.len() - whole.iter().rev().take_while(|byte| **byte == 0).count();
    for (case, damage) in [
        ("empty", Vec::new()),
        ("zeroed", vec![0; whole.len()]),
        ("cut", whole[..used / 2].to_vec()),
        ("flipped", {
            let mut bytes = whole.clone();
            bytes.iter_mut().take(used).step_by(97).for_each(|byte| *byte ^= 0x10);
            bytes
        }),
    ] {
        fs::write(path.join("db"), damage).unwrap();
        let (store, opened) = open(&path);
        let sound = store.apply_posts(&records).is_ok() && store.differences(&store, 1).is_ok();
        if sound {
            assert_eq!(store.post_count().unwrap(), 500, "{case} {opened:?}");
        }
        drop(store);
        let (store, opened) = open(&path);
        assert_eq!(opened.set_aside.is_none(), sound, "{case}");
        store.apply_posts(&records).unwrap();
        assert_eq!(store.post_count().unwrap(), 500, "{case}");
    }
}

#[test]
fn verify_names_what_differs_from_a_fresh_fold() {
    let (_dir, store) = fresh();
    let (_other, again) = fresh();
    let records = numbered((0..20).map(|number| found(number, None)));
    store.apply_posts(&records).unwrap();
    again.apply_posts(&records).unwrap();
    store.open_session(SessionKey([1; 32]), PersonName::new("wang").unwrap(), at(0)).unwrap();
    assert_eq!(store.differences(&again, 9).unwrap(), []);
    store.tree().insert(b"Mposts", codec::encode(&19_u64)).unwrap();
    store.tree().insert(b"Cnews", codec::encode(&1_u64)).unwrap();
    store.tree().remove([b"P", &id(3).as_bytes()[..]].concat()).unwrap();
    let told: Vec<_> = store.differences(&again, 9).unwrap().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n").replace(&id(3).to_string(), "(3)"), @r"
    meta posts differs from the journal
    post (3) is lacking
    source count news is not in the journal
    ");
    assert_eq!(store.differences(&again, 1).unwrap().len(), 1);
}
