//! The outward form of an assessment: the JSON of interfaces 3.2, for `minsheng assess` and the API.
//!
//! Beyond the promised keys it says `explanation`, `status` and the versions of engine and dictionary, and
//! `counterfactual` where somebody asked what decided.
//! The promised ones keep name and meaning.

use serde::Serialize;

use super::{
    AssessedPost, Assessment, Counterfactual, Factor, Grade, Hit, Sentiment, Status, Verdict, Versions,
};
use crate::lexicon::category::Category;

/// An assessment going out. Serialise it; nothing reads it back.
#[derive(Debug, Clone, Serialize)]
pub struct Report<'a> {
    /// Id of the post: as the sender knows it where he does, else ours.
    id: String,
    sensitivity: f32,
    grade: &'static str,
    sentiment: Sentiment,
    category: Option<&'a Verdict<Category>>,
    department: Option<&'a Verdict<String>>,
    places: &'a [String],
    hits: &'a [Hit],
    factors: &'a [Factor],
    explanation: &'a str,
    status: Status,
    fingerprint: String,
    versions: &'a Versions,
    #[serde(skip_serializing_if = "Option::is_none")]
    counterfactual: Option<&'a Counterfactual>,
}

impl<'a> Report<'a> {
    /// The report on an assessed post, under the sender's own id if it has one.
    pub fn of(assessed: &'a AssessedPost) -> Self {
        let id = assessed.post.external_id.clone().unwrap_or_else(|| assessed.post.id.to_string());
        Self::new(id, &assessed.assessment)
    }

    /// The report on a stored assessment, under the id its reader knows the post by.
    pub fn new(id: String, assessment: &'a Assessment) -> Self {
        Self {
            id,
            sensitivity: assessment.sensitivity,
            grade: assessment.grade.map_or("none", Grade::as_str),
            sentiment: assessment.sentiment,
            category: assessment.category.as_ref(),
            department: assessment.department.as_ref(),
            places: &assessment.places,
            hits: &assessment.hits,
            factors: &assessment.factors,
            explanation: &assessment.explanation,
            status: assessment.status,
            fingerprint: format!("{:016x}", assessment.fingerprint),
            versions: &assessment.versions,
            counterfactual: None,
        }
    }

    /// The same, also saying what decided.
    #[must_use]
    pub fn with_counterfactual(self, found: &'a Counterfactual) -> Self {
        Self { counterfactual: Some(found), ..self }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::Value;

    use super::*;
    use crate::assess::fixture::{assessor, post};

    #[test]
    fn the_record_has_the_promised_keys_and_forms() {
        let mut told = post("", "锦华里停水两天了，物业没人管");
        told.external_id = Some("t-7".to_owned());
        let assessed = assessor().assess(Arc::new(told));
        let record = serde_json::to_value(Report::of(&assessed)).expect("it is plain data");
        for key in [
            "id",
            "sensitivity",
            "grade",
            "sentiment",
            "category",
            "department",
            "places",
            "hits",
            "factors",
            "fingerprint",
            "versions",
        ] {
            assert!(record.get(key).is_some(), "{key}");
        }
        assert_eq!(record["id"], "t-7");
        assert_eq!(record["category"]["id"], "utilities");
        assert_eq!(record["sentiment"]["label"], "negative");
        assert_eq!(record["fingerprint"].as_str().map(str::len), Some(16));
        assert_eq!(record["versions"]["engine"], "1");
        assert_eq!(record["versions"]["dictionary"], assessor().lexicon().version());
        assert_eq!(
            (record["hits"][0]["start"].is_u64(), record["hits"][0]["negated"].is_boolean()),
            (true, true)
        );
    }

    #[test]
    fn nothing_is_said_as_null_and_none() {
        let assessed = assessor().assess(Arc::new(post("", "今天星期二")));
        let record = serde_json::to_value(Report::of(&assessed)).expect("it is plain data");
        assert_eq!(
            (&record["grade"], &record["category"], &record["department"]),
            (&Value::from("none"), &Value::Null, &Value::Null)
        );
        assert_eq!(record["sensitivity"], 0.0);
    }
}
