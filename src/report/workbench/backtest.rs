//! What a change would have done: what it loses first, then the load of the desk, then post by post.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;

use super::{plain, share};
use crate::assess::Grade;
use crate::assess::evaluation::Rung;
use crate::incident::desk_time;
use crate::pipeline::backtest::{Against, ChangedIncident, Comparison, IncidentTold, MovedPost, Shift};
use crate::report::table::{Ink, Side, Table, Tone};

/// Most days whose shifts are listed; of more only the busiest.
const DAYS: usize = 31;

/// A comparison with the words around it.
#[derive(Debug, Clone)]
pub struct Shown<'a> {
    /// What was compared.
    pub compared: &'a Comparison,
    /// Which posts were read.
    pub posts: String,
    /// What judged before and after.
    pub versions: [Version; 2],
    /// The file of changed weights, if there is one.
    pub weights: Option<String>,
    /// Most posts, and most incidents, that are listed.
    pub most: usize,
}

/// What one side was judged by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Version {
    /// Dictionaries, and the model if there is one.
    pub dictionary: String,
    /// Rules.
    pub rules: String,
}

/// A comparison as a record.
#[derive(Debug, Serialize)]
pub struct Record<'a> {
    before: &'a Version,
    after: &'a Version,
    weights: Option<&'a str>,
    #[serde(flatten)]
    compared: &'a Comparison,
}

