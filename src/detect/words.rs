//! The words of a post that a topic may be made of: places, hashtags and words, and never a person's name.
//!
//! Chinese writes names like words, so this errs to one side: what looks like a name, stands where names stand,
//! or follows a surname closely is left out. Losing a word costs a topic a few posts; a topic that names a person
//! must not be. Words of grammar and addresses name nothing and are left out too.

use std::collections::HashMap;
use std::sync::Arc;

use super::anchors::Anchor;
use super::topic::{Kind, Word};
use crate::assess::{AssessedPost, Hit};
use crate::text::person::{is_surname, may_name, stands_as_name};
use crate::text::segment::{Class, Nature, Segmenter, Token};
use crate::text::sentence::is_han;

/// Most words taken of one post: the first; a longer text says too much to be of one topic.
const MOST: usize = 256;
/// Longest hashtag, in characters: what is longer is a sentence between two marks.
const LONGEST_TAG: usize = 32;
/// Most words whose sort is remembered.
const REMEMBERED: usize = 65_536;

/// What sort of words there are, remembered: asking the segmenter is costly.
#[derive(Debug, Clone, Default)]
pub struct Sorts {
    /// Whose answers they are; those of another, after a change of the dictionaries, may be others.
    of: Option<Arc<Segmenter>>,
    known: HashMap<Box<str>, Sort>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// May be, or hold, a person's name.
    Name,
    /// Names nothing.
    Grammar,
    /// Names something.
    Matter,
}

impl Sorts {
    /// Forgets what another segmenter said.
    fn asked_of(&mut self, segmenter: &Arc<Segmenter>) {
        if !self.of.as_ref().is_some_and(|known| Arc::ptr_eq(known, segmenter)) {
            *self = Self { of: Some(Arc::clone(segmenter)), known: HashMap::new() };
        }
    }

    fn of(&mut self, word: &str, segmenter: &Segmenter) -> Sort {
        if let Some(sort) = self.known.get(word) {
            return *sort;
        }
        let sort = if may_name(word, &segmenter.cut_known(word), segmenter) {
            Sort::Name
        } else if segmenter.nature(word) == Nature::Grammar {
            Sort::Grammar
        } else {
            Sort::Matter
        };
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(word.into(), sort);
        sort
    }
}

/// The words of `heard` that a topic may be made of, each once.
pub(super) fn of<'a>(heard: &'a AssessedPost, anchors: &[Anchor<'a>], sorts: &mut Sorts) -> Vec<Word<'a>> {
    let segmenter = &*heard.segmenter;
    sorts.asked_of(&heard.segmenter);
    let mut read = Read { heard, text: heard.normalized.text(), sorts, segmenter };
    let tokens = heard.tokens.words();
    let names = read.names(tokens);
    let mut words: Vec<Word<'a>> = Vec::new();
    let mut take = |text: &'a str, kind: Kind| {
        if words.len() < MOST && !words.iter().any(|word| word.text == text) {
            words.push(Word { text, kind });
        }
    };
    for place in &heard.assessment.places {
        take(place, Kind::Place);
    }
    for anchor in anchors {
        take(anchor.name, Kind::Place);
    }
    // What is cut out of a place's name says no more than the name.
    let in_name = |token: &Token| {
        let mut spans = anchors.iter().filter_map(|anchor| anchor.span);
        spans.any(|(from, until)| from <= token.byte_start && token.byte_end <= until)
    };
    for tag in read.tags(tokens, &names) {
        take(tag, Kind::Tag);
    }
    for (token, named) in tokens.iter().zip(names) {
        if named || token.end - token.start < 2 || !has_han(token, read.text) || in_name(token) {
            continue;
        }
        let text = token.text(read.text);
        if read.is_term(token) {
            take(text, Kind::Term);
        } else if read.sorts.of(text, segmenter) == Sort::Matter {
            take(text, Kind::Word);
        }
    }
    words
}

/// One post being read.
struct Read<'a, 'b> {
    heard: &'a AssessedPost,
    text: &'a str,
    sorts: &'b mut Sorts,
    segmenter: &'b Segmenter,
}

