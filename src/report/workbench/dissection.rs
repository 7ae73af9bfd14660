//! One text taken apart, on a terminal: the judgement first, then what it rests on.

use std::fmt::Write as _;

use jiff::civil::Date;

use super::{category_name, department_name, plain};
use crate::assess::evaluation::Rung;
use crate::assess::workbench::{Dissection, FoundRow, KeptOutRow, Reason};
use crate::assess::{Assessment, Verdict};
use crate::lexicon::categories::Categories;
use crate::lexicon::row::ToldRow;
use crate::report::table::{Ink, Side, Table, Tone};

/// A dissection with the words around it.
#[derive(Debug, Clone)]
pub struct Shown<'a> {
    /// What was taken apart.
    pub dissection: &'a Dissection,
    /// What people call categories and departments.
    pub categories: &'a Categories,
    /// The day by which dated rows were judged.
    pub day: Date,
}

impl Shown<'_> {
    /// The page for a terminal.
    pub fn text(&self, ink: Ink) -> String {
        let parts = [
            self.heading(ink),
            self.words(ink),
            self.verdicts(ink),
            self.score(ink),
            self.hits(ink),
            self.kept_out(ink),
            self.clauses(ink),
            self.counterfactual(ink),
        ];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
    }

    fn found(&self) -> &Assessment {
        &self.dissection.assessed.assessment
    }

    fn heading(&self, ink: Ink) -> String {
        let found = self.found();
        let versions = &found.versions;
        let mut by = format!("  词典 {}", versions.dictionary);
        if let Some(model) = &versions.model {
            write!(by, "  模型 {model}").expect("a string takes all");
        }
        let grade = Rung::of(found.grade);
        let tone = if grade >= Rung::ORANGE { Tone::Bad } else { Tone::Bold };
        format!(
            "{}{}\n{}  {}\n",
            ink.paint("民声试判", Tone::Bold),
            ink.paint(&format!("{by}  {}", self.day), Tone::Dim),
            ink.paint(&format!("{:.1}分", found.sensitivity), tone),
            ink.paint(&found.explanation, tone),
        )
    }

    /// The normalised text, its words parted by strokes; those that a hit lies on stand out.
    fn words(&self, ink: Ink) -> String {
        let taken = self.dissection;
        let is_hit = |start: u32, end: u32| taken.hits.iter().any(|hit| hit.start < end && start < hit.end);
        let mut text = String::from("  ");
        let mut begins = true;
        for &(start, end) in &taken.words {
            let word = taken.slice(start, end);
            if word.contains('\n') {
                text.push_str("\n  ");
                begins = true;
                continue;
            }
            if !begins {
                text.push_str(&ink.paint("/", Tone::Dim));
            }
            text.push_str(
                &ink.paint(&plain(word), if is_hit(start, end) { Tone::Bold } else { Tone::Usual }),
            );
            begins = false;
        }
        text.push('\n');
        text
    }

    fn verdicts(&self, ink: Ink) -> String {
        let found = self.found();
        let category = found.category.as_ref().map_or("无".to_owned(), |verdict| {
            format!("{} {:.2}", category_name(self.categories, verdict.id.id()), verdict.confidence)
        });
        let places = if found.places.is_empty() { "无".to_owned() } else { found.places.join("、") };
        let mood = format!("{} {:.2}", found.sentiment.label.chinese(), found.sentiment.score);
        let mut table = Table::new([Side::Left, Side::Left]);
        for (name, said) in [
            ("事项", category),
            ("部门", self.department()),
            ("地点", places),
            ("语气", found.status.chinese().to_owned()),
            ("情绪", mood),
            ("诉求", self.dissection.asking.chinese().to_owned()),
        ] {
            table.row([(name.to_owned(), Tone::Dim), (said, Tone::Usual)]);
        }
        table.render(ink)
    }

    /// The department and those it could go to besides; where none is named, all of them.
    fn department(&self) -> String {
        let named = self.found().department.as_ref();
        let name = |verdict: &Verdict<String>| {
            format!("{} {:.2}", department_name(self.categories, &verdict.id), verdict.confidence)
        };
        let others = self.dissection.departments.iter().filter(|one| named.is_none_or(|n| n.id != one.id));
        let others: Vec<String> = others.take(2).map(name).collect();
        match (named, others.as_slice()) {
            (Some(named), []) => name(named),
            (Some(named), [second, ..]) => format!("{}，其次 {second}", name(named)),
            (None, []) => "无".to_owned(),
            (None, several) => format!("待人工分派：{}", several.join("、")),
        }
    }

    fn score(&self, ink: Ink) -> String {
        let found = self.found();
        if found.factors.is_empty() {
            return String::new();
        }
        let mut table = Table::new([Side::Left, Side::Right, Side::Left]);
        for factor in &found.factors {
            table.row([
                (format!("  {}", factor.name.chinese()), Tone::Usual),
                (format!("{:+.1}", factor.points), Tone::Usual),
                (factor.why.clone(), Tone::Usual),
            ]);
        }
        table.row([
            ("  合计".to_owned(), Tone::Bold),
            (format!("{:.1}", found.sensitivity), Tone::Bold),
            (String::new(), Tone::Usual),
        ]);
        format!("{}\n{}", ink.paint("评分", Tone::Bold), table.render(ink))
    }

    fn hits(&self, ink: Ink) -> String {
        let hits = &self.dissection.hits;
        if hits.is_empty() {
            return format!("{}\n", ink.paint("没有命中任何词条", Tone::Bold));
        }
        let mut table = rows_table(["词", "词条", "类别", "性质", "权重", "层", "位置", ""]);
        for FoundRow { start, end, negated, row } in hits {
            let said = if *negated { "被否定" } else { "" };
            table.row(self.cells(*start, *end, row, said, if *negated { Tone::Dim } else { Tone::Usual }));
        }
        format!("{}\n{}", ink.paint(&format!("命中 {}", hits.len()), Tone::Bold), table.render(ink))
    }

    fn kept_out(&self, ink: Ink) -> String {
        let kept_out = &self.dissection.kept_out;
        if kept_out.is_empty() {
            return String::new();
        }
        let mut table = rows_table(["词", "词条", "类别", "性质", "权重", "层", "位置", "未计入的原因"]);
        for KeptOutRow { start, end, row, by } in kept_out {
            let why = match by {
                Reason::Date => "不在有效期".to_owned(),
                Reason::Unless(context) => format!("unless “{}”", plain(context)),
                Reason::Near(word) => format!("unless 附近有“{}”", plain(word)),
                Reason::Row(longer) => format!("让位于 {longer}"),
            };
            table.row(self.cells(*start, *end, row, &why, Tone::Usual));
        }
        format!("{}\n{}", ink.paint(&format!("未计入 {}", kept_out.len()), Tone::Bold), table.render(ink))
    }

    /// What was found and the row that it is, as it stands in its file.
    fn cells(&self, start: u32, end: u32, row: &ToldRow, said: &str, tone: Tone) -> [(String, Tone); 8] {
        let found = plain(self.dissection.slice(start, end));
        let term = if row.term == found { String::new() } else { row.term.clone() };
        [
            (format!("  {found}"), tone),
            (term, tone),
            (row.category.clone(), tone),
            (row.kind.id().to_owned(), tone),
            (row.weight.to_string(), tone),
            (row.layer.id().to_owned(), Tone::Dim),
            (row.place(), Tone::Dim),
            (said.to_owned(), tone),
        ]
    }

    fn clauses(&self, ink: Ink) -> String {
        let taken = self.dissection;
        if taken.clauses.is_empty() {
            return String::new();
        }
        let mut table = Table::new([Side::Left, Side::Left]);
        for part in &taken.clauses {
            let text = plain(taken.slice(part.start, part.end));
            table.row([(format!("  {}", part.status.chinese()), Tone::Dim), (text, Tone::Usual)]);
        }
        format!("{}\n{}", ink.paint("分句", Tone::Bold), table.render(ink))
    }

    fn counterfactual(&self, ink: Ink) -> String {
        let told = self.dissection.counterfactual.chinese();
        if told.is_empty() {
            return String::new();
        }
        let lines: String = told.iter().map(|line| format!("  {}\n", plain(line))).collect();
        format!("{}\n{lines}", ink.paint("去掉一处会怎样", Tone::Bold))
    }
}

