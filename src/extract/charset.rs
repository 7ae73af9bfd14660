//! Bytes to characters, by the rules of the web and with its habits in mind.
//!
//! In order: a byte order mark; the charset of the `Content-Type` header; what the document declares of
//! itself (`<meta charset>`, `<?xml encoding>`); detection. A label that the bytes contradict loses: valid
//! UTF-8 beyond ASCII is UTF-8 whatever the header says, and the server's default `iso-8859-1` says nothing.
//! GB2312, GBK and GB18030 are one encoding here, as in browsers.
//!
//! Always holds: any bytes give text (what cannot be decoded becomes U+FFFD), UTF-7 and HZ are never used.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::crawl::RawDocument;

/// How far into a document a declaration is looked for. Browsers stop at 1,024 bytes, but Chinese portals
/// are known to put the `meta` behind their scripts.
const DECLARATION_WITHIN: usize = 8 * 1024;

/// How much is given to detection: enough to be sure, cheap for the largest page.
const DETECTION_WITHIN: usize = 64 * 1024;

/// The language a document is written in, which decides where it may declare its encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// `<meta charset>` or `<meta http-equiv>`.
    Html,
    /// `<?xml … encoding="…"?>`; UTF-8 if it says nothing.
    Xml,
    /// UTF-8 unless the header says otherwise.
    Json,
}

/// The document's body as text, without a byte order mark.
pub(super) fn decode(document: &RawDocument, syntax: Syntax) -> Cow<'_, str> {
    let bytes = &document.body[..];
    let encoding = encoding_of(bytes, document, syntax);
    encoding.decode(bytes).0
}

fn encoding_of(bytes: &[u8], document: &RawDocument, syntax: Syntax) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    // The commonest case first, and the safest: text of other encodings does not happen to be UTF-8.
    if !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok() {
        return UTF_8;
    }
    let header = document.headers.get("content-type").and_then(|value| label_in_header(value));
    let declared = match syntax {
        Syntax::Html => declared_in_html(bytes),
        Syntax::Xml => declared_in_xml(bytes),
        Syntax::Json => None,
    };
    let said: Vec<_> = [header, declared].into_iter().flatten().filter(|e| *e != WINDOWS_1252).collect();
    // A label that fits every byte wins over an earlier one that does not.
    if let Some(fits) = said.iter().find(|e| fits(e, bytes)) {
        return fits;
    }
    match said.first() {
        Some(first) => first,
        None if bytes.is_ascii() => UTF_8,
        None => detect(bytes, document),
    }
}

fn fits(encoding: &'static Encoding, bytes: &[u8]) -> bool {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).is_some()
}

/// An encoding's label. `utf-7` and `hz-gb-2312` are no labels here.
fn for_label(label: &[u8]) -> Option<&'static Encoding> {
    Encoding::for_label_no_replacement(label)
}

fn label_in_header(content_type: &str) -> Option<&'static Encoding> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        name.trim().eq_ignore_ascii_case("charset").then(|| for_label(value.as_bytes())).flatten()
    })
}

/// A declaration that could be read byte by byte cannot be UTF-16, whatever it says.
fn as_read(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == UTF_16BE || encoding == UTF_16LE { UTF_8 } else { encoding }
}

fn declared_in_html(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes[..bytes.len().min(DECLARATION_WITHIN)].to_ascii_lowercase();
    let mut rest = &head[..];
    while let Some(at) = rest.iter().position(|b| *b == b'<') {
        rest = &rest[at..];
        if rest.starts_with(b"<!--") {
            rest = after(rest, b"-->")?;
        } else if rest.starts_with(b"<meta") {
            let end = rest.iter().position(|b| *b == b'>').unwrap_or(rest.len());
            if let Some(encoding) = label_after(&rest[..end], b"charset") {
                return Some(as_read(encoding));
            }
            rest = &rest[end..];
        } else {
            rest = &rest[1..];
        }
    }
    // A feed served as a page, or a page in XML.
    declared_in_xml(bytes)
}

fn declared_in_xml(bytes: &[u8]) -> Option<&'static Encoding> {
    if bytes.starts_with(b"<\0?\0") {
        return Some(UTF_16LE);
    }
    if bytes.starts_with(b"\0<\0?") {
        return Some(UTF_16BE);
    }
    let start = bytes.iter().position(|b| !b.is_ascii_whitespace())?;
    let head = &bytes[start..bytes.len().min(start + 1024)];
    let head = head.strip_prefix(b"<?xml")?;
    let end = head.iter().position(|b| *b == b'>').unwrap_or(head.len());
    label_after(&head[..end].to_ascii_lowercase(), b"encoding").map(as_read)
}

