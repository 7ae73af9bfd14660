//! How a source is read: one variant a kind, each with the options of its `[source.KIND]` table.

use serde::{Deserialize, Serialize};

/// How the bytes of a source are to be understood.
#[derive(Debug, Clone, PartialEq)]
pub enum SourceKind {
    /// RSS, Atom or JSON Feed.
    Feed(FeedOptions),
    /// A list page with links to detail pages that hold text and comments.
    Html(Box<HtmlOptions>),
    /// A WordPress site with its REST interface open.
    Wordpress(WordpressOptions),
    /// A hot list in the shape of newsnow: `{status,id,updatedTime,items[]}`.
    Hotlist(HotlistOptions),
}

impl SourceKind {
    /// The word used in configuration and API.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Feed(_) => "feed",
            Self::Html(_) => "html",
            Self::Wordpress(_) => "wordpress",
            Self::Hotlist(_) => "hotlist",
        }
    }
}

/// The `[source.feed]` table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FeedOptions {
    /// Whether entries are comments of posts elsewhere (a comment feed). Default: false.
    pub comments: bool,
    /// Whether all entries are statements of an office. Default: false.
    pub official: bool,
}

/// The `[source.wordpress]` table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WordpressOptions {
    /// Whether comments are read too. Default: true.
    pub comments: bool,
    /// Whether articles are statements of an office. Default: false.
    pub official: bool,
}

impl Default for WordpressOptions {
    fn default() -> Self {
        Self { comments: true, official: false }
    }
}

/// The `[source.hotlist]` table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HotlistOptions {}

/// A CSS selector, optionally followed by `@attribute`: `time@datetime`, `@data-id` (of the element itself).
/// Without an attribute the element's text is meant. Of several matches the first counts, except for texts,
/// which are all matches that lie in no other, one below the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SelectorSpec(pub String);

impl SelectorSpec {
    /// The selector, `None` for the element itself, and the attribute, `None` for its text.
    pub fn parts(&self) -> (Option<&str>, Option<&str>) {
        let whole = self.0.trim();
        let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.');
        // An `@` within a selector can only stand in a quoted value, which no attribute's name ends.
        let (css, attribute) = match whole.rsplit_once('@') {
            Some((css, attribute)) if !attribute.is_empty() && attribute.chars().all(name) => {
                (css, Some(attribute))
            }
            _ => (whole, None),
        };
        let css = css.trim();
        ((!css.is_empty()).then_some(css), attribute)
    }
}

/// The `[source.html]` table. Of a page that describes itself in JSON-LD, that description gives title, date
/// and author first; the selectors stand in for what it leaves out. Links to other hosts are not followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HtmlOptions {
    /// The list page.
    pub list: ListSelectors,
    /// The page a list entry leads to.
    pub detail: DetailSelectors,
    /// The comments on that page, if they are read.
    #[serde(default)]
    pub comment: Option<CommentSelectors>,
    /// Whether articles are statements of an office. Default: false.
    #[serde(default)]
    pub official: bool,
    /// What the detail page holds: `article` (an editor's text) or `post` (anyone's). Default: post.
    #[serde(default)]
    pub article: bool,
}

/// Selectors of the list page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListSelectors {
    /// One entry of the list.
    pub item: SelectorSpec,
    /// The link to the detail page, within the entry. Default: `a@href`.
    #[serde(default = "link")]
    pub link: SelectorSpec,
    /// The link to the next page of the list. Default: a link with `rel=next`.
    #[serde(default)]
    pub next: Option<SelectorSpec>,
    /// Most list pages read at one look. Default: 1.
    #[serde(default = "one")]
    pub pages: u32,
}

/// Selectors of the detail page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetailSelectors {
    /// The title. Default: `h1`.
    #[serde(default = "h1")]
    pub title: SelectorSpec,
    /// The text.
    pub text: SelectorSpec,
    /// The source's own id of the post; without it the canonical address is the identity. It must differ
    /// from all ids of comments.
    #[serde(default)]
    pub id: Option<SelectorSpec>,
    /// Who wrote it: used for counting distinct voices only, hashed at intake.
    #[serde(default)]
    pub author: Option<SelectorSpec>,
    /// When it was published; of a `time` element its `datetime` first.
    #[serde(default)]
    pub published: Option<SelectorSpec>,
    /// Number of likes.
    #[serde(default)]
    pub likes: Option<SelectorSpec>,
    /// Number of views.
    #[serde(default)]
    pub views: Option<SelectorSpec>,
    /// The link to the next page of the same thread.
    #[serde(default)]
    pub next: Option<SelectorSpec>,
}

/// Selectors of one comment on the detail page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommentSelectors {
    /// One comment.
    pub item: SelectorSpec,
    /// The source's own id of the comment; without it its words are the identity, so that two equal
    /// comments of a thread are one. Default: `@id`.
    #[serde(default = "id")]
    pub id: SelectorSpec,
    /// The id of what it answers, also as a link to it (`#comment-3`); when absent, empty or 0, an enclosing
    /// comment, else the thread itself.
    #[serde(default)]
    pub parent: Option<SelectorSpec>,
    /// The text.
    pub text: SelectorSpec,
    /// Who wrote it: used for counting distinct voices only, hashed at intake.
    #[serde(default)]
    pub author: Option<SelectorSpec>,
    /// When it was published.
    #[serde(default)]
    pub published: Option<SelectorSpec>,
    /// Number of likes.
    #[serde(default)]
    pub likes: Option<SelectorSpec>,
}

fn link() -> SelectorSpec {
    SelectorSpec("a@href".into())
}

fn h1() -> SelectorSpec {
    SelectorSpec("h1".into())
}

fn id() -> SelectorSpec {
    SelectorSpec("@id".into())
}

fn one() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_may_name_an_attribute() {
        for (spec, css, attribute) in [
            ("h1", Some("h1"), None),
            ("time@datetime", Some("time"), Some("datetime")),
            (" @data-id ", None, Some("data-id")),
            ("a[href*='@town'] b", Some("a[href*='@town'] b"), None),
            ("a[href*='@town']@href", Some("a[href*='@town']"), Some("href")),
            ("", None, None),
        ] {
            assert_eq!(SelectorSpec(spec.into()).parts(), (css, attribute), "{spec}");
        }
    }
}
