//! The rules in force, and their verdict on a signal.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;

use crate::assess::Grade;
use crate::detect::{EventOnly, Filter, Signal, Watch, Watched};
use crate::lexicon::category::Category;
use crate::source::SourceId;

use super::Alert;
use super::condition::{Asks, When, reasons};
use super::fault::Fault;
use super::grade::Grading;
use super::group::{GroupBy, GroupKey};
use super::outage::{Ear, Found, OutageRule};
use super::sheet::Sheet;
use super::written::plain_name;

/// Stands among an alert's receivers for all of `receivers.toml`.
pub const EVERYBODY: &str = "*";

/// All rules of one `rules.toml`.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleBook {
    rules: Vec<Rule>,
    version: String,
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name: records, labels and signal ids carry it.
    pub name: String,
    /// What the duty officer reads.
    pub title: String,
    /// Whether it is in force.
    pub enabled: bool,
    /// Who is to hear of its alerts: names from `receivers.toml`, or [`EVERYBODY`].
    pub receivers: Vec<String>,
    asks: Asks,
    filter: Filter,
    grading: Grading,
    group_by: Vec<GroupBy>,
    line: usize,
}

/// `[[rule]]` as written; `config/rules.toml` explains each key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleTable {
    name: String,
    #[serde(default)]
    title: String,
    #[serde(default = "yes")]
    enabled: bool,
    when: When,
    #[serde(default)]
    categories: BTreeSet<Category>,
    #[serde(default)]
    places: BTreeSet<String>,
    #[serde(default)]
    sources: BTreeSet<SourceId>,
    #[serde(default)]
    departments: BTreeSet<String>,
    placeless: Option<bool>,
    grade: Option<Grading>,
    group_by: Option<Vec<GroupBy>>,
    #[serde(default)]
    receivers: Vec<String>,
}

const KEYS: &[&str] = &[
    "name",
    "title",
    "enabled",
    "when",
    "categories",
    "places",
    "sources",
    "departments",
    "placeless",
    "grade",
    "group_by",
    "receivers",
];

fn yes() -> bool {
    true
}

impl RuleTable {
    /// Whether it has a key that only makes sense for what people say.
    fn is_on_what_is_said(&self) -> bool {
        !(self.categories.is_empty() && self.places.is_empty() && self.departments.is_empty())
            || self.placeless.is_some()
            || self.group_by.is_some()
    }
}

impl RuleBook {
    /// Reads `rules.toml`; all its faults at once, by line.
    pub fn from_toml(text: &str) -> Result<Self, Vec<Fault>> {
        let mut sheet = Sheet::new(text);
        let mut rules: Vec<Rule> = Vec::new();
        for part in sheet.tables("rule") {
            let line = part.line;
            let Some(table) = sheet.read::<RuleTable>(part, KEYS) else { continue };
            if rules.iter().any(|rule| rule.name == table.name) {
                sheet.fault(Fault::at(line, format!("a rule {:?} stands above already", table.name)));
            }
            match Rule::checked(table, line) {
                Ok(rule) => rules.push(rule),
                Err(fault) => sheet.fault(fault),
            }
        }
        let version = blake3::hash(text.as_bytes()).to_hex()[..12].to_owned();
        sheet.close(&["rule"], Self { rules, version })
    }

    /// First 12 hex digits of the file's hash.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// All rules in the order of the file, those not in force too.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What the detector has to watch for.
    pub fn watches(&self) -> Vec<Watch> {
        let in_force = self.rules.iter().filter(|rule| rule.enabled);
        let watch = |rule: &Rule| match &rule.asks {
            Asks::Said(measure) => {
                Some(Watch { name: rule.name.clone(), measure: measure.clone(), filter: rule.filter.clone() })
            }
            Asks::Unheard(_) => None,
        };
        in_force.filter_map(watch).collect()
    }

    /// Whether any rule in force is on the sources themselves.
    pub fn is_on_sources(&self) -> bool {
        self.rules.iter().any(|rule| rule.enabled && !rule.is_on_posts())
    }

    /// What cannot be heard now, by the rules on sources. `ears` are all sources that should be read.
    pub fn outages(&self, ears: &[Ear], now: Timestamp) -> Vec<Found> {
        let in_force = self.rules.iter().filter(|rule| rule.enabled);
        in_force.filter_map(Rule::on_sources).flat_map(|rule| rule.find(ears, now)).collect()
    }

    /// The alerts that a signal gives: that of the rule that asked for it, if it still is in force.
    pub fn judge(&self, signal: &Signal) -> Vec<Alert> {
        let asked = self.rules.iter().filter(|rule| rule.enabled && rule.name == signal.watch);
        asked.map(|rule| rule.judge(signal)).collect()
    }

