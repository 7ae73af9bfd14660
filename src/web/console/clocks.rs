//! How an officer sees clocks: what runs, until when, what is left.

use jiff::{SignedDuration, Timestamp};

use crate::incident::{Clocks, Incident, Limit, Running, Standing, span};
use crate::web::say::Lang;

/// From here on a clock is shown as short, in percent of its limit.
const SHORT: u8 = 75;

/// One clock of an incident as shown.
pub(super) struct Shown {
    pub(super) title: String,
    pub(super) source: String,
    /// `48 小时`.
    pub(super) limit: String,
    pub(super) from: Timestamp,
    pub(super) due: Timestamp,
    /// `还剩 5 小时`.
    pub(super) words: String,
    /// `runs`, `short`, `over`, `rests`, `met` or `late`.
    pub(super) class: &'static str,
    pub(super) percent: u8,
}

/// The clock of a row in the work list: the one that needs someone first.
pub(super) struct Nearest {
    pub(super) words: String,
    pub(super) class: &'static str,
    pub(super) due: Timestamp,
}

/// All clocks of an incident.
pub(super) fn all(l: Lang, clocks: &Clocks, incident: &Incident, now: Timestamp) -> Vec<Shown> {
    let shown = |running: &Running<'_>| Shown {
        title: running.clock.title.clone(),
        source: running.clock.source.clone(),
        limit: limit(l, running.clock.limit),
        from: running.started_at,
        due: running.due_at,
        words: words(l, running, now),
        class: class(running, now),
        percent: running.percent(now),
    };
    clocks.running(incident).iter().map(shown).collect()
}

/// The clock that is up first, of those that have not stopped.
pub(super) fn nearest(l: Lang, clocks: &Clocks, incident: &Incident, now: Timestamp) -> Option<Nearest> {
    let running = clocks.running(incident);
    let first =
        running.iter().filter(|running| !running.has_stopped()).min_by_key(|running| running.due_at)?;
    let words = format!("{} {}", first.clock.title, words(l, first, now));
    Some(Nearest { words, class: class(first, now), due: first.due_at })
}

/// A limit in the reader's language.
fn limit(l: Lang, limit: Limit) -> String {
    match (l, limit) {
        (Lang::Zh, limit) => limit.chinese(),
        (Lang::En, Limit::Hours(time)) => length(l, time),
        (Lang::En, Limit::WorkingHours(time)) => format!("{} of working time", length(l, time)),
        (Lang::En, Limit::Workdays(days)) => format!("{days} working days"),
    }
}

/// A length of time in the reader's language.
pub(super) fn length(l: Lang, length: SignedDuration) -> String {
    let minutes = length.as_secs().unsigned_abs() / 60;
    match l {
        Lang::Zh => span(length),
        Lang::En => match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
            (0, 0, minutes) => format!("{minutes} min"),
            (0, hours, minutes) => format!("{hours} h {minutes} min"),
            (days, hours, _) => format!("{days} d {hours} h"),
        },
    }
}

fn words(l: Lang, running: &Running<'_>, now: Timestamp) -> String {
    let left = running.left(now);
    let (zh, en) = match (running.standing, running.is_over(now)) {
        (Standing::Runs, false) => ("还剩", "left:"),
        (Standing::Runs, true) => ("已超时", "over by"),
        (Standing::Rests { .. }, false) => ("暂停计时，恢复后还剩", "rests, left:"),
        (Standing::Rests { .. }, true) => ("暂停计时，已超时", "rests, over by"),
        (Standing::Met { .. }, false) => ("按时完成，余", "in time, left:"),
        (Standing::Met { .. }, true) => ("超时完成，超", "done, late by"),
        (Standing::Ended { .. }, false) => ("随单结束，余", "ended, left:"),
        (Standing::Ended { .. }, true) => ("随单结束，超", "ended, over by"),
    };
    let of =
        if running.clock.limit.is_working() { l.t("（工作时间）", " of working time") } else { "" };
    format!("{} {}{of}", l.t(zh, en), length(l, left))
}

fn class(running: &Running<'_>, now: Timestamp) -> &'static str {
    match (running.standing, running.is_over(now)) {
        (Standing::Runs, false) if running.percent(now) >= SHORT => "short",
        (Standing::Runs, false) => "runs",
        (Standing::Rests { .. }, false) => "rests",
        (Standing::Runs | Standing::Rests { .. }, true) => "over",
        (Standing::Met { .. } | Standing::Ended { .. }, false) => "met",
        (Standing::Met { .. } | Standing::Ended { .. }, true) => "late",
    }
}
