//! What a site's robots.txt lets us ask (RFC 9309), and for how long that is known.
//!
//! [`Rules`] reads one file for our product token; [`RobotsCache`] keeps what each origin said and for how
//! long: a readable file a day at most, "no rules" (4xx) likewise; a server that fails or does not
//! answer means hands off, asked again after an hour, and only after 30 days of that as if it had no
//! rules. Fetching is the caller's: [`RobotsCache::verdict`] says when it is due.
//!
//! Percent-escapes are compared as they are written, letters of escapes apart: that is how the reference
//! implementation reads the standard.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::{Position, Url};

use super::origin::Origin;
use crate::outward::PRODUCT;

/// Most bytes of a robots.txt that are read.
pub const SIZE_LIMIT: usize = 500 * 1024;
/// Longest `Crawl-delay` that is kept.
pub const LONGEST_DELAY: Duration = Duration::from_mins(1);

const KEPT: Duration = Duration::from_hours(24);
const UNREACHABLE_KEPT: Duration = Duration::from_hours(1);
const UNREACHABLE_AS_ABSENT: Duration = Duration::from_hours(720);
const MOST_ORIGINS: usize = 4096;

/// The rules of one robots.txt for one product token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    rules: Vec<Rule>,
    delay: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Rule {
    allows: bool,
    pattern: String,
}

enum Line<'a> {
    Agent(&'a str),
    Rule { allows: bool, pattern: &'a str },
    Delay(&'a str),
}

impl Rules {
    /// Reads a file for `token`; what cannot be read is passed over, as the standard wants.
    pub fn parse(body: &[u8], token: &str) -> Self {
        let body = &body[..body.len().min(SIZE_LIMIT)];
        let text = String::from_utf8_lossy(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body));
        let lines: Vec<Line<'_>> = text.split(['\n', '\r', '\0']).filter_map(line).collect();
        let named = Self::group(&lines, |agent| product(agent).eq_ignore_ascii_case(token));
        named.or_else(|| Self::group(&lines, |agent| product(agent) == "*")).unwrap_or_default()
    }

    /// All groups that speak to an agent, as one; `None` if none does.
    fn group(lines: &[Line<'_>], speaks_to: impl Fn(&str) -> bool) -> Option<Self> {
        let mut found = None;
        let mut meant = false;
        let mut naming = false;
        for line in lines {
            match line {
                Line::Agent(agent) => {
                    // A run of agents shares the rules that follow it.
                    meant = speaks_to(agent) || (naming && meant);
                    naming = true;
                    if meant {
                        found.get_or_insert_with(Self::default);
                    }
                    continue;
                }
                Line::Rule { allows, pattern } => {
                    if let (true, Some(rules)) = (meant, &mut found) {
                        rules.add(*allows, pattern);
                    }
                }
                Line::Delay(seconds) => {
                    if let (true, Some(rules)) = (meant, &mut found) {
                        rules.delay = rules.delay.max(delay(seconds));
                    }
                }
            }
            naming = false;
        }
        found
    }

    fn add(&mut self, allows: bool, pattern: &str) {
        // An empty rule says nothing.
        if pattern.is_empty() {
            return;
        }
        let pattern = escaped(pattern);
        // `/dir/index.html` speaks of `/dir/` too.
        let index = pattern.rfind('/').filter(|at| allows && pattern[at + 1..].starts_with("index.htm"));
        if let Some(at) = index {
            self.rules.push(Rule { allows, pattern: format!("{}$", &pattern[..=at]) });
        }
        self.rules.push(Rule { allows, pattern });
    }

    /// Whether a path with its query (`/a?b`) may be asked: the longest pattern decides, "allow" on a tie.
    pub fn allows(&self, path: &str) -> bool {
        let path = if path.is_empty() { "/" } else { path };
        if path == "/robots.txt" {
            return true;
        }
        let path = capital_escapes(path);
        let matching = self.rules.iter().filter(|rule| matches(&rule.pattern, &path));
        matching.max_by_key(|rule| (rule.pattern.len(), rule.allows)).is_none_or(|rule| rule.allows)
    }

    /// The pause the site asks for between two requests, at most [`LONGEST_DELAY`].
    pub fn delay(&self) -> Option<Duration> {
        self.delay
    }
}

/// `key: value` without comment; also `key value`, which the reference implementation reads too.
fn line(text: &str) -> Option<Line<'_>> {
    let text = text.split('#').next().unwrap_or(text).trim();
    let (key, value) = text.split_once(':').or_else(|| text.split_once([' ', '\t']))?;
    let (key, value) = (key.trim(), value.trim());
    match key.to_ascii_lowercase().as_str() {
        "user-agent" | "useragent" | "user agent" => Some(Line::Agent(value)),
        "allow" => Some(Line::Rule { allows: true, pattern: value }),
        "disallow" | "dissallow" | "dissalow" | "disalow" | "diasllow" | "disallaw" => {
            Some(Line::Rule { allows: false, pattern: value })
        }
        "crawl-delay" | "crawldelay" => Some(Line::Delay(value)),
        _ => None,
    }
}

/// The product token at the beginning of a `User-agent` value.
fn product(agent: &str) -> &str {
    if agent == "*" || agent.starts_with("* ") {
        return "*";
    }
    let end = agent.find(|c: char| !c.is_ascii_alphabetic() && c != '-' && c != '_').unwrap_or(agent.len());
    &agent[..end]
}

fn delay(seconds: &str) -> Option<Duration> {
    let seconds: f64 = seconds.parse().ok()?;
    (seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(LONGEST_DELAY.as_secs_f64())))
}

