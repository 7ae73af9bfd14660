//! What people call categories and departments, for titles and messages.

use std::collections::BTreeMap;

use crate::alert::Alert;
use crate::lexicon::categories::Categories;
use crate::lexicon::category::Category;
use crate::people::Departments;

/// The names that people read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    categories: BTreeMap<Category, String>,
    departments: BTreeMap<String, String>,
}

impl Names {
    /// The names of `dictionaries/categories.toml` and `departments.toml`; where both name a department, the
    /// latter counts.
    pub fn new(categories: &Categories, departments: &Departments) -> Self {
        let routed = categories.departments.iter().map(|(id, department)| (id.as_str(), &department.name));
        let known = departments.iter().map(|(id, department)| (id, &department.name));
        Self {
            categories: Category::ALL
                .map(|category| (category, categories.get(category).name.clone()))
                .into(),
            departments: routed.chain(known).map(|(id, name)| (id.to_owned(), name.clone())).collect(),
        }
    }

    /// The category's name; its id if it has an empty one.
    pub fn category(&self, category: Category) -> &str {
        let name = self.categories.get(&category).filter(|name| !name.is_empty());
        name.map_or(category.id(), String::as_str)
    }

    /// The department's name; its id if nobody gave one.
    pub fn department<'a>(&'a self, id: &'a str) -> &'a str {
        self.departments.get(id).map_or(id, String::as_str)
    }

    /// Whether there is such a department.
    pub fn has_department(&self, id: &str) -> bool {
        self.departments.contains_key(id)
    }

    /// One line for lists: `望江花园 · 公用事业 · 停水`.
    pub(super) fn title(&self, alert: &Alert) -> String {
        let subject = &alert.signal.subject;
        let matter = alert.signal.matter();
        let drill = alert.signal.evidence.first().is_some_and(|post| post.source.is_drill());
        let mark = if drill { super::DRILL_MARK } else { "" };
        let parts =
            [subject.place.as_deref().unwrap_or("地点待核实"), self.category(subject.category), &matter];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        format!("{mark}{}", parts.join(" · "))
    }
}

impl Default for Names {
    /// The usual names of the categories; departments go by their ids.
    fn default() -> Self {
        Self::new(&Categories::default(), &Departments::default())
    }
}
