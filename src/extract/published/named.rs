//! Dates with the month's name: RFC 822 and what feeds make of it, asctime, Unix `date`.
//!
//! The words may stand in any order, for they do in the wild; each is known by its shape. The first short
//! number is the day, a long one the year. A word that is none of this is taken for an unknown zone, which
//! RFC 2822 reads as UTC, and only where a zone may stand: after the time.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::numeric;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

#[derive(Default)]
struct Parts {
    day: Option<i8>,
    month: Option<i8>,
    year: Option<i16>,
    time: Option<(i8, i8, i8)>,
    zone: Option<Zone>,
}

enum Zone {
    At(Offset),
    /// China's standard time or North America's central one.
    Cst,
}

pub(super) fn read(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if !text.is_ascii() {
        return None;
    }
    let mut parts = Parts::default();
    for word in text.split([' ', '\t', '\n', '\r', ',', '(', ')']).filter(|word| !word.is_empty()) {
        parts.take(word)?;
    }
    let (hour, minute, second) = parts.time.unwrap_or_default();
    let local = numeric::civil(parts.year?, parts.month?, parts.day?, hour, minute, second)?;
    match parts.zone {
        None => super::at(local, zone),
        Some(Zone::At(offset)) => offset.to_timestamp(local).ok(),
        Some(Zone::Cst) => {
            let here = super::at(local, zone)?;
            let china = Offset::constant(8);
            let offset = if zone.to_offset(here) == china { china } else { Offset::constant(-6) };
            offset.to_timestamp(local).ok()
        }
    }
}

impl Parts {
    /// Takes one word; `None` if the text cannot be a date with it.
    fn take(&mut self, word: &str) -> Option<()> {
        if word.contains(':') && !word.starts_with(['+', '-']) {
            return self.take_time(word);
        }
        if word.starts_with(['+', '-']) && word.len() > 1 && self.month.is_some() {
            self.zone = Some(Zone::At(numeric::offset(word)?));
        } else if word.bytes().all(|b| b.is_ascii_digit()) {
            self.take_number(word)?;
        } else if let Some((day, rest)) = word.split_once('-').filter(|_| self.month.is_none()) {
            // 22-Nov-2026
            self.take(day)?;
            rest.split('-').try_for_each(|part| self.take(part))?;
        } else if let Some(month) = month(word).filter(|_| self.month.is_none()) {
            self.month = Some(month);
        } else if self.time.is_some() && self.day.is_some() {
            self.zone.get_or_insert(zone(word));
        } else if !weekday(word) {
            return None;
        }
        Some(())
    }

    fn take_number(&mut self, word: &str) -> Option<()> {
        match (word.len(), self.day) {
            (1 | 2, None) => self.day = Some(word.parse().ok()?),
            (2 | 4, _) if self.year.is_none() => self.year = Some(numeric::century(word)?),
            _ => return None,
        }
        Some(())
    }

    /// `08:47`, `08:47:30`, `08:47:30+0800`, `8:47PM`.
    fn take_time(&mut self, word: &str) -> Option<()> {
        let end = word.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(word.len());
        let (clock, rest) = word.split_at(end);
        let clock = clock.split('.').next()?;
        let mut numbers = clock.split(':').map(str::parse::<i8>);
        let time = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next().unwrap_or(Ok(0)).ok()?);
        if self.time.is_some() || numbers.next().is_some() || clock.is_empty() {
            return None;
        }
        self.time = Some(time);
        match rest {
            "" => Some(()),
            offset if offset.starts_with(['+', '-']) => {
                self.zone = Some(Zone::At(numeric::offset(offset)?));
                Some(())
            }
            name if name.bytes().all(|b| b.is_ascii_alphabetic()) => {
                self.zone = Some(zone(name));
                Some(())
            }
            _ => None,
        }
    }
}

fn month(word: &str) -> Option<i8> {
    let start = word.get(..3)?.to_ascii_lowercase();
    let alphabetic = word.bytes().all(|b| b.is_ascii_alphabetic() || b == b'.');
    let at = MONTHS.iter().position(|name| *name == start).filter(|_| alphabetic)?;
    i8::try_from(at + 1).ok()
}

fn weekday(word: &str) -> bool {
    let start = word.get(..3).unwrap_or_default().to_ascii_lowercase();
    matches!(&start[..], "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")
}

fn zone(word: &str) -> Zone {
    let hours = match &word.to_ascii_uppercase()[..] {
        "CST" => return Zone::Cst,
        "ADT" => -3,
        "AST" | "AT" | "EDT" => -4,
        "EST" | "ET" | "CDT" => -5,
        "CT" | "MDT" => -6,
        "MST" | "MT" | "PDT" => -7,
        "PST" | "PT" | "AKDT" => -8,
        "AKST" => -9,
        "HST" => -10,
        "BST" | "CET" | "MET" | "WEST" => 1,
        "CEST" | "MEST" | "EET" | "SAST" => 2,
        "EEST" | "MSK" => 3,
        "HKT" | "SGT" | "AWST" => 8,
        "JST" | "KST" => 9,
        "AEST" => 10,
        "AEDT" => 11,
        _ => 0,
    };
    Zone::At(Offset::constant(hours))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_by_their_shape() {
        for (text, instant) in [
            ("Sun, 22 Nov 2026 08:47:00 +0800", Some("2026-11-22T00:47:00Z")),
            ("Sunday, 22-Nov-26 08:47:00 GMT", Some("2026-11-22T08:47:00Z")),
            ("22 November 2026 08:47:00+0800", Some("2026-11-22T00:47:00Z")),
            ("Sun Nov 22 08:47:00 2026", Some("2026-11-22T08:47:00Z")),
            ("Mon, 23 Nov 2026 08:47:00 CST", Some("2026-11-23T14:47:00Z")),
            ("Nov 22, 2026", Some("2026-11-22T00:00:00Z")),
            ("Sun, 31 Feb 2026 08:47:00 GMT", None),
            ("Sun, 22 Nov 08:47:00 GMT", None),
            ("water off 22 Nov 2026", None),
        ] {
            let instant = instant.map(|text| text.parse().unwrap());
            assert_eq!(read(text, &TimeZone::UTC), instant, "{text}");
        }
    }
}
