//! Streams of posts made by a seed, with what is true of them, and how well a detector does on them.
//!
//! A made-up town talks day and night: everyday talk whose subjects come and go, single complaints, and stories: happenings of
//! a known place, beginning and size. Between them lie traps: floods by few, adverts with alarming words, an hour that
//! is loud every day, a subject that slowly grows, an outage after which everything comes at once. The same seed makes
//! the same stream. It stands in for data with a known truth; what it cannot have is the variety of real people.

mod score;
mod story;
mod town;
mod words;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use minsheng::extract::post::{AuthorName, Counts, Dated, Post, PostId, PostKind, VoiceKey};
use minsheng::source::SourceId;

pub(crate) use score::Tally;
pub(crate) use story::{Kind, Story};
use town::Town;

/// What stream is to be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) days: u32,
    pub(crate) posts_a_day: u32,
    /// Happenings that many speak of, 10 to 400 posts each, over all days after the first two.
    pub(crate) bursts: u32,
    /// Happenings of two to nine posts.
    pub(crate) small: u32,
    /// Whether the traps are among it.
    pub(crate) traps: bool,
}

/// A stream, in the order in which its posts become known.
pub(crate) struct Stream {
    pub(crate) posts: Vec<Arc<Post>>,
    /// The story of each post; none for everyday talk and single complaints.
    pub(crate) told: Vec<Option<u32>>,
    pub(crate) stories: Vec<Story>,
    pub(crate) days: u32,
}

/// A post before it has an identity.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) at: i64,
    /// When it becomes known, where that is later.
    pub(crate) known: Option<i64>,
    pub(crate) writer: u32,
    pub(crate) text: String,
    pub(crate) story: Option<u32>,
    /// Which draft of the same story it answers, by its place among them.
    pub(crate) answers: Option<usize>,
    pub(crate) official: bool,
}

/// The first day of every stream.
const BEGINNING: &str = "2026-03-02T00:00:00+08:00";
pub(crate) const DAY: i64 = 86_400;
const SOURCES: [&str; 4] = ["town-forum", "weibo-mirror", "hotline", "news-comments"];

impl Stream {
    /// Makes the stream of a plan.
    pub(crate) fn of(plan: Plan) -> Self {
        let mut town = Town::new(plan);
        let mut drafts = town.talk(plan);
        let mut stories = Vec::new();
        story::happen(plan, &mut town, &mut stories, &mut drafts);
        if plan.traps {
            story::traps(plan, &mut town, &mut stories, &mut drafts);
            hold_back(plan, &mut drafts);
        }
        Self::written(plan, &drafts, stories)
    }

    /// Gives the drafts their identities and puts them in order.
    fn written(plan: Plan, drafts: &[Draft], stories: Vec<Story>) -> Self {
        let beginning: Timestamp = BEGINNING.parse().expect("an instant");
        let key = VoiceKey::new([7; 32]);
        let mut order: Vec<usize> = (0..drafts.len()).collect();
        order.sort_by_key(|&at| (drafts[at].known.unwrap_or(drafts[at].at), at));
        let mut of_story: Vec<Vec<usize>> = vec![Vec::new(); stories.len()];
        for (at, draft) in drafts.iter().enumerate() {
            if let Some(story) = draft.story {
                of_story[story as usize].push(at);
            }
        }
        let source = |at: usize| {
            // What answers stands where the answered stands.
            let of = match (drafts[at].answers, drafts[at].story) {
                (Some(answered), Some(story)) => of_story[story as usize][answered],
                _ => at,
            };
            SourceId::new(SOURCES[of % SOURCES.len()]).expect("a legal name")
        };
        let id = |at: usize| PostId::by_external_id(&source(at), &at.to_string());
        let posts = order.iter().map(|&at| {
            let draft = &drafts[at];
            let source = source(at);
            let instant = |seconds| beginning + SignedDuration::from_secs(seconds);
            let answered = draft.answers.zip(draft.story).map(|(of, story)| id(of_story[story as usize][of]));
            let author = AuthorName::new(&format!("w{}", draft.writer)).expect("a name");
            Arc::new(Post {
                id: id(at),
                voice: Some(author.voice(&source, &key)),
                external_id: Some(at.to_string()),
                kind: if answered.is_some() { PostKind::Comment } else { PostKind::Post },
                parent: answered,
                thread: answered,
                url: None,
                title: String::new(),
                text: draft.text.clone(),
                official: draft.official,
                published_at: instant(draft.at),
                dated: Dated::Claimed,
                captured_at: instant(draft.known.unwrap_or(draft.at)),
                place: None,
                counts: Counts::default(),
                source,
            })
        });
        Self {
            posts: posts.collect(),
            told: order.iter().map(|&at| drafts[at].story).collect(),
            stories,
            days: plan.days,
        }
    }

    /// Posts of each story.
    pub(crate) fn sizes(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.stories.len()];
        self.told.iter().flatten().for_each(|&story| sizes[story as usize] += 1);
        sizes
    }
}

/// On the sixth day nothing comes in for two hours at noon; then it all comes within ten minutes.
fn hold_back(plan: Plan, drafts: &mut [Draft]) {
    if plan.days < 7 {
        return;
    }
    let (from, until) = (5 * DAY + 11 * 3_600, 5 * DAY + 13 * 3_600);
    for draft in drafts.iter_mut().filter(|draft| (from..until).contains(&draft.at)) {
        draft.known = Some(until + (draft.at - from) * 600 / (until - from));
    }
}
