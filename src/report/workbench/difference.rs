//! What differs between two sets of dictionaries, on a terminal: counts first, then file by file and category by
//! category, then what it does to a sample of posts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{category_name, department_name, shifts};
use crate::assess::workbench::Tally;
use crate::lexicon::categories::Categories;
use crate::lexicon::diff::{Cell, Difference, Effect, Field, PlaceChange, RowChange, SettingChange, Sides};
use crate::lexicon::row::ToldRow;
use crate::report::table::{Ink, Tone};

/// Rows that are named where an effect is on several.
const NAMED: usize = 3;

/// A difference with the words around it.
#[derive(Debug, Clone)]
pub struct Shown<'a> {
    /// What differs.
    pub difference: &'a Difference,
    /// Directory and version before.
    pub before: (String, String),
    /// Directory and version after.
    pub after: (String, String),
    /// What people call categories and departments.
    pub categories: &'a Categories,
    /// The sample's file, and what the difference does to it.
    pub sample: Option<(String, &'a Tally)>,
}

impl Shown<'_> {
    /// The page for a terminal.
    pub fn text(&self, ink: Ink) -> String {
        let found = self.difference;
        let mut parts = vec![self.heading(ink)];
        let mut files: BTreeMap<&str, Vec<&RowChange>> = BTreeMap::new();
        for change in &found.rows {
            files.entry(&change.row().file).or_default().push(change);
        }
        parts.extend(files.into_iter().map(|(file, changes)| self.file(file, &changes, ink)));
        if !found.settings.is_empty() {
            let lines = found.settings.iter().map(|setting| self.setting(setting, ink));
            parts.push(section("类别与部门", lines, ink));
        }
        if !found.places.is_empty() {
            parts.push(section("地名", found.places.iter().map(|place| place_line(place, ink)), ink));
        }
        if let Some((file, tally)) = &self.sample {
            parts.push(shifts::section(file, tally, self.categories, ink));
        }
        parts.join("\n")
    }

    fn heading(&self, ink: Ink) -> String {
        let side = |(directory, version): &(String, String)| format!("{directory}（{version}）");
        let title = format!("  {} → {}\n", side(&self.before), side(&self.after));
        let mut text = format!("{}{}", ink.paint("民声词典比对", Tone::Bold), ink.paint(&title, Tone::Dim));
        let counts = &self.difference.counts;
        if self.difference.is_empty() {
            text.push_str("没有差别。\n");
            return text;
        }
        write!(text, "词条：新增 {}，删除 {}，改动 {}", counts.added, counts.removed, counts.changed)
            .expect("a string takes all");
        for (name, count) in [
            ("其中加重", counts.heavier),
            ("其中减轻", counts.lighter),
            ("压过下层", counts.winning),
            ("停用下层", counts.switched_off),
        ] {
            if count > 0 {
                write!(text, "，{name} {count}").expect("a string takes all");
            }
        }
        writeln!(text, "；类别与部门 {}；地名 {}。", counts.settings, counts.places)
            .expect("a string takes all");
        text
    }

    fn file(&self, file: &str, changes: &[&RowChange], ink: Ink) -> String {
        let count = |wanted: fn(&RowChange) -> bool| changes.iter().filter(|change| wanted(change)).count();
        let mut said = Vec::new();
        for (name, count) in [
            ("新增", count(|change| change.before.is_none())),
            ("删除", count(|change| change.after.is_none())),
            ("改动", count(|change| change.before.is_some() && change.after.is_some())),
        ] {
            if count > 0 {
                said.push(format!("{name} {count}"));
            }
        }
        let mut text =
            format!("{}  {}\n", ink.paint(file, Tone::Bold), ink.paint(&said.join("，"), Tone::Dim));
        for of_category in changes.chunk_by(|one, other| one.row().category == other.row().category) {
            let category = &of_category[0].row().category;
            let name = if category == "-" {
                "辅助词".to_owned()
            } else {
                category_name(self.categories, category)
            };
            writeln!(text, "  {}", ink.paint(&name, Tone::Dim)).expect("a string takes all");
            for change in of_category {
                text.push_str(&self.row(change, ink));
            }
        }
        text
    }

    fn row(&self, change: &RowChange, ink: Ink) -> String {
        let row = change.row();
        let mut said: Vec<String> = change.cells.iter().map(|cell| self.cell(cell)).collect();
        let has_effect =
            change.effects.iter().any(|one| matches!(one, Effect::SwitchesOff(_) | Effect::OverruledBy(_)));
        if row.off && change.after.is_some() && !has_effect {
            // It must agree with the row in category, kind and mode, and mostly does not.
            said.push(format!("{} off，下层没有同类别、同性质的这个词可停用", row.kind.id()));
        } else if change.cells.is_empty() {
            let weight = if row.off { "off".to_owned() } else { row.weight.to_string() };
            said.push(format!("{} {weight}", row.kind.id()));
        }
        said.extend(change.effects.iter().map(effect));
        let (sign, tone) = match (&change.before, &change.after) {
            (None, _) => ("+", Tone::Good),
            (Some(_), None) => ("−", Tone::Bad),
            (Some(_), Some(_)) => ("~", Tone::Usual),
        };
        let line = ink.paint(&format!(":{}", row.line), Tone::Dim);
        format!("    {}  {}  {line}\n", ink.paint(&format!("{sign} {}", row.term), tone), said.join("；"))
    }

    fn setting(&self, setting: &SettingChange, ink: Ink) -> String {
        let name = match setting.id.strip_prefix("departments.") {
            Some(id) => format!("部门 {}", department_name(self.categories, id)),
            None => category_name(self.categories, &setting.id),
        };
        let mut said: Vec<String> = setting.cells.iter().map(|cell| self.cell(cell)).collect();
        if setting.following > 0 {
            said.push(format!("{} 行未写权重，随之改变", setting.following));
        }
        line(setting.sides, &format!("{name}（{}）", setting.id), &said, ink)
    }

    fn cell(&self, cell: &Cell) -> String {
        let name = field_name(cell.field);
        if let Some((added, removed)) = cell.pieces() {
            let said = [("加", added), ("去", removed)].into_iter().filter(|(_, pieces)| !pieces.is_empty());
            let said: Vec<String> =
                said.map(|(verb, pieces)| format!("{verb} {}", pieces.join("、"))).collect();
            return format!("{name}{}", said.join("，"));
        }
        let told = |text: &str| match cell.field {
            _ if text.is_empty() => "无".to_owned(),
            Field::Category => category_name(self.categories, text),
            Field::Department => department_name(self.categories, text).to_owned(),
            _ => text.to_owned(),
        };
        match cell.field {
            Field::Off if cell.before.is_empty() => "停用".to_owned(),
            Field::Off => "重新启用".to_owned(),
            _ => format!("{name} {} → {}", told(&cell.before), told(&cell.after)),
        }
    }
}

