//! One incident's life and some receivers, for the tests of this module.

use std::time::Duration;

use crate::alert::{Alert, EVERYBODY, GroupKey};
use crate::assess::Grade;
use crate::detect::Measure;
use crate::detect::fixture::{at, signal};
use crate::incident::{Act, Actor, Desk, Incident, IncidentEvent, Names};
use crate::lexicon::categories::Categories;
use crate::people::{Departments, PersonName};

use super::{Notification, Receivers, Secret, SecretPlace, plan};

pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// One step of an incident's life.
pub(super) struct Story {
    /// After the step.
    pub(super) incident: Incident,
    pub(super) event: IncidentEvent,
}

fn alert(id: u32, grade: Grade, minutes: u32, receivers: &[&str]) -> Alert {
    let now = at("2026-11-22T00:47:00Z") + Duration::from_mins(1) * minutes;
    let mut signal = signal("serious-post", id, grade, now);
    if id > 1 {
        signal.measure = Measure::Voices { voices: 3, posts: 4, window_seconds: 86400, highest: Some(grade) };
    }
    Alert {
        rule: "serious-post".to_owned(),
        grade,
        group: GroupKey::of([("category", "utilities"), ("place", "望江花园")]),
        reasons: vec![
            format!(
                "较大单帖：一条帖文评为{}级（{:.0} 分）",
                grade.chinese(),
                signal.evidence[0].sensitivity
            ),
            signal.evidence[0].why.clone(),
        ],
        receivers: receivers.iter().map(|&name| name.to_owned()).collect(),
        signal,
    }
}

/// Opened at yellow, joined, raised to red, taken, noted, closed.
pub(super) fn story() -> Vec<Story> {
    let start = at("2026-11-22T00:47:00Z");
    let li = || Actor::Person(PersonName::new("li").unwrap());
    let named = ["duty"];
    let mut desk = Desk::default();
    let mut story = Vec::new();
    for (minute, alert) in [
        (0, alert(1, Grade::Yellow, 0, &named)),
        (5, alert(2, Grade::Yellow, 5, &named)),
        (9, alert(3, Grade::Red, 9, &named)),
    ] {
        let events = desk.on_alert(&alert, &names(), start + Duration::from_mins(1) * minute);
        story.extend(
            events.into_iter().map(|event| Story { incident: desk.apply(&event).unwrap().clone(), event }),
        );
    }
    let note = |text: &str| Some(text.to_owned());
    for (minute, act) in [
        (12, Act::Acknowledge { note: note("已联系水务局") }),
        (20, Act::Note { note: "抢修队已到现场".to_owned() }),
        (205, Act::Close { outcome: None, note: note("管道已修复，11 时恢复供水") }),
    ] {
        let id = story[0].incident.id.clone();
        let events = desk.on_act(&id, act, li(), start + Duration::from_mins(1) * minute).unwrap();
        story.extend(
            events.into_iter().map(|event| Story { incident: desk.apply(&event).unwrap().clone(), event }),
        );
    }
    story
}

/// A webhook receiver `duty`, or of the name and with the keys that `more` gives.
pub(super) fn receivers(more: &str) -> Receivers {
    let name = if more.contains("name") { "" } else { "name = 'duty'\n" };
    let hook = "[receiver.webhook]\nurl = 'https://hook.example/minsheng?key=canary'\nsecret_env = 'HOOK'\n";
    read(&format!("[[receiver]]\n{name}{more}\nkind = 'webhook'\n{hook}"))
}

/// A receiver `duty` of two mailboxes.
pub(super) fn mailboxes() -> Receivers {
    read(
        "[smtp]\nhost = 'localhost'\ntls = 'none'\nfrom = '民声值班台 <desk@minsheng.example>'\n\
         [[receiver]]\nname = 'duty'\nkind = 'email'\n\
         [receiver.email]\nto = ['值班室 <a@example.com>', 'b@example.com']\n",
    )
}

fn read(text: &str) -> Receivers {
    let secrets = |place: &SecretPlace| match place {
        SecretPlace::Environment(_) => Ok(Secret::new(SECRET)),
        SecretPlace::File(_) => place.read(),
    };
    Receivers::from_toml(text, &secrets).unwrap()
}

/// What the webhook receiver hears of each step that is told.
pub(super) fn notifications() -> Vec<Notification> {
    let receivers = receivers("");
    let told = |Story { incident, event }| plan(&incident, &event, &receivers, &names());
    story().into_iter().flat_map(told).collect()
}

/// The opening.
pub(super) fn notification() -> Notification {
    notifications().remove(0)
}

/// What the desk of the tests calls things.
pub(super) fn names() -> Names {
    let departments = Departments::from_toml("[water]\nname = '水务局'\n").unwrap();
    Names::new(&Categories::default(), &departments)
}

#[test]
fn a_rule_that_names_nobody_means_everybody() {
    let everybody = [EVERYBODY.to_owned()];
    assert_eq!(mailboxes().meant_by(&everybody).count(), 1);
    assert_eq!(mailboxes().meant_by(&["nobody".to_owned()]).count(), 0);
}
