//! Cuts a normalised text into words, once for every use.
//!
//! One call of jieba gives both grains: the [`words`](Tokens::words), which tile the whole text and
//! serve status, sentiment and topics, and the shorter words inside them, which only the index
//! takes ([`Tokens::for_index`]). Positions count the letters, digits and characters before a token
//! and skip marks and white space, so that a phrase is found however its text was cut.
//!
//! What is a word beyond jieba's own dictionary is given by the caller: terms and places. The order
//! in which they are given does not matter.

use std::collections::BTreeSet;
use std::ops::Range;

use jieba_rs::Jieba;

use crate::text::sentence::is_han;

/// The segmenter: jieba with the words of the dictionaries and places.
#[derive(Debug)]
pub struct Segmenter {
    jieba: Jieba,
}

impl Segmenter {
    /// Builds a segmenter that knows `words` (normalised) beside its own dictionary.
    ///
    /// Words that jieba could never cut, because they hold marks or white space, are left out.
    pub fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut jieba = Jieba::new();
        let words: BTreeSet<&str> = words.into_iter().filter(|word| is_cuttable(word)).collect();
        for word in words {
            jieba.add_word(word, None, None);
        }
        Self { jieba }
    }

    /// Whether it knows a text as one word, be it from its own dictionary or as one it was taught.
    pub fn knows(&self, word: &str) -> bool {
        self.jieba.has_word(word)
    }

    /// What sort of word it takes a text for; the sort of the part that says most where it is no single word.
    /// Words it does not know are guessed by their characters.
    pub fn nature(&self, word: &str) -> Nature {
        let natures = self.jieba.tag(word, true).into_iter().map(|tag| Nature::of(tag.tag, tag.word));
        natures.max().unwrap_or(Nature::Grammar)
    }

    /// Cuts a normalised text by known words alone: what is none is left in single characters. Gives first and
    /// last character (exclusive) of each, in order, without gap.
    pub fn cut_known(&self, normalised: &str) -> Vec<(u32, u32)> {
        let cut = self.jieba.cut(normalised, false);
        cut.iter().map(|token| (token.start as u32, token.end as u32)).collect()
    }

    /// Cuts a normalised text. Call it once for a post and share the result.
    pub fn segment(&self, normalised: &str) -> Tokens {
        let cut = self.jieba.cut_for_search(normalised, true);
        let mut tokens = Tokens { words: Vec::with_capacity(cut.len()), parts: Vec::new() };
        // Parts come before the word that holds them. Read from the end, the first token that ends
        // where the last word began is the next word, and what begins inside it is a part.
        let mut covered_from = usize::MAX;
        for token in cut.iter().rev() {
            let found = Token {
                start: token.start as u32,
                end: token.end as u32,
                byte_start: token.byte_start as u32,
                byte_end: token.byte_end as u32,
                position: 0,
                class: Class::of(token.word),
            };
            if token.start < covered_from {
                covered_from = token.start;
                tokens.words.push(found);
            } else {
                tokens.parts.push(found);
            }
        }
        tokens.words.reverse();
        tokens.parts.sort_unstable_by_key(|part| (part.start, part.end));
        tokens.number(normalised);
        tokens
    }
}

fn is_cuttable(word: &str) -> bool {
    word.chars().nth(1).is_some()
        && (word.chars().all(is_han) || word.chars().all(|c| is_han(c) || c.is_ascii_alphanumeric()))
}

/// The words of one text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tokens {
    words: Vec<Token>,
    parts: Vec<Token>,
}

/// One word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// First character, in Unicode scalar values of the normalised text.
    pub start: u32,
    /// One past the last character.
    pub end: u32,
    /// First byte in the normalised text.
    pub byte_start: u32,
    /// One past the last byte.
    pub byte_end: u32,
    /// Letters, digits and characters of the text before this token: the position in the index.
    pub position: u32,
    /// What the token is made of.
    pub class: Class,
}

