//! A small drawing of posts by hour, drawn here so that it needs no script.

use super::desk_time;
use crate::web::api::topics::instant;
use crate::web::say::Lang;

/// Hours of the drawing.
const HOURS: u32 = 24;
/// Height of the highest bar; each hour is ten wide.
const TALL: u32 = 40;

/// The posts of one hour.
pub(super) struct Bar {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) height: u32,
    pub(super) title: String,
}

/// A curve, and the same in words.
pub(super) struct Drawn {
    pub(super) bars: Vec<Bar>,
    pub(super) said: String,
}

/// Draws the latest hours: each as its first second since 1970, with its posts; hours without any may be missing.
pub(super) fn draw(hours: &[(u32, u32)], lang: Lang) -> Drawn {
    let latest = hours.iter().map(|(hour, _)| hour / 3_600).max().unwrap_or(0);
    let from = latest.saturating_sub(HOURS - 1);
    let within = hours.iter().filter(|(hour, _)| hour / 3_600 >= from);
    let tallest = within.clone().map(|(_, posts)| *posts).max().unwrap_or(1).max(1);
    let bars: Vec<Bar> = within
        .map(|(hour, posts)| {
            let height = (posts * TALL).div_ceil(tallest);
            let begins = desk_time(instant(*hour)).strftime("%m-%d %H:00");
            Bar {
                x: (hour / 3_600 - from) * 10,
                y: TALL - height,
                height,
                title: format!("{begins} {posts}{}", lang.t("条", " posts")),
            }
        })
        .collect();
    let said = bars.iter().map(|bar| bar.title.as_str()).collect::<Vec<_>>().join(lang.t("，", ", "));
    Drawn { bars, said }
}
