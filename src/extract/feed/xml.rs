//! The XML feeds, read tolerantly.
//!
//! Written on the pull parser rather than taken from a feed library, because feeds in the wild are often not
//! well-formed, lack a version or a namespace, and because parents of comments (`thr:in-reply-to`) matter
//! here. End tags close what they name, stray ampersands are text, namespaces are known by their address
//! and, undeclared, by their usual prefix.
//!
//! Always holds: nothing is fetched, no entity is expanded, depth, nodes, attributes and items are bounded
//! (promise P1), an item is given only if its end was seen.

mod name;

use base64::Engine;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use url::Url;

use self::name::{Field, Scope, unescape};
use super::super::draft;
use super::{Entry, ITEMS, Reading, Words};

const DEPTH: usize = 256;
const NODES: usize = 200_000;

/// Reads all whole items.
pub(super) fn read(text: &str, base: &Url) -> Reading {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut state = State::new(base);
    let broken = loop {
        let step = match reader.read_event() {
            Ok(Event::Eof) => break state.at_end(),
            Ok(event) => state.take(event),
            Err(error) => Err(format!("ill-formed from byte {} on: {error}", reader.error_position())),
        };
        if let Err(why) = step {
            break Some(why);
        }
    };
    // Nothing of a document that is refused as a whole is kept.
    let entries = if state.refused { Vec::new() } else { state.entries };
    Reading { entries, broken }
}

struct State<'a> {
    base: &'a Url,
    open: Vec<Scope>,
    entries: Vec<Entry>,
    /// The item being read, and how many elements are open around its children.
    entry: Option<(Entry, usize)>,
    capture: Option<Capture>,
    nodes: usize,
    is_feed: bool,
    refused: bool,
    /// Entities that the document declares.
    declared: Vec<String>,
}

/// The content of one field of an item, being gathered.
struct Capture {
    field: Field,
    /// How many elements are open inside the field.
    depth: usize,
    /// Its text as a plain reader sees it.
    decoded: String,
    /// Its inner markup as it stands.
    raw: String,
    has_markup: bool,
    kind: String,
    mode: String,
    is_link: bool,
}

impl<'a> State<'a> {
    fn new(base: &'a Url) -> Self {
        Self {
            base,
            open: Vec::new(),
            entries: Vec::new(),
            entry: None,
            capture: None,
            nodes: 0,
            is_feed: false,
            refused: false,
            declared: Vec::new(),
        }
    }

    fn at_end(&self) -> Option<String> {
        if self.entry.is_some() {
            Some("the feed is cut off within an item".into())
        } else if self.is_feed {
            None
        } else {
            Some("this is no feed".into())
        }
    }

    /// Takes one event; an error ends the reading.
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        self.nodes += 1;
        if self.nodes > NODES * 2 {
            return Err(format!("the feed has more than {NODES} nodes"));
        }
        match event {
            Event::Start(tag) => self.start(&tag)?,
            Event::Empty(tag) => {
                self.start(&tag)?;
                self.end(tag.name().as_ref());
            }
            Event::End(tag) => self.end(tag.name().as_ref()),
            Event::Text(text) => self.text(&text, &text),
            Event::CData(text) => self.text(&text, &name::escape(&text)),
            Event::GeneralRef(entity) => {
                if self.declared.iter().any(|name| **name == *entity) {
                    return self.refuse("the feed uses entities of its own");
                }
                let raw = format!("&{};", &*entity);
                self.text(&unescape(&raw), &raw);
            }
            Event::DocType(declaration) => return self.doctype(&declaration),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Eof => {}
        }
        Ok(())
    }

    fn refuse(&mut self, why: &str) -> Result<(), String> {
        self.refused = true;
        Err(why.into())
    }

    fn doctype(&mut self, declaration: &str) -> Result<(), String> {
        for entity in declaration.split("<!ENTITY").skip(1) {
            let body = entity.split('>').next().unwrap_or_default();
            let mut words = body.split_whitespace();
            let name = words.next().unwrap_or_default();
            if words.any(|word| word == "SYSTEM") {
                return self.refuse("the feed declares external entities");
            }
            self.declared.push(name.to_owned());
        }
        Ok(())
    }

    fn text(&mut self, decoded: &str, raw: &str) {
        if let Some(capture) = &mut self.capture {
            capture.decoded.push_str(decoded);
            capture.raw.push_str(raw);
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        if self.open.len() >= DEPTH {
            return Err(format!("the feed nests deeper than {DEPTH}"));
        }
        let scope = Scope::new(tag, &self.open, self.base);
        if let Some(capture) = &mut self.capture {
            capture.depth += 1;
            capture.has_markup = true;
            let markup = format!("<{} {}>", scope.name.local, tag.attributes_raw());
            capture.raw.push_str(&markup);
            capture.decoded.push_str(&markup);
        } else if let Some((entry, depth)) = &mut self.entry {
            if self.open.len() == *depth {
                self.capture = Some(Capture::begin(entry, &scope, &self.open, self.base));
            }
        } else if scope.name.is_item() {
            if self.entries.len() >= ITEMS {
                return Err(format!("only the first {ITEMS} items are read"));
            }
            self.entry = Some((scope.item(&self.open, self.base), self.open.len() + 1));
            self.is_feed = true;
        }
        self.is_feed |= self.open.is_empty() && scope.name.is_feed();
        self.open.push(scope);
        Ok(())
    }

    /// An end tag closes the nearest element it names, and all within; one that names none is nothing.
    fn end(&mut self, name: &str) {
        let Some(at) = self.open.iter().rposition(|scope| scope.written == name) else {
            return;
        };
        while self.open.len() > at {
            let Some(scope) = self.open.pop() else { break };
            self.close(&scope);
        }
    }

    fn close(&mut self, scope: &Scope) {
        if let Some(mut capture) = self.capture.take() {
            if capture.depth == 0 {
                if let Some((entry, _)) = &mut self.entry {
                    capture.finish(entry, scope.base(&self.open, self.base));
                }
            } else {
                capture.depth -= 1;
                let markup = format!("</{}>", scope.name.local);
                capture.raw.push_str(&markup);
                capture.decoded.push_str(&markup);
                self.capture = Some(capture);
            }
        } else if let Some((entry, depth)) = self.entry.take() {
            if self.open.len() < depth {
                self.entries.push(entry);
            } else {
                self.entry = Some((entry, depth));
            }
        }
    }
}

