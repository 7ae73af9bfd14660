//! Words that the dictionaries lack: by what they point to, with examples, and the rows to paste.

use std::fmt::Write as _;

use super::{category_name, plain};
use crate::assess::workbench::suggest::{Form, PointsTo, Suggestion, Suggestions};
use crate::lexicon::categories::Categories;
use crate::report::table::{Ink, Side, Table, Tone};

/// Suggestions with the words around them.
#[derive(Debug, Clone)]
pub struct Shown<'a> {
    /// What was found.
    pub found: &'a Suggestions,
    /// Which posts were read.
    pub posts: String,
    /// What people call the categories.
    pub categories: &'a Categories,
}

impl Shown<'_> {
    /// The page for a terminal.
    pub fn text(&self, ink: Ink) -> String {
        let mut parts = vec![self.heading(ink)];
        let mut words = self.found.words.as_slice();
        while let Some(first) = words.first() {
            let same = words.iter().take_while(|word| word.points_to == first.points_to).count();
            parts.push(self.group(first.points_to, &words[..same], ink));
            words = &words[same..];
        }
        if !self.found.words.is_empty() {
            parts.push(self.rows(ink));
        }
        parts.join("\n")
    }

    fn heading(&self, ink: Ink) -> String {
        let found = self.found;
        let mut text = ink.paint("民声词语建议", Tone::Bold);
        write!(text, "  {}：{} 帖", self.posts, found.posts).expect("a string takes all");
        if found.copies > 0 {
            write!(text, "（转发 {} 帖不计）", found.copies).expect("a string takes all");
        }
        match found.labelled {
            0 => text.push_str("，都没有标注：只找新词，按本机判定归类"),
            labelled if labelled < found.posts => {
                write!(text, "，其中 {labelled} 帖有标注").expect("a string takes all")
            }
            _ => {}
        }
        writeln!(
            text,
            "\n建议 {} 个词；疑似人名的 {} 个、地名和单位名的 {} 个不列。采用与否由人决定。",
            found.words.len(),
            found.names_left_out,
            found.institutions_left_out
        )
        .expect("a string takes all");
        if found.pointless > 0 {
            let words = format!("另有 {} 个新词不指向任何类别，不列。\n", found.pointless);
            text.push_str(&ink.paint(&words, Tone::Dim));
        }
        text
    }

    fn group(&self, points_to: PointsTo, words: &[Suggestion], ink: Ink) -> String {
        let title = match points_to {
            PointsTo::Matter(category) => category_name(self.categories, category.id()),
            PointsTo::Grave => "严重（标为黄级以上的帖常用，标为蓝级和“无”的帖少用）".to_owned(),
        };
        let mut table =
            Table::new([Side::Left, Side::Left, Side::Right, Side::Right, Side::Right, Side::Left]);
        table.row(["词", "形式", "本类", "帖", "偏向", "例"].map(|name| (name.to_owned(), Tone::Dim)));
        for word in words {
            let form = match (word.form, word.told) {
                (Form::Word, _) => "词",
                (Form::Pair, _) => "词对",
                (Form::New, true) => "新词",
                (Form::New, false) => "新词·判定",
            };
            let mut examples = word.examples.iter().map(|example| plain(example));
            table.row([
                (word.term.clone(), Tone::Bold),
                (form.to_owned(), Tone::Usual),
                (word.posts.right.to_string(), Tone::Usual),
                (word.posts.of.to_string(), Tone::Usual),
                (format!("{:.1}", word.lean), Tone::Usual),
                (examples.next().unwrap_or_default(), Tone::Usual),
            ]);
            for example in examples {
                let mut row: Vec<(String, Tone)> = vec![(String::new(), Tone::Usual); 5];
                row.push((example, Tone::Dim));
                table.row(row);
            }
        }
        format!("{}\n{}", ink.paint(&title, Tone::Bold), table.render(ink))
    }

    /// The rows as they would stand in a dictionary: for copying, so nothing stands before them.
    fn rows(&self, ink: Ink) -> String {
        let mut text = ink.paint("可粘贴到词典的行（负责人和类别请核对）\n", Tone::Bold);
        for word in &self.found.words {
            writeln!(text, "{}", word.row).expect("a string takes all");
        }
        text
    }
}
