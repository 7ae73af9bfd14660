//! Markup to the text a reader sees.
//!
//! Blocks and `<br>` become line feeds; scripts, styles, comments, hidden parts and the readings of ruby
//! are left out; entities are decoded by the HTML parser. What comes out is text: nothing in it is markup
//! any more, even if it looks like it.
//!
//! Always holds: no recursion, at most [`NODES`] nodes are read, nesting is flattened below [`DEPTH`] before
//! the parser sees it (promise P1), and the text is not much longer than a post may be.

use std::borrow::Cow;

use scraper::{ElementRef, Html, Node};

use super::post::TEXT_LIMIT;

/// Most elements of a document that are parsed (promise P1).
const NODES: usize = 200_000;
/// Deepest nesting that is kept (promise P1).
const DEPTH: usize = 256;
/// Longest tag that is kept: room for an inlined image, not for a hundred thousand attributes.
const TAG: usize = 64 * 1024;
/// Most attributes of one element (promise P1).
const ATTRIBUTES: usize = 1000;

/// The text of a piece of HTML, as feeds carry it.
pub(super) fn html_to_text(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return tidy(html);
    }
    let html = Html::parse_fragment(&bounded(html));
    element_text(html.root_element(), &|_| false)
}

/// The text of an element, without the parts for which `skip` is true.
pub(super) fn element_text(element: ElementRef<'_>, skip: &dyn Fn(ElementRef<'_>) -> bool) -> String {
    let mut out = Lines::default();
    let mut node = *element;
    loop {
        let mut descend = true;
        match node.value() {
            Node::Text(text) => out.push(text),
            Node::Element(tag) if node != *element || tag.name() != "html" => {
                let inner = ElementRef::wrap(node).filter(|_| node != *element);
                if is_unseen(tag) || inner.is_some_and(skip) {
                    descend = false;
                } else if tag.name() == "br" || is_block(tag.name()) {
                    out.end_line();
                }
            }
            _ => {}
        }
        if out.text.len() > TEXT_LIMIT * 2 {
            return out.finish();
        }
        // Onwards in document order, without leaving the element.
        let child = if descend { node.first_child() } else { None };
        if let Some(child) = child {
            node = child;
            continue;
        }
        loop {
            if node == *element {
                return out.finish();
            }
            if node.value().as_element().is_some_and(|tag| is_block(tag.name())) {
                out.end_line();
            }
            if let Some(next) = node.next_sibling() {
                node = next;
                break;
            }
            match node.parent() {
                Some(parent) => node = parent,
                None => return out.finish(),
            }
        }
    }
}

/// Text that is no markup: controls dropped, spaces and empty lines collapsed.
pub(super) fn tidy(text: &str) -> String {
    let mut out = Lines::default();
    for line in text.lines() {
        out.push(line);
        out.end_line();
    }
    out.finish()
}

/// The same in one line, for titles and names.
pub(super) fn one_line(text: &str) -> String {
    tidy(text).replace('\n', " ")
}

/// Lines being gathered: no space at either end, none doubled, no empty line.
#[derive(Default)]
struct Lines {
    text: String,
    /// What must come before the next visible character.
    gap: Option<char>,
}

impl Lines {
    fn push(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                ' ' | '\t' | '\n' | '\r' | '\u{c}' | '\u{a0}' | '\u{3000}' => self.wants(' '),
                '\u{feff}' => {}
                c if c.is_control() => {}
                c => {
                    if let Some(gap) = self.gap.take()
                        && !self.text.is_empty()
                    {
                        self.text.push(gap);
                    }
                    self.text.push(c);
                }
            }
        }
    }

    fn end_line(&mut self) {
        self.wants('\n');
    }

    fn wants(&mut self, gap: char) {
        if self.gap != Some('\n') {
            self.gap = Some(gap);
        }
    }

    fn finish(self) -> String {
        self.text
    }
}

fn is_unseen(tag: &scraper::node::Element) -> bool {
    matches!(
        tag.name(),
        "script"
            | "style"
            | "template"
            | "head"
            | "iframe"
            | "object"
            | "svg"
            | "math"
            | "select"
            | "rt"
            | "rp"
            | "title"
    ) || tag.attr("hidden").is_some()
        || tag.attr("style").is_some_and(hides)
}

fn hides(style: &str) -> bool {
    let style: String = style.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    style.contains("display:none") || style.contains("visibility:hidden")
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "dialog"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "frameset"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hr"
            | "li"
            | "listing"
            | "main"
            | "nav"
            | "ol"
            | "option"
            | "p"
            | "plaintext"
            | "pre"
            | "section"
            | "summary"
            | "table"
            | "tbody"
            | "td"
            | "textarea"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "ul"
            | "xmp"
    )
}

/// A page or fragment the parser can take in bounded time: unchanged, unless it goes beyond a bound; then
/// without the tags that do, their text kept. `<noscript>` and `<plaintext>` go too: the parser, which takes
/// us for a browser with scripts, would give their content as one unparsed text.
pub(super) fn bounded(html: &str) -> Cow<'_, str> {
    if within_bounds(html) { Cow::Borrowed(html) } else { Cow::Owned(flatten(html)) }
}

fn within_bounds(html: &str) -> bool {
    let (mut depth, mut nodes) = (0usize, 0usize);
    for tag in Tags(html) {
        nodes += 1;
        match tag.nesting() {
            Nesting::Opens => depth += 1,
            Nesting::Closes => depth = depth.saturating_sub(1),
            Nesting::Stays => {}
        }
        if depth > DEPTH || nodes > NODES || tag.is_oversized() || tag.hides_markup() {
            return false;
        }
    }
    true
}

