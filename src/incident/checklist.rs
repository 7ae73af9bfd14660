//! What is to be checked off for an incident: `checklists.toml`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;

use crate::alert::{Fault, Sheet};
use crate::assess::Grade;
use crate::lexicon::category::Category;

use super::{Actor, Happening, Incident};

/// Longest item, in characters.
const LONGEST: usize = 100;
/// Most items of one list.
const MOST: usize = 50;
const KEYS: &[&str] = &["categories", "grades", "items"];

/// All lists of one `checklists.toml`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checklists(Vec<Checklist>);

/// What is to be done for incidents of some kind.
#[derive(Debug, Clone, PartialEq)]
struct Checklist {
    categories: BTreeSet<Category>,
    grades: BTreeSet<Grade>,
    items: Vec<String>,
}

/// `[[checklist]]` as written; `config/checklists.toml` explains each key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChecklistTable {
    #[serde(default)]
    categories: BTreeSet<Category>,
    #[serde(default)]
    grades: BTreeSet<Grade>,
    items: Vec<String>,
}

/// One item for one incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What is to be done.
    pub text: String,
    /// Who said that it is done, and when.
    pub done: Option<(Actor, Timestamp)>,
}

impl Checklists {
    /// Reads `checklists.toml`; all its faults at once, by line.
    pub fn from_toml(text: &str) -> Result<Self, Vec<Fault>> {
        let mut sheet = Sheet::new(text);
        let mut lists = Vec::new();
        for part in sheet.tables("checklist") {
            let line = part.line;
            let Some(table) = sheet.read::<ChecklistTable>(part, KEYS) else { continue };
            let ChecklistTable { categories, grades, items } = table;
            let items: Vec<String> = items.into_iter().map(|item| item.trim().to_owned()).collect();
            if items.is_empty() || items.len() > MOST {
                sheet.fault(Fault::at(line, format!("a checklist has 1 to {MOST} items")));
            }
            for (place, item) in items.iter().enumerate() {
                let legal =
                    (1..=LONGEST).contains(&item.chars().count()) && !item.chars().any(char::is_control);
                if !legal {
                    let what = format!("item {item:?} is not one line of 1 to {LONGEST} characters");
                    sheet.fault(Fault::at(line, what));
                }
                if items[..place].contains(item) {
                    sheet.fault(Fault::at(line, format!("item {item:?} stands twice in one checklist")));
                }
            }
            lists.push(Checklist { categories, grades, items });
        }
        sheet.close(&["checklist"], Self(lists))
    }

    /// What is to be done for an incident, in the order of the file; and what was checked off that stands in no list
    /// any more.
    pub fn items(&self, incident: &Incident) -> Vec<Item> {
        let mut done = checked(incident);
        let mut items: Vec<Item> = Vec::new();
        let lists = self.0.iter().filter(|list| list.concerns(incident));
        for text in lists.flat_map(|list| &list.items) {
            if !items.iter().any(|item| item.text == *text) {
                items.push(Item { text: text.clone(), done: done.remove(text.as_str()) });
            }
        }
        let others = done.into_iter().map(|(text, done)| Item { text: text.to_owned(), done: Some(done) });
        items.extend(others);
        items
    }
}

impl Checklist {
    fn concerns(&self, incident: &Incident) -> bool {
        (self.categories.is_empty() || self.categories.contains(&incident.subject.category))
            && (self.grades.is_empty() || self.grades.contains(&incident.grade))
    }
}

/// What stands checked off, by whom and when.
fn checked(incident: &Incident) -> BTreeMap<&str, (Actor, Timestamp)> {
    let mut done = BTreeMap::new();
    for entry in &incident.timeline {
        match &entry.what {
            Happening::Checked { item, done: true } => {
                done.insert(item.as_str(), (entry.by.clone(), entry.at));
            }
            Happening::Checked { item, done: false } => {
                done.remove(item.as_str());
            }
            _ => {}
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::fixture::opened;
    use crate::incident::{Change, IncidentEvent};

    const STARTER: &str = include_str!("../../config/checklists.toml");

    #[test]
    fn the_starter_lists_are_read_and_concern_each_grade() {
        let lists = Checklists::from_toml(STARTER).unwrap();
        let incident = opened();
        assert!(!lists.items(&incident).is_empty());
    }

    #[test]
    fn what_is_checked_off_says_by_whom_and_can_be_taken_back() {
        let lists = Checklists::from_toml("[[checklist]]\nitems = ['联系现场', '通知街道']\n").unwrap();
        let mut incident = opened();
        let check = |done| Change::Check { item: "通知街道".to_owned(), done };
        let event = |change, incident: &Incident| IncidentEvent {
            incident: incident.id.clone(),
            at: incident.updated_at,
            by: Actor::Token("desk".to_owned()),
            change,
        };
        incident.apply(&event(check(true), &incident)).unwrap();
        let items = lists.items(&incident);
        assert_eq!(items.iter().map(|item| item.done.is_some()).collect::<Vec<_>>(), [false, true]);
        assert_eq!(Checklists::default().items(&incident).len(), 1, "what was done stays to be seen");
        incident.apply(&event(check(false), &incident)).unwrap();
        assert!(lists.items(&incident).iter().all(|item| item.done.is_none()));
    }

    #[test]
    fn faults_are_named_with_their_line() {
        let faults = Checklists::from_toml(
            "[[checklist]]\nitems = []\n\n[[checklist]]\ncategories = ['utility']\nitems = ['a', 'a']\n\n\
             [[checklist]]\nitem = ['a']\nitems = ['b', 'b']\n",
        );
        let faults: Vec<String> = faults.unwrap_err().iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(faults.join("\n"), @r#"
        line 1: a checklist has 1 to 50 items
        line 5: unknown word `utility`; did you mean `utilities`?
        line 8: item "b" stands twice in one checklist
        line 9: unknown key `item`; did you mean `items`?
        "#);
    }
}
