//! What makes a rule fire: the `when` of a rule, as written and as watched for.

use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize;

use crate::assess::Grade;
use crate::detect::event::Phase;
use crate::detect::topic::{Level, term};
use crate::detect::{EventOnly, Measure, Signal, Watched};

use super::outage::Lack;

/// Longest window a rule may ask for: what is remembered has to stay small.
const LONGEST: Duration = Duration::from_hours(7 * 24);
/// What does not double within this time is not fast.
const SLOWEST: Duration = Duration::from_hours(7 * 24);
/// How long too few sources have to be read before it is told, where the rule does not say.
const LASTS: Duration = Duration::from_mins(15);

/// `when = { … }` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct When {
    post: Option<Grade>,
    at_most: Option<Grade>,
    voices: Option<u32>,
    #[serde(default, with = "humantime_serde")]
    within: Option<Duration>,
    min_grade: Option<Grade>,
    topic: Option<Level>,
    event: Option<Grade>,
    phase: Option<Phase>,
    #[serde(default, with = "humantime_serde")]
    doubles_within: Option<Duration>,
    verify: Option<bool>,
    #[serde(default, with = "humantime_serde")]
    unread: Option<Duration>,
    coverage: Option<u8>,
    #[serde(default, with = "humantime_serde")]
    lasts: Option<Duration>,
}

/// What a rule asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Asks {
    /// Something that the public says.
    Said(Watched),
    /// That sources cannot be heard.
    Unheard(Lack),
}

/// The conditions there are: the key that names one, and those that may stand beside it. `voices` comes last, since it may
/// stand beside `event`.
const CONDITIONS: &[(&str, &[&str])] = &[
    ("post", &["at_most"]),
    ("topic", &[]),
    ("event", &["voices", "phase", "doubles_within", "verify"]),
    ("unread", &[]),
    ("coverage", &["lasts"]),
    ("voices", &["within", "min_grade"]),
];

impl When {
    /// What is asked for, or what is wrong with it.
    pub(super) fn asks(&self) -> Result<Asks, String> {
        let keys = self.keys();
        let condition = CONDITIONS.iter().find(|(name, _)| keys.contains(name));
        let Some((name, beside)) = condition else {
            return Err("when is one of { post = \"orange\" }, { voices = 3, within = \"24h\" }, { topic = \"alarm\" }, \
                        { event = \"yellow\" }, { unread = \"2h\" }, { coverage = 80, lasts = \"30m\" }"
                .to_owned());
        };
        if let Some(strange) = keys.iter().find(|key| *key != name && !beside.contains(key)) {
            return Err(format!("{strange} does not stand beside {name}"));
        }
        match *name {
            "post" => self.post(),
            "topic" => {
                let at_least = self.topic.unwrap_or(Level::Alarm);
                Ok(Asks::Said(Watched::Topic { at_least }))
            }
            "event" => self.event(),
            "unread" => {
                let lasts = length("unread", self.unread.unwrap_or_default())?;
                Ok(Asks::Unheard(Lack::Unread { lasts }))
            }
            "coverage" => {
                let percent = self.coverage.unwrap_or_default();
                if !(1..=100).contains(&percent) {
                    return Err("coverage is a percent, 1 to 100".to_owned());
                }
                let lasts = length("lasts", self.lasts.unwrap_or(LASTS))?;
                Ok(Asks::Unheard(Lack::Coverage { percent, lasts }))
            }
            _ => self.voices(),
        }
    }

