//! The public's answer as it was seen at its source (核验答复): what was found there, and whether it answers.
//!
//! Somebody at the desk says where the public was answered, or an office answers under a post that shows the incident.
//! What is said counts once it was seen: the page can be read by anyone, is on the matter, and says more than that the
//! matter was noted. An answer that is taken away counts no more.
//!
//! [`answers`] judges a page; when pages are looked at is the affair of `pipeline`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::assess::Assessment;
use crate::assess::answer::says_something;
use crate::text::normalize::normalized_text;

use super::{Happening, Incident};

/// Shortest text that can answer anything, in characters.
const SHORTEST: usize = 4;
/// Longest title kept of an answer, in characters.
const TITLE: usize = 80;

/// An answer as it stood at its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Where it stands.
    pub url: Url,
    /// What its page is called; may be empty.
    pub title: String,
    /// First 16 hex digits of the BLAKE3 hash of its text, in normal form: what was read can be told from what stands
    /// there later.
    pub digest: String,
    /// When it was published, as its source says.
    pub published_at: Option<Timestamp>,
    /// Whether it says more than that the matter was noted.
    pub substance: Substance,
    /// How it was found.
    pub found: FoundBy,
}

/// Whether an answer answers. Stored by number: new ones go last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Substance {
    /// It says what is, or what is done.
    Answers,
    /// It thanks, notes and promises: an acknowledgement of receipt.
    Courtesy,
}

/// How an answer was found. Stored by number: new ones go last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FoundBy {
    /// Somebody at the desk said where it stands.
    Desk,
    /// It was crawled, as an office's word under a post that shows the incident.
    Crawler,
}

/// Why what stands at an address is no answer. Stored by number: new ones go last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Doubt {
    /// The page could not be had.
    Unread(String),
    /// A log-in, a captcha or the site's rules keep the public, or us, from reading it.
    Hidden(String),
    /// There is nothing at the address.
    Missing,
    /// The page is the post that complains, not an answer to it.
    Complaint,
    /// The page does not name the place.
    Elsewhere {
        /// Which.
        place: String,
    },
    /// The page is not on the matter.
    OffMatter,
    /// The page holds no text.
    Empty,
}

/// What a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<'a> {
    /// Its title.
    pub title: &'a str,
    /// What a reader sees, without menus and the like.
    pub text: &'a str,
}

/// Where an answer stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyStanding {
    /// Not looked at yet.
    Unseen,
    /// Seen.
    Seen(Reply),
    /// Looked at, and it was none.
    Doubted(Doubt),
    /// It was seen once, and is not there any more.
    Gone,
}

/// An answer of an incident and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyNow {
    /// Where it is.
    pub url: Url,
    /// How it stands.
    pub standing: ReplyStanding,
    /// Since when.
    pub at: Timestamp,
}

impl Substance {
    /// The word used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::Courtesy => "courtesy",
        }
    }

    /// Of an office's own words, in normal form.
    pub fn of(text: &str) -> Self {
        if says_something(text) { Self::Answers } else { Self::Courtesy }
    }
}

impl FoundBy {
    /// The word used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Desk => "desk",
            Self::Crawler => "crawler",
        }
    }
}

impl Doubt {
    /// The word used in the API.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Unread(_) => "unread",
            Self::Hidden(_) => "hidden",
            Self::Missing => "missing",
            Self::Complaint => "complaint",
            Self::Elsewhere { .. } => "elsewhere",
            Self::OffMatter => "off-matter",
            Self::Empty => "empty",
        }
    }

    /// Why, for an officer.
    pub fn chinese(&self) -> String {
        match self {
            Self::Unread(why) => format!("页面暂时打不开（{why}），稍后再核验"),
            Self::Hidden(why) => format!("公众无法直接查看该页面，或网站不允许程序读取（{why}）"),
            Self::Missing => "该链接下没有内容".to_owned(),
            Self::Complaint => {
                "这是群众反映问题的帖文，不是答复；请填写答复所在楼层的链接或公开通报的链接".to_owned()
            }
            Self::Elsewhere { place } => format!("页面没有提到“{place}”"),
            Self::OffMatter => "页面内容与本事项无关".to_owned(),
            Self::Empty => "页面没有可读的文字".to_owned(),
        }
    }

    /// Whether the address may well hold an answer later: it is looked at again.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unread(_) | Self::Missing | Self::Empty)
    }
}

