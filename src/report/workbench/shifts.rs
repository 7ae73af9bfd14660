//! What a change does to a sample of posts, on a terminal: how many shift, then the first of them and why.

use std::fmt::Write as _;

use super::{category_name, plain};
use crate::assess::FactorName;
use crate::assess::evaluation::Rung;
use crate::assess::workbench::{Change, HitName, Outcome, Shift, Tally};
use crate::lexicon::categories::Categories;
use crate::report::table::{Ink, Tone};

/// Hits and lines that are named for one post.
const NAMED: usize = 6;

/// The section on the sample.
pub(super) fn section(file: &str, tally: &Tally, categories: &Categories, ink: Ink) -> String {
    let mut text = ink.paint(&format!("样本 {file}"), Tone::Bold);
    write!(
        text,
        "  {} 帖，{} 帖研判不同：更急 {}，更缓 {}，类别不同 {}\n  ",
        tally.posts, tally.shifted, tally.raised, tally.lowered, tally.recategorised
    )
    .expect("a string takes all");
    let counts = Rung::ALL.map(|rung| {
        format!("{} {} → {}", rung.chinese(), tally.before[rung.step()], tally.after[rung.step()])
    });
    writeln!(text, "{}", counts.join("，")).expect("a string takes all");
    for shift in &tally.first {
        text.push_str(&one(shift, categories, ink));
    }
    let more = tally.shifted - tally.first.len();
    if more > 0 {
        text.push_str(&ink.paint(&format!("  另有 {more} 帖\n"), Tone::Dim));
    }
    text
}

fn one(shift: &Shift, categories: &Categories, ink: Ink) -> String {
    let (before, after) = (&shift.before, &shift.after);
    let tone = if after.grade < before.grade { Tone::Bad } else { Tone::Bold };
    let mut change = format!(
        "{} → {}  {:.1} → {:.1}分",
        before.grade.chinese(),
        after.grade.chinese(),
        before.sensitivity,
        after.sensitivity
    );
    if before.category != after.category {
        let name = |verdict: &Outcome| {
            verdict.category.map_or("无".to_owned(), |category| category_name(categories, category.id()))
        };
        write!(change, "  {} → {}", name(before), name(after)).expect("a string takes all");
    }
    let mut text = format!("  {}  {}\n", ink.paint(&change, tone), ink.paint(&plain(&shift.id), Tone::Dim));
    writeln!(text, "    {}", plain(&shift.text)).expect("a string takes all");
    let why: Vec<String> =
        shift.hits.iter().map(hit).chain(shift.lines.iter().map(line)).take(NAMED).collect();
    if !why.is_empty() {
        text.push_str(&ink.paint(&format!("    {}\n", why.join("；")), Tone::Dim));
    }
    text
}

fn hit(change: &Change<HitName>) -> String {
    let HitName { term, kind, .. } = &change.what;
    match (change.before, change.after) {
        (Some(before), Some(after)) => format!("{term}（{kind}）{before} → {after}"),
        (Some(before), None) => format!("不再命中 {term}（{kind} {before}）"),
        (None, after) => format!("新命中 {term}（{kind} {}）", after.unwrap_or_default()),
    }
}

fn line(change: &Change<FactorName>) -> String {
    let (before, after) = (change.before.unwrap_or_default(), change.after.unwrap_or_default());
    format!("{}分 {before:.1} → {after:.1}", change.what.chinese())
}
