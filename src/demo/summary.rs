//! What the demo says when it ends: one screen that tells whether the town was heard.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::assess::Grade;
use crate::incident::{Happening, Incident};

/// The figures of one run, gathered by the command and printed by `--exit-after`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How long the demo ran.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub ran: Duration,
    /// Posts and comments crawled and stored.
    pub posts: u64,
    /// Incidents opened, by their highest grade; a grade without any may be absent.
    pub incidents: BTreeMap<Grade, u64>,
    /// Incidents that somebody took, that were given to a department, whose time was up, and whose public answer was seen.
    pub steps: Steps,
    /// Mails that the mail sink took.
    pub mails: u64,
    /// Webhooks that the webhook sink took.
    pub webhooks: u64,
    /// Keys of the traps for which an incident of yellow or higher was opened; should be empty.
    pub trap_alerts: Vec<String>,
}

/// How far incidents came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Steps {
    /// Taken.
    pub taken: u64,
    /// Given to a department.
    pub assigned: u64,
    /// A limit passed.
    pub late: u64,
    /// The public's answer was seen at its source.
    pub answered: u64,
}

impl Steps {
    /// Counts an incident.
    pub fn add(&mut self, incident: &Incident) {
        let happened = |wanted: fn(&Happening) -> bool| {
            u64::from(incident.timeline.iter().any(|entry| wanted(&entry.what)))
        };
        self.taken += happened(|what| matches!(what, Happening::Acknowledged { .. }));
        self.assigned += happened(|what| matches!(what, Happening::Assigned(_)));
        self.late += happened(|what| matches!(what, Happening::Breached { .. }));
        self.answered += happened(|what| matches!(what, Happening::ReplySeen(_)));
    }
}

impl Summary {
    /// Incidents of all grades.
    pub fn incidents(&self) -> u64 {
        self.incidents.values().sum()
    }
}

fn seconds<S: serde::Serializer>(ran: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(ran.as_secs())
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grades: Vec<String> = Grade::ALL
            .iter()
            .rev()
            .map(|grade| format!("{grade} {}", self.incidents.get(grade).copied().unwrap_or_default()))
            .collect();
        writeln!(f, "The sample town was heard for {} s", self.ran.as_secs())?;
        writeln!(f, "  posts crawled  {:>5}", self.posts)?;
        writeln!(f, "  incidents      {:>5}   {}", self.incidents(), grades.join(" · "))?;
        let Steps { taken, assigned, late, answered } = self.steps;
        writeln!(
            f,
            "  of these       {taken:>5}   taken · {assigned} assigned · {late} late · {answered} answered"
        )?;
        writeln!(f, "  mails          {:>5}", self.mails)?;
        writeln!(f, "  webhooks       {:>5}", self.webhooks)?;
        write!(f, "  trap alerts    {:>5}", self.trap_alerts.len())?;
        if !self.trap_alerts.is_empty() {
            write!(f, "   {}", self.trap_alerts.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary() -> Summary {
        Summary {
            ran: Duration::from_millis(120_400),
            posts: 354,
            incidents: BTreeMap::from([(Grade::Red, 1), (Grade::Yellow, 3)]),
            steps: Steps { taken: 3, assigned: 1, late: 1, answered: 2 },
            mails: 9,
            webhooks: 4,
            trap_alerts: Vec::new(),
        }
    }

    #[test]
    fn the_summary_reads_at_a_glance() {
        insta::assert_snapshot!(summary(), @r"
        The sample town was heard for 120 s
          posts crawled    354
          incidents          4   red 1 · orange 0 · yellow 3 · blue 0
          of these           3   taken · 1 assigned · 1 late · 2 answered
          mails              9
          webhooks           4
          trap alerts        0
        ");
    }

    #[test]
    fn trap_alerts_are_named() {
        let summary = Summary { trap_alerts: vec!["ad-purifier".into(), "deny-quake".into()], ..summary() };
        let last = summary.to_string().lines().last().map(str::to_owned);
        assert_eq!(last.as_deref(), Some("  trap alerts        2   ad-purifier, deny-quake"));
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!((&json["seconds"], &json["incidents"]["red"]), (&120.into(), &1.into()));
    }
}
