//! What the rows of the dictionaries did: the summary, what to look at first, then file by file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{category_name, share};
use crate::assess::evaluation::Rung;
use crate::assess::workbench::Share;
use crate::assess::workbench::stats::{DictionaryStats, RowStats};
use crate::lexicon::categories::Categories;
use crate::lexicon::kind::Kind;
use crate::report::table::{Ink, Side, Table, Tone};

/// Statistics with the words around them.
#[derive(Debug, Clone)]
pub struct Shown<'a> {
    /// What was counted.
    pub stats: &'a DictionaryStats,
    /// Which posts were read.
    pub posts: String,
    /// The version of the dictionaries.
    pub dictionary: String,
    /// What people call the categories.
    pub categories: &'a Categories,
    /// The dictionary whose rows are all shown, if one was asked for.
    pub all_of: Option<String>,
    /// Rows in each list.
    pub worst: usize,
}

impl Shown<'_> {
    /// The page for a terminal.
    pub fn text(&self, ink: Ink) -> String {
        let mut parts = vec![self.heading(ink)];
        parts.extend(self.doubtful(ink));
        parts.extend(self.superfluous(ink));
        parts.push(match &self.all_of {
            None => self.files(ink),
            Some(file) => self.rows(file, ink),
        });
        parts.join("\n")
    }

    fn heading(&self, ink: Ink) -> String {
        let stats = self.stats;
        let sum = |count: &dyn Fn(&RowStats) -> u64| stats.rows.iter().map(count).sum::<u64>();
        let (rows, hit) = (stats.rows.len(), sum(&|row| u64::from(row.hits > 0)));
        let asleep = sum(&|row| u64::from(row.asleep));
        let mut text = ink.paint("民声词典统计", Tone::Bold);
        write!(text, "  {}：{} 帖", self.posts, stats.posts).expect("a string takes all");
        if stats.labelled < stats.posts {
            write!(text, "，其中 {} 帖有标注", stats.labelled).expect("a string takes all");
        }
        text.push_str(&ink.paint(&format!("  词典 {}\n", self.dictionary), Tone::Dim));
        let (never, slept) = (rows as u64 - hit - asleep.min(rows as u64 - hit), asleep);
        write!(text, "{rows} 行，命中过 {hit} 行，从未命中 {never} 行").expect("a string takes all");
        if slept > 0 {
            write!(text, "，{slept} 行不在有效期").expect("a string takes all");
        }
        let earnest = asserted(stats.rows.iter());
        let percent = earnest.value().map_or(String::new(), |value| {
            format!(
                "，事项、严重、紧急等词的命中 {:.0}% 算数（未被否定，不是广告、演练、影视等）",
                100.0 * value
            )
        });
        writeln!(text, "；共命中 {} 次{percent}。", sum(&|row| row.hits)).expect("a string takes all");
        text
    }

    /// Rows that are mostly wrong: those that gave the most points where there should be none first.
    fn doubtful(&self, ink: Ink) -> Option<String> {
        let mut rows: Vec<&RowStats> = self.stats.rows.iter().filter(|row| row.is_doubtful()).collect();
        rows.sort_by(|one, other| other.cost().total_cmp(&one.cost()));
        let right = Side::Right;
        let mut table = Table::new([
            Side::Left,
            Side::Left,
            right,
            right,
            right,
            right,
            Side::Left,
            Side::Left,
            Side::Left,
        ]);
        table.row(["词", "所指", "权重", "对", "帖", "准确率", "95%区间", "标注为", "位置"].map(head));
        for row in rows.iter().take(self.worst) {
            let (value, interval) = share(row.right);
            table.row([
                (row.term.clone(), Tone::Bold),
                (self.says(row), Tone::Usual),
                (row.weight.to_string(), Tone::Usual),
                (row.right.right.to_string(), Tone::Usual),
                (row.right.of.to_string(), Tone::Usual),
                (value, Tone::Bad),
                (interval, Tone::Usual),
                (self.instead(row), Tone::Usual),
                (place(row), Tone::Dim),
            ]);
        }
        let title = format!("先看这 {} 行：多半不对，并非偶然", rows.len());
        (!rows.is_empty()).then(|| self.list(&title, &table, rows.len(), ink))
    }

    fn superfluous(&self, ink: Ink) -> Option<String> {
        let mut rows: Vec<&RowStats> =
            self.stats.rows.iter().filter(|row| row.adds_nothing_beside.is_some()).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.posts));
        let mut table = Table::new([Side::Left, Side::Left, Side::Right, Side::Left, Side::Left]);
        table.row(["词", "所指", "帖", "每次都同时命中", "位置"].map(head));
        for row in rows.iter().take(self.worst) {
            table.row([
                (row.term.clone(), Tone::Bold),
                (self.says(row), Tone::Usual),
                (row.posts.to_string(), Tone::Usual),
                (row.adds_nothing_beside.clone().unwrap_or_default(), Tone::Usual),
                (place(row), Tone::Dim),
            ]);
        }
        let title = format!("没起作用的 {} 行：每次都有同类、不更轻的词同时命中", rows.len());
        (!rows.is_empty()).then(|| self.list(&title, &table, rows.len(), ink))
    }

    fn list(&self, title: &str, table: &Table, rows: usize, ink: Ink) -> String {
        let mut text = format!("{}\n{}", ink.paint(title, Tone::Bold), table.render(ink));
        if rows > self.worst {
            text.push_str(&ink.paint(&format!("另有 {} 行（--worst）\n", rows - self.worst), Tone::Dim));
        }
        text
    }

    fn files(&self, ink: Ink) -> String {
        let mut files: BTreeMap<&str, Vec<&RowStats>> = BTreeMap::new();
        for row in &self.stats.rows {
            files.entry(&row.dictionary).or_default().push(row);
        }
        let mut table = Table::new([
            Side::Left,
            Side::Right,
            Side::Right,
            Side::Right,
            Side::Right,
            Side::Right,
            Side::Right,
            Side::Left,
            Side::Right,
        ]);
        table
            .row(["词典", "行", "命中过", "从未", "命中", "算数", "准确率", "95%区间", "标注帖次"].map(head));
        for (file, rows) in files {
            let hit = rows.iter().filter(|row| row.hits > 0).count();
            let never = rows.iter().filter(|row| row.hits == 0 && !row.asleep).count();
            let mut right = Share::default();
            rows.iter().for_each(|row| right.add(row.right));
            let (value, interval) = share(right);
            table.row([
                (file.to_owned(), Tone::Usual),
                (rows.len().to_string(), Tone::Usual),
                (hit.to_string(), Tone::Usual),
                (never.to_string(), Tone::Usual),
                (rows.iter().map(|row| row.hits).sum::<u64>().to_string(), Tone::Usual),
                (percent(asserted(rows.iter().copied())), Tone::Usual),
                (value, Tone::Bold),
                (interval, Tone::Usual),
                (if right.of > 0 { right.of.to_string() } else { String::new() }, Tone::Dim),
            ]);
        }
        let hint = ink.paint("一部词典的每一行：--file 词典名；全部数据：--json\n", Tone::Dim);
        format!("{}\n{}{hint}", ink.paint("按词典", Tone::Bold), table.render(ink))
    }

    /// Every row of a dictionary, those that hit most first, those that never did last.
    fn rows(&self, file: &str, ink: Ink) -> String {
        let mut rows: Vec<&RowStats> = self.stats.rows.iter().collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.posts, row.hits)));
        let mut table = Table::new([
            Side::Left,
            Side::Left,
            Side::Right,
            Side::Right,
            Side::Right,
            Side::Right,
            Side::Left,
            Side::Right,
            Side::Left,
        ]);
        table.row(["词", "所指", "命中", "帖", "算数", "准确率", "95%区间", "行", "说明"].map(head));
        for row in rows.iter().filter(|row| row.hits > 0) {
            let (value, interval) = share(row.right);
            let tone = if row.is_doubtful() { Tone::Bad } else { Tone::Usual };
            table.row([
                (row.term.clone(), Tone::Bold),
                (self.says(row), Tone::Usual),
                (row.hits.to_string(), Tone::Usual),
                (row.posts.to_string(), Tone::Usual),
                (percent(asserted(std::iter::once(*row))), Tone::Usual),
                (value, tone),
                (interval, Tone::Usual),
                (row.line.to_string(), Tone::Dim),
                (self.remark(row), Tone::Usual),
            ]);
        }
        let mut text =
            format!("{}\n{}", ink.paint(&format!("{file} 命中过的行"), Tone::Bold), table.render(ink));
        let list = |wanted: &dyn Fn(&RowStats) -> bool| {
            let terms = rows.iter().filter(|row| row.hits == 0 && wanted(row));
            terms.map(|row| format!("{} {}", row.line, row.term)).collect::<Vec<_>>()
        };
        let (never, asleep) = (list(&|row| !row.asleep), list(&|row| row.asleep));
        for (title, terms) in [("从未命中", never), ("不在有效期", asleep)] {
            if !terms.is_empty() {
                let title = ink.paint(&format!("{title}的 {} 行", terms.len()), Tone::Bold);
                writeln!(text, "\n{title}\n{}", terms.join("，")).expect("a string takes all");
            }
        }
        text
    }

    fn remark(&self, row: &RowStats) -> String {
        let mut remarks = Vec::new();
        let instead = self.instead(row);
        if !instead.is_empty() {
            remarks.push(format!("标注为{instead}"));
        }
        if let Some(other) = &row.adds_nothing_beside {
            remarks.push(format!("总与 {other} 同现"));
        }
        remarks.join("；")
    }

    /// What a hit of the row says: the service, or the kind.
    fn says(&self, row: &RowStats) -> String {
        let kind = kind_name(row.kind);
        match (row.kind, row.category.as_str()) {
            (Kind::Topic, category) => category_name(self.categories, category),
            (_, "-") => kind.to_owned(),
            (_, category) => format!("{kind}·{}", category_name(self.categories, category)),
        }
    }

    /// What people say of posts in which the row was wrong: the two most frequent.
    fn instead(&self, row: &RowStats) -> String {
        let named = |(label, posts): &(String, u64)| {
            let name = match Rung::from_word(label) {
                Some(rung) => rung.chinese().to_owned(),
                None => category_name(self.categories, label),
            };
            format!("{name} {posts}")
        };
        row.instead.iter().take(2).map(named).collect::<Vec<_>>().join("、")
    }
}

