//! What a reader of any kind found of one post, and its one way to become a [`Post`].
//!
//! Decides limits (promise P4), identity, the canonical address and what to do with impossible dates, once
//! for feeds, pages, interfaces and pushed records. What a text means is the readers' work.

use jiff::Timestamp;
use url::Url;

use super::post::{
    AuthorName, Counts, Dated, Found, LINK_LIMIT, Post, PostId, PostKind, TEXT_LIMIT, TITLE_LIMIT,
};
use crate::crawl::canonical::canonical;
use crate::source::{Source, SourceId};

/// A date before this is a default of some software, not a date.
const EARLIEST: Timestamp = Timestamp::constant(631_152_000, 0);

/// One post as found, not yet checked.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub external_id: Option<String>,
    /// Takes the place of the usual identity; for sources whose identity is neither id nor address.
    pub identity: Option<PostId>,
    /// Canonical, see [`address`]; a comment's may carry the fragment that leads to it.
    pub url: Option<Url>,
    pub kind: PostKind,
    pub parent: Option<PostId>,
    pub thread: Option<PostId>,
    pub title: String,
    pub text: String,
    pub author: Option<AuthorName>,
    pub official: bool,
    pub published: Option<Timestamp>,
    pub counts: Counts,
    pub place: Option<String>,
}

/// Why a draft is no post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    #[error("it has neither text nor an address")]
    Empty,
    #[error("its id is longer than {LINK_LIMIT} bytes")]
    LongId,
}

impl Draft {
    pub(super) fn new(kind: PostKind) -> Self {
        Self {
            external_id: None,
            identity: None,
            url: None,
            kind,
            parent: None,
            thread: None,
            title: String::new(),
            text: String::new(),
            author: None,
            official: false,
            published: None,
            counts: Counts::default(),
            place: None,
        }
    }

    /// The identity the post will have.
    pub(super) fn id(&self, source: &SourceId) -> PostId {
        self.identity.unwrap_or_else(|| {
            PostId::of(source, self.external_id.as_deref(), self.url.as_ref(), &self.title, &self.text)
        })
    }

    /// The post, captured `now`. A post without words is one (a picture), if it can be told from others.
    pub(super) fn finish(mut self, source: &Source, now: Timestamp) -> Result<Found, Unfit> {
        self.official |= self.author.as_ref().is_some_and(|name| name.is_one_of(&source.official_accounts));
        self.place = self.place.or_else(|| source.place.clone());
        self.finish_alone(&source.id, now)
    }

    /// The same for a post of a source of which no more is known than its name.
    pub(super) fn finish_alone(mut self, source: &SourceId, now: Timestamp) -> Result<Found, Unfit> {
        cut(&mut self.title, TITLE_LIMIT);
        cut(&mut self.text, TEXT_LIMIT);
        self.external_id = self.external_id.filter(|id| !id.is_empty());
        self.url = self.url.filter(|url| url.as_str().len() <= LINK_LIMIT);
        if self.external_id.as_ref().is_some_and(|id| id.len() > LINK_LIMIT) {
            return Err(Unfit::LongId);
        }
        if self.title.is_empty() && self.text.is_empty() && self.external_id.is_none() && self.url.is_none() {
            return Err(Unfit::Empty);
        }
        let id = self.id(source);
        let (published_at, dated) = match self.published {
            Some(at) if at > EARLIEST && at <= now => (at, Dated::Claimed),
            _ => (now, Dated::Captured),
        };
        let post = Post {
            id,
            source: source.clone(),
            external_id: self.external_id,
            kind: self.kind,
            parent: self.parent.filter(|parent| *parent != id),
            thread: self.thread,
            url: self.url,
            title: self.title,
            text: self.text,
            voice: None,
            official: self.official,
            published_at,
            dated,
            captured_at: now,
            place: self.place,
            counts: self.counts,
        };
        Ok(Found { post, author: self.author })
    }
}

/// Shortens a text to at most `limit` bytes, at a character's end.
fn cut(text: &mut String, limit: usize) {
    text.truncate(text.floor_char_boundary(limit));
}

/// The canonical form of a link found in a document, or `None` if it leads to no page.
pub(super) fn address(link: &str, base: &Url, source: &Source) -> Option<Url> {
    resolve(link, base).map(|url| canonical(&url, &source.ignored_parameters))
}

/// A link as it stands, made absolute; only http and https lead to pages.
pub(super) fn resolve(link: &str, base: &Url) -> Option<Url> {
    let link = link.trim();
    if link.is_empty() || link.len() > LINK_LIMIT {
        return None;
    }
    base.join(link).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// A number as pages show it: `1,234`, `353万热度`, `1.2k`; 0 where there is none.
pub(super) fn count(text: &str) -> u64 {
    let text: String = text.chars().filter(|c| !matches!(c, ',' | '，' | ' ')).collect();
    let Some(start) = text.find(|c: char| c.is_ascii_digit()) else {
        return 0;
    };
    let digits = &text[start..];
    let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
    let scale = match digits[end..].chars().next() {
        Some('千' | 'k' | 'K') => 1e3,
        Some('万' | 'w' | 'W') => 1e4,
        Some('亿') => 1e8,
        _ => 1.0,
    };
    // The cast saturates, and a figure such as `1.2.3` is none.
    digits[..end].trim_end_matches('.').parse::<f64>().map_or(0, |number| (number * scale).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::fixture;

    #[test]
    fn limits_and_impossible_dates_are_settled_once() {
        let source = fixture::feed();
        let now = fixture::now();
        let mut draft = Draft::new(PostKind::Post);
        assert_eq!(draft.clone().finish(&source, now).unwrap_err(), Unfit::Empty);
        draft.text = "水".repeat(TEXT_LIMIT);
        draft.title = "题".repeat(TITLE_LIMIT);
        draft.published = Some(now + std::time::Duration::from_secs(1));
        let post = draft.clone().finish(&source, now).unwrap().post;
        assert_eq!((post.published_at, post.dated), (now, Dated::Captured));
        assert!(post.text.len() <= TEXT_LIMIT && post.text.len() > TEXT_LIMIT - 3);
        assert!(post.title.len() <= TITLE_LIMIT && post.title.ends_with('题'));
        draft.external_id = Some("x".repeat(LINK_LIMIT + 1));
        assert_eq!(draft.finish(&source, now).unwrap_err(), Unfit::LongId);
    }

    #[test]
    fn counts_are_read_as_shown() {
        for (text, number) in [
            ("1,234", 1234),
            ("353万热度", 3_530_000),
            ("赞 12", 12),
            ("1.2k", 1200),
            ("", 0),
            ("赞", 0),
            ("1.2亿", 120_000_000),
        ] {
            assert_eq!(count(text), number, "{text}");
        }
    }
}
