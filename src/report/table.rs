//! Tables on a terminal, aligned where a Chinese character takes two columns.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

/// Whether colours may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Letters only: for files and pipes.
    Plain,
    /// Colours as well: for a terminal.
    Colour,
}

/// How something is shown where colours may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    Usual,
    /// To be seen first.
    Bold,
    /// To be overlooked.
    Dim,
    /// Well.
    Good,
    /// Ill.
    Bad,
}

/// To which side of its column a cell leans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table: rows of cells, one side for each column.
#[derive(Debug, Clone)]
pub struct Table {
    sides: Vec<Side>,
    rows: Vec<Vec<(String, Tone)>>,
}

impl Ink {
    /// The text in a tone.
    pub fn paint(self, text: &str, tone: Tone) -> String {
        let code = match (self, tone) {
            (Self::Plain, _) | (Self::Colour, Tone::Usual) => return text.to_owned(),
            (Self::Colour, Tone::Bold) => "1",
            (Self::Colour, Tone::Dim) => "2",
            (Self::Colour, Tone::Good) => "32",
            (Self::Colour, Tone::Bad) => "31",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

impl Table {
    /// An empty table with these columns.
    pub fn new(sides: impl Into<Vec<Side>>) -> Self {
        Self { sides: sides.into(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = (String, Tone)>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The table, two blanks between columns, none at the end of a line.
    pub fn render(&self, ink: Ink) -> String {
        let widths: Vec<usize> = (0..self.sides.len())
            .map(|column| {
                self.rows.iter().filter_map(|row| row.get(column)).map(|(text, _)| text.width()).max()
            })
            .map(Option::unwrap_or_default)
            .collect();
        let mut out = String::new();
        for row in &self.rows {
            let mut line = String::new();
            let mut owed = 0;
            for ((text, tone), (side, width)) in row.iter().zip(self.sides.iter().zip(&widths)) {
                let space = width - text.width();
                let (before, after) = match side {
                    Side::Left => (0, space),
                    Side::Right => (space, 0),
                };
                if text.is_empty() {
                    owed += before;
                } else {
                    line.push_str(&" ".repeat(owed + before));
                    line.push_str(&ink.paint(text, *tone));
                    owed = 0;
                }
                owed += after + 2;
            }
            writeln!(out, "{line}").expect("a string takes all");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new([Side::Left, Side::Right, Side::Left]);
        table.row([("指标".into(), Tone::Dim), ("值".into(), Tone::Dim), ("note".into(), Tone::Dim)]);
        table.row([("红色帖".into(), Tone::Usual), ("0.5".into(), Tone::Good), (String::new(), Tone::Usual)]);
        table.row([("ab".into(), Tone::Usual), (String::new(), Tone::Usual), ("后".into(), Tone::Usual)]);
        table
    }

    #[test]
    fn columns_stand_under_each_other_whatever_the_width_of_their_characters() {
        let lines = table().render(Ink::Plain);
        insta::assert_snapshot!(lines.replace(' ', "."), @r"
        指标.....值..note
        红色帖..0.5
        ab...........后
        ");
    }

    #[test]
    fn colours_change_nothing_but_colours() {
        let coloured = table().render(Ink::Colour);
        let mut plain = coloured.clone();
        for code in ["\u{1b}[0m", "\u{1b}[2m", "\u{1b}[32m"] {
            plain = plain.replace(code, "");
        }
        assert_ne!(coloured, plain);
        assert_eq!(plain, table().render(Ink::Plain));
    }
}
