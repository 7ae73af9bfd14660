//! The demo's duty officer: takes what comes as somebody at a desk would, so that the whole way of a matter can be seen.
//! The first grave one is taken, given to a department and accepted; the second is left, so that its limit passes and the
//! leader is called; of the others some are taken. A person at the console may go before it at any time.

use std::io;
use std::time::Duration;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use super::Now;
use crate::assess::Grade;
use crate::incident::{Act, Actor, Assignment, Incident, State};
use crate::people::PersonName;
use crate::pipeline::Handles;
use crate::pipeline::desk::DeskError;

/// Who it is.
const NAME: &str = "演示值班员";
/// How often it looks up.
const LOOK: Duration = Duration::from_secs(1);
/// Who is asked where the posts name no department.
const USUAL: &str = "emergency";

/// Works until stopped.
pub async fn work(handles: Handles, now: Now, stop: CancellationToken) -> io::Result<()> {
    let name = PersonName::new(NAME).map_err(io::Error::other)?;
    let mut taken: Vec<crate::incident::IncidentId> = Vec::new();
    while stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
        let Ok(mut open) = handles
            .reading
            .blocking(|reading| Ok(reading.store().incidents_in_mind(jiff::Timestamp::MAX)?))
            .await
        else {
            continue;
        };
        open.sort_by(|one, other| (one.opened_at, &one.id).cmp(&(other.opened_at, &other.id)));
        for incident in open.iter().filter(|incident| incident.grade >= Grade::Orange) {
            // The story is told by the red ones.
            if incident.grade == Grade::Red && !taken.contains(&incident.id) {
                taken.push(incident.id.clone());
            }
            let place = taken.iter().position(|id| *id == incident.id).unwrap_or(usize::MAX);
            let age = now().duration_since(incident.opened_at);
            let Some(act) = next(incident, place, age) else { continue };
            match handles.desk.act(incident.id.clone(), act, Actor::Person(name.clone()), None).await {
                // Somebody at the console went before.
                Ok(_) | Err(DeskError::Refused(_) | DeskError::Stopped) => {}
                Err(error) => {
                    tracing::warn!(incident = %incident.id, %error, "the demo's officer could not act");
                }
            }
        }
    }
    Ok(())
}

/// What it does next to the incident that is the `place`th.
fn next(incident: &Incident, place: usize, age: SignedDuration) -> Option<Act> {
    let old = |seconds| age >= SignedDuration::from_secs(seconds);
    match (place, incident.state) {
        (0, State::New) if old(8) => {
            Some(Act::Acknowledge { note: Some("已电话联系现场".to_owned()) })
        }
        (0, State::Acknowledged) if old(14) => Some(Act::Assign(Assignment {
            department: incident.department().filter(|id| *id != "none").unwrap_or(USUAL).to_owned(),
            second: None,
            reason: Some("按职责分工".to_owned()),
            note: None,
        })),
        (0, State::Assigned) if old(20) => Some(Act::Accept { note: Some("已派人到场".to_owned()) }),
        (2.., State::New) if old(20) => Some(Act::Acknowledge { note: None }),
        _ => None,
    }
}
