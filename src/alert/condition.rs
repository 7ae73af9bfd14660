//! What makes a rule fire: the `when` of a rule, as written and as watched for.

use std::time::Duration;

use serde::Deserialize;

use crate::assess::Grade;
use crate::detect::topic::{Level, term};
use crate::detect::{Measure, Signal, Watched};

/// Longest window a rule may ask for: what is remembered has to stay small.
const LONGEST: Duration = Duration::from_hours(7 * 24);

/// `when = { … }` as written.
#[derive(Debug, Clone, Deserialize)]
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
}

impl When {
    /// What is to be watched for, or what is wrong with it.
    pub(super) fn watched(&self) -> Result<Watched, &'static str> {
        match *self {
            When {
                event: Some(at_least),
                topic: None,
                post: None,
                at_most: None,
                voices: None,
                within: None,
                min_grade: None,
            } => Ok(Watched::Event { at_least }),
            When {
                event: None,
                topic: Some(at_least),
                post: None,
                at_most: None,
                voices: None,
                within: None,
                min_grade: None,
            } => Ok(Watched::Topic { at_least }),
            When {
                event: None,
                topic: None,
                post: Some(at_least),
                at_most,
                voices: None,
                within: None,
                min_grade: None,
            } => {
                let at_most = at_most.unwrap_or(Grade::Red);
                if at_most < at_least {
                    return Err("at_most is below post: no post can be both");
                }
                Ok(Watched::Post { at_least, at_most })
            }
            When {
                event: None,
                topic: None,
                post: None,
                at_most: None,
                voices: Some(at_least),
                within: Some(window),
                min_grade,
            } => {
                if at_least < 2 {
                    return Err("voices must be at least 2; for single posts write post = \"yellow\"");
                }
                if window.is_zero() || window > LONGEST {
                    return Err("within must be longer than nothing and at most 7 days");
                }
                Ok(Watched::Voices { at_least, window, floor: min_grade.unwrap_or(Grade::Blue) })
            }
            When { voices: Some(_), within: None, .. } => {
                Err("voices needs a window: voices = 3, within = \"24h\"")
            }
            _ => Err(
                "when is one of { post = \"orange\" }, { voices = 3, within = \"24h\" }, { topic = \"alarm\" }, \
                 { event = \"yellow\" }",
            ),
        }
    }
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