/// Whether a page answers an incident; `judged` is what the assessor makes of the page.
///
/// It is on the matter if it names the incident's place, where one is known, and either speaks of the same service or
/// names the matter. What it says is read in the paragraphs that do so: a page of the desk's own site has menus and
/// other news around them.
pub fn answers(incident: &Incident, page: Page<'_>, judged: &Assessment) -> Result<Substance, Doubt> {
    let text = normalized_text(&format!("{}\n{}", page.title, page.text));
    if text.chars().filter(|c| c.is_alphanumeric()).count() < SHORTEST {
        return Err(Doubt::Empty);
    }
    let place = incident.subject.place.as_deref();
    if let Some(place) = place
        && !text.contains(&normalized_text(place))
        && !judged.places.iter().any(|named| named == place)
    {
        return Err(Doubt::Elsewhere { place: place.to_owned() });
    }
    let terms: Vec<String> = terms_of(incident);
    let service = judged.category.as_ref().is_some_and(|category| category.id == incident.subject.category);
    if !service && !terms.iter().any(|term| text.contains(term.as_str())) {
        return Err(Doubt::OffMatter);
    }
    let place = place.map(normalized_text);
    let told = |line: &&str| {
        terms.iter().any(|term| line.contains(term.as_str()))
            || place.as_ref().is_some_and(|place| line.contains(place.as_str()))
    };
    let on_matter: Vec<&str> = text.lines().filter(told).collect();
    let read = if on_matter.is_empty() { text.clone() } else { on_matter.join("\n") };
    // The rest of an answer often names neither: what follows in the same text counts too, if the answer is short.
    let whole = text.lines().count() <= on_matter.len() + 3;
    Ok(Substance::of(if whole { &text } else { &read }))
}

/// The words of the matter, in normal form.
fn terms_of(incident: &Incident) -> Vec<String> {
    let terms = incident.evidence.iter().flat_map(|post| &post.terms).map(String::as_str);
    let mut terms: Vec<String> = incident
        .matter
        .split('、')
        .chain(terms)
        .map(normalized_text)
        .filter(|term| !term.is_empty())
        .collect();
    terms.sort();
    terms.dedup();
    terms
}

impl Reply {
    /// What is kept of a page that answers.
    pub fn new(
        url: Url,
        page: Page<'_>,
        published_at: Option<Timestamp>,
        substance: Substance,
        found: FoundBy,
    ) -> Self {
        let text = normalized_text(page.text);
        let digest = blake3::hash(text.as_bytes()).to_hex()[..16].to_owned();
        let title = page.title.chars().take(TITLE).collect();
        Self { url, title, digest, published_at, substance, found }
    }
}

impl Incident {
    /// Where the public was answered, in the order in which it was first said, and how each answer stands.
    pub fn replies(&self) -> Vec<ReplyNow> {
        let mut replies: Vec<ReplyNow> = Vec::new();
        let mut stands = |url: &Url, standing: ReplyStanding, at: Timestamp| {
            match replies.iter_mut().find(|reply| reply.url == *url) {
                // Saying again where it stands does not undo that it was seen.
                Some(known) if standing == ReplyStanding::Unseen => match known.standing {
                    ReplyStanding::Seen(_) => {}
                    ReplyStanding::Unseen | ReplyStanding::Doubted(_) | ReplyStanding::Gone => {
                        *known = ReplyNow { url: url.clone(), standing, at };
                    }
                },
                Some(known) => *known = ReplyNow { url: url.clone(), standing, at },
                None => replies.push(ReplyNow { url: url.clone(), standing, at }),
            }
        };
        for entry in &self.timeline {
            match &entry.what {
                Happening::Responded { url: Some(url), .. } => stands(url, ReplyStanding::Unseen, entry.at),
                Happening::ReplySeen(reply) => {
                    stands(&reply.url, ReplyStanding::Seen((**reply).clone()), entry.at);
                }
                Happening::ReplyDoubted { url, doubt } => {
                    stands(url, ReplyStanding::Doubted(doubt.clone()), entry.at);
                }
                Happening::ReplyGone { url } => stands(url, ReplyStanding::Gone, entry.at),
                _ => {}
            }
        }
        replies
    }
}

#[cfg(test)]
#[path = "reply_tests.rs"]
mod tests;
