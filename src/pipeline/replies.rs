//! Looks whether the public's answer stands where the desk says it does, and whether it still does later.
//!
//! What is to be looked at follows from the incidents; when, from when it was said and how often it was looked at since
//! the start. What was seen becomes an act of the program, so that all is on the timeline. A page is fetched with the
//! manners of every look: robots.txt, pace, no way round a wall.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::clock::Clock;
use super::courtesy::Courtesy;
use super::crawling::wait_until;
use super::desk::{DeskError, DeskHandle};
use super::health::Health;
use super::lexicons::Lexicons;
use crate::crawl::canonical::canonical;
use crate::crawl::fetch::{FetchError, Fetched};
use crate::crawl::{RawDocument, Role, Target};
use crate::extract::page::{PageText, page};
use crate::extract::post::{Counts, Dated, Post, PostId, PostKind};
use crate::incident::{
    Act, Actor, Doubt, FoundBy, Incident, IncidentId, Page, Refusal, Reply, ReplyNow, ReplyStanding, State,
    answers,
};
use crate::source::SourceId;
use crate::store::Store;

/// How long an answer is looked after.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);
/// When one is looked at again that could not be had, after each try.
const AGAIN: [SignedDuration; 5] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(12),
];
/// When one that was seen is looked at again, after each look.
const STILL: [SignedDuration; 2] = [SignedDuration::from_hours(1), SignedDuration::from_hours(6)];
const DAILY: SignedDuration = SignedDuration::from_hours(24);
/// One that is missed is looked at again after so long; missed then too, it is gone (as a post is, promise V6).
const MISSED: SignedDuration = SignedDuration::from_hours(1);
/// Looks at once.
const AT_ONCE: usize = 4;
/// Longest sleep between two glances at the incidents.
const GLANCE: Duration = Duration::from_mins(15);
/// A round that lasts longer is stuck; looks themselves run beside it.
const LIMIT: Duration = Duration::from_mins(1);
/// The name under which pages are judged that belong to no source.
const NOWHERE: &str = "reply";

/// The task.
pub(super) struct ReplyTask {
    pub(super) store: Store,
    pub(super) desk: DeskHandle,
    pub(super) courtesy: Courtesy,
    pub(super) lexicons: Lexicons,
    /// Told when somebody says where the public was answered.
    pub(super) said: Arc<Notify>,
    pub(super) clock: Clock,
    pub(super) health: Health,
}

/// Which answer of which incident.
type Key = (IncidentId, Url);

/// What is known of an answer between rounds.
#[derive(Debug, Clone, Copy)]
struct Looked {
    /// Looks that came to nothing, in a row; or all looks at one that is there.
    times: usize,
    at: Timestamp,
    /// It was there, and was missed at that time.
    missed: Option<Timestamp>,
    under_way: bool,
}

/// What a look came to.
enum Seen {
    There(Box<Reply>),
    Not(Doubt),
}