    /// Names of receivers, departments and sources that rules speak of and nothing else knows.
    pub fn unknown_names(
        &self,
        receivers: &BTreeSet<String>,
        departments: &BTreeSet<String>,
        sources: &BTreeSet<String>,
    ) -> Vec<Fault> {
        let mut faults = Vec::new();
        for rule in &self.rules {
            let named: [(&str, Vec<&str>, &BTreeSet<String>); 3] = [
                ("receiver", rule.receivers.iter().map(String::as_str).collect(), receivers),
                ("department", rule.filter.departments.iter().map(String::as_str).collect(), departments),
                ("source", rule.filter.sources.iter().map(SourceId::as_str).collect(), sources),
            ];
            for (what, names, known) in named {
                let unknown = names.into_iter().filter(|&name| name != EVERYBODY && !known.contains(name));
                faults.extend(
                    unknown
                        .map(|name| Fault::unknown(rule.line, what, name, known.iter().map(String::as_str))),
                );
            }
        }
        faults
    }

    /// Rule names with what the duty officer reads for them.
    pub fn titles(&self) -> BTreeMap<&str, &str> {
        self.rules.iter().map(|rule| (rule.name.as_str(), rule.title.as_str())).collect()
    }
}

impl Rule {
    fn checked(table: RuleTable, line: usize) -> Result<Self, Fault> {
        if let Err(what) = plain_name("rule", &table.name) {
            return Err(Fault::at(line, what).mend("what people read stands in title"));
        }
        if table.title.chars().any(char::is_control) {
            return Err(Fault::at(line, format!("title of rule {:?} holds control characters", table.name)));
        }
        let asks = table.when.asks();
        let asks = asks.map_err(|what| Fault::at(line, format!("rule {:?}: {what}", table.name)))?;
        if matches!(asks, Asks::Unheard(_)) && table.is_on_what_is_said() {
            let what = format!(
                "rule {:?} is on sources, and can only have sources, grade and receivers",
                table.name
            );
            return Err(Fault::at(line, what));
        }
        // A single grave post counts wherever it is, and a topic's words say what it is about; that many people mean
        // one matter, only a place can tell.
        let placeless = table.placeless.unwrap_or(!matches!(asks, Asks::Said(Watched::Voices { .. })));
        let filter = Filter {
            categories: table.categories,
            places: table.places,
            sources: table.sources,
            departments: table.departments,
            placeless,
        };
        let group_by = table.group_by.unwrap_or_else(|| vec![GroupBy::Category, GroupBy::Place]);
        if group_by.is_empty() {
            return Err(Fault::at(
                line,
                format!("rule {:?}: group_by is empty: everything would be one incident", table.name),
            )
            .mend("leave it out for [\"category\", \"place\"]"));
        }
        let receivers = if table.receivers.is_empty() { vec![EVERYBODY.to_owned()] } else { table.receivers };
        Ok(Self {
            title: if table.title.is_empty() { table.name.clone() } else { table.title },
            name: table.name,
            enabled: table.enabled,
            receivers,
            asks,
            filter,
            grading: table.grade.unwrap_or(Grading::Measured),
            group_by,
            line,
        })
    }

    /// Why this rule gives no alert for what a signal of another one tells; `None` if nothing of it speaks against it, and
    /// only what it counts is not reached.
    pub fn why_not(&self, signal: &Signal) -> Option<String> {
        if !self.enabled {
            return Some("not in force".to_owned());
        }
        let (filter, subject) = (&self.filter, &signal.subject);
        if !filter.categories.is_empty() && !filter.categories.contains(&subject.category) {
            return Some(format!("categories does not hold {}", subject.category.id()));
        }
        if subject.place.is_none() && !filter.placeless {
            return Some("it names no place".to_owned());
        }
        if !filter.admits_subject(subject, &[]) {
            let (place, department) = (subject.place.as_deref(), subject.department.as_deref());
            return Some(format!(
                "places or departments do not hold {}, {}",
                place.unwrap_or("no place"),
                department.unwrap_or("no department")
            ));
        }
        let strongest = signal.evidence.first();
        if !signal.evidence.is_empty()
            && !signal.evidence.iter().any(|post| filter.admits_source(&post.source))
        {
            return Some("sources does not hold where it was found".to_owned());
        }
        let graded = |grade: Option<Grade>| grade.map_or("ungraded", Grade::as_str);
        let Asks::Said(watched) = &self.asks else {
            return Some("it is on sources, not on what is said".to_owned());
        };
        Some(match watched {
            Watched::Post { at_least, at_most } => {
                let grade = strongest.and_then(|post| post.grade);
                if grade.is_some_and(|grade| (*at_least..=*at_most).contains(&grade)) {
                    return None;
                }
                let wanted = [at_least, at_most].map(|grade| grade.as_str());
                let wanted = if at_least == at_most { wanted[0].to_owned() } else { wanted.join(" to ") };
                format!("the strongest post is {}, not {wanted}", graded(grade))
            }
            Watched::Voices { at_least, window, .. } => {
                format!("fewer than {at_least} people within {}", humantime::format_duration(*window))
            }
            Watched::Topic { .. } => "no topic rises by it".to_owned(),
            Watched::Event { at_least, only } if *only == EventOnly::default() => {
                format!("its event is below {}", at_least.as_str())
            }
            Watched::Event { at_least, .. } => {
                format!("its event is below {}, or not such as the rule asks for", at_least.as_str())
            }
        })
    }

