//! Supervision (督查): how matters were handled, by department, service, grade, source or time of day. Cases are counted,
//! never what somebody at the desk did or how long they sat there (国办函〔2026〕12号).

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Happening, Incident, Outcome, Stages, State, desk_time};

/// What cases are put together by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Who answers for it.
    Department,
    /// The service.
    Category,
    /// How grave it is.
    Grade,
    /// Where its strongest post was found.
    Source,
    /// When it was opened: night until eight, day until four, evening until midnight.
    Shift,
}

/// What was counted of some cases.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// The department, service, grade, source or time of day; empty where it is not known.
    pub of: String,
    /// Cases opened in the time. Those merged into others are left out: they go on there.
    pub incidents: u32,
    /// Still open.
    pub open: u32,
    /// Taken by somebody.
    pub acknowledged: u32,
    /// Answered to the public.
    pub responded: u32,
    /// Open and not answered.
    pub unanswered: u32,
    /// Limits that passed without what they ask for.
    pub breaches: u32,
    /// Given back by a department.
    pub bounced: u32,
    /// Taken up again after they had ended.
    pub reopened: u32,
    /// No matter for the desk.
    pub dismissed: u32,
    /// How they ended, by the outcomes of 国办发〔2016〕80号.
    pub outcomes: BTreeMap<&'static str, u32>,
    /// From the first public post to the opening of the case.
    pub seen: Spread,
    /// From the first public post until it was fetched, or sent to us.
    pub fetched: Spread,
    /// From there to the opening of the case.
    pub judged: Spread,
    /// From the opening until the first receiver took the word of it.
    pub told: Spread,
    /// From there to somebody taking it.
    pub taken: Spread,
    /// From there to a department.
    pub assigned: Spread,
    /// From the opening to the first answer.
    pub answered: Spread,
    /// From the opening to the end.
    pub ended: Spread,
}

/// How long something took: of how many cases, the median and what 95 of 100 stay within, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// Cases in which it happened.
    pub cases: u32,
    /// Half of them were as fast.
    pub p50: Option<i64>,
    /// Ninety-five of a hundred were as fast.
    pub p95: Option<i64>,
}

/// What is gathered before it is counted.
#[derive(Default)]
struct Gathered {
    figures: Figures,
    seen: Vec<i64>,
    fetched: Vec<i64>,
    judged: Vec<i64>,
    told: Vec<i64>,
    taken: Vec<i64>,
    assigned: Vec<i64>,
    answered: Vec<i64>,
    ended: Vec<i64>,
}

/// All cases together, and each part of them, in the order of its name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Supervision {
    /// All of them.
    pub total: Figures,
    /// By what was asked for.
    pub items: Vec<Figures>,
}

impl By {
    /// All.
    pub const ALL: [Self; 5] = [Self::Department, Self::Category, Self::Grade, Self::Source, Self::Shift];

    /// The word used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Department => "department",
            Self::Category => "category",
            Self::Grade => "grade",
            Self::Source => "source",
            Self::Shift => "shift",
        }
    }

    /// What is meant by this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == word)
    }

    fn of(self, incident: &Incident) -> String {
        match self {
            Self::Department => incident.department().unwrap_or_default().to_owned(),
            Self::Category => incident.subject.category.id().to_owned(),
            Self::Grade => incident.grade.as_str().to_owned(),
            Self::Source => {
                incident.evidence.first().map(|post| post.source.as_str().to_owned()).unwrap_or_default()
            }
            Self::Shift => match desk_time(incident.opened_at).hour() {
                0..8 => "00-08".to_owned(),
                8..16 => "08-16".to_owned(),
                _ => "16-24".to_owned(),
            },
        }
    }
}

