//! Makes spellings comparable: one form for widths, scripts, cases and white space.
//!
//! NFKC (so full-width punctuation becomes ASCII and `…` becomes `...`), traditional characters to
//! simplified ones (著 and 乾 by their neighbours), letters to lower case, invisible characters dropped, runs
//! of white space folded to one space, or to one line feed where the run holds a line break.
//! Dictionary terms go through the same function, which is why no traditional variant of a term ever
//! has to be generated.
//!
//! Always holds: normalising twice is normalising once, and every character of the result knows the
//! range of received characters it came from ([`Normalized::received`]).
//!
//! Cost: characters of the basic plane are looked up in one table. Only a character that expands, or
//! that something combines with, takes the slow way through the Unicode tables.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// A normalised text, with the way back to the text as received.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Normalized {
    text: String,
    chars: u32,
    /// For each character the received characters it came from; `None` where both sides are equal
    /// in number and order, which is so for most posts.
    spans: Option<Vec<(u32, u32)>>,
}

impl Normalized {
    /// The normalised text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Number of characters (Unicode scalar values) of the normalised text.
    pub fn chars(&self) -> u32 {
        self.chars
    }

    /// The range of received characters that the normalised characters `start..end` came from.
    ///
    /// Both are counted in Unicode scalar values. Positions past the end are taken as the end; an
    /// empty range gives an empty range.
    pub fn received(&self, start: u32, end: u32) -> Range<u32> {
        let (start, end) = (start.min(self.chars), end.min(self.chars));
        match &self.spans {
            None => start..end.max(start),
            Some(spans) if start < end => spans[start as usize].0..spans[end as usize - 1].1,
            Some(spans) => {
                let at = spans.get(start as usize).map_or_else(|| spans.last().map_or(0, |s| s.1), |s| s.0);
                at..at
            }
        }
    }
}

/// Normalises a text.
pub fn normalize(text: &str) -> Normalized {
    let folding = &*FOLDING;
    let mut out = Output::with_capacity(text.len());
    let mut rest = text.chars();
    let mut read = |at: &mut u32| {
        let c = rest.next()?;
        *at += 1;
        Some((c, folding.code(c)))
    };
    let mut at = 0_u32;
    let mut chunk = String::new();
    let mut next = read(&mut at);
    while let Some((c, code)) = next {
        let start = at - 1;
        next = read(&mut at);
        match code {
            DROP => continue,
            SPACE | BREAK => {
                out.blank(code == BREAK, start, start + 1);
                continue;
            }
            _ => {}
        }
        let joined = matches!(next, Some((_, JOIN | DROP)));
        if code > JOIN && !joined {
            out.push(char::from_u32(code).expect("codes above JOIN are characters"), start, start + 1);
            continue;
        }
        chunk.clear();
        chunk.push(c);
        let mut end = start + 1;
        while let Some((joining, code)) = next {
            match code {
                DROP => {}
                JOIN => {
                    chunk.push(joining);
                    end = at;
                }
                _ => break,
            }
            next = read(&mut at);
        }
        for c in folding.fold(&chunk).chars() {
            if c.is_whitespace() {
                out.blank(is_break(c), start, end);
            } else {
                out.push(c, start, end);
            }
        }
    }
    out.decide(' ');
    Normalized { text: out.text, chars: out.chars, spans: out.spans }
}

/// What `normalize` would make of a term: the same text, without the way back.
pub fn normalized_text(text: &str) -> String {
    normalize(text).text
}

/// Folds the width of one character and keeps its place, for scanners that must not lose offsets.
pub(crate) fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(c as u32 - 0xfee0).expect("full-width forms stand in the order of ASCII")
        }
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// Whether a character shows nothing and only breaks up words: zero-width spaces and joiners, marks
/// of direction, variation selectors, soft hyphens, control characters that are no white space.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
        || (c.is_control() && !c.is_whitespace())
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a character may combine with the one before it, so that the two must be judged together.
fn joins_left(c: char) -> bool {
    std::iter::once(c).nfkd().next().is_some_and(|first| {
        canonical_combining_class(first) != 0 || is_nfc_quick(std::iter::once(first)) == IsNormalized::Maybe
    })
}

/// The text being made. White space is held back until something follows, so ends are trimmed, and
/// a 著 or 乾 is decided when its neighbours are known: traditional texts write 着 (着火, 看着) and 干 (干净) with them.
struct Output {
    text: String,
    chars: u32,
    last: char,
    /// A 著 or 乾 that is still to be decided, and the character before it.
    undecided: Option<(char, char)>,
    spans: Option<Vec<(u32, u32)>>,
    held: Option<(bool, u32, u32)>,
}