/// A pattern as an address on the wire would be written: non-ASCII escaped, escapes in capitals.
fn escaped(pattern: &str) -> String {
    let mut written = String::with_capacity(pattern.len());
    for c in pattern.chars() {
        if c.is_ascii() && !c.is_ascii_control() {
            written.push(c);
        } else {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                let digit = |nibble: u8| char::from(b"0123456789ABCDEF"[usize::from(nibble)]);
                written.extend(['%', digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
    capital_escapes(&written)
}

fn capital_escapes(text: &str) -> String {
    let mut digits = 0;
    text.chars()
        .map(|c| match c {
            '%' => {
                digits = 2;
                c
            }
            _ if digits > 0 => {
                digits -= 1;
                c.to_ascii_uppercase()
            }
            _ => c,
        })
        .collect()
}

/// Whether a path begins with the pattern; `*` is any run, a `$` at the end the end of the path. Takes
/// time in proportion to pattern times path, whatever the pattern.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, to_the_end) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return !to_the_end || rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    if to_the_end { rest.ends_with(last) } else { rest.contains(last) }
}

/// What came of asking an origin for its robots.txt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RobotsAnswer {
    /// A file, read for us.
    Rules(Rules),
    /// 4xx, or more redirects than are followed: there are no rules.
    Absent,
    /// 5xx, 429 or no answer: hands off.
    Unreachable,
}

impl RobotsAnswer {
    /// Reads status and body of the final answer.
    pub fn of(status: u16, body: &[u8]) -> Self {
        match status {
            200..=299 => Self::Rules(Rules::parse(body, PRODUCT)),
            // "Too many requests" is a server that cannot, not one that has no file.
            429 => Self::Unreachable,
            300..=499 => Self::Absent,
            _ => Self::Unreachable,
        }
    }
}

/// Whether an address may be asked, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes, with at least this pause between requests if one is named.
    Allowed {
        /// The site's own wish.
        delay: Option<Duration>,
    },
    /// The site does not want this address to be read.
    Disallowed,
    /// The site cannot say at present, so no; ask again at the time given.
    HandsOff {
        /// When its robots.txt is due again.
        until: Timestamp,
    },
    /// robots.txt must be fetched first.
    Ask,
}

/// What is known of one origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    answer: RobotsAnswer,
    asked_at: Timestamp,
    /// Since when the origin has not been answering, if it is not.
    silent_since: Option<Timestamp>,
}