impl ReplyTask {
    /// Works until stopped.
    pub(super) async fn run(self, stop: CancellationToken) {
        let (mut looks, mut known) = (JoinSet::<(Key, Seen)>::new(), BTreeMap::<Key, Looked>::new());
        loop {
            let said = self.said.notified();
            let working = self.health.working("replies", LIMIT);
            let next = self.round(&mut looks, &mut known).await;
            drop(working);
            let wait = next.map_or(GLANCE, |at| wait_until(at, self.clock.now()).min(GLANCE));
            tokio::select! {
                () = stop.cancelled() => return,
                () = said => {}
                Some(ended) = looks.join_next(), if !looks.is_empty() => match ended {
                    Ok((key, seen)) => self.note(key, seen, &mut known).await,
                    Err(error) => {
                        tracing::error!(%error, "a look at an answer ended by a fault");
                        // Whose it was is not known; a look made twice does no harm.
                        for looked in known.values_mut() {
                            looked.under_way = false;
                        }
                    }
                },
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Begins the looks that are due; when the next one is.
    async fn round(
        &self,
        looks: &mut JoinSet<(Key, Seen)>,
        known: &mut BTreeMap<Key, Looked>,
    ) -> Option<Timestamp> {
        let now = self.clock.now();
        let incidents = match self.incidents(now).await {
            Ok(incidents) => incidents,
            Err(error) => {
                tracing::error!(error, "the incidents could not be read");
                return None;
            }
        };
        let (mut next, mut current) = (None::<Timestamp>, BTreeMap::new());
        for incident in incidents {
            for reply in incident.replies() {
                let key = (incident.id.clone(), reply.url.clone());
                let looked = known.get(&key).copied();
                current.extend(looked.map(|looked| (key.clone(), looked)));
                if looked.is_some_and(|looked| looked.under_way) {
                    continue;
                }
                let Some(due) = due(&reply, looked).filter(|due| *due <= reply.at + KEPT) else { continue };
                if due > now {
                    next = next.into_iter().chain([due]).min();
                    continue;
                }
                // The end of a look wakes us.
                if looks.len() >= AT_ONCE {
                    continue;
                }
                let begun = Looked { times: 0, missed: None, ..looked.unwrap_or(Looked::NEVER) };
                let begun = looked.unwrap_or(begun);
                current.insert(key.clone(), Looked { at: now, under_way: true, ..begun });
                let (courtesy, lexicons) = (self.courtesy.clone(), self.lexicons.clone());
                let incident = incident.clone();
                looks.spawn(async move {
                    let seen = look(&courtesy, &lexicons, &incident, &key.1).await;
                    (key, seen)
                });
            }
        }
        *known = current;
        next
    }

    /// What answers may be looked after.
    async fn incidents(&self, now: Timestamp) -> Result<Vec<Incident>, String> {
        let (store, since) = (self.store.clone(), now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN));
        let reading = tokio::task::spawn_blocking(move || store.incidents_in_mind(since)).await;
        let read = reading.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        let wanted = |incident: &Incident| !matches!(incident.state, State::Merged | State::Dismissed);
        Ok(read.into_iter().filter(wanted).collect())
    }

    /// Has written down what a look came to, if that is news.
    async fn note(&self, (id, url): Key, seen: Seen, known: &mut BTreeMap<Key, Looked>) {
        let key = (id.clone(), url.clone());
        let before = known.get(&key).copied().unwrap_or(Looked::NEVER);
        let stands = self.stands(&id, &url).await;
        let (looked, act) = news(stands.as_ref(), before, seen, url, self.clock.now());
        known.insert(key, looked);
        let Some(act) = act else { return };
        match self.desk.act(id.clone(), act, Actor::System, None).await {
            Ok(_) | Err(DeskError::Stopped | DeskError::Refused(Refusal::Unknown(_))) => {}
            Err(error) => {
                tracing::error!(incident = %id, %error, "what was seen of an answer could not be noted");
            }
        }
    }

    async fn stands(&self, id: &IncidentId, url: &Url) -> Option<ReplyStanding> {
        let (store, id) = (self.store.clone(), id.clone());
        let read = tokio::task::spawn_blocking(move || store.incident(&id)).await;
        let incident = read.ok()?.ok()??;
        incident.replies().into_iter().find(|reply| reply.url == *url).map(|reply| reply.standing)
    }
}

impl Looked {
    const NEVER: Self = Self { times: 0, at: Timestamp::UNIX_EPOCH, missed: None, under_way: false };
}

/// What a look changes: what is known of the answer, and what is to be written down, if it is news.
fn news(
    stands: Option<&ReplyStanding>,
    before: Looked,
    seen: Seen,
    url: Url,
    now: Timestamp,
) -> (Looked, Option<Act>) {
    let was_there = matches!(stands, Some(ReplyStanding::Seen(_)));
    let looked = Looked { times: before.times + 1, at: now, missed: None, under_way: false };
    match seen {
        Seen::There(reply) => {
            let times = if was_there { looked.times } else { 1 };
            (Looked { times, ..looked }, Some(Act::SeeReply(reply)))
        }
        // A site that is down has taken nothing away.
        Seen::Not(Doubt::Unread(why)) if was_there => {
            tracing::info!(%url, why, "an answer could not be looked at again");
            (Looked { missed: before.missed, ..looked }, None)
        }
        Seen::Not(doubt) if was_there => match before.missed {
            Some(missed) if now >= missed + MISSED => {
                (Looked { times: 0, ..looked }, Some(Act::LoseReply { url }))
            }
            missed => {
                tracing::info!(%url, why = doubt.as_str(), "an answer is missed");
                (Looked { missed: missed.or(Some(now)), ..looked }, None)
            }
        },
        Seen::Not(_) if stands == Some(&ReplyStanding::Gone) => (looked, None),
        Seen::Not(doubt) => (looked, Some(Act::DoubtReply { url, doubt })),
    }
}

/// When an answer is to be looked at next; `None` for never.
fn due(reply: &ReplyNow, looked: Option<Looked>) -> Option<Timestamp> {
    // Said again since it was looked at last.
    let looked = looked.filter(|looked| looked.at >= reply.at || reply.standing != ReplyStanding::Unseen);
    let after = |pauses: &[SignedDuration], looked: Looked| {
        let pause = looked.times.checked_sub(1).map_or(Some(&SignedDuration::ZERO), |nth| pauses.get(nth));
        looked.at + *pause.unwrap_or(&DAILY)
    };
    match (&reply.standing, looked) {
        (ReplyStanding::Unseen, None) => Some(reply.at),
        (ReplyStanding::Unseen, Some(looked)) => Some(after(&AGAIN, looked)),
        (ReplyStanding::Doubted(doubt), _) if !doubt.may_pass() => None,
        (ReplyStanding::Doubted(_), looked) => {
            let looked = looked.unwrap_or(Looked { times: 1, at: reply.at, ..Looked::NEVER });
            Some(after(&AGAIN, looked))
        }
        // The crawler notices by itself when a post it found is there no more.
        (ReplyStanding::Seen(Reply { found: FoundBy::Crawler, .. }), _) => None,
        (ReplyStanding::Seen(_), Some(Looked { missed: Some(missed), .. })) => Some(missed + MISSED),
        (ReplyStanding::Seen(_), looked) => {
            let looked = looked.unwrap_or(Looked { times: 1, at: reply.at, ..Looked::NEVER });
            Some(after(&STILL, looked))
        }
        (ReplyStanding::Gone, looked) => {
            Some(looked.map_or(reply.at, |looked| looked.at.max(reply.at)) + DAILY)
        }
    }
}

/// Fetches a page and judges it.
async fn look(courtesy: &Courtesy, lexicons: &Lexicons, incident: &Incident, url: &Url) -> Seen {
    let Ok(source) = SourceId::new(NOWHERE) else { return Seen::Not(Doubt::OffMatter) };
    let target = Target { source: source.clone(), url: url.clone(), role: Role::Detail, thread: None };
    let document = match courtesy.fetch(target, None).await {
        Ok(Fetched::Document(document)) => document,
        // Nothing was known that could be unchanged.
        Ok(Fetched::NotModified) => return Seen::Not(Doubt::Empty),
        Err(error) => return Seen::Not(doubt(&error)),
    };
    let (lexicons, incident, url) = (lexicons.clone(), incident.clone(), url.clone());
    let judging = move || judge(&lexicons, &incident, &url, source, &document);
    tokio::task::spawn_blocking(judging).await.unwrap_or_else(|error| {
        tracing::error!(%error, "an answer's page could not be read");
        Seen::Not(Doubt::Empty)
    })
}

fn judge(
    lexicons: &Lexicons,
    incident: &Incident,
    url: &Url,
    source: SourceId,
    document: &RawDocument,
) -> Seen {
    let shown: PageText = page(document);
    let complains = incident
        .evidence
        .iter()
        .filter_map(|post| post.url.as_ref())
        .any(|known| known == url || (!shown.part && canonical(known, &[]) == canonical(url, &[])));
    if complains {
        return Seen::Not(Doubt::Complaint);
    }
    let seen = Page { title: if shown.part { "" } else { &shown.title }, text: &shown.text };
    // A part of a page stands under what it answers: place and matter are told by the page.
    let around = Page { title: &shown.title, text: &shown.text };
    let assessed = lexicons.current().assess(Arc::new(as_post(&shown, url, source, document.fetched_at)));
    match answers(incident, around, &assessed.assessment) {
        Ok(substance) => {
            let reply = Reply::new(url.clone(), around, shown.published_at, substance, FoundBy::Desk);
            Seen::There(Box::new(Reply { title: shown.title.clone(), ..reply }))
        }
        Err(Doubt::Elsewhere { .. } | Doubt::OffMatter) if shown.part && is_thread_of(incident, url) => {
            let substance =
                crate::incident::Substance::of(&crate::text::normalize::normalized_text(seen.text));
            let reply = Reply::new(url.clone(), around, shown.published_at, substance, FoundBy::Desk);
            Seen::There(Box::new(reply))
        }
        Err(doubt) => Seen::Not(doubt),
    }
}

/// Whether an address names a part of a page on which the incident was complained of.
fn is_thread_of(incident: &Incident, url: &Url) -> bool {
    let page = canonical(url, &[]);
    incident.evidence.iter().filter_map(|post| post.url.as_ref()).any(|known| canonical(known, &[]) == page)
}

/// What hinders a look.
fn doubt(error: &FetchError) -> Doubt {
    match error {
        FetchError::Gone { .. } => Doubt::Missing,
        FetchError::Blocked { .. } | FetchError::Disallowed { .. } | FetchError::Refused(_) => {
            Doubt::Hidden(error.to_string())
        }
        error => Doubt::Unread(error.to_string()),
    }
}

/// The page as the assessor reads texts.
fn as_post(page: &PageText, url: &Url, source: SourceId, now: Timestamp) -> Post {
    Post {
        id: PostId::by_url(&source, url),
        source,
        external_id: None,
        kind: PostKind::Article,
        parent: None,
        thread: None,
        url: Some(url.clone()),
        title: page.title.clone(),
        text: page.text.clone(),
        voice: None,
        official: true,
        published_at: page.published_at.unwrap_or(now),
        dated: Dated::Captured,
        captured_at: now,
        place: None,
        counts: Counts::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minutes * 60).unwrap()
    }

    fn reply(standing: ReplyStanding) -> ReplyNow {
        ReplyNow { url: "https://water.example/a".parse().unwrap(), standing, at: at(0) }
    }

    fn looked(times: usize, minutes: i64, missed: Option<i64>) -> Looked {
        Looked { times, at: at(minutes), missed: missed.map(at), under_way: false }
    }

    fn seen() -> ReplyStanding {
        let page = Page { title: "", text: "今晚恢复供水" };
        let url = "https://water.example/a".parse().unwrap();
        ReplyStanding::Seen(Reply::new(url, page, None, crate::incident::Substance::Answers, FoundBy::Desk))
    }

    #[test]
    fn what_could_not_be_had_is_tried_again_soon_and_then_less_often() {
        let unread = ReplyStanding::Doubted(Doubt::Unread("no connection".to_owned()));
        for (standing, known, expected) in [
            (ReplyStanding::Unseen, None, Some(0)),
            (ReplyStanding::Unseen, Some(looked(1, 0, None)), Some(1)),
            (unread.clone(), Some(looked(1, 0, None)), Some(1)),
            (unread.clone(), Some(looked(2, 1, None)), Some(6)),
            (unread.clone(), Some(looked(9, 100, None)), Some(100 + 1440)),
            (unread, None, Some(1)),
            (ReplyStanding::Doubted(Doubt::OffMatter), Some(looked(1, 0, None)), None),
            (seen(), Some(looked(1, 0, None)), Some(60)),
            (seen(), Some(looked(2, 60, None)), Some(60 + 360)),
            (seen(), Some(looked(3, 420, Some(420))), Some(480)),
            (ReplyStanding::Gone, Some(looked(1, 480, None)), Some(480 + 1440)),
        ] {
            assert_eq!(due(&reply(standing.clone()), known), expected.map(at), "{standing:?} {known:?}");
        }
    }

    #[test]
    fn an_answer_is_gone_when_it_was_missed_twice_an_hour_apart_and_a_site_that_is_down_takes_nothing_away() {
        let url: Url = "https://water.example/a".parse().unwrap();
        let look = |before: Looked, doubt: Doubt, minutes: i64| {
            news(Some(&seen()), before, Seen::Not(doubt), url.clone(), at(minutes))
        };
        let (first, act) = look(looked(1, 0, None), Doubt::Missing, 60);
        assert_eq!((first.missed, act), (Some(at(60)), None));
        let (down, act) = look(first, Doubt::Unread("no connection".to_owned()), 70);
        assert_eq!((down.missed, act), (Some(at(60)), None));
        let (second, act) = look(down, Doubt::Missing, 120);
        assert_eq!((second.missed, act), (None, Some(Act::LoseReply { url: url.clone() })));
        let (_, act) =
            news(Some(&ReplyStanding::Gone), second, Seen::Not(Doubt::Missing), url.clone(), at(121));
        assert_eq!(act, None, "that it is gone is known");
        let there = Seen::There(Box::new(match seen() {
            ReplyStanding::Seen(reply) => reply,
            other => panic!("{other:?}"),
        }));
        let (back, act) = news(Some(&seen()), first, there, url, at(130));
        assert!(back.missed.is_none() && matches!(act, Some(Act::SeeReply(_))));
    }

    #[test]
    fn what_is_said_again_is_looked_at_again_at_once() {
        let again = ReplyNow { at: at(30), ..reply(ReplyStanding::Unseen) };
        assert_eq!(due(&again, Some(looked(3, 10, None))), Some(at(30)));
    }
}
