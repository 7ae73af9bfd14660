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
        let mut text = ink.paint("去掉一处会怎样\n", Tone::Bold);
        for line in &told {
            writeln!(text, "  {}", plain(line)).expect("a string takes all");
        }
        text
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
        insta::assert_snapshot!(page(text, Ink::Plain), @r"
        民声试判  词典 05d2c8c83662  2026-03-01
        35.0分  黄：水电气热类；停供一天以上；涉及老人；请求处理；已持续2天

          云锦苑/停水/两天/了/,/家里/老人/没法/做饭
          物业/说/没有/收到/停水通知/。/信息/爆炸/的/时代/,/请/尽快恢复/!

        事项  水电气热 0.39
        部门  城市管理局 0.70，其次 住房和城乡建设局 0.30
        地点  云锦苑
        语气  陈述
        情绪  负面 -0.15
        诉求  请求处理

        评分
          事项      +17.0  水电气热、住房与物业类
          保底       +8.0  停供一天以上
          弱势群体   +4.0  涉及老人
          紧迫       +3.0  请求处理
          规模       +2.0  已持续2天
          情绪       +1.0  情绪负面
          合计       35.0

        命中 6
          词        词条  类别       性质        权重  层       位置
          停水            utilities  topic         14  builtin  10-matters.tsv:3
          老人            -          vulnerable     1  builtin  40-helpers.tsv:4
          物业            housing    topic          6  site     site/90-desk.tsv:2
          没有            -          negator        1  builtin  40-helpers.tsv:2
          停水通知        utilities  topic          3  builtin  10-matters.tsv:4    被否定
          请尽快          -          request        1  builtin  40-helpers.tsv:3

        未计入 2
          词    词条  类别       性质      权重  层       位置              未计入的原因
          停水        utilities  topic       14  builtin  10-matters.tsv:3  让位于 停水通知 (10-matters.tsv:4)
          爆炸        safety     severity     3  builtin  10-matters.tsv:2  unless “信息爆炸”

        分句
          陈述  云锦苑停水两天了
          陈述  家里老人没法做饭
          陈述  物业说没有收到停水通知
          陈述  信息爆炸的时代
          陈述  请尽快恢复

        去掉一处会怎样
          去掉“停水”，则为蓝色（18分）
          去掉“两天”，则为蓝色（25分）
        ");
        insta::assert_snapshot!(page("今天星期二", Ink::Plain), @r"
        民声试判  词典 05d2c8c83662  2026-03-01
        0.0分  不预警：未发现需要处理的事项

          今天/星期二

        事项  无
        部门  无
        地点  无
        语气  陈述
        情绪  中性 0.00
        诉求  无

        没有命中任何词条

        分句
          陈述  今天星期二
        ");
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