impl Supervision {
    /// Counts the cases opened at or after `since` and before `until`.
    pub fn of<'a>(
        incidents: impl IntoIterator<Item = (&'a Incident, Stages)>,
        by: By,
        since: Timestamp,
        until: Timestamp,
    ) -> Self {
        let (mut total, mut items) = (Gathered::default(), BTreeMap::<String, Gathered>::new());
        for (incident, stages) in incidents {
            let within = incident.opened_at >= since && incident.opened_at < until;
            if within && incident.state != State::Merged && !incident.is_drill() {
                total.add(incident, &stages);
                items.entry(by.of(incident)).or_default().add(incident, &stages);
            }
        }
        let items = items.into_iter().map(|(of, gathered)| Figures { of, ..gathered.counted() });
        Self { total: total.counted(), items: items.collect() }
    }
}

impl Gathered {
    fn add(&mut self, incident: &Incident, stages: &Stages) {
        let number = |wanted: fn(&Happening) -> bool| {
            incident.timeline.iter().filter(|entry| wanted(&entry.what)).count() as u32
        };
        let Stages { taken, assigned, answered, .. } = *stages;
        let figures = &mut self.figures;
        figures.incidents += 1;
        figures.open += u32::from(incident.is_open());
        figures.acknowledged += u32::from(taken.is_some());
        figures.responded += u32::from(answered.is_some());
        figures.unanswered += u32::from(incident.is_open() && answered.is_none());
        figures.breaches += number(|what| matches!(what, Happening::Breached { .. }));
        figures.bounced += number(|what| matches!(what, Happening::Bounced { .. }));
        figures.reopened += number(|what| matches!(what, Happening::Reopened { .. }));
        figures.dismissed += u32::from(incident.state == State::Dismissed);
        if let Some(outcome) = incident.outcome {
            *figures.outcomes.entry(outcome.as_str()).or_default() += 1;
        }
        let took =
            |from: Timestamp, to: Timestamp| to.duration_since(from).max(SignedDuration::ZERO).as_secs();
        let opened = incident.opened_at;
        self.seen.push(took(incident.first_public, opened));
        self.fetched.extend(stages.fetched.map(|at| took(stages.published, at)));
        self.judged.extend(stages.fetched.map(|at| took(at, opened)));
        self.told.extend(stages.told.map(|at| took(opened, at)));
        self.taken.extend(taken.map(|at| took(opened, at)));
        self.assigned
            .extend(assigned.map(|at| took(taken.filter(|taken| *taken <= at).unwrap_or(opened), at)));
        self.answered.extend(answered.map(|at| took(opened, at)));
        self.ended.extend(incident.closed_at().map(|at| took(opened, at)));
    }

    fn counted(self) -> Figures {
        let Self { figures, seen, fetched, judged, told, taken, assigned, answered, ended } = self;
        let [seen, fetched, judged, told] = [seen, fetched, judged, told].map(Spread::of);
        let [taken, assigned, answered, ended] = [taken, assigned, answered, ended].map(Spread::of);
        Figures { seen, fetched, judged, told, taken, assigned, answered, ended, ..figures }
    }
}

impl Spread {
    /// By the nearest rank: no value is told that no case had.
    fn of(mut seconds: Vec<i64>) -> Self {
        seconds.sort_unstable();
        let rank = |percent: usize| seconds.get((seconds.len() * percent).div_ceil(100).max(1) - 1).copied();
        Self { cases: seconds.len() as u32, p50: rank(50), p95: rank(95) }
    }
}