impl Token {
    /// The token's text, where `normalised` is the text it was cut from.
    pub fn text<'a>(&self, normalised: &'a str) -> &'a str {
        &normalised[self.byte_start as usize..self.byte_end as usize]
    }
}

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Letters or Chinese characters, possibly with digits.
    Word,
    /// Digits only, possibly with a decimal point or per cent sign.
    Number,
    /// White space.
    Blank,
    /// Marks, symbols, emoji.
    Mark,
}

impl Class {
    fn of(word: &str) -> Self {
        let mut class = Self::Blank;
        for c in word.chars() {
            // The tables of Unicode are slow, and most words are of Chinese characters.
            if is_han(c) {
                return Self::Word;
            }
            if c.is_numeric() {
                class = Self::Number;
            } else if c.is_alphanumeric() {
                return Self::Word;
            } else if !c.is_whitespace() && class == Self::Blank {
                class = Self::Mark;
            }
        }
        class
    }
}

/// What sort of word a text is, by the segmenter's dictionary; the later says more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nature {
    /// Pronouns, numerals, particles, conjunctions: words that name nothing.
    Grammar,
    /// Nouns, verbs, adjectives and phrases.
    Content,
    /// A place.
    Place,
    /// A person's name.
    Person,
}

impl Nature {
    /// By the tag of jieba, the scheme of the Peking University corpus.
    fn of(tag: &str, word: &str) -> Self {
        match tag.as_bytes() {
            [b'n', b'r', ..] => Self::Person,
            // Idioms have four characters; what jieba calls one and is shorter is mostly a name (欣怡, 李惟淼).
            [b'i', ..] if word.chars().nth(3).is_none() => Self::Person,
            [b'n', b's', ..] => Self::Place,
            [
                b'c' | b'd' | b'e' | b'f' | b'h' | b'k' | b'm' | b'o' | b'p' | b'q' | b'r' | b't' | b'u'
                | b'y',
                ..,
            ] => Self::Grammar,
            _ => Self::Content,
        }
    }
}

impl Tokens {
    /// The words: in order, without gap or overlap, marks and white space included.
    pub fn words(&self) -> &[Token] {
        &self.words
    }

    /// The tokens to index: words and numbers, and the shorter words inside them, by position.
    pub fn for_index(&self) -> impl Iterator<Item = &Token> {
        let mut words =
            self.words.iter().filter(|w| matches!(w.class, Class::Word | Class::Number)).peekable();
        let mut parts = self.parts.iter().peekable();
        std::iter::from_fn(move || match (words.peek(), parts.peek()) {
            (Some(word), Some(part)) if (part.start, part.end) < (word.start, word.end) => parts.next(),
            (Some(_), _) => words.next(),
            (None, _) => parts.next(),
        })
    }

    /// Whether a word begins or the text ends at this character.
    pub fn is_border(&self, at: u32) -> bool {
        match self.words.last() {
            Some(last) if at < last.end => self.words.binary_search_by_key(&at, |word| word.start).is_ok(),
            Some(last) => at == last.end,
            None => at == 0,
        }
    }

    /// Index in [`words`](Self::words) of the word that holds the character `at`; the number of
    /// words if the text ends before it.
    pub fn word_at(&self, at: u32) -> usize {
        self.words.partition_point(|word| word.end <= at)
    }

    /// The words that overlap the characters `start..end`, as indices in [`words`](Self::words).
    pub fn words_over(&self, start: u32, end: u32) -> Range<usize> {
        let first = self.word_at(start);
        first..self.words.partition_point(|word| word.start < end).max(first)
    }

    fn number(&mut self, normalised: &str) {
        let mut position = 0;
        let mut parts = self.parts.iter_mut().peekable();
        for word in &mut self.words {
            word.position = position;
            while let Some(part) = parts.next_if(|part| part.start < word.end) {
                part.position = word.position + (part.start - word.start);
            }
            position += match word.class {
                Class::Word | Class::Number => word.end - word.start,
                Class::Blank | Class::Mark => 0,
            };
        }
        debug_assert_eq!(self.words.last().map_or(0, |w| w.byte_end as usize), normalised.len());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::normalize::normalized_text;

    fn segmenter() -> &'static Segmenter {
        static SHARED: std::sync::LazyLock<Segmenter> =
            std::sync::LazyLock::new(|| Segmenter::new(["望江花园", "不热", "a b", "、，", "没"]));
        &SHARED
    }