impl Shown<'_> {
    /// The comparison as a record: everything, whatever the page lists.
    pub fn record(&self) -> Record<'_> {
        let [before, after] = &self.versions;
        Record { before, after, weights: self.weights.as_deref(), compared: self.compared }
    }

    /// The page for a terminal.
    pub fn text(&self, ink: Ink) -> String {
        let found = self.compared;
        let mut parts = vec![self.heading(ink)];
        if !found.lost_reds.is_empty() {
            let title = format!("注意：标注为红的帖有 {} 条会判得更低", found.lost_reds.len());
            parts.push(self.posts(&title, &found.lost_reds, Tone::Bad, ink));
        }
        if found.span.is_some() {
            parts.push(self.alerts(ink));
            parts.push(self.shifts(ink));
            parts.extend(self.incidents("少了", &found.lost, ink));
            parts.extend(self.incidents("多出", &found.gained, ink));
            parts.extend(self.changed(ink));
        }
        if !found.moved.is_empty() {
            let (falls, all) =
                (found.moved.iter().filter(|post| post.steps() < 0).count(), found.moved.len());
            let title = format!("等级变动的帖 {all} 条：降 {falls}，升 {}", all - falls);
            parts.push(self.posts(&title, &found.moved, Tone::Bold, ink));
        }
        parts.extend(found.labelled.as_ref().map(|against| labelled(against, ink)));
        parts.join("\n")
    }

    fn heading(&self, ink: Ink) -> String {
        let found = self.compared;
        let mut text = ink.paint("民声回测", Tone::Bold);
        write!(text, "  {}：{} 帖", self.posts, found.posts).expect("a string takes all");
        if let Some((first, last)) = found.span {
            write!(text, "，{}至{}，{} 天", minute(first), minute(last), found.days)
                .expect("a string takes all");
        }
        text.push('\n');
        let [before, after] = &self.versions;
        let mut changes = Vec::new();
        if before.dictionary != after.dictionary {
            changes.push(format!("词典 {} → {}", before.dictionary, after.dictionary));
        }
        changes.extend(self.weights.as_ref().map(|file| format!("权重 {file}")));
        if before.rules != after.rules {
            changes.push(format!("规则 {} → {}", before.rules, after.rules));
        }
        writeln!(text, "改动：{}", changes.join("；")).expect("a string takes all");
        let mut still = Vec::new();
        if found.untimed > 0 {
            still.push(format!("{} 帖没有时间，只比等级，不计预警", found.untimed));
        }
        if found.moved.is_empty() {
            still.push("没有帖变动等级".to_owned());
        }
        if found.recategorised > 0 {
            still.push(format!("{} 帖等级不变、类别变动", found.recategorised));
        }
        if !still.is_empty() {
            writeln!(text, "{}。", still.join("；")).expect("a string takes all");
        }
        text
    }

    fn alerts(&self, ink: Ink) -> String {
        let found = self.compared;
        let right = Side::Right;
        let mut table = Table::new([Side::Left, right, right, right, right, right]);
        table.row(["等级", "改前", "改后", "增减", "每天改前", "每天改后"].map(head));
        let days = f64::from(found.days.max(1));
        let mut row = |name: &str, before: u64, after: u64| {
            let change = after as i64 - before as i64;
            let tone = if change == 0 { Tone::Dim } else { Tone::Bold };
            table.row([
                (name.to_owned(), Tone::Usual),
                (before.to_string(), Tone::Usual),
                (after.to_string(), Tone::Usual),
                (if change == 0 { "·".to_owned() } else { format!("{change:+}") }, tone),
                (format!("{:.1}", before as f64 / days), Tone::Usual),
                (format!("{:.1}", after as f64 / days), Tone::Usual),
            ]);
        };
        for one in &found.alerts {
            row(one.grade.chinese(), one.before, one.after);
        }
        let sum = |of: fn(&crate::pipeline::backtest::GradeLoad) -> u64| found.alerts.iter().map(of).sum();
        row("合计", sum(|one| one.before), sum(|one| one.after));
        let title = ink.paint("预警（处置单新立或升级）", Tone::Bold);
        format!("{title}\n{}", table.render(ink))
    }

    /// Alerts by shift: every day of a month, else the busiest days.
    fn shifts(&self, ink: Ink) -> String {
        let found = self.compared;
        let right = Side::Right;
        let mut table = Table::new([Side::Left, right, right, right, right]);
        table.row(["日期", "白班改前", "白班改后", "夜班改前", "夜班改后"].map(head));
        // Two shifts a day, in order; a night that began the day before the first stands alone.
        let mut days: Vec<(jiff::civil::Date, [u64; 4])> = Vec::new();
        for shift in &found.load {
            if days.last().is_none_or(|(day, _)| *day != shift.day) {
                days.push((shift.day, [0; 4]));
            }
            let Some((_, counts)) = days.last_mut() else { continue };
            let at = match shift.shift {
                Shift::Day => 0,
                Shift::Night => 2,
            };
            counts[at] = shift.before.iter().sum();
            counts[at + 1] = shift.after.iter().sum();
        }
        let all = days.len();
        if all > DAYS {
            days.sort_by_key(|(day, counts)| (std::cmp::Reverse(counts[1] + counts[3]), *day));
            days.truncate(DAYS);
            days.sort();
        }
        for (day, counts) in &days {
            let cell = |count: u64| {
                if count == 0 { ("·".to_owned(), Tone::Dim) } else { (count.to_string(), Tone::Usual) }
            };
            table.row([(day.to_string(), Tone::Usual)].into_iter().chain(counts.map(cell)));
        }
        let mut text = ink.paint("每班预警（白班 08–20 时，夜班 20–08 时）\n", Tone::Bold);
        text.push_str(&table.render(ink));
        if all > DAYS {
            let words = format!("共 {all} 天，只列改后最忙的 {DAYS} 天；全部见 --json\n");
            text.push_str(&ink.paint(&words, Tone::Dim));
        }
        text
    }

    fn incidents(&self, what: &str, incidents: &[IncidentTold], ink: Ink) -> Option<String> {
        let mut text = ink.paint(&format!("{what}的处置单 {} 件\n", incidents.len()), Tone::Bold);
        for incident in incidents.iter().take(self.most) {
            text.push_str(&told(incident, incident.grade.chinese(), ink));
        }
        text.push_str(&self.more(incidents.len(), ink));
        (!incidents.is_empty()).then_some(text)
    }

    fn changed(&self, ink: Ink) -> Option<String> {
        let changed = &self.compared.changed;
        let mut text = ink.paint(&format!("等级变动的处置单 {} 件\n", changed.len()), Tone::Bold);
        for ChangedIncident { before, incident } in changed.iter().take(self.most) {
            let grades = format!("{} → {}", before.chinese(), incident.grade.chinese());
            text.push_str(&told(incident, &grades, ink));
        }
        text.push_str(&self.more(changed.len(), ink));
        (!changed.is_empty()).then_some(text)
    }

    fn posts(&self, title: &str, posts: &[MovedPost], tone: Tone, ink: Ink) -> String {
        let mut text = ink.paint(&format!("{title}\n"), tone);
        for post in posts.iter().take(self.most) {
            let tone = if post.steps() < 0 { Tone::Bad } else { Tone::Bold };
            let change = ink.paint(&format!("{} → {}", post.before.chinese(), post.after.chinese()), tone);
            let label = post.label.map_or_else(String::new, |label| format!("（标注{}）", label.chinese()));
            let at = post.at.map_or_else(String::new, |at| format!("  {}", minute(at)));
            let place = ink.paint(&format!("{at}  {}", plain(&post.post)), Tone::Dim);
            let why = ink.paint(&plain(&post.why), Tone::Dim);
            writeln!(text, "{change}{label}{place}\n  {}\n  {why}", plain(&post.text))
                .expect("a string takes all");
        }
        text.push_str(&self.more(posts.len(), ink));
        text
    }

    fn more(&self, all: usize, ink: Ink) -> String {
        let rest = all.saturating_sub(self.most);
        if rest == 0 {
            String::new()
        } else {
            ink.paint(&format!("另有 {rest} 条（--all）\n"), Tone::Dim)
        }
    }
}

