//! What happens in the town, and what only looks so.

use super::town::Town;
use super::words::{ADVERTS, FLOODS, PEAK, PROBLEMS, Problem, RISE, Sort};
use super::{DAY, Draft, Plan};

/// Of what kind a story is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Something happened, and many speak of it.
    Burst,
    /// Something happened, and few speak of it.
    Small,
    /// The same words by few, again and again.
    Flood,
    /// Adverts with alarming words.
    Advert,
    /// What everybody speaks of at the same hour each day; which day it is.
    Peak(u32),
    /// What slowly becomes the talk of the town.
    Rise,
}

/// A story.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) kind: Kind,
    /// Where.
    pub(crate) place: String,
}

/// Days before the first happening: until then nothing is usual yet.
const QUIET: i64 = 2 * DAY;
/// Of a hundred posts of a story, so many copy another, so many answer one, and so many name no place.
const COPIES: u32 = 15;
const ANSWERS: u32 = 15;
const NO_PLACE: u32 = 7;

/// The happenings of the stream.
pub(crate) fn happen(plan: Plan, town: &mut Town, stories: &mut Vec<Story>, drafts: &mut Vec<Draft>) {
    let end = i64::from(plan.days) * DAY;
    for number in 0..plan.bursts + plan.small {
        let burst = number < plan.bursts;
        let problem = town.problem();
        let place = town.place(problem.at);
        let from =
            if end > QUIET + DAY / 2 { town.moment(QUIET, end - DAY / 2) } else { town.moment(0, end / 2) };
        let (kind, size) = if burst {
            (Kind::Burst, (10.0 * (town.random.f64() * 40.0_f64.ln()).exp()) as usize)
        } else {
            (Kind::Small, town.random.usize(2..10))
        };
        tell(town, stories, drafts, (kind, problem, &place), from, size, end);
        // Of every tenth the neighbour has the same trouble at the same time, or the place has another one.
        if burst && number % 10 == 0 {
            let elsewhere = town.place(problem.at);
            if elsewhere != place {
                tell(town, stories, drafts, (kind, problem, &elsewhere), from + 1_800, size / 2 + 6, end);
            }
        } else if burst && number % 10 == 5 {
            let sort = problem.at[0];
            let others: Vec<&Problem> = PROBLEMS
                .iter()
                .filter(|other| other.at.contains(&sort) && other.name != problem.name)
                .collect();
            if others.is_empty() {
                continue;
            }
            let other = others[town.random.usize(..others.len())];
            if Sort::endings(sort).iter().any(|ending| place.ends_with(ending)) {
                tell(town, stories, drafts, (kind, other, &place), from + 3_600, size / 2 + 6, end);
            }
        }
    }
}

/// One happening as `size` posts tell of it: a rise as steep as chance will have it, and a long fall.
fn tell(
    town: &mut Town,
    stories: &mut Vec<Story>,
    drafts: &mut Vec<Draft>,
    (kind, problem, place): (Kind, &'static Problem, &str),
    from: i64,
    size: usize,
    end: i64,
) {
    let story = stories.len() as u32;
    stories.push(Story { kind, place: place.to_owned() });
    // What few speak of is over soon.
    let paces = if size < 20 { 2 } else { 4 };
    let scale = f64::from([1_800, 3_600, 7_200, 14_400][town.random.usize(..paces)]);
    let mut moments: Vec<i64> = vec![from];
    while moments.len() < size {
        let pace = -(town.random.f64().max(1e-9) * town.random.f64().max(1e-9)).ln();
        let at = from + (scale * pace) as i64;
        if at < end && town.is_awake(at) {
            moments.push(at);
        } else if at >= end {
            moments.push(town.random.i64(from..end));
        }
    }
    moments.sort_unstable();
    let own: Vec<u32> = (0..size.div_ceil(8)).map(|_| town.random.u32(..200_000)).collect();
    // What can be copied: posts that say what it is about.
    let mut texts: Vec<String> = Vec::new();
    for (number, at) in moments.into_iter().enumerate() {
        let roll = if number == 0 { 100 } else { town.random.u32(..100) };
        let mut answers = None;
        let text = if roll < COPIES {
            format!("转发：{}", texts[town.random.usize(..texts.len())].trim_start_matches("转发："))
        } else if roll < COPIES + ANSWERS {
            answers = Some(town.random.usize(..number));
            town.pick(problem.echoes).to_owned()
        } else if roll < COPIES + ANSWERS + NO_PLACE {
            town.complaint(problem, "我们这")
        } else {
            town.complaint(problem, place)
        };
        if answers.is_none() {
            texts.push(text.clone());
        }
        let mut draft = town.draft(at, text, Some(story));
        draft.answers = answers;
        if town.random.u32(..100) < 20 {
            draft.writer = own[town.random.usize(..own.len())];
        }
        drafts.push(draft);
    }
}

/// What only looks like a happening.
pub(crate) fn traps(plan: Plan, town: &mut Town, stories: &mut Vec<Story>, drafts: &mut Vec<Draft>) {
    let end = i64::from(plan.days) * DAY;
    let mut begin = |kind: Kind, place: &str| {
        stories.push(Story { kind, place: place.to_owned() });
        stories.len() as u32 - 1
    };
    for _ in 0..plan.days {
        let place = town.place(&[Sort::Firm, Sort::School, Sort::Market]);
        let words = town.pick(FLOODS).replace("{p}", &place);
        let story = begin(Kind::Flood, &place);
        let writers: Vec<u32> = (0..3).map(|_| town.random.u32(..200_000)).collect();
        let from = town.moment(QUIET.min(end / 2), end - 3_600);
        for number in 0..town.random.usize(60..200) {
            let text = format!("{words}{}", "！".repeat(number % 4));
            let at = from + town.random.i64(0..1_800);
            let mut draft = town.draft(at, text, Some(story));
            draft.writer = writers[number % writers.len()];
            drafts.push(draft);
        }
        let story = begin(Kind::Advert, "");
        let shop = town.shop();
        let words = town.pick(ADVERTS).replace("{n}", &shop);
        let from = town.moment(QUIET.min(end / 2), end - 7_200);
        for _ in 0..town.random.usize(20..60) {
            let text =
                format!("{words}{}", town.pick(&["", "，名额有限", "，错过等一年", "，今天截止", "！！"]));
            let at = from + town.random.i64(0..7_200);
            let draft = town.draft(at, text, Some(story));
            drafts.push(draft);
        }
    }
    let road = town.place(&[Sort::Road]);
    for day in 0..plan.days {
        let story = begin(Kind::Peak(day), &road);
        for _ in 0..(plan.posts_a_day / 250).max(20) {
            let at = i64::from(day) * DAY + 18 * 3_600 + town.random.i64(0..3_600);
            let text = town.pick(PEAK).replace("{a}", &road);
            let draft = town.draft(at, text, Some(story));
            drafts.push(draft);
        }
    }
    let story = begin(Kind::Rise, "");
    for day in 0..plan.days {
        let loud = 1.0 + 4.0 * f64::from(day) / f64::from(plan.days.max(2) - 1);
        for _ in 0..(f64::from(plan.posts_a_day) / 600.0 * loud) as u32 {
            let at = town.moment(i64::from(day) * DAY, (i64::from(day) + 1) * DAY);
            let number = town.pick(&["三", "3"]);
            let text = town.pick(RISE).replace("{a}", number);
            let draft = town.draft(at, text, Some(story));
            drafts.push(draft);
        }
    }
}
