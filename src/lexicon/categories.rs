//! What the desk has decided about each category: name, points, department, service time
//! (`categories.toml`). Which categories there are is not for the file to say: see [`Category`].
//!
//! Without a file, [`Categories::default`] gives the weights of the design and no departments.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::lexicon::category::Category;
use crate::lexicon::fault::{Findings, did_you_mean};

/// The settings of all categories, and the departments they are routed to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Categories {
    safety: Settings,
    food: Settings,
    health: Settings,
    environment: Settings,
    education: Settings,
    labour: Settings,
    utilities: Settings,
    housing: Settings,
    traffic: Settings,
    consumer: Settings,
    conduct: Settings,
    rumour: Settings,
    /// Departments by id.
    #[serde(default)]
    pub departments: BTreeMap<String, Department>,
}

/// One category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Chinese name shown at the desk.
    pub name: String,
    /// English name.
    #[serde(default)]
    pub name_en: String,
    /// Points of a topic row that states no weight, 0 to 30.
    pub weight: f64,
    /// Id of the department that answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Time in which the public is to have an answer.
    #[serde(default, with = "humantime_serde::option", skip_serializing_if = "Option::is_none")]
    pub service_time: Option<Duration>,
    /// Parts of the category by id: `fee` of `health.fee`.
    #[serde(default)]
    pub sub: BTreeMap<String, SubSettings>,
}

/// A part of a category. What it leaves out is as in the category.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SubSettings {
    /// Chinese name shown at the desk.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Points of a topic row that states no weight, 0 to 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// Id of the department that answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Time in which the public is to have an answer.
    #[serde(with = "humantime_serde::option", skip_serializing_if = "Option::is_none")]
    pub service_time: Option<Duration>,
}

/// An office that can act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Department {
    /// Chinese name shown at the desk.
    pub name: String,
    /// English name.
    #[serde(default)]
    pub name_en: String,
}

impl Categories {
    /// The settings of one category.
    pub fn get(&self, category: Category) -> &Settings {
        match category {
            Category::Safety => &self.safety,
            Category::Food => &self.food,
            Category::Health => &self.health,
            Category::Environment => &self.environment,
            Category::Education => &self.education,
            Category::Labour => &self.labour,
            Category::Utilities => &self.utilities,
            Category::Housing => &self.housing,
            Category::Traffic => &self.traffic,
            Category::Consumer => &self.consumer,
            Category::Conduct => &self.conduct,
            Category::Rumour => &self.rumour,
        }
    }

    /// Points of a topic row that states no weight.
    pub fn weight(&self, category: Category, sub: Option<&str>) -> f64 {
        let settings = self.get(category);
        sub.and_then(|sub| settings.sub.get(sub)?.weight).unwrap_or(settings.weight)
    }

    /// Id of the department that answers for a category or a part of it.
    pub fn department(&self, category: Category, sub: Option<&str>) -> Option<&str> {
        let settings = self.get(category);
        sub.and_then(|sub| settings.sub.get(sub)?.department.as_deref()).or(settings.department.as_deref())
    }

    /// Time in which the public is to have an answer.
    pub fn service_time(&self, category: Category, sub: Option<&str>) -> Option<Duration> {
        let settings = self.get(category);
        sub.and_then(|sub| settings.sub.get(sub)?.service_time).or(settings.service_time)
    }

    /// Reads `categories.toml`. What is wrong goes to `findings`, and the default is given instead,
    /// so that the rows can be looked at all the same.
    pub(crate) fn parse(file: &str, text: &str, findings: &mut Findings) -> Self {
        let categories: Self = match toml::from_str(text) {
            Ok(categories) => categories,
            Err(error) => {
                let line = error.span().map_or(0, |span| line_of(text, span.start));
                let (what, mend) = explain(error.message());
                findings.fault(file, line, what, mend);
                return Self::default();
            }
        };
        for (what, mend) in categories.wrong() {
            findings.fault(file, 0, what, mend);
        }
        categories
    }

    fn wrong(&self) -> Vec<(String, String)> {
        let mut wrong = Vec::new();
        for category in Category::ALL {
            let settings = self.get(category);
            let whole = (category.to_string(), Some(settings.weight), settings.department.as_ref());
            let parts = settings
                .sub
                .iter()
                .map(|(id, sub)| (format!("{category}.{id}"), sub.weight, sub.department.as_ref()));
            for (id, weight, department) in std::iter::once(whole).chain(parts) {
                if weight.is_some_and(|weight| !(0.0..=30.0).contains(&weight)) {
                    wrong.push((format!("weight of `{id}` is out of range"), "use 0 to 30".to_owned()));
                }
                if let Some(department) = department
                    && !self.departments.contains_key(department)
                {
                    let known = self.departments.keys().map(String::as_str);
                    wrong.push((
                        format!("`{id}` names the department `{department}`, which has no table"),
                        did_you_mean(department, known),
                    ));
                }
            }
        }
        wrong
    }
}

