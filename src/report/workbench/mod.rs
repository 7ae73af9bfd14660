//! The dictionary workbench on a terminal: one text taken apart, and what differs between dictionaries.

pub mod difference;
pub mod dissection;
mod shifts;

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

/// Texts are the public's: nothing in them may speak to the terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