    /// Whether it is on what is said, and not on the sources themselves.
    pub fn is_on_posts(&self) -> bool {
        matches!(self.asks, Asks::Said(_))
    }

    fn on_sources(&self) -> Option<OutageRule<'_>> {
        let Asks::Unheard(lack) = &self.asks else { return None };
        let grade = match self.grading {
            Grading::Measured => Grade::Yellow,
            Grading::AtLeast(grade) => grade,
        };
        Some(OutageRule {
            name: &self.name,
            title: &self.title,
            lack,
            sources: &self.filter.sources,
            grade,
            receivers: &self.receivers,
        })
    }

    fn judge(&self, signal: &Signal) -> Alert {
        Alert {
            rule: self.name.clone(),
            grade: self.grading.of(&signal.measure),
            group: GroupKey::for_signal(&self.group_by, &self.name, signal),
            reasons: reasons(&self.title, signal),
            receivers: self.receivers.clone(),
            signal: signal.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Measure;
    use crate::detect::fixture::{at, signal};

    const STARTER: &str = include_str!("../../config/rules.toml");

    fn faults(text: &str) -> String {
        let faults = RuleBook::from_toml(text).unwrap_err();
        faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_starter_rules_alert_on_yellow_posts_and_never_on_a_blue_one() {
        let book = RuleBook::from_toml(STARTER).unwrap();
        let on_posts = |grade: Grade| {
            let fires = |watch: &Watch| matches!(watch.measure, Watched::Post { at_least, at_most } if (at_least..=at_most).contains(&grade));
            book.watches().iter().filter(|watch| fires(watch)).count()
        };
        assert_eq!(Grade::ALL.map(on_posts), [0, 1, 1, 1]);
        let voices =
            book.watches().into_iter().filter(|watch| matches!(watch.measure, Watched::Voices { .. }));
        assert!(voices.into_iter().all(|watch| !watch.filter.placeless));
        assert!(
            book.rules().iter().all(|rule| rule.title != rule.name),
            "each rule has a title people can read"
        );
    }

    #[test]
    fn a_rule_gives_grade_group_and_reasons() {
        let book = "[[rule]]\nname = 'many'\ntitle = '多人反映'\nwhen = { voices = 3, within = '24h' }\ngrade = 'yellow'\nreceivers = ['duty']\n";
        let book = RuleBook::from_toml(book).unwrap();
        let mut signal = signal("many", 1, Grade::Blue, at("2026-03-01T08:00:00Z"));
        signal.measure =
            Measure::Voices { voices: 3, posts: 4, window_seconds: 86400, highest: Some(Grade::Blue) };
        let alerts = book.judge(&signal);
        assert_eq!(alerts.len(), 1);
        assert_eq!(alerts[0].grade, Grade::Yellow);
        assert_eq!(alerts[0].group.as_str(), "category=utilities,place=望江花园");
        assert_eq!(alerts[0].reasons[0], "多人反映：24 小时内有 3 个不同的人反映，共 4 条帖文，最高蓝级");
        assert_eq!(alerts[0].receivers, ["duty"]);
        signal.measure =
            Measure::Voices { voices: 3, posts: 3, window_seconds: 86400, highest: Some(Grade::Red) };
        signal.subject.place = None;
        let alerts = book.judge(&signal);
        assert_eq!(alerts[0].grade, Grade::Red, "a rule never grades below what was measured");
        assert_eq!(alerts[0].group.as_str(), "category=utilities,matter=停水");
        signal.watch = "gone".to_owned();
        assert_eq!(book.judge(&signal), []);
    }

    #[test]
    fn all_faults_are_named_at_once_with_line_and_mend() {
        insta::assert_snapshot!(faults(
            "[[rule]]\nname = 'a'\nwhen = { posts = 'orange' }\n\n[[rule]]\nname = 'b'\ngrad = 'red'\nwhen = { voices = 3 }\n\n\
             [[rule]]\nname = 'b c'\nwhen = { post = 'pink' }\n\n[[rule]]\nname = 'd'\ncategories = ['safty']\nwhen = { post = 'red' }\n\n\
             [[rules]]\nname = 'e'\n"
        ), @r#"
        line 3: unknown key `posts`; did you mean `post`?
        line 5: rule "b": voices needs a window: voices = 3, within = "24h"
        line 7: unknown key `grad`; did you mean `grade`?
        line 12: unknown word `pink`; use one of: blue, yellow, orange, red
        line 16: unknown word `safty`; did you mean `safety`?
        line 19: unknown key `rules`; did you mean `rule`?
        "#);
        insta::assert_snapshot!(faults("[[rule]]\nname = \n"), @"line 2: string values must be quoted, expected literal string");
    }

    #[test]
    fn rules_that_speak_of_nobody_are_named() {
        let book =
            "[[rule]]\nname = 'a'\nwhen = { post = 'red' }\nreceivers = ['duti']\ndepartments = ['water']\n";
        let book = RuleBook::from_toml(book).unwrap();
        let known = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
        let faults = book.unknown_names(&known(&["duty", "boss"]), &known(&["water"]), &known(&[]));
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(faults, ["line 1: unknown receiver `duti`; did you mean `duty`?"]);
    }
}
