//! What the elements of feeds mean: names with their namespaces, attributes, bases.

use std::borrow::Cow;

use quick_xml::events::BytesStart;
use url::Url;

/// Most attributes of one element that are read (promise P1).
const ATTRIBUTES: usize = 1000;

/// What an element of an item says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Title,
    SecondTitle,
    Content,
    Summary,
    Link,
    Id,
    Published,
    Updated,
    Author,
    Answers,
    Comments,
    /// Nothing that is read here.
    Nothing,
}

/// An element's name: the usual prefix of its namespace (empty for the feed formats' own) and its local
/// part, both in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) space: &'static str,
    pub(super) local: String,
}

/// An open element.
pub(super) struct Scope {
    pub(super) name: Name,
    /// The name as it stands in the document.
    pub(super) written: String,
    attributes: Vec<(String, String)>,
    base: Option<Url>,
    /// Namespaces declared here, by prefix.
    spaces: Vec<(String, &'static str)>,
}

impl Scope {
    pub(super) fn new(tag: &BytesStart<'_>, open: &[Scope], document: &Url) -> Self {
        let attributes: Vec<(String, String)> = tag
            .html_attributes()
            .with_checks(false)
            .take(ATTRIBUTES)
            .filter_map(Result::ok)
            .map(|a| (a.key.as_ref().to_ascii_lowercase(), unescape(&a.value).into_owned()))
            .collect();
        let spaces: Vec<_> = attributes
            .iter()
            .filter_map(|(name, value)| {
                let prefix = if name == "xmlns" { "" } else { name.strip_prefix("xmlns:")? };
                Some((prefix.to_owned(), by_address(value, prefix)))
            })
            .collect();
        let written = tag.name().as_ref().to_owned();
        let (prefix, local) = written.split_once(':').unwrap_or(("", &written));
        let declared = |spaces: &[(String, &'static str)]| {
            spaces.iter().find(|(name, _)| name.eq_ignore_ascii_case(prefix)).map(|(_, space)| *space)
        };
        let space = declared(&spaces)
            .or_else(|| open.iter().rev().find_map(|scope| declared(&scope.spaces)))
            .unwrap_or_else(|| by_prefix(prefix));
        let name = Name { space, local: local.to_ascii_lowercase() };
        let mut scope = Self { name, written, attributes, base: None, spaces };
        let around = open.iter().rev().find_map(|scope| scope.base.as_ref()).unwrap_or(document);
        scope.base = scope.attribute("xml:base").and_then(|base| around.join(base.trim()).ok());
        scope
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The address that links within this element start from.
    pub(super) fn base<'a>(&'a self, open: &'a [Scope], document: &'a Url) -> &'a Url {
        let around = open.iter().rev().find_map(|scope| scope.base.as_ref());
        self.base.as_ref().or(around).unwrap_or(document)
    }

    /// An item as far as its own attributes tell it (RDF's `about`, CDF's `href` and `lastmod`).
    pub(super) fn item(&self, open: &[Scope], document: &Url) -> super::Entry {
        let owned = |name| self.attribute(name).map(str::to_owned);
        super::Entry {
            id: owned("rdf:about"),
            link: self
                .attribute("href")
                .and_then(|link| super::draft::resolve(link, self.base(open, document))),
            updated: owned("lastmod"),
            ..super::Entry::default()
        }
    }
}

impl Name {
    pub(super) fn is_item(&self) -> bool {
        self.space.is_empty() && matches!(&self.local[..], "item" | "entry")
    }

    pub(super) fn is_feed(&self) -> bool {
        matches!((self.space, &self.local[..]), ("", "rss" | "feed" | "channel") | ("rdf" | "", "rdf"))
    }

    pub(super) fn field(&self) -> Field {
        match (self.space, &self.local[..]) {
            ("", "title") => Field::Title,
            ("dc" | "media", "title") => Field::SecondTitle,
            ("", "content" | "body" | "fullitem") | ("content", "encoded") | ("xhtml", "body" | "div") => {
                Field::Content
            }
            ("" | "dc" | "media", "description") | ("", "summary" | "abstract") | ("itunes", "summary") => {
                Field::Summary
            }
            ("", "link") => Field::Link,
            ("", "guid" | "id") => Field::Id,
            ("", "pubdate" | "published" | "issued" | "created") | ("dcterms", "issued" | "created") => {
                Field::Published
            }
            ("", "updated" | "modified" | "lastmod") | ("dc", "date") | ("dcterms", "modified") => {
                Field::Updated
            }
            ("" | "dc" | "itunes", "author") | ("dc", "creator") => Field::Author,
            ("thr", "in-reply-to") => Field::Answers,
            ("slash", "comments") | ("thr", "total") => Field::Comments,
            _ => Field::Nothing,
        }
    }
}

/// The usual prefix of a namespace; an unknown one is the feed's own if it is the default.
fn by_address(address: &str, prefix: &str) -> &'static str {
    let address = address.trim().to_ascii_lowercase();
    for (part, space) in [
        ("purl.org/dc/elements", "dc"),
        ("purl.org/dc/terms", "dcterms"),
        ("rss/1.0/modules/content", "content"),
        ("rss/1.0/modules/slash", "slash"),
        ("purl.org/syndication/thread", "thr"),
        ("search.yahoo.com/mrss", "media"),
        ("itunes.com/dtds", "itunes"),
        ("itunes.com/dtd", "itunes"),
        ("1999/xhtml", "xhtml"),
        ("22-rdf-syntax-ns", "rdf"),
        ("2005/atom", ""),
        ("purl.org/atom/", ""),
        ("purl.org/rss/1.0/", ""),
        ("my.netscape.com/rdf", ""),
        ("userland.com/rss", ""),
        ("law.harvard.edu/tech/rss", ""),
    ] {
        if address.contains(part) {
            return space;
        }
    }
    if prefix.is_empty() { "" } else { "?" }
}

/// What an undeclared prefix is taken to mean.
fn by_prefix(prefix: &str) -> &'static str {
    let prefix = prefix.to_ascii_lowercase();
    ["dc", "dcterms", "content", "slash", "thr", "media", "itunes", "xhtml", "rdf"]
        .into_iter()
        .find(|known| *known == prefix)
        .unwrap_or(if matches!(&prefix[..], "" | "atom" | "rss") { "" } else { "?" })
}

/// Resolves the five entities of XML and numbers; all others stay as they are, for HTML to know.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let entity = rest.find(';').and_then(|end| Some((character(&rest[1..end])?, end)));
        if let Some((c, end)) = entity {
            out.push(c);
            rest = &rest[end + 1..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn character(entity: &str) -> Option<char> {
    let Some(number) = entity.strip_prefix('#') else {
        return match entity {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => None,
        };
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code)
}

/// The reverse, for text that stands in markup.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_xml_knows_is_resolved() {
        for (text, resolved) in [
            ("a&amp;b", "a&b"),
            ("&#20572;&#x6c34;&#X6C34;", "停水水"),
            ("&nbsp;&lol;", "&nbsp;&lol;"),
            ("a=1&b=2", "a=1&b=2"),
            ("&#xd800;&#99999999999;&", "&#xd800;&#99999999999;&"),
        ] {
            assert_eq!(unescape(text), resolved, "{text}");
        }
    }
}