fn head(name: &str) -> (String, Tone) {
    (name.to_owned(), Tone::Dim)
}

fn place(row: &RowStats) -> String {
    format!("{}.tsv:{}", row.dictionary, row.line)
}

/// How many of the hits that give points were said in earnest.
fn asserted<'a>(rows: impl Iterator<Item = &'a RowStats>) -> Share {
    let weighing = rows.filter(|row| row.weighs());
    weighing.fold(Share::default(), |mut sum, row| {
        sum.add(Share { right: row.asserted, of: row.hits });
        sum
    })
}

fn percent(share: Share) -> String {
    share.value().map_or_else(String::new, |value| format!("{:.0}%", 100.0 * value))
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Topic => "事项",
        Kind::Severity => "严重",
        Kind::Urgency => "紧急",
        Kind::Scale => "规模",
        Kind::Vulnerable => "弱势群体",
        Kind::Place => "处所",
        Kind::Hearsay => "听说",
        Kind::Question => "询问",
        Kind::Advert => "广告",
        Kind::Resolved => "已解决",
        Kind::Pos => "正面",
        Kind::Neg => "负面",
        Kind::Negator => "否定",
        Kind::Degree => "程度",
        Kind::Hypothetical => "假设",
        Kind::Drill => "演练",
        Kind::Fiction => "影视",
        Kind::Denial => "辟谣",
        Kind::Thanks => "感谢",
        Kind::OldNews => "旧闻",
        Kind::Elsewhere => "外地",
        Kind::Request => "诉求",
    }
}
