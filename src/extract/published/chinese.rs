//! Dates as Chinese pages say them, possibly within a line that says more.
//!
//! Text without a Chinese character must be the date and nothing else: `2013-01-27-01` is none.
//!
//! A day with its year is taken first, then a span ("3分钟前"), then a named day ("昨天 08:10"), then a day
//! without year ("11-22 08:47": the latest one that is not ahead), then a time alone (today, or yesterday
//! if that is still to come).

use std::sync::LazyLock;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use regex::{Captures, Regex};

/// A time after a day: `8:05`, `08:05:30`, `8时5分`, `晚上8点`, `下午 3:20`.
const TIME: &str = r"(?x)
    (?: \s* (?<half>上午|下午|晚上|晚|中午|凌晨|早上|傍晚)? \s*
        (?<hour>[0-9]{1,2}) (?: : | 时 | 点 )
        (?: (?<minute>[0-9]{1,2}) 分? (?: :? (?<second>[0-9]{1,2}) 秒? )? | (?<halfhour>半) )? )?";

/// The forms a date takes, compiled once.
struct Forms {
    dated: Regex,
    ago: Regex,
    named: Regex,
    yearless: Regex,
    clock: Regex,
}

static FORMS: LazyLock<Forms> = LazyLock::new(|| {
    let form = |day: &str| Regex::new(&format!("{day}{TIME}")).expect("a constant expression");
    Forms {
        dated: form(
            r"(?<year>[12][0-9]{3})\s*[-/.年]\s*(?<month>[0-9]{1,2})\s*[-/.月]\s*(?<day>[0-9]{1,2})(?:\s*日|\s*号|T)?(?:\s*(?:星期|周)[一二三四五六日天])?",
        ),
        ago: Regex::new(
            r"(?<count>[0-9]{1,4}|半)\s*个?\s*(?<unit>秒钟?|分钟?|小时|天|日|周|星期|月|年)(?:之|以)?前",
        )
        .expect("a constant expression"),
        named: form(r"(?<named>今天|昨天|前天|今日|昨日)"),
        yearless: form(r"(?:^|[^0-9:./-])(?<month>[0-9]{1,2})\s*[-/月]\s*(?<day>[0-9]{1,2})(?:\s*日|\s*号)?"),
        clock: Regex::new(r"^(?<hour>[0-9]{1,2}):(?<minute>[0-9]{2})(?::(?<second>[0-9]{2}))?$")
            .expect("a constant expression"),
    }
});

pub(super) fn read(text: &str, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let text: String = text.chars().map(narrow).collect();
    let here = zone.to_datetime(now);
    let forms = &*FORMS;
    let find = |form: &Regex| {
        let found = form.captures(&text)?;
        (!text.is_ascii() || found[0].len() == text.len()).then_some(found)
    };
    if let Some(found) = find(&forms.dated) {
        let date =
            Date::new(number(&found, "year")?, number(&found, "month")?, number(&found, "day")?).ok()?;
        return super::at(date.to_datetime(time(&found)?), zone);
    }
    if text.contains("刚刚") || text.contains("刚才") {
        return Some(now);
    }
    if let Some(found) = find(&forms.ago) {
        return super::at(here.checked_sub(span(&found["count"], &found["unit"])?).ok()?, zone);
    }
    let local = if let Some(found) = find(&forms.named) {
        let back = match &found["named"] {
            "昨天" | "昨日" => 1,
            "前天" => 2,
            _ => 0,
        };
        here.date().checked_sub(back.days()).ok()?.to_datetime(time(&found)?)
    } else if let Some(found) = find(&forms.yearless) {
        yearless(&found, here)?
    } else {
        let today = here.date().to_datetime(time(&find(&forms.clock)?)?);
        if today > here { today.checked_sub(1.day()).ok()? } else { today }
    };
    super::at(local, zone)
}

/// The latest such day that is not more than a day ahead; 29 February asks for a leap year.
fn yearless(found: &Captures<'_>, here: DateTime) -> Option<DateTime> {
    let (month, day, time) = (number(found, "month")?, number(found, "day")?, time(found)?);
    let ahead = here.checked_add(1.day()).ok()?;
    (0..=4)
        .filter_map(|back| Date::new(here.year().checked_sub(back)?, month, day).ok())
        .map(|date| date.to_datetime(time))
        .find(|local| *local <= ahead)
}

