//! What the desk said of posts, and which version judges which text.

use super::*;
use crate::assess::Mood;
use crate::assess::evaluation::{Matter, Rung};
use crate::journal::record::{DeskVerdict, JudgedAs, Rescored};

pub(super) fn verdict(number: u32, grade: Rung, minutes: i64) -> DeskRecord {
    DeskRecord::Verdict(Box::new(DeskVerdict {
        post: id(number),
        text_at: Sequence(u64::from(number)),
        judged: JudgedAs {
            grade: Rung::RED,
            category: Matter::Of(Category::Utilities),
            department: None,
            version: "abc".into(),
        },
        grade: Some(grade),
        category: None,
        department: None,
        sentiment: Some(Mood::Neutral),
        question: None,
        note: None,
        by: PersonOrToken::Person(PersonName::new("li").unwrap()),
        at: at(minutes),
        idempotency_key: Some(format!("{number} {minutes}")),
    }))
}

pub(super) fn rescored(from: u64, to: u64, version: &str) -> DeskRecord {
    let (from, to, by) = (Sequence(from), Sequence(to), PersonOrToken::Console);
    DeskRecord::Rescored(Box::new(Rescored { from, to, version: version.into(), by, at: at(0) }))
}

fn lexicon(version: &str) -> DeskRecord {
    DeskRecord::Lexicon { version: version.into(), at: at(0) }
}

#[test]
fn the_latest_verdict_of_a_post_counts_and_all_come_in_order() {
    let (_dir, store) = fresh();
    let records = numbered([
        verdict(1, Rung::YELLOW, 1),
        verdict(2, Rung::NONE, 2),
        verdict(1, Rung::ORANGE, 3),
        verdict(3, Rung::RED, 4),
    ]);
    store.apply_desk(&records).unwrap();
    store.apply_desk(&records).unwrap();
    let grade = |number| store.verdict(id(number)).unwrap().map(|verdict| verdict.grade);
    assert_eq!((grade(1), grade(9)), (Some(Some(Rung::ORANGE)), None));
    let posts = |filter, cursor: Option<&Cursor>, limit| {
        let page = store.verdicts(filter, cursor, limit).unwrap();
        let posts: Vec<PostId> = page.items.iter().map(|verdict| verdict.post).collect();
        (posts, page.next)
    };
    let all = VerdictFilter::default();
    let (first, next) = posts(all, None, 2);
    assert_eq!(first, [id(2), id(1)]);
    assert_eq!(posts(all, next.as_ref(), 2), (vec![id(3)], None));
    let within = VerdictFilter { since: Some(at(3)), until: Some(at(4)) };
    assert_eq!(posts(within, None, 9), (vec![id(1)], None));
    assert_eq!(store.verdict_by_key("2 2").unwrap(), Some(id(2)));
    assert_eq!(store.verdict_by_key("2 3").unwrap(), None);
}

#[test]
fn a_text_is_judged_by_the_last_rescore_that_covers_it() {
    let (_dir, store) = fresh();
    let records = [
        (Sequence(1), lexicon("a")),
        (Sequence(10), lexicon("b")),
        (Sequence(20), rescored(1, 12, "b")),
        (Sequence(30), rescored(5, 8, "c")),
        (Sequence(40), rescored(8, 25, "d")),
        (Sequence(50), rescored(9, 3, "void")),
    ];
    store.apply_desk(&records).unwrap();
    let version = |at: Option<InForce>| at.map(|in_force| in_force.version).unwrap_or_default();
    let now: String = (1..=27).map(|n| version(store.lexicon_at(Sequence(n)).unwrap())).collect();
    let then: String = (1..=27).map(|n| version(store.lexicon_then(Sequence(n)).unwrap())).collect();
    assert_eq!((now.as_str(), then.as_str()), ("bbbbcccddddddddddddddddddbb", "aaaaaaaaabbbbbbbbbbbbbbbbbb"));
    assert_eq!(store.lexicons().unwrap().len(), 2, "what is in force is no rescore's to say");
    let pending = |after| {
        let found = store.rescores_after(Sequence(after)).unwrap();
        found.into_iter().map(|(record, _)| record.0).collect::<Vec<_>>()
    };
    assert_eq!((pending(0), pending(30)), (vec![20, 30, 40, 50], vec![40, 50]));
}

#[test]
fn stretches_hold_the_posts_that_were_seen_then() {
    let (_dir, store) = fresh();
    let revised = |number| PostRecord::Revised {
        post: id(number),
        title: String::new(),
        text: "来水了".into(),
        counts: Counts::default(),
        at: at(50),
    };
    let missing = |minutes| PostRecord::Missing { post: id(4), at: at(minutes) };
    let mut records: Vec<_> = (1..=5).map(|number| found(number, None)).collect();
    records.extend([revised(2), missing(60), missing(200)]);
    store.apply_posts(&numbered(records)).unwrap();
    let seen = |since: Option<i64>, until: Option<i64>| {
        let stretch = store.first_seen_within(since.map(at), until.map(at)).unwrap();
        stretch.map(|(from, to)| (from.0, to.0))
    };
    assert_eq!(seen(None, None), Some((1, 5)));
    assert_eq!(seen(Some(2), Some(4)), Some((2, 3)));
    assert_eq!(seen(Some(6), None), None);
    let texts = |stretches: &[(u64, u64)]| {
        let stretches: Vec<Stretch> =
            stretches.iter().map(|(from, to)| (Sequence(*from), Sequence(*to))).collect();
        store.texts_within(&stretches).unwrap()
    };
    assert_eq!(texts(&[(1, 8)]), 4, "one is gone");
    assert_eq!(texts(&[(1, 3)]), 2, "one has a later text");
    assert_eq!(texts(&[(1, 1), (6, 6)]), 2);
}

proptest! {
    #[test]
    fn rescores_in_any_order_judge_as_a_list_of_them_would(
        rescores in proptest::collection::vec((1..30_u64, 1..30_u64, "[a-z]"), 0..12),
    ) {
        let (_dir, store) = fresh();
        let records: Vec<_> = (100..)
            .map(Sequence)
            .zip(rescores.iter().map(|(from, to, version)| rescored(*from, *to, version)))
            .collect();
        store.apply_desk(&records).unwrap();
        for place in 1..32 {
            let covers = |(from, to, _): &&(u64, u64, String)| (*from..=*to).contains(&place);
            let wanted = rescores.iter().rev().find(covers).map(|(_, _, version)| version.clone());
            let found = store.lexicon_at(Sequence(place)).unwrap().map(|in_force| in_force.version);
            prop_assert_eq!(found, wanted, "at {}", place);
        }
    }
}