impl Figures {
    /// How they ended, in the order of the rules; those that did not are left out.
    pub fn endings(&self) -> impl Iterator<Item = (Outcome, u32)> + '_ {
        Outcome::ALL.into_iter().filter_map(|outcome| Some((outcome, *self.outcomes.get(outcome.as_str())?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{Alert, GroupKey};
    use crate::assess::Grade;
    use crate::detect::fixture::{at, signal};
    use crate::incident::{Act, Actor, Assignment, Change, Desk, IncidentEvent, Names};

    /// Opens an incident at this minute of the day; what is done to it follows, each so many minutes later.
    fn case(desk: &mut Desk, nth: u32, minute: i64, acts: Vec<(i64, Act)>) {
        let start = at("2026-11-22T00:00:00Z") + SignedDuration::from_mins(minute);
        let alert = Alert {
            rule: "r".to_owned(),
            grade: Grade::Yellow,
            group: GroupKey::of([("place", format!("p{nth}").as_str())]),
            reasons: Vec::new(),
            receivers: Vec::new(),
            signal: signal("r", nth, Grade::Yellow, start - SignedDuration::from_mins(30)),
        };
        let events = desk.on_alert(&alert, &Names::default(), start);
        let id = events[0].incident.clone();
        for event in &events {
            desk.apply(event).unwrap();
        }
        for (after, act) in acts {
            let now = start + SignedDuration::from_mins(after);
            for event in desk.on_act(&id, act, Actor::System, now).unwrap() {
                desk.apply(&event).unwrap();
            }
        }
        let breach = Change::Breach { clock: "c".to_owned(), title: "c".to_owned(), due: start };
        if nth == 1 {
            let event = IncidentEvent { incident: id, at: start, by: Actor::System, change: breach };
            drop(desk.apply(&event));
        }
    }

    #[test]
    fn cases_are_counted_and_times_are_those_of_cases() {
        let mut desk = Desk::default();
        let given = |department: &str| {
            Act::Assign(Assignment {
                department: department.to_owned(),
                second: None,
                reason: None,
                note: None,
            })
        };
        let answered = || Act::Respond { url: None, note: None };
        case(
            &mut desk,
            1,
            60,
            vec![(10, Act::Acknowledge { note: None }), (15, given("water")), (100, answered())],
        );
        case(
            &mut desk,
            2,
            600,
            vec![
                (20, Act::Acknowledge { note: None }),
                (60, answered()),
                (90, Act::Close { outcome: Some(Outcome::Solved), note: None }),
            ],
        );
        case(&mut desk, 3, 1_000, vec![]);
        let incidents: Vec<Incident> = desk.open_incidents().cloned().collect();
        let ended = desk.get(&"INC-20261122-02".parse().unwrap()).unwrap().clone();
        let all: Vec<Incident> = incidents.into_iter().chain([ended]).collect();
        let (since, until) = (at("2026-11-22T00:00:00Z"), at("2026-11-23T00:00:00Z"));
        let minute = SignedDuration::from_mins(1);
        let cases = || {
            let of = |case| {
                (case, Stages::of(case, Some(case.first_public + minute), Some(case.opened_at + minute)))
            };
            all.iter().map(of)
        };
        let told = Supervision::of(cases(), By::Shift, since, until);
        let total = &told.total;
        assert_eq!((total.incidents, total.open, total.acknowledged, total.responded), (3, 2, 2, 2));
        assert_eq!((total.unanswered, total.outcomes.get("solved")), (1, Some(&1)));
        assert_eq!(total.seen, Spread { cases: 3, p50: Some(1_800), p95: Some(1_800) });
        assert_eq!(total.fetched, Spread { cases: 3, p50: Some(60), p95: Some(60) });
        assert_eq!(total.judged, Spread { cases: 3, p50: Some(1_740), p95: Some(1_740) });
        assert_eq!(total.told, Spread { cases: 3, p50: Some(60), p95: Some(60) });
        assert_eq!(total.taken, Spread { cases: 2, p50: Some(600), p95: Some(1_200) });
        assert_eq!(total.assigned, Spread { cases: 1, p50: Some(300), p95: Some(300) });
        assert_eq!(total.answered, Spread { cases: 2, p50: Some(3_600), p95: Some(6_000) });
        let shifts: Vec<(&str, u32)> =
            told.items.iter().map(|one| (one.of.as_str(), one.incidents)).collect();
        assert_eq!(shifts, [("00-08", 1), ("08-16", 1), ("16-24", 1)]);
        let none = Supervision::of(cases(), By::Department, until, Timestamp::MAX);
        assert_eq!((none.total.incidents, none.items.len(), none.total.seen), (0, 0, Spread::default()));
    }
}
