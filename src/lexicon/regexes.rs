//! Regular expressions of dictionary rows: what is allowed, and which literal must stand in a text
//! before one is run at all.
//!
//! The engine is linear in the text. Patterns are bounded besides: 256 characters, 1 MiB compiled,
//! counted repetition to 100, and a literal of at least two characters that every match holds.

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind};

use crate::lexicon::row::Wrong;
use crate::text::normalize::normalized_text;
use crate::text::sentence::is_han;

/// Most patterns in all dictionaries together.
pub(crate) const MAX_PATTERNS: usize = 500;
const MAX_CHARS: usize = 256;
const MAX_BYTES: usize = 1 << 20;
const MAX_REPEAT: u32 = 100;
const MAX_LITERALS: usize = 64;

/// The pattern with its Chinese characters and full-width marks normalised as texts are. Letters
/// stay: `\S` is not `\s`.
pub(crate) fn simplified(pattern: &str) -> String {
    let mut simplified = String::with_capacity(pattern.len());
    for c in pattern.trim().chars() {
        if is_han(c) || matches!(c, '\u{ff01}'..='\u{ff5e}') {
            simplified.push_str(&normalized_text(c.encode_utf8(&mut [0; 4])));
        } else {
            simplified.push(c);
        }
    }
    simplified
}

/// Compiles a pattern that [`check`] has passed.
pub(crate) fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(MAX_BYTES).dfa_size_limit(MAX_BYTES).nest_limit(32).build()
}

/// What is wrong with a pattern.
pub(crate) fn check(pattern: &str) -> Result<(), Wrong> {
    let wrong = |what: String, mend: &str| Err((what, mend.to_owned()));
    if pattern.chars().count() > MAX_CHARS {
        return wrong(format!("the pattern is longer than {MAX_CHARS} characters"), "split it into rows");
    }
    let hir = match parse(pattern) {
        Ok(hir) => hir,
        Err(error) => {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            return wrong(format!("`{pattern}` is no regular expression: {reason}"), "mend the pattern");
        }
    };
    if hir.properties().minimum_len().is_none_or(|least| least == 0) {
        return wrong(format!("`{pattern}` matches the empty text"), "ask for at least one character");
    }
    if repeats_too_often(&hir) {
        return wrong(format!("`{pattern}` repeats more than {MAX_REPEAT} times"), "use a smaller count");
    }
    if compile(pattern).is_err() {
        return wrong(format!("`{pattern}` is too large when compiled"), "make it simpler");
    }
    if literals(pattern).is_empty() {
        return wrong(
            format!("`{pattern}` has no literal of two characters that every match holds"),
            "write one out, or list the words as variants",
        );
    }
    Ok(())
}

/// Literals of which one stands in every match; empty if there are none of two characters or more.
pub(crate) fn literals(pattern: &str) -> Vec<String> {
    parse(pattern).ok().and_then(|hir| required(&hir)).unwrap_or_default()
}

fn parse(pattern: &str) -> Result<Hir, Box<regex_syntax::Error>> {
    regex_syntax::ParserBuilder::new().nest_limit(32).build().parse(pattern).map_err(Box::new)
}

fn required(hir: &Hir) -> Option<Vec<String>> {
    let least = |found: &Vec<String>| found.iter().map(|one| one.chars().count()).min().unwrap_or(0);
    match hir.kind() {
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?.to_owned();
            // Texts are in lower case: a literal that is not can never stand in one.
            (text.chars().nth(1).is_some()).then(|| vec![text])
        }
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min >= 1 => required(&repetition.sub),
        HirKind::Concat(parts) => parts.iter().filter_map(required).max_by_key(least),
        HirKind::Alternation(parts) => {
            let found: Option<Vec<Vec<String>>> = parts.iter().map(required).collect();
            found.map(|found| found.concat()).filter(|all| all.len() <= MAX_LITERALS)
        }
        HirKind::Repetition(_) | HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => None,
    }
}

fn repeats_too_often(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            let often = repetition.min > MAX_REPEAT || repetition.max.is_some_and(|max| max > MAX_REPEAT);
            often || repeats_too_often(&repetition.sub)
        }
        HirKind::Capture(capture) => repeats_too_often(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(repeats_too_often),
        HirKind::Literal(_) | HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_stand_in_every_match() {
        for (pattern, expected) in [
            ("停水[0-9]+天", "停水"),
            ("(停水|断电)[一二三]天", "停水|断电"),
            ("[0-9]+人(受伤|死亡)?送医院", "送医院"),
            ("(着火了)+", "着火了"),
            ("水?电", ""),
            ("[停断]水", ""),
            ("停水|水", ""),
        ] {
            assert_eq!(literals(pattern).join("|"), expected, "{pattern}");
        }
    }

    #[test]
    fn dangerous_patterns_are_refused() {
        for (pattern, expected) in [
            ("(停水", "no regular expression"),
            (r"\1停水", "no regular expression"),
            ("(停水)*", "matches the empty text"),
            ("停水{101}", "repeats more than"),
            ("停水\\pL{100}{100}", "too large"),
            ("[0-9]+", "no literal"),
            (&"停".repeat(257), "longer than"),
        ] {
            let (what, mend) = check(pattern).expect_err(pattern);
            assert!(what.contains(expected), "{pattern}: {what}");
            assert!(!mend.is_empty());
        }
        assert_eq!(check("停水[0-9]{1,3}天"), Ok(()));
    }

    #[test]
    fn patterns_are_normalised_but_not_their_classes() {
        assert_eq!(simplified(r" 停電\S＋ABC "), r"停电\S+ABC");
    }
}