fn rows_table(head: [&str; 8]) -> Table {
    let mut table = Table::new([
        Side::Left,
        Side::Left,
        Side::Left,
        Side::Left,
        Side::Right,
        Side::Left,
        Side::Left,
        Side::Left,
    ]);
    table.row(head.map(|name| {
        let name = if name == head[0] { format!("  {name}") } else { name.to_owned() };
        (name, Tone::Dim)
    }));
    table
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::assess::workbench::fixture;

    fn page(text: &str, ink: Ink) -> String {
        let assessor = fixture::assessor();
        let dissection = assessor.dissect(Arc::new(fixture::post(text)));
        let categories = assessor.lexicon().categories();
        Shown { dissection: &dissection, categories, day: "2026-03-01".parse().expect("a date") }.text(ink)
    }

    #[test]
    fn the_page_shows_every_step() {
        let text = "云锦苑停水两天了，家里老人没法做饭\n物业说没有收到停水通知。信息爆炸的时代，请尽快恢复！";
        insta::assert_snapshot!(page(text, Ink::Plain));
        insta::assert_snapshot!(page("今天星期二", Ink::Plain));
    }

    #[test]
    fn colours_change_nothing_but_colours_and_a_text_cannot_speak_to_the_terminal() {
        let text = "停水\u{1b}[2J两天了";
        let (coloured, plain) = (page(text, Ink::Colour), page(text, Ink::Plain));
        let mut bare = coloured.clone();
        for code in ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m", "\u{1b}[31m"] {
            bare = bare.replace(code, "");
        }
        assert_ne!(coloured, plain);
        assert_eq!(bare, plain);
        assert!(!plain.contains('\u{1b}'), "{plain}");
    }
}
