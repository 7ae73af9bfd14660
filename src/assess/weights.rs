//! The points of the score: how much each line may weigh, and where the grades begin (algorithms §4).

use serde::{Deserialize, Serialize};

use super::{Grade, Status};

/// Points and thresholds of the score: the `[assess.weights]` table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Weights {
    /// Added when two or more categories are hit. Default: 3.
    pub several_categories: f32,
    /// Points of the severity levels 1, 2 and 3. Default: 6, 12, 20.
    pub severity: [f32; 3],
    /// Points of a death. Default: 20.
    pub death: f32,
    /// Most points of harm. Default: 30.
    pub harm_cap: f32,
    /// Points of words that say a whole area is touched. Default: 3.
    pub area: f32,
    /// Points of a matter lasting 24 hours, 72 hours, 30 days. Default: 2, 4, 6.
    pub lasting: [f32; 3],
    /// Most points of scale. Default: 12.
    pub scale_cap: f32,
    /// Points where children, the old, the ill are touched. Default: 4.
    pub vulnerable: f32,
    /// Points of a call for rescue. Default: 8.
    pub rescue: f32,
    /// Points of a matter going on now. Default: 3.
    pub ongoing: f32,
    /// Points of a request to an authority. Default: 3.
    pub request: f32,
    /// Points of a question. Default: 1.
    pub question: f32,
    /// Most points of urgency. Default: 10.
    pub urgency_cap: f32,
    /// Points of the worst mood. Default: 6.
    pub sentiment: f32,
    /// Most points of all content lines together. Default: 70.
    pub content_cap: f32,
    /// Most points of reach. Default: 10.
    pub reach_cap: f32,
    /// Points at which blue, yellow, orange and red begin. Default: 18, 35, 55, 75.
    pub grades: [f32; 4],
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            several_categories: 3.0,
            severity: [6.0, 12.0, 20.0],
            death: 20.0,
            harm_cap: 30.0,
            area: 3.0,
            lasting: [2.0, 4.0, 6.0],
            scale_cap: 12.0,
            vulnerable: 4.0,
            rescue: 8.0,
            ongoing: 3.0,
            request: 3.0,
            question: 1.0,
            urgency_cap: 10.0,
            sentiment: 6.0,
            content_cap: 70.0,
            reach_cap: 10.0,
            grades: [18.0, 35.0, 55.0, 75.0],
        }
    }
}

impl Weights {
    /// The grade that a score means; `None` is recorded only.
    pub fn grade(&self, score: f32) -> Option<Grade> {
        Grade::ALL.into_iter().zip(self.grades).rev().find(|(_, from)| score >= *from).map(|(grade, _)| grade)
    }

    /// The points at which a grade begins.
    pub fn threshold(&self, grade: Grade) -> f32 {
        match grade {
            Grade::Blue => self.grades[0],
            Grade::Yellow => self.grades[1],
            Grade::Orange => self.grades[2],
            Grade::Red => self.grades[3],
        }
    }

    /// What is wrong with the table, in words for its owner; empty if nothing is.
    pub fn faults(&self) -> Vec<String> {
        let single = [
            ("several_categories", self.several_categories),
            ("death", self.death),
            ("harm_cap", self.harm_cap),
            ("area", self.area),
            ("scale_cap", self.scale_cap),
            ("vulnerable", self.vulnerable),
            ("rescue", self.rescue),
            ("ongoing", self.ongoing),
            ("request", self.request),
            ("question", self.question),
            ("urgency_cap", self.urgency_cap),
            ("sentiment", self.sentiment),
            ("reach_cap", self.reach_cap),
        ];
        let mut faults: Vec<String> = single
            .iter()
            .filter(|(_, points)| !(0.0..=30.0).contains(points))
            .map(|(name, points)| format!("{name} = {points} is outside 0 to 30"))
            .collect();
        for (name, levels) in
            [("severity", &self.severity[..]), ("lasting", &self.lasting), ("grades", &self.grades)]
        {
            if levels.windows(2).any(|pair| pair[0] >= pair[1]) {
                faults.push(format!("{name} must rise from level to level"));
            }
        }
        if !(0.0..=100.0).contains(&self.content_cap) {
            faults.push(format!("content_cap = {} is outside 0 to 100", self.content_cap));
        }
        faults
    }
}

impl Status {
    /// The share of its points that a matter put like this keeps (algorithms §3).
    pub fn factor(self) -> f32 {
        match self {
            Self::Asserted => 1.0,
            Self::Hearsay | Self::Question => 0.8,
            Self::Hypothetical => 0.5,
            Self::Resolved => 0.4,
            Self::OldNews => 0.3,
            Self::Negated | Self::Elsewhere => 0.15,
            Self::Advert | Self::Drill | Self::Fiction => 0.1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_begin_at_their_thresholds() {
        let weights = Weights::default();
        for (score, grade) in [
            (0.0, None),
            (17.9, None),
            (18.0, Some(Grade::Blue)),
            (34.9, Some(Grade::Blue)),
            (35.0, Some(Grade::Yellow)),
            (55.0, Some(Grade::Orange)),
            (74.9, Some(Grade::Orange)),
            (75.0, Some(Grade::Red)),
            (100.0, Some(Grade::Red)),
        ] {
            assert_eq!(weights.grade(score), grade, "{score}");
        }
        assert!(Grade::ALL.iter().all(|&grade| weights.grade(weights.threshold(grade)) == Some(grade)));
    }

    #[test]
    fn a_table_that_cannot_be_meant_is_refused() {
        assert_eq!(Weights::default().faults(), Vec::<String>::new());
        let wrong = Weights { death: 31.0, severity: [6.0, 6.0, 20.0], ..Weights::default() };
        assert_eq!(
            wrong.faults(),
            ["death = 31 is outside 0 to 30", "severity must rise from level to level"]
        );
        assert!(toml::from_str::<Weights>("deaths = 3").is_err());
    }
}