fn section(title: &str, lines: impl Iterator<Item = String>, ink: Ink) -> String {
    format!("{}\n{}", ink.paint(title, Tone::Bold), lines.collect::<String>())
}

fn place_line(place: &PlaceChange, ink: Ink) -> String {
    let holder = if place.parent.is_empty() { String::new() } else { format!("（{}）", place.parent) };
    let said: Vec<String> = place
        .cells
        .iter()
        .map(|cell| match cell.pieces() {
            Some((added, removed)) => {
                let said = [("加", added), ("去", removed)].into_iter().filter(|(_, all)| !all.is_empty());
                let said: Vec<String> =
                    said.map(|(verb, all)| format!("{verb} {}", all.join("、"))).collect();
                format!("{}{}", field_name(cell.field), said.join("，"))
            }
            None => {
                format!("{} {} → {}", field_name(cell.field), or_none(&cell.before), or_none(&cell.after))
            }
        })
        .collect();
    line(place.sides, &format!("{}{holder}", place.name), &said, ink)
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "无" } else { text }
}

fn line(sides: Sides, name: &str, said: &[String], ink: Ink) -> String {
    let (sign, tone) = match sides {
        Sides::Added => ("+", Tone::Good),
        Sides::Removed => ("−", Tone::Bad),
        Sides::Changed => ("~", Tone::Usual),
    };
    let name = ink.paint(&format!("{sign} {name}"), tone);
    if said.is_empty() { format!("  {name}\n") } else { format!("  {name}  {}\n", said.join("；")) }
}

fn effect(effect: &Effect) -> String {
    match effect {
        Effect::WinsOver(row) => format!("取代 {row}"),
        Effect::SwitchesOff(row) => format!("停用 {row}"),
        Effect::OverruledBy(row) => format!("不起作用：上层另有 {row}"),
        Effect::Restores(row) => format!("{row} 重新生效"),
        Effect::LongerThan(rows) => format!("更长，同处不再计 {}", named(rows)),
        Effect::MakesRoomFor(rows) => format!("同处重新计 {}", named(rows)),
    }
}

fn named(rows: &[ToldRow]) -> String {
    let names: Vec<String> = rows.iter().take(NAMED).map(ToldRow::to_string).collect();
    let more = if rows.len() > NAMED { format!(" 等 {} 条", rows.len()) } else { String::new() };
    format!("{}{more}", names.join("、"))
}