/// What each origin said, as long as it may be relied on. Serialisable, so that "silent for 30 days"
/// survives restarts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RobotsCache {
    origins: BTreeMap<Origin, Known>,
}

impl RobotsCache {
    /// Whether `url` may be asked.
    pub fn verdict(&self, url: &Url, now: Timestamp) -> Verdict {
        let Some(known) = self.origins.get(&Origin::of(url)) else { return Verdict::Ask };
        let kept = if known.answer == RobotsAnswer::Unreachable { UNREACHABLE_KEPT } else { KEPT };
        let until = known.asked_at.saturating_add(kept).unwrap_or(Timestamp::MAX);
        // A copy from the future means that the clock was set back.
        if until <= now || known.asked_at > now {
            return Verdict::Ask;
        }
        match &known.answer {
            RobotsAnswer::Rules(rules) if rules.allows(&url[Position::BeforePath..Position::AfterQuery]) => {
                Verdict::Allowed { delay: rules.delay() }
            }
            RobotsAnswer::Rules(_) => Verdict::Disallowed,
            RobotsAnswer::Absent => Verdict::Allowed { delay: None },
            RobotsAnswer::Unreachable => {
                let silent = known.silent_since.map_or(Duration::ZERO, |since| elapsed(since, now));
                if silent >= UNREACHABLE_AS_ABSENT {
                    Verdict::Allowed { delay: None }
                } else {
                    Verdict::HandsOff { until }
                }
            }
        }
    }

    /// Keeps what an origin answered.
    pub fn learn(&mut self, origin: Origin, answer: RobotsAnswer, now: Timestamp) {
        let before = self.origins.get(&origin).and_then(|known| known.silent_since);
        let silent_since = (answer == RobotsAnswer::Unreachable).then(|| before.unwrap_or(now));
        if self.origins.len() >= MOST_ORIGINS && !self.origins.contains_key(&origin) {
            let oldest = self.origins.iter().min_by_key(|(_, known)| known.asked_at);
            if let Some(oldest) = oldest.map(|(origin, _)| origin.clone()) {
                self.origins.remove(&oldest);
            }
        }
        self.origins.insert(origin, Known { answer, asked_at: now, silent_since });
    }
}

fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_772_352_000 + hours * 3600).unwrap()
    }

    #[test]
    fn groups_patterns_and_delays_are_read_by_the_standard() {
        let file = "\u{feff}Crawl-delay: 9\nUser-agent: other\nUser-agent: Minsheng/1.0 (+x)\nDisallow: /private\n\
                    Allow: /private/open$\nDisallow: /*.php$\nCrawl-delay: 3.5\nSitemap: /s\n\n\
                    User-agent: *\nDisallow: /\nUser-agent: minsheng\nDisallow: /中文\nCrawl-delay: 600";
        let rules = Rules::parse(file.as_bytes(), PRODUCT);
        for (path, allowed) in [
            ("/", true),
            ("/private/x", false),
            ("/private/open", true),
            ("/private/opened", false),
            ("/a.php", false),
            ("/a.php?x", true),
            ("/%e4%b8%AD%E6%96%87/1", false),
            ("/robots.txt", true),
        ] {
            assert_eq!(rules.allows(path), allowed, "{path}");
        }
        assert_eq!(rules.delay(), Some(LONGEST_DELAY), "the longer one of two, at most a minute");
        assert!(Rules::parse(b"Disallow: /", PRODUCT).allows("/x"), "a rule without an agent speaks to none");
        assert!(!Rules::parse(b"User-agent: *\rDisallow: /", PRODUCT).allows("/x"), "lines may end in CR");
        assert!(Rules::parse(b"\x00\xff\xfe<html>", PRODUCT).allows("/x"));
    }

    #[test]
    fn only_the_first_500_kib_are_read() {
        let mut file = b"User-agent: *\n".to_vec();
        file.resize(SIZE_LIMIT, b'#');
        file.extend_from_slice(b"\nDisallow: /\n");
        assert!(Rules::parse(&file, PRODUCT).allows("/x"));
    }

    #[test]
    fn what_is_known_ages() {
        let url = Url::parse("http://forum.example:8080/t/1?p=2").unwrap();
        let mut cache = RobotsCache::default();
        assert_eq!(cache.verdict(&url, at(0)), Verdict::Ask);
        let rules = RobotsAnswer::of(200, b"User-agent: *\nDisallow: /t/1?p");
        cache.learn(Origin::of(&url), rules, at(0));
        assert_eq!(cache.verdict(&url, at(23)), Verdict::Disallowed);
        assert_eq!(cache.verdict(&url, at(24)), Verdict::Ask);
        assert_eq!(cache.verdict(&url, at(-1)), Verdict::Ask, "the clock was set back");
        let other = Url::parse("http://forum.example/t/1?p=2").unwrap();
        assert_eq!(cache.verdict(&other, at(1)), Verdict::Ask, "another port is another site");
        cache.learn(Origin::of(&url), RobotsAnswer::of(404, b""), at(24));
        assert_eq!(cache.verdict(&url, at(25)), Verdict::Allowed { delay: None });
    }

    #[test]
    fn silence_means_hands_off_and_after_thirty_days_no_rules() {
        let url = Url::parse("https://forum.example/").unwrap();
        let mut cache = RobotsCache::default();
        for hour in 0..30 * 24 {
            cache.learn(Origin::of(&url), RobotsAnswer::of(503, b""), at(hour));
            assert_eq!(cache.verdict(&url, at(hour)), Verdict::HandsOff { until: at(hour + 1) });
        }
        cache.learn(Origin::of(&url), RobotsAnswer::Unreachable, at(30 * 24));
        assert_eq!(cache.verdict(&url, at(30 * 24)), Verdict::Allowed { delay: None });
        cache.learn(Origin::of(&url), RobotsAnswer::of(200, b""), at(30 * 24 + 1));
        cache.learn(Origin::of(&url), RobotsAnswer::of(429, b""), at(30 * 24 + 2));
        let until = at(30 * 24 + 3);
        assert_eq!(cache.verdict(&url, at(30 * 24 + 2)), Verdict::HandsOff { until }, "counted anew");
    }

    #[test]
    fn no_origin_is_kept_for_ever() {
        let mut cache = RobotsCache::default();
        for (host, hour) in (0..=MOST_ORIGINS).zip(0..) {
            let url = Url::parse(&format!("http://h{host}.example/")).unwrap();
            cache.learn(Origin::of(&url), RobotsAnswer::Absent, at(hour));
        }
        assert_eq!(cache.origins.len(), MOST_ORIGINS);
    }

    /// The obvious matcher, exponential but right.
    fn naive(pattern: &[u8], path: &[u8]) -> bool {
        match pattern {
            [] => true,
            b"$" => path.is_empty(),
            [b'*', rest @ ..] => (0..=path.len()).any(|skip| naive(rest, &path[skip..])),
            [first, rest @ ..] => path.first() == Some(first) && naive(rest, &path[1..]),
        }
    }

    proptest! {
        #[test]
        fn the_matcher_agrees_with_the_obvious_one(pattern in "/[ab*]{0,7}\\$?", path in "/[ab]{0,9}") {
            prop_assert_eq!(matches(&pattern, &path), naive(pattern.as_bytes(), path.as_bytes()));
        }

        #[test]
        fn no_file_makes_it_panic(body: Vec<u8>, path in "/\\PC{0,20}") {
            let allowed = Rules::parse(&body, PRODUCT).allows(&path);
            prop_assert!(allowed || !body.is_empty());
        }
    }
}
