//! Who answers the public: the departments of `departments.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::alert::{Fault, Sheet};

/// All departments by id; the ids stand in `dictionaries/categories.toml`, rules, records and labels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Departments(BTreeMap<String, Department>);

/// One department: a table of `departments.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Department {
    /// What people read: `应急管理局`.
    pub name: String,
    /// The same in English. Default: the id.
    #[serde(default)]
    pub name_en: String,
}

impl Departments {
    /// Reads `departments.toml`; all its faults at once, by line.
    pub fn from_toml(text: &str) -> Result<Self, Vec<Fault>> {
        let mut sheet = Sheet::new(text);
        let mut departments = BTreeMap::new();
        for (id, part) in sheet.rest() {
            let line = part.line;
            let Some(department) = sheet.read::<Department>(part, &["name", "name_en"]) else { continue };
            let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
            if !id.chars().all(legal) || id.is_empty() {
                sheet.fault(Fault::at(line, format!("department id {id:?} is not of a-z, 0-9, '-', '_'")));
            }
            if department.name.trim().is_empty() || department.name.chars().any(char::is_control) {
                sheet.fault(Fault::at(line, format!("department {id:?} has no name people can read")));
            }
            let name_en = if department.name_en.is_empty() { id.clone() } else { department.name_en };
            departments.insert(id, Department { name_en, ..department });
        }
        sheet.close(&[], Self(departments))
    }

    /// The department of this id.
    pub fn get(&self, id: &str) -> Option<&Department> {
        self.0.get(id)
    }

    /// All, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Department)> {
        self.0.iter().map(|(id, department)| (id.as_str(), department))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_starter_departments_are_legal_and_faults_are_named_together() {
        let departments = Departments::from_toml(include_str!("../../config/departments.toml")).unwrap();
        assert_eq!(
            departments.get("emergency").map(|department| department.name.as_str()),
            Some("应急管理局")
        );
        let faults = Departments::from_toml("[Water]\nname = '水务局'\n[gas]\nnam = 'x'\n").unwrap_err();
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            faults,
            [
                "line 1: department id \"Water\" is not of a-z, 0-9, '-', '_'",
                "line 3: missing field `name`",
                "line 4: unknown key `nam`; did you mean `name`?",
            ]
        );
    }
}
