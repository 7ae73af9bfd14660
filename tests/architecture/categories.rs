//! The closed list: what may be looked for is twelve public services, in the code and in every dictionary.
//!
//! The list stands here a second time on purpose: widening it takes two edits, one of them in this test, and
//! so never happens by the way.

use std::collections::BTreeSet;

use syn::Item;

use crate::fault::Fault;
use crate::tree::SourceFile;

/// The twelve services.
const CLOSED: [&str; 12] = [
    "safety",
    "food",
    "health",
    "environment",
    "education",
    "labour",
    "utilities",
    "housing",
    "traffic",
    "consumer",
    "conduct",
    "rumour",
];

const MEND: &str = "file it under one of the twelve services; a matter that fits none is not ours to watch";

/// Rows of a dictionary (`*.tsv`) whose category is outside the list. Dictionaries without that column pass.
pub(crate) fn in_dictionary(path: &str, text: &str) -> Vec<Fault> {
    let mut column = None;
    let mut faults = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let Some(heads) = column else {
            column = Some(line.split('\t').position(|name| name == "category"));
            continue;
        };
        let Some(position) = heads else { return faults };
        let category = line.split('\t').nth(position).unwrap_or_default();
        if category != "-" && !is_closed(category) {
            faults.push(Fault::new(path, at + 1, format!("`{category}` is no category"), MEND));
        }
    }
    faults
}

/// The table of `categories.toml` that says who answers, beside the services.
const DEPARTMENTS: &str = "departments";

/// Tables of `categories.toml` outside the list, and services without a table.
pub(crate) fn in_sheet(path: &str, text: &str) -> Vec<Fault> {
    let sheet: toml::Table = text.parse().expect("categories.toml is TOML");
    let strange =
        sheet.keys().filter(|name| name.as_str() != DEPARTMENTS && !CLOSED.contains(&name.as_str()));
    let mut faults: Vec<Fault> =
        strange.map(|name| Fault::of_file(path, format!("table `{name}` is no category"), MEND)).collect();
    let absent = CLOSED.iter().filter(|name| !sheet.contains_key(**name));
    faults.extend(
        absent.map(|name| Fault::of_file(path, format!("no table `{name}`"), "give the service its table")),
    );
    faults
}

/// Whether `enum Category` of the file has exactly the twelve variants.
pub(crate) fn in_enum(file: &SourceFile) -> Vec<Fault> {
    let found = file.ast.items.iter().find_map(|item| match item {
        Item::Enum(item) if item.ident == "Category" => Some(&item.variants),
        _ => None,
    });
    let Some(variants) = found else {
        return vec![Fault::of_file(
            &file.path,
            "there is no `enum Category`",
            "keep the closed list in this file",
        )];
    };
    let found: BTreeSet<String> =
        variants.iter().map(|variant| variant.ident.to_string().to_lowercase()).collect();
    let closed: BTreeSet<String> = CLOSED.map(str::to_owned).into();
    let odd = found.symmetric_difference(&closed);
    odd.map(|name| {
        Fault::of_file(&file.path, format!("`{name}` stands in one of code and closed list only"), MEND)
    })
    .collect()
}

/// `safety` or `safety.gas`.
fn is_closed(category: &str) -> bool {
    let service = category.split('.').next().unwrap_or_default();
    CLOSED.contains(&service)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::places;

    #[test]
    fn a_dictionary_outside_the_list_is_told_by_line() {
        let text =
            "# owner: x\nterm\tcategory\tkind\n停水\tutilities.water\t\n张三\tpersons\t\n据说\t-\thearsay\n";
        assert_eq!(places(&in_dictionary("dictionaries/x.tsv", text)), ["dictionaries/x.tsv:4"]);
        assert_eq!(in_dictionary("dictionaries/places.tsv", "place\tparent\n禾川市\t\n"), []);
        assert_eq!(in_dictionary("dictionaries/x.tsv", "term\tcategory\n停水\t\n").len(), 1, "an empty cell");
    }

    #[test]
    fn the_sheet_and_the_enum_hold_the_twelve_and_no_more() {
        let sheet = CLOSED.map(|name| format!("[{name}]\n[{name}.sub.x]\n")).concat();
        assert_eq!(in_sheet("c.toml", &sheet), []);
        assert_eq!(in_sheet("c.toml", &format!("{sheet}[persons]\n")).len(), 1);
        assert_eq!(in_sheet("c.toml", &sheet.replace("food", "drink")).len(), 2);
        let with = |variants: &str| {
            let text = format!("pub enum Category {{ {variants} }}");
            in_enum(&SourceFile::parse("src/lexicon/category.rs", &["lexicon", "category"], &text)).len()
        };
        assert_eq!(with(&CLOSED.join(", ")), 0);
        assert_eq!(with(&format!("{}, Persons", CLOSED.join(", "))), 1);
        assert_eq!(with(""), 12);
    }
}