impl Output {
    fn with_capacity(bytes: usize) -> Self {
        Self {
            text: String::with_capacity(bytes),
            chars: 0,
            last: ' ',
            undecided: None,
            spans: None,
            held: None,
        }
    }

    fn blank(&mut self, line: bool, start: u32, end: u32) {
        self.held = Some(match self.held {
            Some((held_line, from, _)) => (held_line || line, from, end),
            None => (line, start, end),
        });
    }

    fn push(&mut self, c: char, start: u32, end: u32) {
        if let Some((line, from, to)) = self.held.take()
            && self.chars > 0
        {
            self.put(if line { '\n' } else { ' ' }, from, to);
        }
        self.put(c, start, end);
    }

    fn put(&mut self, c: char, start: u32, end: u32) {
        if let Some(spans) = &mut self.spans {
            spans.push((start, end));
        } else if (start, end) != (self.chars, self.chars + 1) {
            let mut spans: Vec<_> = (0..self.chars).map(|at| (at, at + 1)).collect();
            spans.push((start, end));
            self.spans = Some(spans);
        }
        if self.undecided.is_some() {
            self.decide(c);
        }
        if matches!(c, '著' | '乾') {
            self.undecided = Some((c, self.last));
        }
        self.last = c;
        self.text.push(c);
        self.chars += 1;
    }

    /// Leaves what stands before `after` as it is in 著名 or 显著, in 乾隆 or 乾县, and makes it 着 or 干 elsewhere.
    fn decide(&mut self, after: char) {
        let Some((which, before)) = self.undecided.take() else { return };
        let (usual, befores, afters) = if which == '著' {
            ('着', "显名专论巨土原编昭卓译合遗拙力", "名作称述书者录")
        } else {
            ('干', "康", "坤隆县安州元清陵务嘉卦")
        };
        if !befores.contains(before) && !afters.contains(after) {
            self.text.pop();
            self.text.push(usual);
        }
    }
}

// What the table says of a character. Any other value is the character it becomes.
const SLOW: u32 = 0;
const DROP: u32 = 1;
const SPACE: u32 = 2;
const BREAK: u32 = 3;
const JOIN: u32 = 4;

static FOLDING: LazyLock<Folding> = LazyLock::new(Folding::new);

/// The tables: constants in all but name, too large to write down.
struct Folding {
    basic_plane: Vec<u16>,
    /// Traditional to simplified, sorted by the traditional character.
    simplified: Vec<(char, char)>,
}

