//! Finds the clauses and sentences of a normalised text.
//!
//! A clause ends at `, 。 ! ? ; …`, at a line feed, and at a space between two Chinese characters,
//! which in posts stands for a comma. A sentence ends at all of these but comma and space. A comma
//! between digits (1,000) and a single full stop of Latin text (3.5) end nothing.
//!
//! Always holds: ranges are in order, do not overlap, are never empty, and hold no mark.

/// A stretch of text between two marks, in characters of the normalised text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First character.
    pub start: u32,
    /// One past the last character; the mark is not included.
    pub end: u32,
    /// What ended it.
    pub mark: Mark,
}

/// What ends a clause or sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// `，`
    Comma,
    /// A space between two Chinese characters.
    Space,
    /// `。`
    Stop,
    /// `；`
    Semicolon,
    /// `…`
    Ellipsis,
    /// `！`; also `！？` and `？！`, the stronger of both.
    Exclamation,
    /// `？`
    Question,
    /// A line feed.
    Line,
    /// The end of the text.
    End,
}

impl Mark {
    /// Whether the mark ends a sentence, not only a clause.
    pub fn ends_sentence(self) -> bool {
        match self {
            Self::Comma | Self::Space => false,
            Self::Stop
            | Self::Semicolon
            | Self::Ellipsis
            | Self::Exclamation
            | Self::Question
            | Self::Line
            | Self::End => true,
        }
    }
}

/// The clauses of a normalised text.
pub fn clauses(text: &str) -> Vec<Span> {
    split(text, |_| true)
}

/// The sentences of a normalised text.
pub fn sentences(text: &str) -> Vec<Span> {
    split(text, Mark::ends_sentence)
}

fn split(text: &str, ends: impl Fn(Mark) -> bool) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut start = 0_u32;
    let mut at = 0_u32;
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let mark = mark_of(before, c, rest.peek().copied()).filter(|&mark| ends(mark));
        if let Some(mark) = mark {
            if start < at {
                spans.push(Span { start, end: at, mark });
            } else if let Some(last) = spans.last_mut() {
                // Marks in a row: the one that says most counts.
                if mark != Mark::Line {
                    last.mark = stronger(last.mark, mark);
                }
            }
            start = at + 1;
        }
        before = Some(c);
        at += 1;
    }
    if start < at {
        spans.push(Span { start, end: at, mark: Mark::End });
    }
    spans
}

fn stronger(one: Mark, other: Mark) -> Mark {
    let strength = |mark| match mark {
        Mark::End => 0,
        Mark::Line => 1,
        Mark::Space => 2,
        Mark::Comma => 3,
        Mark::Semicolon => 4,
        Mark::Stop => 5,
        Mark::Ellipsis => 6,
        Mark::Question => 7,
        Mark::Exclamation => 8,
    };
    if strength(other) > strength(one) { other } else { one }
}

fn mark_of(before: Option<char>, c: char, after: Option<char>) -> Option<Mark> {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    match c {
        ',' | '，' if digit(before) && digit(after) => None,
        ',' | '，' => Some(Mark::Comma),
        '。' => Some(Mark::Stop),
        '!' | '！' => Some(Mark::Exclamation),
        '?' | '？' => Some(Mark::Question),
        ';' | '；' => Some(Mark::Semicolon),
        '…' => Some(Mark::Ellipsis),
        '.' if before == Some('.') || after == Some('.') => Some(Mark::Ellipsis),
        '\n' => Some(Mark::Line),
        ' ' if before.is_some_and(is_han) && after.is_some_and(is_han) => Some(Mark::Space),
        _ => None,
    }
}

/// Whether a character is a Chinese character.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3134f}' | '〇' | '々')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::normalize::normalized_text;

    fn cut(text: &str, spans: &[Span]) -> Vec<String> {
        let chars: Vec<char> = text.chars().collect();
        spans.iter().map(|s| chars[s.start as usize..s.end as usize].iter().collect()).collect()
    }

    #[test]
    fn marks_end_clauses() {
        for (received, expected) in [
            ("停水两天了，没人管！什么时候来水？", "停水两天了|没人管|什么时候来水"),
            ("欠了1,000元，3.5个月", "欠了1,000元|3.5个月"),
            ("等了又等……还是没有", "等了又等|还是没有"),
            ("一楼\n二楼", "一楼|二楼"),
            ("停水两天了 没人管 wifi 也断", "停水两天了|没人管 wifi 也断"),
            ("！！！", ""),
            ("", ""),
        ] {
            let text = normalized_text(received);
            assert_eq!(cut(&text, &clauses(&text)).join("|"), expected, "{received}");
        }
    }

    #[test]
    fn sentences_run_over_commas() {
        let text = normalized_text("拖欠我们，三个月工资！还 不给；说法?!");
        let found = sentences(&text);
        assert_eq!(cut(&text, &found), ["拖欠我们,三个月工资", "还 不给", "说法"]);
        assert_eq!(
            found.iter().map(|s| s.mark).collect::<Vec<_>>(),
            [Mark::Exclamation, Mark::Semicolon, Mark::Exclamation]
        );
    }

    proptest! {
        #[test]
        fn spans_are_ordered_and_hold_no_marks(text in "[停水a1 ,。!?;.…\\n]{0,40}") {
            let mut last = 0;
            for span in clauses(&text) {
                prop_assert!(span.start >= last && span.start < span.end);
                last = span.end;
                for c in text.chars().skip(span.start as usize).take((span.end - span.start) as usize) {
                    prop_assert!(!"。!?;\n…".contains(c));
                }
            }
        }
    }
}
