//! What is wrong with rows only when they are seen together, and which of them are in force.
//!
//! The same row (category, term, kind, mode) may stand once in a layer. Of several layers the highest
//! has the row, whole; `weight` = `off` there means that nobody has it.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::lexicon::fault::Findings;
use crate::lexicon::kind::{Kind, Mode};
use crate::lexicon::regexes::MAX_PATTERNS;
use crate::lexicon::row::Row;

/// Days before the end of a row in which a warning says so.
const SOON_DAYS: i32 = 14;
/// Words of everyday talk: as a term each would hit a large part of all posts.
pub(crate) const COMMON: [&str; 40] = [
    "我们", "你们", "他们", "自己", "大家", "今天", "明天", "昨天", "现在", "时候", "什么", "怎么", "这个",
    "那个", "这里", "那里", "没有", "不是", "就是", "还是", "可以", "可能", "因为", "所以", "但是", "如果",
    "已经", "一个", "一些", "很多", "知道", "觉得", "问题", "事情", "出来", "起来", "公司", "中国", "工作",
    "生活",
];

/// Looks at all rows of all files.
pub(crate) fn check(rows: &[Row], today: Date, findings: &mut Findings) {
    let mut same: BTreeMap<_, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        same.entry(row.key()).or_default().push(row);
        expiry(row, today, findings);
        if row.kind == Kind::Topic && row.mode == Mode::Sub && COMMON.contains(&row.term.as_str()) {
            let mend = "join it with another word in mode `all`, or confirm that this is meant";
            findings.warn(&file(row), row.line, format!("`{}` is a word of everyday talk", row.term), mend);
        }
    }
    for rows in same.values() {
        // The first of each layer stands for all of it: a file may hold one row as often as it has lines.
        let mut firsts: Vec<&Row> = Vec::new();
        for row in rows {
            if let Some(other) = firsts.iter().find(|other| other.layer == row.layer) {
                let what = format!(
                    "`{}` stands in {}:{} already (same category, kind and mode)",
                    row.term,
                    file(other),
                    other.line
                );
                findings.fault(&file(row), row.line, what, "delete one of the two");
                continue;
            }
            for other in firsts.iter().filter(|other| other.owner != row.owner) {
                let what = format!(
                    "`{}` is of {} here, of {} in {}",
                    row.term, row.owner, other.owner, other.dictionary
                );
                findings.warn(&file(row), row.line, what, "agree on one owner");
            }
            firsts.push(row);
        }
    }
    let patterns = rows.iter().filter(|row| row.mode == Mode::Re);
    if let Some(row) = patterns.clone().nth(MAX_PATTERNS) {
        let what = format!("{} regular expressions are more than {MAX_PATTERNS}", patterns.count());
        findings.fault(&file(row), row.line, what, "replace some by terms");
    }
    spellings(rows, findings);
}

/// The rows of which no higher layer has the same.
pub(crate) fn in_force(rows: Vec<Row>) -> Vec<Row> {
    let mut highest: BTreeMap<_, Row> = BTreeMap::new();
    for row in rows {
        let key = row.key();
        if highest.get(&key).is_none_or(|other| other.layer <= row.layer) {
            highest.insert(key, row);
        }
    }
    highest.into_values().filter(|row| !row.off).collect()
}

fn expiry(row: &Row, today: Date, findings: &mut Findings) {
    let Some(until) = row.until else { return };
    let left = (until - today).get_days();
    if left < 0 {
        findings.warn(
            &file(row),
            row.line,
            format!("`{}` ended on {until}", row.term),
            "delete it or prolong it",
        );
    } else if left < SOON_DAYS {
        findings.warn(
            &file(row),
            row.line,
            format!("`{}` ends on {until}", row.term),
            "prolong it if it is still needed",
        );
    }
}

/// Spellings that are listed twice, and terms that a shorter one of the same worth finds already.
fn spellings(rows: &[Row], findings: &mut Findings) {
    let mut shorter: BTreeMap<(String, Kind), BTreeMap<String, &Row>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.mode == Mode::Sub && !row.off) {
        let listed = shorter.entry((row.subject(), row.kind)).or_default();
        for text in std::iter::once(&row.term).chain(&row.variants) {
            if let Some(other) = listed.insert(text.clone(), row)
                && other.term != row.term
            {
                let what = format!("`{text}` is listed for `{}` and for `{}`", other.term, row.term);
                findings.warn(&file(row), row.line, what, "list it once");
            }
        }
    }
    for listed in shorter.values() {
        for (text, row) in listed {
            let found = inner(text).find_map(|part| {
                let other = listed.get(part)?;
                let same = other.weight.total_cmp(&row.weight).is_eq() && other.unless.is_empty();
                (same && other.from.is_none() && other.until.is_none() && other.term != row.term)
                    .then_some(part)
            });
            if let Some(part) = found {
                let what = format!("`{text}` adds nothing: `{part}` of the same weight finds it already");
                findings.warn(&file(row), row.line, what, "delete it or give it another weight");
            }
        }
    }
}

/// Every shorter stretch of a text, of at least two characters.
pub(crate) fn inner(text: &str) -> impl Iterator<Item = &str> {
    let borders: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let count = borders.len();
    let pairs = (0..count).flat_map(move |start| (start + 2..count).map(move |end| (start, end)));
    pairs
        .filter(move |&(start, end)| end - start < count - 1)
        .map(move |(start, end)| &text[borders[start]..borders[end]])
}

fn file(row: &Row) -> String {
    format!("{}.tsv", row.dictionary)
}