fn flatten(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let (mut depth, mut dropped, mut nodes, mut copied) = (0usize, 0usize, 0usize, 0usize);
    for tag in Tags(html) {
        nodes += 1;
        let keep = match tag.nesting() {
            _ if tag.hides_markup() => false,
            Nesting::Opens if depth >= DEPTH || tag.is_oversized() => {
                dropped += 1;
                false
            }
            Nesting::Opens => {
                depth += 1;
                true
            }
            Nesting::Closes if dropped > 0 => {
                dropped -= 1;
                false
            }
            Nesting::Closes => {
                depth = depth.saturating_sub(1);
                true
            }
            Nesting::Stays => !tag.is_oversized(),
        };
        let start = html.len() - tag.rest.len();
        if nodes > NODES {
            out.push_str(&html[copied..start]);
            return out;
        }
        if !keep {
            out.push_str(&html[copied..start]);
            copied = start + tag.len;
        }
    }
    out.push_str(&html[copied..]);
    out
}

/// The tags of a document, told by their angle brackets alone: a bound needs no more.
struct Tags<'a>(&'a str);

struct Tag<'a> {
    /// The document from the tag's `<` on.
    rest: &'a str,
    /// The tag's length, brackets included.
    len: usize,
}

enum Nesting {
    Opens,
    Closes,
    Stays,
}

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        let bytes = self.0.as_bytes();
        let starts = |pair: &[u8]| pair[0] == b'<' && (pair[1].is_ascii_alphabetic() || pair[1] == b'/');
        let start = bytes.windows(2).position(starts)?;
        let rest = &self.0[start..];
        let len = rest.find('>').map_or(rest.len(), |end| end + 1);
        self.0 = &rest[len..];
        Some(Tag { rest, len })
    }
}

impl Tag<'_> {
    fn nesting(&self) -> Nesting {
        let tag = &self.rest[..self.len];
        if tag.starts_with("</") {
            return Nesting::Closes;
        }
        let name = self.name();
        // Void elements, and those that the next of their kind closes.
        let stays = matches!(
            &name[..],
            "area"
                | "base"
                | "br"
                | "col"
                | "embed"
                | "hr"
                | "img"
                | "input"
                | "link"
                | "meta"
                | "param"
                | "source"
                | "track"
                | "wbr"
                | "p"
                | "li"
                | "dt"
                | "dd"
                | "option"
                | "tr"
                | "td"
                | "th"
                | "tbody"
                | "thead"
        );
        if stays || tag.ends_with("/>") { Nesting::Stays } else { Nesting::Opens }
    }

    fn name(&self) -> String {
        let name =
            self.rest.trim_start_matches(['<', '/']).split(|c: char| !c.is_ascii_alphanumeric()).next();
        name.unwrap_or_default().to_ascii_lowercase()
    }

    fn hides_markup(&self) -> bool {
        matches!(&self.name()[..], "noscript" | "plaintext")
    }

    fn is_oversized(&self) -> bool {
        self.len > TAG || self.rest[..self.len].bytes().filter(|b| *b == b'=').count() > ATTRIBUTES
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markup_becomes_the_text_a_reader_sees() {
        for (html, text) in [
            ("停水", "停水"),
            ("<p>停水</p><p>通知</p>", "停水\n通知"),
            ("停水<br>通知<br/><br/>一", "停水\n通知\n一"),
            ("  停 水 \n\n 通&nbsp;知  ", "停 水 通 知"),
            ("<b>停</b>水 &lt;b&gt; &amp;amp;", "停水 <b> &amp;"),
            ("<script>x</script>停<style>y</style>水<!-- z -->", "停水"),
            ("<p style='DISPLAY : none'>隐</p><p hidden>隐</p>停水", "停水"),
            ("<noscript>停水</noscript>", "停水"),
            ("<NOSCRIPT class=x><img src=a><p>停水</NOSCRIPT>", "停水"),
            ("<ruby>停<rt>ting</rt>水<rt>shui</rt></ruby>", "停水"),
            ("停\0水\u{1b}[31m", "停水[31m"),
            ("<ul><li>一</li><li>二</li></ul>三", "一\n二\n三"),
            ("a < b & c", "a < b & c"),
        ] {
            assert_eq!(html_to_text(html), text, "{html}");
        }
    }

    #[test]
    fn a_page_beyond_the_bounds_keeps_its_text() {
        let deep = format!("{}停水{}", "<div>".repeat(50_000), "</div>".repeat(50_000));
        assert_eq!(html_to_text(&deep), "停水");
        let wide = format!("<p {}>停水</p>", "a=1 ".repeat(100_000));
        assert_eq!(html_to_text(&wide), "停水");
        let many = html_to_text(&"<i>停</i>".repeat(NODES));
        assert!(many.len() > TEXT_LIMIT && many.len() < TEXT_LIMIT * 3);
    }

    proptest! {
        #[test]
        fn no_markup_makes_it_panic(html in "(<[a-z]{1,3}|</[a-z]{1,3}>|[<>&/!\"'= -]|停水|.){0,60}") {
            let text = html_to_text(&html);
            prop_assert!(text.len() <= html.len() * 3);
            prop_assert_eq!(tidy(&text), text);
        }

        #[test]
        fn flattening_keeps_what_is_within_bounds(html in "(<(div|b|p)>|</(div|b|p)>|停|x){0,60}") {
            prop_assert_eq!(flatten(&html), html);
        }
    }
}
