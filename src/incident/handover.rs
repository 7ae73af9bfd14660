//! The hand-over at the change of a shift (交接班): what is under way goes to the next officer, who accepts it by name.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::assess::Grade;

use super::{Actor, Clocks, Incident, IncidentId, ReplyStanding, Standing, State, desk_time};

/// Most incidents of a pack; a pack that is longer says how many there are.
const MOST: usize = 200;

/// One hand-over of one layer of the rota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// Names it.
    pub id: HandoverId,
    /// The layer: its name in `rota.toml`.
    pub layer: String,
    /// What people call the layer.
    pub title: String,
    /// When the shift changed.
    pub at: Timestamp,
    /// Who went, by what people call them.
    pub leaving: Vec<String>,
    /// Who came.
    pub coming: Vec<String>,
    /// By when it is to be accepted.
    pub due: Timestamp,
    /// What was under way.
    pub pack: Pack,
    /// Who accepted it, when, and what they said.
    pub accepted: Option<Accepted>,
    /// When others were called, since nobody had accepted it.
    pub called_at: Option<Timestamp>,
}

/// That somebody accepted a hand-over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// What they said.
    pub note: Option<String>,
}

/// `H-20261128T0800-duty`: day and time of the change, by the desk's clocks, and the layer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HandoverId(String);

/// What is under way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    /// The open incidents, what is up first first; at most 200.
    pub incidents: Vec<Carried>,
    /// How many incidents are open in all.
    pub open: u32,
    /// The silences in force.
    pub silences: Vec<Quiet>,
    /// Sources that cannot be read.
    pub sources: Vec<Sick>,
}

/// An open incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// Its name.
    pub id: IncidentId,
    /// One line.
    pub title: String,
    /// Its grade.
    pub grade: Grade,
    /// Its state.
    pub state: State,
    /// The clock that is up first, and when.
    pub clock: Option<(String, Timestamp)>,
    /// What was promised, or is waited for.
    pub promised: Option<String>,
}

/// A silence in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    /// Its name.
    pub id: String,
    /// Why.
    pub reason: String,
    /// Until when.
    pub until: Timestamp,
}

/// A source that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sick {
    /// Its id.
    pub id: String,
    /// Looks in a row that came to nothing.
    pub failures: u32,
    /// When it last answered.
    pub answered_at: Option<Timestamp>,
}

