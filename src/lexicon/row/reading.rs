//! Reads the cells of a row and says everything that is wrong with them.

use jiff::civil::Date;

use super::{Border, DEFAULT_WINDOW, MAX_PARTS, MAX_TEMPORARY_DAYS, MAX_WINDOW, Row, Spelling, Unless};
use crate::lexicon::categories::Categories;
use crate::lexicon::category::Category;
use crate::lexicon::fault::did_you_mean;
use crate::lexicon::kind::{Kind, Layer, Mode};
use crate::lexicon::regexes;
use crate::text::mask::mask;
use crate::text::normalize::normalized_text;

/// What is wrong and how to mend it.
pub(crate) type Wrong = (String, String);

/// Reads the cells of one row, given as a look-up by column name.
///
/// Layer, dictionary and line are for the caller to fill in.
pub(crate) fn parse<'a>(
    cell: impl Fn(&str) -> &'a str,
    layer: Layer,
    categories: &Categories,
    today: Option<Date>,
) -> Result<Row, Vec<Wrong>> {
    let mut reading = Reading { wrong: Vec::new() };
    let mode = reading.listed("mode", cell("mode"), "sub", Mode::of_id, &Mode::ALL.map(|(_, id)| id));
    let kind = reading.listed("kind", cell("kind"), "topic", Kind::of_id, &Kind::ALL.map(|(_, id)| id));
    let (category, sub) = reading.subject(cell("category"), kind, categories);
    let (weight, off) = reading.weight(cell("weight"), kind, category, sub.as_deref(), categories);
    let mode = mode.unwrap_or(Mode::Sub);
    let row = Row {
        term: if mode == Mode::Re {
            regexes::simplified(cell("term"))
        } else {
            normalized_text(cell("term"))
        },
        category,
        sub,
        kind: kind.unwrap_or(Kind::Topic),
        weight,
        mode,
        window: reading.window(cell("window"), mode),
        variants: pieces(cell("variants")),
        unless: pieces(cell("unless")).into_iter().map(unless_of).collect(),
        from: reading.date("from", cell("from")),
        until: reading.date("until", cell("until")),
        owner: cell("owner").trim().to_owned(),
        note: cell("note").trim().to_owned(),
        off,
        layer,
        dictionary: String::new(),
        line: 0,
    };
    reading.check_terms(&row);
    reading.check_unless(&row);
    reading.check_dates(&row, today);
    if row.owner.is_empty() {
        reading.add("owner is missing", "name the desk or team that answers for the row");
    }
    if reading.wrong.is_empty() { Ok(row) } else { Err(reading.wrong) }
}

fn pieces(cell: &str) -> Vec<String> {
    let cell = normalized_text(cell);
    if cell.is_empty() {
        return Vec::new();
    }
    cell.split('|').map(|piece| piece.trim().to_owned()).collect()
}

fn unless_of(piece: String) -> Unless {
    match piece.strip_prefix('~') {
        Some(near) => Unless::Near(near.to_owned()),
        None => Unless::Context(piece),
    }
}

struct Reading {
    wrong: Vec<Wrong>,
}

impl Reading {
    fn add(&mut self, what: impl Into<String>, mend: impl Into<String>) {
        self.wrong.push((what.into(), mend.into()));
    }

    fn listed<T>(
        &mut self,
        column: &str,
        cell: &str,
        default: &str,
        of_id: impl Fn(&str) -> Option<T>,
        ids: &[&str],
    ) -> Option<T> {
        let id = if cell.is_empty() { default } else { cell };
        let found = of_id(id);
        if found.is_none() {
            self.add(format!("unknown {column} `{id}`"), did_you_mean(id, ids.iter().copied()));
        }
        found
    }