    #[test]
    fn words_tile_the_text_and_parts_go_to_the_index() {
        let text = normalized_text("望江花园暖气不热，中华人民共和国WIFI 5.5折");
        let tokens = segmenter().segment(&text);
        let words: Vec<_> = tokens.words().iter().map(|t| t.text(&text)).collect();
        insta::assert_snapshot!(words.join("|"), @"望江花园|暖气|不热|,|中华人民共和国|wifi| |5.5|折");
        let index: Vec<_> = tokens.for_index().map(|t| format!("{}@{}", t.text(&text), t.position)).collect();
        insta::assert_snapshot!(index.join(" "), @"望江@0 望江花园@0 花园@2 暖气@4 不热@6 中华@8 中华人民共和国@8 华人@9 人民@10 共和@12 共和国@12 wifi@15 5.5@19 折@22");
    }

    #[test]
    fn borders_and_look_ups() {
        let text = "暖气不热吗";
        let tokens = segmenter().segment(text);
        let borders: Vec<_> = (0..=6).filter(|&at| tokens.is_border(at)).collect();
        assert_eq!(borders, [0, 2, 4, 5]);
        assert_eq!(tokens.words_over(1, 3), 0..2);
        assert_eq!(tokens.word_at(4), 2);
        assert_eq!(tokens.word_at(9), 3);
        assert!(segmenter().segment("").is_border(0));
    }

    #[test]
    fn the_sort_of_a_word_is_told_also_where_it_is_not_known() {
        for (word, knows, nature) in [
            ("排污口", true, Nature::Content),
            ("望江花园", true, Nature::Content),
            ("我们", true, Nature::Grammar),
            ("北京", true, Nature::Place),
            ("诸葛亮", true, Nature::Person),
            ("王建国", true, Nature::Person),
            ("欣怡", true, Nature::Person),
            ("胡鑫宇", false, Nature::Person),
            ("李秀芳停水", false, Nature::Person),
            ("", false, Nature::Grammar),
        ] {
            assert_eq!((segmenter().knows(word), segmenter().nature(word)), (knows, nature), "{word}");
        }
    }

    #[test]
    fn what_is_not_known_is_left_in_single_characters() {
        let text = "望江花园换了外滤芯,飞线不热";
        let cut: Vec<String> = segmenter()
            .cut_known(text)
            .into_iter()
            .map(|(start, end)| text.chars().skip(start as usize).take((end - start) as usize).collect())
            .collect();
        assert_eq!(cut.join("|"), "望江花园|换|了|外|滤芯|,|飞|线|不热");
    }

    #[test]
    fn order_of_user_words_does_not_matter() {
        let text = "望江花园东岭路塌陷";
        let one = Segmenter::new(["望江花园", "东岭路"]).segment(text);
        let other = Segmenter::new(["东岭路", "望江花园"]).segment(text);
        assert_eq!(one, other);
    }

    proptest! {
        #[test]
        fn tokens_tile_any_text(raw in "\\PC{0,40}|[停水电望江花园0-9a-z. ,。\\n-]{0,40}") {
            let text = normalized_text(&raw);
            let tokens = segmenter().segment(&text);
            let mut at = 0;
            for word in tokens.words() {
                prop_assert_eq!(word.byte_start, at);
                prop_assert_eq!(word.text(&text).chars().count() as u32, word.end - word.start);
                at = word.byte_end;
            }
            prop_assert_eq!(at as usize, text.len());
            let mut last = (0, 0);
            for token in tokens.for_index() {
                prop_assert!(last <= (token.start, token.position));
                last = (token.start, token.position);
                prop_assert!(token.text(&text).chars().any(char::is_alphanumeric));
            }
        }
    }
}