impl HandoverId {
    /// The name of a layer's hand-over at an instant.
    pub fn new(at: Timestamp, layer: &str) -> Self {
        Self(format!("H-{}-{layer}", desk_time(at).strftime("%Y%m%dT%H%M")))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HandoverId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Pack {
    /// Of these open incidents; silences and sources are added by who knows them.
    pub fn of<'a>(open: impl IntoIterator<Item = &'a Incident>, clocks: &Clocks) -> Self {
        let mut incidents: Vec<Carried> =
            open.into_iter().map(|incident| Carried::of(incident, clocks)).collect();
        incidents.sort_by(|one, other| {
            let order = |carried: &Carried| {
                let due = carried.clock.as_ref().map_or(Timestamp::MAX, |(_, due)| *due);
                (std::cmp::Reverse(carried.grade), due, carried.id.clone())
            };
            order(one).cmp(&order(other))
        });
        let open = incidents.len() as u32;
        incidents.truncate(MOST);
        Self { incidents, open, ..Self::default() }
    }

    /// The pack in lines for a message.
    pub fn lines(&self) -> Vec<String> {
        let graded = |grade: Grade| self.incidents.iter().filter(|carried| carried.grade == grade).count();
        let grades =
            Grade::ALL.into_iter().rev().map(|grade| (grade, graded(grade))).filter(|(_, count)| *count > 0);
        let grades: Vec<String> =
            grades.map(|(grade, count)| format!("{}{count}", grade.chinese())).collect();
        let by_grade =
            if grades.is_empty() { String::new() } else { format!("（{}）", grades.join("、")) };
        let mut lines = vec![format!("在办处置单 {} 件{by_grade}", self.open)];
        let untaken = self.incidents.iter().filter(|carried| carried.state == State::New).count();
        if untaken > 0 {
            lines.push(format!("其中待签收 {untaken} 件"));
        }
        let first = self
            .incidents
            .iter()
            .filter_map(|one| Some((one, one.clock.as_ref()?)))
            .min_by_key(|(_, (_, due))| *due);
        if let Some((carried, (clock, due))) = first {
            let due = desk_time(*due).strftime("%m-%d %H:%M");
            lines.push(format!("最先到期：{}“{}”，{clock} {due}", carried.id, carried.title));
        }
        let promised = self.incidents.iter().filter(|carried| carried.promised.is_some()).count();
        if promised > 0 {
            lines.push(format!("有承诺或等待事项的 {promised} 件"));
        }
        if !self.silences.is_empty() {
            lines.push(format!("生效中的静默 {} 条", self.silences.len()));
        }
        if !self.sources.is_empty() {
            let ids: Vec<&str> = self.sources.iter().take(5).map(|source| source.id.as_str()).collect();
            lines.push(format!("采集异常的信源 {} 个：{}", self.sources.len(), ids.join("、")));
        }
        lines
    }
}

impl Carried {
    fn of(incident: &Incident, clocks: &Clocks) -> Self {
        let running = clocks.running(incident);
        let runs = running.iter().filter(|running| running.standing == Standing::Runs);
        let first = runs.min_by_key(|running| running.due_at);
        Self {
            id: incident.id.clone(),
            title: incident.title.clone(),
            grade: incident.grade,
            state: incident.state,
            clock: first.map(|running| (running.clock.title.clone(), running.due_at)),
            promised: promised(incident),
        }
    }
}

/// What was promised to the public, or is waited for.
fn promised(incident: &Incident) -> Option<String> {
    if let Some(waiting) = &incident.waiting {
        let until = desk_time(waiting.until).strftime("%m-%d %H:%M");
        return Some(format!("挂起至 {until}：{}", waiting.reason));
    }
    let replies = incident.replies();
    let open = replies.iter().rev().find_map(|reply| match &reply.standing {
        ReplyStanding::Unseen => Some(format!("答复待核验：{}", reply.url)),
        ReplyStanding::Doubted(doubt) => {
            Some(format!("答复未通过核验（{}）：{}", doubt.chinese(), reply.url))
        }
        ReplyStanding::Gone => Some(format!("答复已看不到：{}", reply.url)),
        ReplyStanding::Seen(_) => None,
    });
    let asked = incident.dispatch.as_ref().filter(|asked| !asked.accepted);
    open.or_else(|| {
        asked.map(|asked| match &asked.bounced {
            Some(why) => format!("部门退回，待改派：{why}"),
            None => "已派单，待部门接单".to_owned(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::fixture::opened;
    use crate::incident::{Change, IncidentEvent};

    #[test]
    fn a_pack_tells_what_is_up_first_and_what_was_promised() {
        let clocks = Clocks::from_toml(include_str!("../../config/clocks.toml")).unwrap();
        let mut waits = opened();
        let event = |change, incident: &Incident| IncidentEvent {
            incident: incident.id.clone(),
            at: incident.updated_at,
            by: Actor::System,
            change,
        };
        waits.id = "INC-20261122-02".parse().unwrap();
        waits.grade = Grade::Red;
        waits.apply(&event(Change::Acknowledge { note: None }, &waits)).unwrap();
        let url = "https://water.example/a".parse().unwrap();
        waits.apply(&event(Change::Respond { url: Some(url), note: None }, &waits)).unwrap();
        let pack = Pack {
            sources: vec![Sick { id: "town-forum".to_owned(), failures: 4, answered_at: None }],
            ..Pack::of([&opened(), &waits], &clocks)
        };
        assert_eq!(pack.incidents[0].id, waits.id, "the gravest first");
        assert!(pack.incidents[0].promised.as_ref().is_some_and(|what| what.starts_with("答复待核验")));
        insta::assert_snapshot!(pack.lines().join("\n"), @r#"
        在办处置单 2 件（红1、橙1）
        其中待签收 1 件
        最先到期：INC-20261122-02“望江花园 · 停水”，权威信息发布 11-22 21:00
        有承诺或等待事项的 1 件
        采集异常的信源 1 个：town-forum
        "#);
        assert_eq!(Pack::default().lines(), ["在办处置单 0 件"]);
    }
}