    fn subject(
        &mut self,
        cell: &str,
        kind: Option<Kind>,
        categories: &Categories,
    ) -> (Option<Category>, Option<String>) {
        if cell.is_empty() {
            self.add("category is missing", "name a category, or `-` for a helper row");
            return (None, None);
        }
        if cell == "-" {
            if kind == Some(Kind::Topic) {
                self.add("a topic needs a category", "name the category it belongs to");
            }
            return (None, None);
        }
        let (id, sub) = cell.split_once('.').map_or((cell, None), |(id, sub)| (id, Some(sub)));
        let Ok(category) = id.parse::<Category>() else {
            self.add(
                format!("unknown category `{id}`"),
                did_you_mean(id, Category::ALL.map(Category::as_str)),
            );
            return (None, None);
        };
        let subs = &categories.get(category).sub;
        if let Some(sub) = sub.filter(|&sub| !subs.contains_key(sub)) {
            let mend = if subs.is_empty() {
                "add its table to categories.toml".to_owned()
            } else {
                did_you_mean(sub, subs.keys().map(String::as_str))
            };
            self.add(format!("unknown part `{sub}` of the category `{category}`"), mend);
        }
        (Some(category), sub.map(str::to_owned))
    }

    fn weight(
        &mut self,
        cell: &str,
        kind: Option<Kind>,
        category: Option<Category>,
        sub: Option<&str>,
        categories: &Categories,
    ) -> (f64, bool) {
        let default = match (kind, category) {
            (Some(Kind::Topic), Some(category)) => categories.weight(category, sub),
            (Some(Kind::Degree), _) => 1.5,
            (Some(Kind::Pos), _) => 0.5,
            (Some(Kind::Neg), _) => -0.5,
            _ => 1.0,
        };
        if cell.is_empty() || cell == "off" {
            return (default, cell == "off");
        }
        let (least, greatest) = kind.map_or((-100.0, 100.0), Kind::weights);
        match cell.parse::<f64>() {
            Ok(weight) if weight.is_finite() => {
                if !(least..=greatest).contains(&weight) {
                    let what = format!("weight {cell} is out of range");
                    let kind = kind.map_or("rows", Kind::id);
                    self.add(what, format!("use {least} to {greatest} for {kind}"));
                } else if kind == Some(Kind::Severity) && weight.fract() != 0.0 {
                    self.add(format!("severity {cell} is no level"), "use 1, 2 or 3");
                }
                (weight, false)
            }
            _ => {
                self.add(format!("weight `{cell}` is no number"), "use a number, `off`, or leave it empty");
                (default, false)
            }
        }
    }

    fn window(&mut self, cell: &str, mode: Mode) -> u16 {
        if cell.is_empty() {
            return DEFAULT_WINDOW;
        }
        if mode != Mode::All {
            self.add("a window is for mode `all` only", "empty the cell, or set the mode to `all`");
            return DEFAULT_WINDOW;
        }
        match cell.parse::<u16>() {
            Ok(window) if (2..=MAX_WINDOW).contains(&window) => window,
            _ => {
                self.add(format!("window `{cell}` is out of range"), format!("use 2 to {MAX_WINDOW}"));
                DEFAULT_WINDOW
            }
        }
    }

    fn date(&mut self, column: &str, cell: &str) -> Option<Date> {
        if cell.is_empty() {
            return None;
        }
        let date = cell.parse::<Date>().ok().filter(|_| cell.len() == 10);
        if date.is_none() {
            self.add(format!("`{cell}` in {column} is no date"), "write it as 2026-03-01");
        }
        date
    }

    fn check_dates(&mut self, row: &Row, today: Option<Date>) {
        if let (Some(from), Some(until)) = (row.from, row.until)
            && until < from
        {
            self.add(format!("until {until} is before from {from}"), "exchange the two dates");
        }
        if row.layer != Layer::Temporary {
            return;
        }
        match (row.until, row.from.or(today)) {
            (None, _) => self.add("a temporary row needs until", "say the last day on which it counts"),
            (Some(until), Some(start)) if (until - start).get_days() > MAX_TEMPORARY_DAYS => {
                let mend = format!("end it within {MAX_TEMPORARY_DAYS} days, or move it to another layer");
                self.add(format!("a temporary row must not last until {until}"), mend);
            }
            (Some(_), _) => {}
        }
    }