impl Capture {
    fn begin(entry: &mut Entry, scope: &Scope, open: &[Scope], base: &Url) -> Self {
        let field = scope.name.field();
        let attribute = |name| scope.attribute(name).map(str::to_ascii_lowercase).unwrap_or_default();
        match field {
            Field::Link => {
                let rel = attribute("rel");
                if let Some(href) = scope.attribute("href")
                    && (rel.is_empty() || rel == "alternate")
                    && (entry.link.is_none() || attribute("type").contains("html"))
                {
                    entry.link = draft::resolve(href, scope.base(open, base));
                }
            }
            Field::Answers => entry.answers = scope.attribute("ref").map(str::to_owned),
            // CDF
            Field::Updated => entry.updated = scope.attribute("value").map(str::to_owned),
            _ => {}
        }
        Self {
            field,
            depth: 0,
            decoded: String::new(),
            raw: String::new(),
            has_markup: false,
            kind: attribute("type"),
            mode: attribute("mode"),
            is_link: attribute("ispermalink") != "false",
        }
    }

    fn finish(&mut self, entry: &mut Entry, base: &Url) {
        let text = self.decoded.trim();
        match self.field {
            Field::Title if entry.title.is_empty() => entry.title = self.words(),
            Field::SecondTitle if entry.second_title.is_empty() => entry.second_title = self.words(),
            Field::Summary if entry.summary.is_empty() => entry.summary = self.words(),
            // A second summary (`description` and `summary`) is the longer text.
            Field::Content | Field::Summary if entry.content.is_empty() => entry.content = self.words(),
            Field::Link if !text.is_empty() && entry.link.is_none() => {
                entry.link = draft::resolve(text, base);
            }
            Field::Id if !text.is_empty() && entry.id.is_none() => {
                // Only RSS's guid can be a link, and `resolve` of what is none gives a page of this site.
                if self.is_link && self.kind.is_empty() && entry.link.is_none() && text.starts_with("http") {
                    entry.link = draft::resolve(text, base);
                }
                entry.id = Some(text.to_owned());
            }
            Field::Published if entry.published.is_none() => entry.published = Some(text.to_owned()),
            Field::Updated if !text.is_empty() => entry.updated = Some(text.to_owned()),
            Field::Author if entry.author.is_none() => entry.author = Some(self.person()),
            Field::Comments => entry.comments = draft::count(text),
            _ => {}
        }
    }

    /// The name of a person: Atom's `name`, or all of it.
    fn person(&self) -> String {
        let name = self.decoded.split_once("<name").and_then(|(_, rest)| rest.split_once('>'));
        let name = name.and_then(|(_, rest)| rest.split_once("</name>")).map(|(name, _)| name);
        name.unwrap_or(&self.decoded).trim().to_owned()
    }

    fn words(&self) -> Words {
        let binary = !self.kind.is_empty()
            && !self.kind.starts_with("text")
            && !matches!(&self.kind[..], "html" | "xhtml" | "plain")
            && !self.kind.ends_with("xml");
        if self.mode == "base64" || (binary && !self.has_markup) {
            let packed: String = self.decoded.split_whitespace().collect();
            if let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(packed) {
                return Words::Html(String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        if self.kind != "html"
            && (self.has_markup || self.kind == "xhtml" || self.kind.ends_with("xhtml+xml"))
        {
            // Markup that stands in the feed as such; what is escaped within it is text.
            return Words::Html(self.raw.clone());
        }
        if matches!(&self.kind[..], "text" | "text/plain" | "plain") {
            return Words::Plain(self.decoded.clone());
        }
        Words::Html(self.decoded.clone())
    }
}