fn line_of(text: &str, byte: usize) -> u32 {
    text.char_indices().take_while(|&(at, _)| at < byte).filter(|&(_, c)| c == '\n').count() as u32 + 1
}

/// Turns serde's list of known names into the one that was meant.
fn explain(message: &str) -> (String, String) {
    let message = message.lines().next().unwrap_or_default();
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match (message.starts_with("unknown field"), quoted.split_first()) {
        (true, Some((wrong, known))) => {
            (format!("unknown key `{wrong}`"), did_you_mean(wrong, known.iter().copied()))
        }
        _ => (message.to_owned(), String::new()),
    }
}

impl Default for Categories {
    fn default() -> Self {
        let plain = |name: &str, name_en: &str, weight| Settings {
            name: name.to_owned(),
            name_en: name_en.to_owned(),
            weight,
            department: None,
            service_time: None,
            sub: BTreeMap::new(),
        };
        let mut health = plain("医疗卫生", "Health", 16.0);
        let fee = SubSettings {
            name: "医疗收费".to_owned(),
            name_en: "Medical fees".to_owned(),
            weight: Some(10.0),
            ..SubSettings::default()
        };
        health.sub.insert("fee".to_owned(), fee);
        Self {
            safety: plain("公共安全", "Public safety", 24.0),
            food: plain("食品安全", "Food safety", 20.0),
            health,
            environment: plain("生态环境", "Environment", 16.0),
            education: plain("教育", "Education", 12.0),
            labour: plain("劳动保障", "Labour", 16.0),
            utilities: plain("水电气热", "Utilities", 14.0),
            housing: plain("住房物业", "Housing", 12.0),
            traffic: plain("交通出行", "Traffic", 14.0),
            consumer: plain("消费维权", "Consumer rights", 8.0),
            conduct: plain("作风效能", "Conduct of offices", 10.0),
            rumour: plain("传言待核", "Rumours", 8.0),
            departments: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> String {
        let mut findings = Findings::default();
        Categories::parse("categories.toml", text, &mut findings);
        findings.finish().map_or_else(|faults| faults.to_string(), |_| "none".to_owned())
    }

    fn whole() -> String {
        Category::ALL.map(|category| format!("[{category}]\nname = \"名\"\nweight = 10\n")).concat()
    }

    #[test]
    fn a_sub_category_overrides_its_category() {
        let text = whole()
            + "[health.sub.fee]\nname = \"收费\"\nweight = 4\nservice_time = \"48h\"\n[departments.health]\nname = \"卫健委\"\n";
        let text = text.replacen("[health]\n", "[health]\ndepartment = \"health\"\n", 1);
        let mut findings = Findings::default();
        let categories = Categories::parse("categories.toml", &text, &mut findings);
        assert!(findings.finish().is_ok());
        assert_eq!(categories.weight(Category::Health, Some("fee")).to_string(), "4");
        assert_eq!(categories.weight(Category::Health, Some("else")).to_string(), "10");
        assert_eq!(categories.department(Category::Health, Some("fee")), Some("health"));
        assert_eq!(categories.service_time(Category::Health, Some("fee")), Some(Duration::from_hours(48)));
        assert_eq!(categories.service_time(Category::Food, None), None);
        let written = toml::to_string(&categories).expect("writes");
        assert_eq!(toml::from_str::<Categories>(&written), Ok(categories));
    }

    #[test]
    fn faults_name_line_and_mend() {
        for (name, text, expected) in [
            (
                "unknown category",
                whole() + "[saftey]\n",
                "categories.toml:37: unknown key `saftey`; did you mean `safety`?",
            ),
            (
                "unknown key",
                whole() + "wieght = 3\n",
                "categories.toml:37: unknown key `wieght`; did you mean `weight`?",
            ),
            (
                "heavy",
                whole() + "[food.sub.x]\nweight = 31\n",
                "categories.toml: weight of `food.x` is out of range; use 0 to 30",
            ),
            (
                "department",
                whole() + "department = \"wather\"\n[departments.water]\nname = \"水务局\"\n",
                "categories.toml: `rumour` names the department `wather`, which has no table; did you mean `water`?",
            ),
        ] {
            assert_eq!(faults(&text), expected, "{name}");
        }
        assert!(faults("[safety]\n").contains("missing field"), "{}", faults("[safety]\n"));
    }

    #[test]
    fn the_default_is_whole() {
        assert!(Categories::default().wrong().is_empty());
        assert_eq!(Categories::default().weight(Category::Health, Some("fee")).to_string(), "10");
    }
}
