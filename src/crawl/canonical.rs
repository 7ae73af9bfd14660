//! Decides when two addresses mean the same document.
//!
//! The canonical form is what identities are made of, so it errs on the side of keeping addresses
//! apart: only what never changes the document is taken away (fragment, default port, tracking
//! parameters, spelling of escapes). The order of parameters is kept, `http` is not `https`, and a
//! mobile host is not the desktop one.

use std::borrow::Cow;

use url::Url;

/// Parameters that tell where a reader came from, not which document is meant. A trailing `*` stands
/// for any ending.
const TRACKING: [&str; 28] = [
    "utm_*",
    "mtm_*",
    "pk_campaign",
    "pk_kwd",
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "fbclid",
    "msclkid",
    "yclid",
    "twclid",
    "ttclid",
    "igshid",
    "mc_cid",
    "mc_eid",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "spm",
    "scm",
    "share_token",
    "share_source",
    "share_medium",
    "vd_source",
    "spm_id_from",
];

/// The canonical form of an address. `ignored` are the parameters that its source says mean nothing.
pub fn canonical(url: &Url, ignored: &[String]) -> Url {
    let mut plain = url.clone();
    // A "hashbang" is part of the address on sites that draw their pages by script.
    if !plain.fragment().is_some_and(|fragment| fragment.starts_with('!')) {
        plain.set_fragment(None);
    }
    // Cannot fail for http and https; other schemes have neither and are left alone.
    if plain.set_username("").and(plain.set_password(None)).is_err() {
        return plain;
    }
    let path = escapes_settled(plain.path()).into_owned();
    plain.set_path(&path);
    let query = plain.query().map(|query| {
        let kept = query.split('&').filter(|pair| !pair.is_empty() && means_something(pair, ignored));
        kept.map(escapes_settled).collect::<Vec<_>>().join("&")
    });
    plain.set_query(query.as_deref().filter(|query| !query.is_empty()));
    plain
}

fn means_something(pair: &str, ignored: &[String]) -> bool {
    let name = pair.split('=').next().unwrap_or(pair);
    let name = escapes_settled(name);
    let tracking = TRACKING.iter().any(|known| match known.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == *known,
    });
    !tracking && !ignored.iter().any(|known| *known == name)
}

/// Escapes of characters that need none are undone, the others get capital digits (RFC 3986, 6.2.2).
fn escapes_settled(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut settled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        settled.push_str(&rest[..at]);
        let from = bytes.len() - rest.len() + at;
        let byte = match bytes.get(from + 1..from + 3) {
            Some([high, low]) => hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low),
            Some(_) | None => None,
        };
        match byte {
            Some(byte) if needs_no_escape(byte) && !ends_in_a_lonely_escape(&settled) => {
                settled.push(char::from(byte));
            }
            Some(_) => settled.push_str(&rest[at..at + 3].to_ascii_uppercase()),
            None => settled.push('%'),
        }
        rest = &rest[at + if byte.is_some() { 3 } else { 1 }..];
    }
    settled.push_str(rest);
    Cow::Owned(settled)
}

fn needs_no_escape(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Whether a per cent sign that begins no escape stands at the end: what is undone behind it could make it one.
fn ends_in_a_lonely_escape(text: &str) -> bool {
    let mut from_end = text.bytes().rev();
    match (from_end.next(), from_end.next()) {
        (Some(b'%'), _) => true,
        (Some(digit), Some(b'%')) => hex(digit).is_some(),
        _ => false,
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn settled(text: &str) -> String {
        canonical(&Url::parse(text).unwrap(), &["sessionid".into()]).to_string()
    }

    #[test]
    fn what_never_changes_the_document_is_taken_away_and_nothing_else() {
        for (written, canonical) in [
            ("HTTP://News.Example:80/a/../b?#x", "http://news.example/b"),
            ("https://u:p@news.example/", "https://news.example/"),
            ("http://news.example/%7eu/%e5%81%9c%2f", "http://news.example/~u/%E5%81%9C%2F"),
            ("http://news.example/p?utm_source=a&id=3&spm=1.2&gclid=x", "http://news.example/p?id=3"),
            ("http://news.example/p?sessionid=7&id=3", "http://news.example/p?id=3"),
            ("http://news.example/p?session%69d=7", "http://news.example/p"),
            ("http://news.example/p?q=a+b", "http://news.example/p?q=a+b"),
            ("http://news.example/p?q=a%2bb", "http://news.example/p?q=a%2Bb"),
            ("http://news.example/p?b=1&a=2", "http://news.example/p?b=1&a=2"),
            ("http://news.example/#!/thread/7", "http://news.example/#!/thread/7"),
            ("http://news.example/100%", "http://news.example/100%"),
            ("http://news.example/p?%4%31", "http://news.example/p?%4%31"),
            ("http://news.example/p?%%411", "http://news.example/p?%%411"),
            ("http://m.news.example/a", "http://m.news.example/a"),
        ] {
            assert_eq!(settled(written), canonical, "{written}");
        }
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_its_own(path in "\\PC{0,40}", query in "[a-z%0-9=&+é]{0,40}") {
            if let Ok(url) = Url::parse(&format!("http://news.example/{path}?{query}")) {
                let once = canonical(&url, &[]);
                prop_assert_eq!(&canonical(&once, &[]), &once);
                let reread = Url::parse(once.as_str());
                prop_assert_eq!(reread.as_ref(), Ok(&once));
            }
        }
    }
}
