//! The dictionary workbench on a terminal: one text taken apart, what differs between dictionaries, what rows do, which
//! words are missing, what a change would do.

pub mod backtest;
pub mod difference;
pub mod dissection;
mod shifts;
pub mod stats;
pub mod suggest;

use crate::assess::workbench::Share;
use crate::lexicon::categories::Categories;
use crate::lexicon::category::Category;

/// What people call a category as it stands in a file: `utilities.bill` is 公用事业·水电气费.
fn category_name(categories: &Categories, id: &str) -> String {
    let (main, sub) = id.split_once('.').map_or((id, None), |(main, sub)| (main, Some(sub)));
    let Ok(category) = main.parse::<Category>() else { return id.to_owned() };
    let settings = categories.get(category);
    let part = sub.and_then(|sub| settings.sub.get(sub)).map(|part| part.name.as_str());
    match part.filter(|name| !name.is_empty()) {
        Some(part) => format!("{}·{part}", settings.name),
        None => settings.name.clone(),
    }
}

/// What people call a department.
fn department_name<'a>(categories: &'a Categories, id: &'a str) -> &'a str {
    categories.departments.get(id).map_or(id, |department| department.name.as_str())
}

/// `0.75` and `0.30–0.95`; both empty of nothing.
fn share(share: Share) -> (String, String) {
    match (share.value(), share.interval()) {
        (Some(value), Some((low, high))) => (format!("{value:.2}"), format!("{low:.2}–{high:.2}")),
        _ => (String::new(), String::new()),
    }
}

/// Texts are the public's: nothing in them may speak to the terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