impl<'a> Read<'a, '_> {
    /// For each token, whether it may be a person's name or a part of one.
    fn names(&mut self, tokens: &[Token]) -> Vec<bool> {
        let mut names: Vec<bool> = Vec::with_capacity(tokens.len());
        let mut in_handle = false;
        let mut surname = false;
        for token in tokens {
            let text = token.text(self.text);
            in_handle = match token.class {
                Class::Blank => false,
                Class::Mark => text.ends_with('@') || in_handle && text.chars().all(|c| "_-·.".contains(c)),
                Class::Word | Class::Number => in_handle,
            };
            let length = token.end - token.start;
            let given = surname && token.class == Class::Word && length <= 2;
            let by_itself = token.class == Class::Word
                && length >= 2
                && has_han(token, self.text)
                && self.sorts.of(text, self.segmenter) == Sort::Name;
            let named =
                in_handle || by_itself || (given || self.stands_as_name(token)) && !self.is_term(token);
            if given && named {
                // The surname before it.
                if let Some(before) = names.last_mut() {
                    *before = true;
                }
            }
            names.push(named);
            surname = named || length == 1 && text.chars().all(is_surname);
        }
        names
    }

    /// Whether what stands around a word makes it a name.
    fn stands_as_name(&self, token: &Token) -> bool {
        let (before, after) =
            (&self.text[..token.byte_start as usize], &self.text[token.byte_end as usize..]);
        token.class == Class::Word && stands_as_name(before, after)
    }

    /// Whether a token is of a dictionary's row that was found there: a matter, or a harm.
    fn is_term(&self, token: &Token) -> bool {
        let span = self.heard.normalized.received(token.start, token.end);
        // Between the parts of a row anything may stand, also a name: the row has to hold the word itself.
        let holds = |hit: &Hit| {
            (hit.start, hit.end) == (span.start, span.end) || hit.term.contains(token.text(self.text))
        };
        self.heard.assessment.hits.iter().any(|hit| {
            !hit.negated
                && matches!(hit.kind.as_str(), "topic" | "severity")
                && hit.start <= span.start
                && span.end <= hit.end
                && holds(hit)
        })
    }

    /// What stands between two `#`, where no part of it may be a name.
    fn tags(&mut self, tokens: &[Token], names: &[bool]) -> Vec<&'a str> {
        let marks: Vec<usize> = self.text.match_indices('#').map(|(at, _)| at).collect();
        let mut tags = Vec::new();
        for pair in marks.chunks_exact(2) {
            let (from, until) = (pair[0] + 1, pair[1]);
            let tag = self.text[from..until].trim();
            let length = tag.chars().count();
            if !(2..=LONGEST_TAG).contains(&length) || tag.contains('\n') || !tag.chars().any(is_han) {
                continue;
            }
            let within =
                |token: &Token| token.byte_end as usize > from && (token.byte_start as usize) < until;
            let named = tokens.iter().zip(names).any(|(token, named)| *named && within(token));
            if !named && self.sorts.of(tag, self.segmenter) != Sort::Name {
                tags.push(tag);
            }
        }
        tags
    }
}

fn has_han(token: &Token, text: &str) -> bool {
    token.class == Class::Word && token.text(text).chars().any(is_han)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::anchors;
    use crate::detect::fixture::{Draft, at};

    fn heard(text: &'static str) -> AssessedPost {
        Draft { text, place: None, ..Draft::new(1, at("2026-03-02T08:00:00+08:00")) }.assessed()
    }

    #[test]
    fn words_terms_and_tags_are_taken_once() {
        let heard = heard("望江花园停水，水管爆裂，停水两天了。#小区停水# http://t.cn/abc");
        let words = of(&heard, &anchors::of(&heard), &mut Sorts::default());
        let shown: Vec<String> = words.iter().map(|word| format!("{}:{:?}", word.text, word.kind)).collect();
        insta::assert_snapshot!(shown.join(" "), @"望江花园:Place 小区停水:Tag 停水:Term 水管:Word 爆裂:Word 小区:Word");
    }

    #[test]
    fn no_person_is_named() {
        for (text, name) in [
            ("我叫晨曦，家里停水", "晨曦"),
            ("王小明打了电话没人接", "王小明"),
            ("找到李建国反映停水", "建国"),
            ("物业的张伟先生态度很差", "张伟"),
            ("欧阳雪投诉停水", "欧阳雪"),
            ("@路边的风 停水了", "路边"),
            ("@城市_停电小王：停水了", "停电"),
            ("#王小明去世# 停水", "王小明"),
            ("#李秀芳# 停水", "李秀芳"),
            ("特朗普发表讲话", "特朗普"),
            ("陈志强老师打人", "志强"),
        ] {
            let heard = heard(text);
            let words = of(&heard, &anchors::of(&heard), &mut Sorts::default());
            assert!(!words.iter().any(|word| word.text.contains(name)), "{text}: {words:?}");
        }
    }
}
