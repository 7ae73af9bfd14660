//! When a daemon counts as silent, and when that is told: the decisions of `minsheng watch`, without clock or network.

use std::time::Duration;

/// What one look showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// It answers and hears enough.
    Well,
    /// It does not, for this reason.
    Ill(String),
}

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// It has been ill for so long, for the reason seen last.
    Silent {
        /// For how long.
        lasting: Duration,
        /// Why.
        why: String,
    },
    /// It is well again after so long.
    Restored {
        /// For how long it was ill.
        lasting: Duration,
    },
}

/// What was seen so far.
#[derive(Debug)]
pub(super) struct Silence {
    /// Illness that lasts shorter is told nobody.
    after: Duration,
    /// Told again so long after the last time.
    again: Duration,
    ill: Option<Ill>,
}

#[derive(Debug, Clone, Copy)]
struct Ill {
    since: Duration,
    told: Option<Duration>,
}

impl Silence {
    pub(super) fn new(after: Duration, again: Duration) -> Self {
        Self { after, again, ill: None }
    }

    /// Takes in a look made at `now`, counted from any fixed instant; says what is to be told.
    pub(super) fn look(&mut self, seen: Seen, now: Duration) -> Option<Word> {
        let Seen::Ill(why) = seen else {
            let ill = self.ill.take()?;
            return ill.told.map(|_| Word::Restored { lasting: now.saturating_sub(ill.since) });
        };
        let ill = self.ill.get_or_insert(Ill { since: now, told: None });
        let lasting = now.saturating_sub(ill.since);
        let due = match ill.told {
            None => lasting >= self.after,
            Some(told) => now.saturating_sub(told) >= self.again,
        };
        if !due {
            return None;
        }
        ill.told = Some(now);
        Some(Word::Silent { lasting, why })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_told_when_it_lasts_again_when_it_goes_on_and_when_it_ends() {
        let minutes = Duration::from_mins;
        let mut silence = Silence::new(minutes(3), minutes(60));
        let ill = || Seen::Ill("no answer".to_owned());
        let silent = |lasting| Some(Word::Silent { lasting: minutes(lasting), why: "no answer".to_owned() });
        for (minute, seen, word) in [
            (0, Seen::Well, None),
            (1, ill(), None),
            (2, Seen::Well, None),
            (3, ill(), None),
            (5, ill(), None),
            (6, ill(), silent(3)),
            (7, ill(), None),
            (65, ill(), None),
            (66, ill(), silent(63)),
            (67, Seen::Well, Some(Word::Restored { lasting: minutes(64) })),
            (68, Seen::Well, None),
            (70, ill(), None),
        ] {
            assert_eq!(silence.look(seen, minutes(minute)), word, "minute {minute}");
        }
    }

    #[test]
    fn without_patience_the_first_look_tells() {
        let mut silence = Silence::new(Duration::ZERO, Duration::from_hours(1));
        assert!(silence.look(Seen::Ill("x".to_owned()), Duration::from_mins(9)).is_some());
    }
}