/// The label in `name = "label"`, quotes optional.
fn label_after(text: &[u8], name: &[u8]) -> Option<&'static Encoding> {
    let value = after(text, name)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let value = value.strip_prefix(b"\"").or(value.strip_prefix(b"'")).unwrap_or(value);
    let end = value.iter().position(|b| matches!(b, b'"' | b'\'' | b';' | b'/' | b' ' | b'?'));
    for_label(&value[..end.unwrap_or(value.len())])
}

fn after<'a>(text: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    let at = text.windows(mark.len()).position(|window| window == mark)?;
    Some(&text[at + mark.len()..])
}

fn detect(bytes: &[u8], document: &RawDocument) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let part = &bytes[..bytes.len().min(DETECTION_WITHIN)];
    detector.feed(part, part.len() == bytes.len());
    let domain = document.url.domain().and_then(|host| host.rsplit('.').next());
    // The detector panics on anything else.
    let domain = domain
        .filter(|label| label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
    let guess = detector.guess(domain.map(str::as_bytes), Utf8Detection::Allow);
    // Greek, Cyrillic and Latin guesses are made from a few stray bytes. On the sites read here, bytes that
    // are wholly legal GBK are Chinese unless the guess is another language of the region.
    let regional = [encoding_rs::BIG5, encoding_rs::SHIFT_JIS, encoding_rs::EUC_JP, encoding_rs::EUC_KR];
    if !regional.contains(&guess) && guess != UTF_8 && fits(encoding_rs::GBK, bytes) {
        return encoding_rs::GBK;
    }
    guess
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::extract::fixture;

    const CHINESE: &str = "自来水公司：今晚停水，市民热线已受理。具体恢复时间另行通知，请居民提前储水。";

    fn page(content_type: &str, head: &str, encoding: &'static Encoding) -> RawDocument {
        let body = format!("<html><head>{head}</head><body>{CHINESE}</body></html>");
        let mut document = fixture::document("http://town.example/", &encoding.encode(&body).0);
        document.headers.insert("content-type".into(), content_type.into());
        document
    }

    #[test]
    fn the_encoding_is_found_where_the_web_puts_it() {
        let gbk = encoding_rs::GBK;
        for (name, content_type, head, encoding) in [
            ("header", "text/html; charset=GBK", "", gbk),
            ("quoted header", "text/html; x=1; Charset=\"gb2312\"", "", gbk),
            ("meta", "text/html", "<META charset='GB2312'>", gbk),
            (
                "meta http-equiv",
                "text/html",
                "<meta http-equiv=Content-Type content='text/html; charset=gb18030'>",
                gbk,
            ),
            ("meta in a comment", "text/html", "<!-- <meta charset=shift_jis> --><meta charset=gbk>", gbk),
            ("nothing said", "text/html", "", gbk),
            ("latin-1 said", "text/html; charset=ISO-8859-1", "", gbk),
            ("utf-8 said, bytes and meta GBK", "text/html; charset=utf-8", "<meta charset=gbk>", gbk),
            ("gbk said, bytes UTF-8", "text/html; charset=gbk", "", UTF_8),
            ("meta says utf-16", "text/html", "<meta charset=utf-16>", UTF_8),
            ("hz said", "text/html; charset=hz-gb-2312", "", gbk),
            ("big5", "text/html; charset=big5", "", gbk),
        ] {
            let document = page(content_type, head, encoding);
            let text = decode(&document, Syntax::Html);
            // Simplified characters are not in Big5: that row shows that a header is followed, right or wrong.
            assert_eq!(text.contains(CHINESE), name != "big5", "{name}: {text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_text(bytes in prop::collection::vec(any::<u8>(), 0..2000), label in "[a-z0-9-]{0,12}") {
            let mut document = fixture::document("http://town.example/", &bytes);
            document.headers.insert("content-type".into(), format!("text/html; charset={label}"));
            for syntax in [Syntax::Html, Syntax::Xml, Syntax::Json] {
                prop_assert!(decode(&document, syntax).len() <= bytes.len() * 3 + 3);
            }
        }
    }
}