fn field_name(field: Field) -> &'static str {
    match field {
        Field::Weight => "权重",
        Field::Off => "停用",
        Field::Category => "类别",
        Field::Kind => "性质",
        Field::Mode => "匹配方式",
        Field::Window => "窗口",
        Field::Variants => "异写",
        Field::Unless => "例外",
        Field::From => "起始",
        Field::Until => "截止",
        Field::Layer => "层",
        Field::File => "文件",
        Field::Owner => "负责",
        Field::Note => "备注",
        Field::Parent => "上级",
        Field::Type => "类型",
        Field::Alias => "别名",
        Field::Name => "名称",
        Field::NameEn => "英文名",
        Field::Department => "部门",
        Field::ServiceTime => "时限",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::workbench::fixture::{FILES, assessor_of, post, shelf};

    #[test]
    fn the_page_tells_what_changes_and_what_that_does() {
        let changed = FILES[0].1.replace("停水通知\tutilities\t\t3", "停水通知\tutilities\t\t12");
        let changed = changed.replace("没水|断水\t", "没水|水停了\t停水公告");
        let site = "停水\tutilities\t\t20\t\t\t\t\t\t\t本台\t\n老人\t-\tvulnerable\toff\t\t\t\t\t\t\t本台\t\n停水\tutilities\tseverity\t2\t\t\t\t\t\t\t本台\t\n";
        let places = FILES[3]
            .1
            .replace("云锦苑\t禾川市\testate\t", "云锦苑\t禾川市\testate\t云锦\n人民路\t禾川市\troad\t");
        let after =
            [FILES[1], ("10-matters.tsv", &*changed), ("site/90-desk.tsv", site), ("places.tsv", &*places)];
        let mut shelves = [shelf(&FILES), shelf(&after)];
        let categories = include_str!("../../../dictionaries/categories.toml");
        let heavier =
            categories.replacen("[utilities]\nname = \"水电气热\"", "[utilities]\nname = \"公用事业\"", 1);
        shelves[1].put("categories.toml", heavier.into_bytes());
        let today = "2026-03-01".parse().expect("a date");
        let difference = Difference::between(&shelves[0], &shelves[1], today).expect("no faults");
        let (one, other) = (assessor_of(&FILES), assessor_of(&after));
        let mut tally = Tally::default();
        for (id, text) in [
            ("a-1", "云锦苑停水两天了，家里老人没法做饭"),
            ("a-2", "今天星期二"),
            ("a-3", "物业没人管，气死了"),
        ] {
            let judged = |by: &crate::assess::Assessor| by.assess(std::sync::Arc::new(post(text))).assessment;
            tally.add(id, text, &judged(&one), &judged(&other));
        }
        let shown = Shown {
            difference: &difference,
            before: ("dictionaries".into(), "aaa".into()),
            after: ("changed".into(), "bbb".into()),
            categories: one.lexicon().categories(),
            sample: Some(("posts.jsonl".into(), &tally)),
        };
        insta::assert_snapshot!(shown.text(Ink::Plain), @r"
        民声词典比对  dictionaries（aaa） → changed（bbb）
        词条：新增 3，删除 1，改动 2，其中加重 1，压过下层 1，停用下层 1；类别与部门 1；地名 2。

        10-matters.tsv  改动 2
          水电气热
            ~ 停水  异写加 水停了，去 断水；例外加 停水公告；不起作用：上层另有 停水 (site/90-desk.tsv:2)  :3
            ~ 停水通知  权重 3 → 12  :4

        site/90-desk.tsv  新增 3，删除 1
          辅助词
            + 老人  vulnerable off；停用 老人 (40-helpers.tsv:4)  :3
          住房与物业
            − 物业  topic 6  :2
          水电气热
            + 停水  topic 20；取代 停水 (10-matters.tsv:3)  :2
            + 停水  severity 2  :4

        类别与部门
          ~ 水电气热（utilities）  名称 水电气热 → 公用事业

        地名
          ~ 云锦苑（禾川市）  别名加 云锦
          + 人民路（禾川市）

        样本 posts.jsonl  3 帖，2 帖研判不同：更急 1，更缓 0，类别不同 1
          无 2 → 2，蓝 0 → 0，黄 1 → 0，橙 0 → 1，红 0 → 0
          黄 → 橙  35.0 → 55.0分  a-1
            云锦苑停水两天了，家里老人没法做饭
            停水（topic）14 → 20；新命中 停水（severity 2）；不再命中 老人（vulnerable 1）；危害分 0.0 → 12.0；事项分 14.0 → 20.0；保底分 14.0 → 20.0
          无 → 无  6.0 → 0.0分  住房与物业 → 无  a-3
            物业没人管，气死了
            不再命中 物业（topic 6）；事项分 6.0 → 0.0
        ");
        let useless = [FILES[0], ("site/90-desk.tsv", "停水\tutilities.water\t\toff\t\t\t\t\t\t\t本台\t\n")];
        let before = shelf(&[FILES[0]]);
        let difference = Difference::between(&before, &shelf(&useless), today).expect("no faults");
        let told = Shown { difference: &difference, sample: None, ..shown.clone() }.text(Ink::Plain);
        assert!(told.contains("+ 停水  topic off，下层没有"), "{told}");
        let same = Difference::between(&shelves[0], &shelves[0], today).expect("no faults");
        let shown = Shown { difference: &same, sample: None, ..shown };
        insta::assert_snapshot!(shown.text(Ink::Plain), @r"
        民声词典比对  dictionaries（aaa） → changed（bbb）
        没有差别。
        ");
    }
}
