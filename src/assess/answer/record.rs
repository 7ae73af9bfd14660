//! The outward form of a thread's questions: one JSON record a thread, for `minsheng assess`.

use jiff::Timestamp;
use serde::Serialize;

use super::{State, ThreadRow, groups, questions};

/// The questions of a thread going out. Serialise it; nothing reads it back.
#[derive(Debug, Clone, Serialize)]
pub struct ThreadReport {
    /// The thread's id.
    thread: String,
    /// Its questions, in order of time.
    questions: Vec<Asked>,
    /// What waits for the office, the most asked first: one sentence for each question of several people.
    waiting: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
struct Asked {
    /// The remark's id.
    id: String,
    state: State,
    /// The reply that answers or acknowledges it.
    reply: Option<String>,
}

impl ThreadReport {
    /// Follows the questions of a thread; ages are those at `now`.
    pub fn of(row: &ThreadRow, now: Timestamp) -> Self {
        let found = questions(&row.post, &row.remarks);
        let id = |at: usize| row.remarks[at].id.clone();
        let waiting = groups(&row.remarks, &found);
        Self {
            thread: row.id.clone(),
            waiting: waiting
                .iter()
                .filter(|group| group.state != State::Answered)
                .map(|group| group.sentence(now))
                .collect(),
            questions: found
                .iter()
                .map(|one| Asked { id: id(one.remark), state: one.state, reply: one.reply.map(id) })
                .collect(),
        }
    }
}