    fn keys(&self) -> Vec<&'static str> {
        let there = [
            ("post", self.post.is_some()),
            ("at_most", self.at_most.is_some()),
            ("voices", self.voices.is_some()),
            ("within", self.within.is_some()),
            ("min_grade", self.min_grade.is_some()),
            ("topic", self.topic.is_some()),
            ("event", self.event.is_some()),
            ("phase", self.phase.is_some()),
            ("doubles_within", self.doubles_within.is_some()),
            ("verify", self.verify.is_some()),
            ("unread", self.unread.is_some()),
            ("coverage", self.coverage.is_some()),
            ("lasts", self.lasts.is_some()),
        ];
        there.into_iter().filter(|(_, there)| *there).map(|(key, _)| key).collect()
    }

    fn post(&self) -> Result<Asks, String> {
        let at_least = self.post.unwrap_or(Grade::Red);
        let at_most = self.at_most.unwrap_or(Grade::Red);
        if at_most < at_least {
            return Err("at_most is below post: no post can be both".to_owned());
        }
        Ok(Asks::Said(Watched::Post { at_least, at_most }))
    }

    fn event(&self) -> Result<Asks, String> {
        if self.doubles_within.is_some_and(|time| time.is_zero() || time > SLOWEST) {
            return Err("doubles_within is longer than nothing and at most 7 days".to_owned());
        }
        let only = EventOnly {
            voices: self.voices,
            phase: self.phase,
            doubles_within: self.doubles_within,
            verify: self.verify,
        };
        Ok(Asks::Said(Watched::Event { at_least: self.event.unwrap_or(Grade::Red), only }))
    }

    fn voices(&self) -> Result<Asks, String> {
        let at_least = self.voices.unwrap_or_default();
        let Some(window) = self.within else {
            return Err("voices needs a window: voices = 3, within = \"24h\"".to_owned());
        };
        if at_least < 2 {
            return Err("voices must be at least 2; for single posts write post = \"yellow\"".to_owned());
        }
        if window.is_zero() || window > LONGEST {
            return Err("within must be longer than nothing and at most 7 days".to_owned());
        }
        let floor = self.min_grade.unwrap_or(Grade::Blue);
        Ok(Asks::Said(Watched::Voices { at_least, window, floor }))
    }
}

fn length(key: &str, length: Duration) -> Result<SignedDuration, String> {
    let fits = (Duration::from_secs(10)..=LONGEST).contains(&length);
    let signed = SignedDuration::try_from(length).ok().filter(|_| fits);
    signed.ok_or_else(|| format!("{key} is at least 10 seconds and at most 7 days"))
}

/// Why a rule fired, in one sentence each for the duty officer.
pub(super) fn reasons(title: &str, signal: &Signal) -> Vec<String> {
    let strongest = signal.evidence.first();
    let explained = strongest.map(|post| post.why.clone()).filter(|why| !why.is_empty());
    let measured = match &signal.measure {
        Measure::Post { sensitivity, grade } => {
            format!("{title}：一条帖文评为{}级（{sensitivity:.0} 分）", grade.chinese())
        }
        Measure::Voices { voices, posts, window_seconds, highest } => {
            let highest = highest.map(|grade| format!("，最高{}级", grade.chinese())).unwrap_or_default();
            let posts = if posts == voices { String::new() } else { format!("，共 {posts} 条帖文") };
            format!("{title}：{}内有 {voices} 个不同的人反映{posts}{highest}", span(*window_seconds))
        }
        Measure::Topic { words, highest, why, .. } => {
            let highest = highest.map(|grade| format!("，最高{}级", grade.chinese())).unwrap_or_default();
            format!("{title}：“{}”{why}{highest}", term(words))
        }
        Measure::Event { title: event, voices, posts, score, grade, why, verify, .. } => {
            let verify = verify.as_ref().map(|verify| format!("。{verify}")).unwrap_or_default();
            format!(
                "{title}：“{event}”{voices} 人、{posts} 条帖文，评为{}级（{score:.0} 分：{why}）{verify}",
                grade.chinese()
            )
        }
    };
    std::iter::once(measured).chain(explained).collect()
}

/// A window in words: `24 小时`, `30 分钟`.
fn span(seconds: u64) -> String {
    match seconds {
        s if s % 86400 == 0 && s > 86400 => format!("{} 天", s / 86400),
        s if s % 3600 == 0 => format!("{} 小时", s / 3600),
        s if s >= 60 => format!("{} 分钟", s.div_ceil(60)),
        s => format!("{s} 秒"),
    }
}
