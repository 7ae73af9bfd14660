//! Records of every age are read, and written as they always were.

use super::*;
use crate::incident::{Actor, FactCard, FactStatus};

const AT: &[u8] = b"\x142026-03-01T00:00:00Z";

fn at() -> Timestamp {
    "2026-03-01T00:00:00Z".parse().unwrap()
}

/// Bytes as each version of the program wrote them. A record that is read otherwise is another record: these
/// lines only ever grow.
#[test]
fn records_of_every_age_are_read_as_they_were_written() {
    let source = SourceId::new("forum").unwrap();
    let by = PersonOrToken::Person(PersonName::new("li").unwrap());
    let verdict = DeskVerdict {
        post: PostId::from_bytes([7; 16]),
        text_at: Sequence(300),
        judged: JudgedAs {
            grade: Rung::RED,
            category: Matter::Of(crate::lexicon::Category::Food),
            department: Some("market".into()),
            version: "abc+def".into(),
        },
        grade: Some(Rung::YELLOW),
        category: Some(Matter::Nobodys),
        department: Some("none".into()),
        sentiment: Some(Mood::Neutral),
        question: Some(true),
        note: None,
        by: by.clone(),
        at: at(),
        idempotency_key: Some("k".into()),
    };
    let rescored = Rescored { from: Sequence(1), to: Sequence(300), version: "abc".into(), by, at: at() };
    let audit = AuditEntry {
        at: at(),
        by: Some(PersonOrToken::Token("t".into())),
        right: Some(Right::Officer),
        what: "search".into(),
        detail: "停水".into(),
        from: None,
    };
    let fact = FactCard {
        event: 7,
        title: "e".into(),
        claim: "c".into(),
        status: FactStatus::False,
        source: Some("s".into()),
        url: None,
        note: None,
        first_seen: at(),
        voices: 12,
        by: Actor::Token("t".into()),
        at: at(),
    };
    for (name, written, record) in [
        ("lexicon", [b"\x01\x04\x03abc", AT].concat(), DeskRecord::Lexicon { version: "abc".into(), at: at() }),
        ("rules", [b"\x01\x05\x03abc", AT].concat(), DeskRecord::Rules { version: "abc".into(), at: at() }),
        (
            "source paused",
            [b"\x01\x06\x05forum\x01\x02", AT].concat(),
            DeskRecord::SourcePaused { source, paused: true, by: PersonOrToken::Console, at: at() },
        ),
        (
            "audit",
            [b"\x01\x07", AT, b"\x01\x01\x01t\x01\x02\x06search\x06\xe5\x81\x9c\xe6\xb0\xb4\x00"].concat(),
            DeskRecord::Audit(Box::new(audit)),
        ),
        (
            "verdict",
            [
                b"\x01\x08",
                &[7; 16][..],
                b"\xac\x02\x04\x00\x01\x01\x06market\x07abc+def\x01\x02\x01\x01\x01\x04none\x01\x01\x01\x01\x00\x00\x02li",
                AT,
                b"\x01\x01k",
            ]
            .concat(),
            DeskRecord::Verdict(Box::new(verdict)),
        ),
        (
            "rescored",
            [b"\x01\x09\x01\xac\x02\x03abc\x00\x02li", AT].concat(),
            DeskRecord::Rescored(Box::new(rescored)),
        ),
        (
            "fact card",
            [b"\x01\x0a\x07\x01e\x01c\x03\x01\x01s\x00\x00", AT, b"\x0c\x02\x01t", AT].concat(),
            DeskRecord::Fact(Box::new(fact)),
        ),
    ] {
        assert_eq!(DeskRecord::decode(&written).unwrap(), record, "{name}");
        assert_eq!(record.encode(), written, "{name}");
    }
}

#[test]
fn what_somebody_says_of_events_is_known_by_its_first_bytes() {
    let by = PersonOrToken::Person(PersonName::new("li").unwrap());
    let change = Regrouping::Merge { from: 7, into: 300 };
    let said = Regrouped { change, reason: "r".into(), by, at: at() };
    let record = PostRecord::Regrouped(Box::new(said));
    let written = [b"\x01\x07\x00\x07\xac\x02\x01r\x00\x02li", AT].concat();
    assert_eq!(PostRecord::decode(&written).unwrap(), record);
    assert_eq!(record.encode(), written);
    assert!(PostRecord::is_regrouped(&written));
    let returned = PostRecord::Returned { post: PostId::from_bytes([7; 16]), at: at() };
    assert!(!PostRecord::is_regrouped(&returned.encode()));
}