fn told(incident: &IncidentTold, grades: &str, ink: Ink) -> String {
    let grade = ink.paint(grades, Tone::Bold);
    let place = ink.paint(&format!("{} 帖  {}", incident.posts, plain(&incident.post)), Tone::Dim);
    let (title, at) = (plain(&incident.title), minute(incident.opened_at));
    format!("{grade}  {at}  {title}  {place}\n  {}\n", plain(&incident.excerpt))
}

/// Which grade is taken for which, both sides in one table, and how well the grades are found.
fn labelled(against: &Against, ink: Ink) -> String {
    let mut sides = vec![Side::Left];
    sides.resize(1 + Rung::ALL.len(), Side::Right);
    let mut table = Table::new(sides);
    let names = Rung::ALL.map(Rung::chinese);
    table.row(std::iter::once("标注＼判定").chain(names).map(head));
    for wanted in Rung::ALL {
        let cells = Rung::ALL.map(|given| {
            let of = |table: &crate::assess::evaluation::Confusion| table.cells[wanted.step()][given.step()];
            let (before, after) = (of(&against.before), of(&against.after));
            match (before == after, after) {
                (true, 0) => ("·".to_owned(), Tone::Dim),
                (true, _) => (after.to_string(), Tone::Usual),
                (false, _) => {
                    let well = (wanted == given) == (after > before);
                    (format!("{before}→{after}"), if well { Tone::Good } else { Tone::Bad })
                }
            }
        });
        table.row(std::iter::once((wanted.chinese().to_owned(), Tone::Usual)).chain(cells));
    }
    let mut levels =
        Table::new([Side::Left, Side::Right, Side::Left, Side::Right, Side::Left, Side::Right, Side::Right]);
    levels.row(["", "精确率改前", "95%区间", "改后", "95%区间", "召回率改前", "改后"].map(head));
    for level in &against.levels {
        let [(before, before_in), (after, after_in)] = level.precision.map(share);
        let [(found, _), (found_after, _)] = level.recall.map(share);
        let name = match level.at_least.grade() {
            Some(Grade::Red) => "红".to_owned(),
            _ => format!("{}及以上", level.at_least.chinese()),
        };
        levels.row(
            [name, before, before_in, after, after_in, found, found_after].map(|cell| (cell, Tone::Usual)),
        );
    }
    let title = ink.paint(&format!("对照标注的 {} 帖（改前→改后）", against.rows), Tone::Bold);
    format!("{title}\n{}\n{}", table.render(ink), levels.render(ink))
}

fn head(name: &str) -> (String, Tone) {
    (name.to_owned(), Tone::Dim)
}

fn minute(at: Timestamp) -> String {
    desk_time(at).strftime("%Y-%m-%d %H:%M").to_string()
}
