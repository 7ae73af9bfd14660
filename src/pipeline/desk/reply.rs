//! Answers of offices that were crawled: each is told to the open incidents that it answers.

use std::collections::BTreeSet;

use jiff::Timestamp;
use url::Url;

use super::{Command, Concluded, DeskError, DeskHandle, DeskTask, failed};
use crate::assess::AssessedPost;
use crate::extract::post::PostId;
use crate::incident::{
    Act, Actor, FoundBy, Incident, IncidentId, Page, Reply, ReplyStanding, Substance, answers,
};
use crate::store::StoreError;
use crate::text::normalize::normalized_text;

/// A post that an office published on its own account.
#[derive(Clone)]
pub(in crate::pipeline) struct Official {
    /// The post, judged.
    pub(in crate::pipeline) assessed: AssessedPost,
    /// Whether its source does not show it any more.
    pub(in crate::pipeline) gone: bool,
    /// Posts of the event that it belongs to.
    pub(in crate::pipeline) beside: BTreeSet<PostId>,
}

impl DeskHandle {
    /// Takes in what offices said.
    pub(in crate::pipeline) async fn officials(&self, officials: Vec<Official>) -> Result<(), DeskError> {
        self.ask(|answer| Command::Officials(officials, answer)).await
    }
}

impl DeskTask {
    /// What offices' words change. What cannot be linked to answers nobody: it could not be verified.
    pub(super) fn hear_officials(
        &mut self,
        officials: &[Official],
        now: Timestamp,
    ) -> Result<Vec<Concluded>, DeskError> {
        let mut concluded = Vec::new();
        for official in officials {
            let Some(url) = official.assessed.post.url.clone() else { continue };
            let thread = self.thread_of(official).map_err(failed)?;
            let open = self.clerk.desk.open_incidents();
            if official.gone {
                let counted: Vec<_> =
                    open.filter(|incident| counts(incident, &url)).map(|i| i.id.clone()).collect();
                for id in counted {
                    concluded.extend(self.note_reply(&id, Act::LoseReply { url: url.clone() }, now));
                }
                continue;
            }
            let answered: Vec<_> = open
                .filter_map(|incident| Some((incident.id.clone(), substance(incident, official, &thread)?)))
                .collect();
            let post = &official.assessed.post;
            let page = Page { title: &post.title, text: &post.text };
            for (id, substance) in answered {
                let reply =
                    Reply::new(url.clone(), page, Some(post.published_at), substance, FoundBy::Crawler);
                concluded.extend(self.note_reply(&id, Act::SeeReply(Box::new(reply)), now));
            }
        }
        Ok(concluded)
    }

    fn note_reply(&mut self, id: &IncidentId, act: Act, now: Timestamp) -> Option<Concluded> {
        match self.act(id, act, Actor::System, None, now) {
            Ok((_, step)) => step,
            Err(error) => {
                tracing::error!(incident = %id, %error, "an answer could not be noted");
                None
            }
        }
    }

    /// The posts of the thread under which an office answers.
    fn thread_of(&self, official: &Official) -> Result<BTreeSet<PostId>, StoreError> {
        let Some(thread) = official.assessed.post.thread else { return Ok(BTreeSet::new()) };
        let posts = self.store.thread(thread)?;
        Ok(posts.into_iter().map(|(id, _)| id).chain([thread]).collect())
    }
}

/// Whether an answer at this address, found by the crawler, counts for an incident.
fn counts(incident: &Incident, url: &Url) -> bool {
    incident.replies().iter().any(|reply| {
        let found = |seen: &Reply| seen.found == FoundBy::Crawler;
        reply.url == *url && matches!(&reply.standing, ReplyStanding::Seen(seen) if found(seen))
    })
}

/// Whether an office's word answers an incident. Under one of the posts that show it, or for all under its opener, it
/// need not say what it speaks of; elsewhere in the thread, or in a post of its own on the same event, it must.
fn substance(incident: &Incident, official: &Official, thread: &BTreeSet<PostId>) -> Option<Substance> {
    let post = &official.assessed.post;
    let shows = |id: &PostId| incident.evidence.iter().any(|known| known.post == *id);
    if post.published_at < incident.first_public || shows(&post.id) {
        return None;
    }
    if post.parent.as_ref().is_some_and(shows) {
        return Some(Substance::of(&normalized_text(&post.text)));
    }
    if thread.iter().any(shows) || official.beside.iter().any(shows) {
        let page = Page { title: &post.title, text: &post.text };
        return answers(incident, page, &official.assessed.assessment).ok();
    }
    None
}