fn span(count: &str, unit: &str) -> Option<Span> {
    if count == "半" {
        return match unit {
            "小时" => Some(30.minutes()),
            "天" | "日" => Some(12.hours()),
            "年" => Some(6.months()),
            _ => None,
        };
    }
    let count: i64 = count.parse().ok()?;
    let span = Span::new();
    match unit {
        "秒" | "秒钟" => span.try_seconds(count),
        "分" | "分钟" => span.try_minutes(count),
        "小时" => span.try_hours(count),
        "天" | "日" => span.try_days(count),
        "周" | "星期" => span.try_weeks(count),
        "月" => span.try_months(count),
        _ => span.try_years(count),
    }
    .ok()
}

fn time(found: &Captures<'_>) -> Option<Time> {
    if found.name("hour").is_none() {
        return Some(Time::midnight());
    }
    let hour: i8 = number(found, "hour")?;
    let hour = match found.name("half").map(|half| half.as_str()) {
        Some("下午" | "晚上" | "晚" | "傍晚") if hour < 12 => hour + 12,
        Some("中午") if hour < 11 => hour + 12,
        Some("凌晨" | "上午") if hour == 12 => 0,
        _ => hour,
    };
    let minute = if found.name("halfhour").is_some() { 30 } else { optional(found, "minute")? };
    Time::new(hour, minute, optional(found, "second")?.min(59), 0).ok()
}

fn number<N: std::str::FromStr>(found: &Captures<'_>, name: &str) -> Option<N> {
    found.name(name)?.as_str().parse().ok()
}

fn optional(found: &Captures<'_>, name: &str) -> Option<i8> {
    found.name(name).map_or(Some(0), |digits| digits.as_str().parse().ok())
}

/// Full-width digits and colon to their narrow forms, odd spaces to plain ones.
fn narrow(c: char) -> char {
    match c {
        '０'..='９' => char::from_u32(c as u32 - '０' as u32 + '0' as u32).unwrap_or(c),
        '：' => ':',
        '／' => '/',
        '－' => '-',
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pages_say_becomes_an_instant() {
        let zone = super::super::china();
        let now: Timestamp = "2026-11-24T10:00:00+08:00".parse().unwrap();
        for (text, local) in [
            ("刚刚", "2026-11-24T10:00:00"),
            ("30秒前", "2026-11-24T09:59:30"),
            ("3分钟前", "2026-11-24T09:57:00"),
            ("３ 分钟前", "2026-11-24T09:57:00"),
            ("半小时前", "2026-11-24T09:30:00"),
            ("2小时前 来自 网页", "2026-11-24T08:00:00"),
            ("1天前", "2026-11-23T10:00:00"),
            ("3个月前", "2026-08-24T10:00:00"),
            ("今天 08:10", "2026-11-24T08:10:00"),
            ("昨天 08:10", "2026-11-23T08:10:00"),
            ("昨天08：10", "2026-11-23T08:10:00"),
            ("前天", "2026-11-22T00:00:00"),
            ("2026年11月22日", "2026-11-22T00:00:00"),
            ("2026年11月22日 8时5分", "2026-11-22T08:05:00"),
            ("2026年11月22日 星期日 下午3点半", "2026-11-22T15:30:00"),
            ("2026年3月1日晚上8:05", "2026-03-01T20:05:00"),
            ("发表于 2026-3-1 08:05:09", "2026-03-01T08:05:09"),
            ("2026.11.22 08:47", "2026-11-22T08:47:00"),
            ("11-22 08:47", "2026-11-22T08:47:00"),
            ("11月22日 08:47", "2026-11-22T08:47:00"),
            ("12-31 23:00", "2025-12-31T23:00:00"),
            ("02-29 12:00", "2024-02-29T12:00:00"),
            ("08:47", "2026-11-24T08:47:00"),
            ("18:30", "2026-11-23T18:30:00"),
        ] {
            let local: DateTime = local.parse().unwrap();
            assert_eq!(read(text, &zone, now), super::super::at(local, &zone), "{text}");
        }
        for text in ["共3页", "前", "2026年13月1日", "昨天25:00", "13-40 08:00", "热度 353万"] {
            assert_eq!(read(text, &zone, now), None, "{text}");
        }
    }
}
