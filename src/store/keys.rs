//! What stands under which key: the one list of everything the store holds.
//!
//! All of it lives in one tree of sled, since a batch is atomic within one tree only. A key is the
//! table's byte and then its parts; texts that are followed by something end with a zero byte, which
//! no id holds; numbers and times are big-endian, so that the order of keys is theirs.

use jiff::Timestamp;

use super::codec::{reverse, time_key};

/// What a key belongs to; the byte stands first in the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Table {
    /// Schema version, sequences reached, totals: `M name`.
    Meta = b'M',
    /// Post id → `PostState`.
    Post = b'P',
    /// Thread, sequence of the first → ids of up to 16 posts.
    Thread = b'T',
    /// Source, post id of a thread's opener → nothing.
    Opener = b'o',
    /// Source → number of posts.
    SourceCount = b'C',
    /// Source, day → number of posts first seen on it.
    DayCount = b'D',
    /// Source → `SourceState`.
    Source = b'S',
    /// Source → who lets it rest, since when.
    Paused = b'A',
    /// Source, beginning → `Span` of coverage.
    Coverage = b'V',
    /// Source, hash of the address → `Visit`.
    Page = b'G',
    /// Source, time of change, hash of the address → time of reading.
    PageChanged = b'R',
    /// Incident id → `Incident`.
    Incident = b'I',
    /// State, grade downwards, time of change downwards, incident id → nothing.
    IncidentOrder = b'J',
    /// Signal id → sequence of the record that holds it.
    Signal = b'N',
    /// Hash of an idempotency key → `Repeated`.
    Idempotency = b'K',
    /// Notification key → `OutboxEntry`.
    Outbox = b'O',
    /// Receiver, time of the next try, notification key → nothing.
    OutboxDue = b'U',
    /// Receiver, notification key of what waits for its repair → nothing.
    OutboxBroken = b'Y',
    /// Sequence downwards, place in the record → notification key.
    OutboxOrder = b'W',
    /// State → number of notifications.
    OutboxCount = b'Q',
    /// Notification key, try → `Delivery`.
    Attempt = b'B',
    /// Name → `Person`.
    Person = b'H',
    /// Token id → `TokenRecord`.
    Token = b'Z',
    /// Hash of the secret → token id.
    TokenSecret = b'X',
    /// Hash of the session's id → `Session`; not in the journal.
    Session = b'E',
    /// Sequence → version of the dictionaries in force from there.
    Lexicon = b'L',
    /// Sequence → version of the rules in force from there.
    Rules = b'F',
    /// Post id → its latest `DeskVerdict` and the record that holds it.
    Verdict = b'v',
    /// Sequence of a post's latest verdict → post id.
    VerdictOrder = b'w',
    /// Hash of an idempotency key → post id of the verdict it was used for.
    VerdictAsked = b'k',
    /// Time, notification key of what is held back → nothing.
    OutboxHeld = b'h',
    /// Incident id → when the first receiver took the word of it.
    Told = b't',
    /// Hand-over id → `Handover`.
    Handover = b'p',
    /// Silence id → `Silence`.
    Silence = b's',
    /// Rule, source of what cannot be heard → `Outage`.
    Outage = b'u',
    /// Event id → its `FactCard`.
    Fact = b'f',
    /// Sequence → `Rescored`.
    Rescore = b'r',
    /// First place of a stretch of the journal → last place and what judges it now.
    JudgedAgain = b'j',
}

impl Table {
    /// The tables that follow from the journal, with a name for reports.
    pub(super) const JOURNALED: [(Self, &'static str); 37] = [
        (Self::Meta, "meta"),
        (Self::Post, "post"),
        (Self::Thread, "thread"),
        (Self::Opener, "opener"),
        (Self::SourceCount, "source count"),
        (Self::DayCount, "day count"),
        (Self::Source, "source"),
        (Self::Paused, "paused source"),
        (Self::Coverage, "coverage"),
        (Self::Page, "page"),
        (Self::PageChanged, "page order"),
        (Self::Incident, "incident"),
        (Self::IncidentOrder, "incident order"),
        (Self::Signal, "signal"),
        (Self::Idempotency, "idempotency key"),
        (Self::Outbox, "outbox"),
        (Self::OutboxDue, "outbox due"),
        (Self::OutboxBroken, "outbox broken"),
        (Self::OutboxHeld, "outbox held"),
        (Self::Silence, "silence"),
        (Self::Handover, "hand-over"),
        (Self::Outage, "outage"),
        (Self::Told, "first told"),
        (Self::OutboxOrder, "outbox order"),
        (Self::OutboxCount, "outbox count"),
        (Self::Attempt, "attempt"),
        (Self::Person, "person"),
        (Self::Token, "token"),
        (Self::TokenSecret, "token secret"),
        (Self::Lexicon, "lexicon version"),
        (Self::Rules, "rules version"),
        (Self::Verdict, "verdict"),
        (Self::VerdictOrder, "verdict order"),
        (Self::VerdictAsked, "verdict key"),
        (Self::Fact, "fact card"),
        (Self::Rescore, "rescore"),
        (Self::JudgedAgain, "judged again"),
    ];

    /// A key of this table, still without parts; by itself it is the prefix of the whole table.
    pub(super) fn key(self) -> Key {
        let mut bytes = Vec::with_capacity(40);
        bytes.push(self as u8);
        Key(bytes)
    }
}

/// A key under construction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(pub(super) Vec<u8>);

impl Key {
    /// A text that ends the key.
    pub(super) fn last(mut self, text: &str) -> Self {
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    /// A text that is followed by something.
    pub(super) fn text(self, text: &str) -> Self {
        self.last(text).bytes(&[0])
    }

    /// Bytes of a fixed number.
    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// A number, ascending.
    pub(super) fn number(self, number: u64) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    /// A time, ascending.
    pub(super) fn time(self, at: Timestamp) -> Self {
        self.bytes(&time_key(at))
    }

    /// A time, newest first.
    pub(super) fn newest(self, at: Timestamp) -> Self {
        self.bytes(&reverse(time_key(at)))
    }
}