impl Folding {
    fn new() -> Self {
        let mut simplified: Vec<(char, char)> = include_str!("ts_characters.tsv")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| {
                let (from, to) = line.split_once('\t')?;
                Some((from.chars().next()?, to.chars().next()?))
            })
            // Decided by its neighbours.
            .filter(|(from, _)| *from != '乾')
            .collect();
        simplified.sort_unstable();
        let mut folding = Self { basic_plane: Vec::new(), simplified };
        folding.basic_plane = (0..=u32::from(u16::MAX))
            .map(|code| char::from_u32(code).map_or(SLOW, |c| folding.code_by_rules(c)))
            .map(|code| u16::try_from(code).unwrap_or(0))
            .collect();
        folding
    }

    #[inline]
    fn code(&self, c: char) -> u32 {
        match c as u32 {
            code @ 0..=0xffff => u32::from(self.basic_plane[code as usize]),
            // Emoji stay as they are, and are frequent.
            code @ 0x1f300..=0x1faff => code,
            _ => self.code_by_rules(c),
        }
    }

    fn code_by_rules(&self, c: char) -> u32 {
        if is_break(c) {
            return BREAK;
        }
        if c.is_whitespace() {
            return SPACE;
        }
        if is_invisible(c) {
            return DROP;
        }
        if joins_left(c) {
            return JOIN;
        }
        let folded = self.fold(c.encode_utf8(&mut [0; 4]));
        let mut chars = folded.chars();
        match (chars.next(), chars.next()) {
            (None, _) => DROP,
            (Some(one), None) if !one.is_whitespace() && one as u32 > JOIN => one as u32,
            _ => SLOW,
        }
    }

    /// Folds a character together with what combines with it. Lower case may combine where upper
    /// case did not (`H̱` has no form of its own, `ẖ` has), hence until nothing changes.
    fn fold(&self, chunk: &str) -> String {
        let mut text = Cow::Borrowed(chunk);
        loop {
            let folded: String = text
                .nfkc()
                .filter(|&c| !is_invisible(c))
                .flat_map(char::to_lowercase)
                .map(|c| self.simplify(c))
                .collect();
            if folded == text {
                return folded;
            }
            text = Cow::Owned(folded);
        }
    }

    fn simplify(&self, c: char) -> char {
        match self.simplified.binary_search_by_key(&c, |&(from, _)| from) {
            Ok(found) => self.simplified[found].1,
            Err(_) => c,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_fold_to_one() {
        for (received, expected) in [
            ("停水", "停水"),
            ("停水兩天了，沒人管！", "停水两天了,没人管!"),
            ("ＡＢＣ１２３", "abc123"),
            ("停\u{200b}水\u{feff}", "停水"),
            ("  水　费\t 贵  ", "水 费 贵"),
            ("一楼\r\n\r\n二楼 \n 三楼", "一楼\n二楼\n三楼"),
            ("ｶﾞス", "ガス"),
            ("㈱……", "(株)......"),
            ("H\u{331}", "ẖ"),
            ("1️⃣", "1\u{20e3}"),
            ("葛\u{e0100}", "葛"),
            ("👨\u{200d}👩", "👨👩"),
            ("薴", "苎"),
            ("著火了，看著辦", "着火了,看着办"),
            ("著名景點效果顯著，作者著", "著名景点效果显著,作者着"),
            ("著\u{200b}名", "著名"),
            ("衣服乾了，擦乾淨", "衣服干了,擦干净"),
            ("乾縣的乾隆年間，扭轉乾坤", "乾县的乾隆年间,扭转乾坤"),
            ("", ""),
            ("\u{0}\u{1f}", ""),
        ] {
            assert_eq!(normalize(received).text(), expected, "{received:?}");
        }
    }

    #[test]
    fn every_character_knows_where_it_came_from() {
        let received = " 昨晚…停\u{200b}水　　了ABC";
        let normal = normalize(received);
        assert_eq!(normal.text(), "昨晚...停水 了abc");
        let chars: Vec<char> = received.chars().collect();
        for (start, end, expected) in [
            (0, 2, "昨晚"),
            (2, 5, "…"),
            (3, 4, "…"),
            (5, 7, "停\u{200b}水"),
            (7, 8, "　　"),
            (8, 12, "了ABC"),
        ] {
            let range = normal.received(start, end);
            let text: String = chars[range.start as usize..range.end as usize].iter().collect();
            assert_eq!(text, expected, "{start}..{end}");
        }
        assert_eq!(normal.received(99, 100), 13..13);
        assert_eq!(normalize("停水").received(0, 2), 0..2);
    }

    fn hard_text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<char>().prop_map(String::from),
            "[停水電話萬與，。！？…　 \\n\\r\\t]{1,4}",
            prop::sample::select(vec![
                "\u{200b}", "\u{301}", "\u{fe0f}", "ㄱ", "ㅏ", "ﾞ", "İ", "\u{331}", "\u{b4}", "ß", "ﬁ", "Σ",
                "\u{3164}", "\u{34f}", "\u{327}", "臺", "👍", "著", "著名", "顯著", "乾", "乾隆",
            ])
            .prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn twice_is_once(text in hard_text()) {
            let once = normalize(&text);
            let twice = normalize(once.text());
            prop_assert_eq!(once.text(), twice.text());
        }

        #[test]
        fn the_way_back_is_ordered_and_inside(text in hard_text()) {
            let normal = normalize(&text);
            prop_assert_eq!(normal.chars() as usize, normal.text().chars().count());
            let received = text.chars().count() as u32;
            let mut last = 0;
            for at in 0..normal.chars() {
                let range = normal.received(at, at + 1);
                prop_assert!(range.start < range.end && range.end <= received);
                prop_assert!(range.start >= last);
                last = range.start;
            }
        }

        #[test]
        fn what_comes_back_normalises_to_the_same(text in hard_text()) {
            // The received range of a whole text folds to that text again: nothing visible is lost.
            let normal = normalize(&text);
            let range = normal.received(0, normal.chars());
            let back: String = text.chars().skip(range.start as usize).take(range.len()).collect();
            let again = normalize(&back);
            prop_assert_eq!(again.text(), normal.text());
        }
    }
}