    fn check_terms(&mut self, row: &Row) {
        if row.term.is_empty() {
            self.add("term is empty", "write a term, or delete the row");
            return;
        }
        if row.mode == Mode::Re {
            if let Err((what, mend)) = regexes::check(&row.term) {
                self.add(what, mend);
            }
            self.check_person(&row.term);
        }
        if row.mode == Mode::All && !row.term.contains('+') {
            self.add(
                "a term of mode `all` has parts joined by +",
                "join its parts by +, or leave the mode empty",
            );
        }
        for (place, spelling) in row.spellings().iter().enumerate() {
            let what = if place == 0 && row.mode != Mode::Re { "term" } else { "variant" };
            self.check_spelling(row, spelling, what);
        }
    }

    fn check_spelling(&mut self, row: &Row, spelling: &Spelling, what: &str) {
        let lengths: Vec<usize> = spelling.parts.iter().map(|part| part.chars().count()).collect();
        let text = spelling.parts.join("+");
        for part in &spelling.parts {
            self.check_person(part);
            if spelling.border == Border::Latin && !part.chars().all(|c| c.is_ascii_lowercase()) {
                self.add(format!("`py:{part}` is no pinyin"), "write it in Latin letters without tones");
            }
        }
        if lengths.contains(&0) {
            self.add(format!("{what} `{text}` is empty or has an empty part"), "delete the separator");
            return;
        }
        match lengths.as_slice() {
            [1] if spelling.border != Border::Word => {
                self.add(
                    format!("{what} `{text}` is one character"),
                    "write more of it, or use mode `word` for a word of one character",
                );
            }
            [_] => {}
            lengths => {
                if lengths.len() > MAX_PARTS {
                    self.add(
                        format!("{what} `{text}` has {} parts", lengths.len()),
                        format!("use at most {MAX_PARTS}"),
                    );
                }
                if lengths.iter().sum::<usize>() > usize::from(row.window) {
                    self.add(
                        format!("{what} `{text}` is longer than its window of {}", row.window),
                        "widen the window",
                    );
                }
                let repeated =
                    spelling.parts.iter().enumerate().any(|(i, part)| spelling.parts[..i].contains(part));
                if repeated {
                    self.add(format!("{what} `{text}` names a part twice"), "name it once");
                }
            }
        }
    }

    fn check_person(&mut self, text: &str) {
        let mut digits = 0;
        let mut longest = 0;
        for c in text.chars() {
            digits = if c.is_ascii_digit() { digits + 1 } else { 0 };
            longest = longest.max(digits);
        }
        if text.contains('@') || longest >= 7 || mask(text) != text {
            self.add(
                format!("`{text}` looks like an account, a number or a name of a person"),
                "persons are no terms: name the matter",
            );
        }
    }

    fn check_unless(&mut self, row: &Row) {
        let spellings = row.spellings();
        for unless in &row.unless {
            let context = match unless {
                Unless::Context(context) => context,
                Unless::Near(near) => {
                    if near.is_empty() {
                        self.add("`~` in unless names no word", "write ~ and the word, or delete it");
                    }
                    continue;
                }
            };
            if context.is_empty() {
                self.add("unless holds an empty context", "delete the separator");
                continue;
            }
            if row.mode == Mode::Re || spellings.is_empty() {
                continue;
            }
            let mut parts = spellings.iter().flat_map(|spelling| &spelling.parts);
            if !parts.any(|part| meets(context, part) || part.contains(context.as_str())) {
                self.add(
                    format!("unless `{context}` can never meet the term"),
                    "write a context that holds or overlaps the term, or `~` before a word near it",
                );
            }
            let swallowed =
                |spelling: &Spelling| spelling.parts.iter().any(|part| part.contains(context.as_str()));
            if spellings.iter().all(swallowed) {
                self.add(
                    format!("unless `{context}` discards every match"),
                    "write a longer context, or delete the row",
                );
            }
        }
    }
}

/// Whether `context` can hold or overlap `part` and still leave room for other matches.
fn meets(context: &str, part: &str) -> bool {
    let inner = |text: &str| text.char_indices().skip(1).map(|(at, _)| at).collect::<Vec<_>>();
    context.contains(part)
        || inner(context).iter().any(|&at| part.starts_with(&context[at..]) || part.ends_with(&context[..at]))
}
