//! How one clause asks: the forms of a Chinese question, and what takes them back.
//!
//! A form is a question word (几点, 哪里), a particle or negation at the end (吗, 不), a verb with its own
//! negation (停不停), a choice (是…还是…), or words that say it is a question (请问). A question word is
//! also used for whatever there is (什么都, 谁…谁…) and in what somebody knows, said or was asked; there it
//! asks nothing, unless a question mark stands behind it.

use super::Asking;
use super::words::{
    ABSTRACT, ACTS, ASIDE, CALLS, CAN, CHOICES, CONTEMPT, COUNTS, DONE, ENDS, First, INDEFINITE, MOCKERY,
    NO_ASKING, NOT_ACTS, NOT_ENDS, NOT_OPEN, NOT_WORDS, POLITE, REPORTED, TRAILING, UNKNOWN, VERB_NOT,
    WHO_KNOWS, WORDS, is_hint,
};

/// One clause with what of its surroundings matters.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own about the clause")]
pub(super) struct Clause<'a> {
    /// What is said, quotations blanked, without trailing particles of mood.
    pub(super) said: &'a str,
    /// A question mark ends it.
    pub(super) marked: bool,
    /// Nothing follows.
    pub(super) is_last: bool,
    /// It stands where a question may stand without its mark.
    pub(super) late: bool,
    /// The whole text is a few words.
    pub(super) brief: bool,
    /// The clause that follows.
    pub(super) next: &'a str,
    /// A term of the dictionaries in it asks by itself.
    pub(super) term: bool,
}

/// Whether one of the words stands in a text.
pub(super) fn has(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// Whether a question word stands in a text.
fn has_word(text: &str) -> bool {
    let covered = |at: usize, word: &str| {
        NOT_WORDS.iter().any(|not| {
            text.match_indices(not).any(|(start, _)| start <= at && at + word.len() <= start + not.len())
        })
    };
    WORDS.iter().any(|word| text.match_indices(word).any(|(at, _)| !covered(at, word)))
}

/// A clause without blanks and particles of mood at its end: 能去吗呀 asks as 能去吗 does.
pub(super) fn bare(said: &str) -> &str {
    said.trim_matches(|c: char| !c.is_alphanumeric()).trim_end_matches(TRAILING)
}

/// Whether a term of the dictionaries asks by itself. The others are forms that depend on their place, or hold
/// a question word that is looked at as such.
pub(super) fn asks_by_itself(term: &str) -> bool {
    const BY_PLACE: &[&str] = &[
        "?",
        "么",
        "吗",
        "呢",
        "求助",
        "咨询",
        "管不管",
        "谁管",
        "凭什么",
        "凭啥",
        "能不能",
        "能否",
        "可否",
        "可不可以",
        "行不行",
        "怎么会",
        "有没有",
        "是不是",
        "是否",
        "会不会",
        "要不要",
        "需不需要",
        "咋就",
        "哪家",
        "对不对",
        "问问",
    ];
    !BY_PLACE.contains(&term) && !has(term, WORDS)
}

impl Clause<'_> {
    /// What the clause asks for.
    pub(super) fn asking(self) -> Asking {
        if !(self.marked || self.term || self.said.contains(is_hint)) {
            return Asking::Nothing;
        }
        let first = First::of(self.said);
        let explicit = first.explicit();
        let word = self.term || first.word() && has_word(self.said);
        let end = self.ends_asking();
        let verb = first.verb_not() || self.doubles_a_verb();
        let open = self.leaves_open();
        if !(self.marked || explicit || word || end || verb || open) {
            return Asking::Nothing;
        }
        if (end || verb) && !word && self.is_request() || !explicit && has(self.said, CALLS) {
            return Asking::Request;
        }
        if self.is_mocked() || self.takes_up() || self.is_contempt(word) {
            return Asking::Rhetorical;
        }
        if explicit {
            return Asking::Information;
        }
        // 你们睡得着吗: who is addressed and could only say yes or no is reproached.
        if self.said.contains("你们") && !word {
            return Asking::Rhetorical;
        }
        if self.is_reported() || !self.marked && !end && self.is_embedded() {
            return Asking::Nothing;
        }
        match (self.marked, word || end || verb || open) {
            (true, true) => Asking::Information,
            (true, false) => Asking::Rhetorical,
            (false, true) if self.late => Asking::Information,
            (false, _) => Asking::Nothing,
        }
    }

    /// What follows laughs at it: half a minute's mockery takes a question back (那个算吗，笑死).
    fn is_mocked(self) -> bool {
        self.next.chars().nth(5).is_none() && has(self.next, MOCKERY)
    }

    /// The next clause begins with the words of the question, and answers it: 本人在哪，本人在上班.
    fn takes_up(self) -> bool {
        let begins = self.said.char_indices().nth(2).map(|(at, third)| &self.said[..at + third.len_utf8()]);
        self.next.chars().nth(12).is_none() && begins.is_some_and(|begins| self.next.starts_with(begins))
    }

    /// 吗, 么, 不 or 没 at the end; 吧 with a question mark.
    fn ends_asking(self) -> bool {
        let ends = |particle: &str| {
            let Some(before) = self.said.strip_suffix(particle) else { return false };
            // 消息没有 states, 发了没有 asks.
            let done =
                self.marked || !particle.starts_with('没') || before.ends_with(DONE) || before.contains('有');
            !before.is_empty() && done
        };
        ENDS.iter().any(|particle| ends(particle)) && !NOT_ENDS.iter().any(|end| self.said.ends_with(end))
            || self.marked && self.said.ends_with('吧')
    }

    /// 停不停.
    fn doubles_a_verb(self) -> bool {
        if !self.said.contains(['不', '没']) {
            return false;
        }
        // 一动不动 asks nothing.
        let chars: Vec<char> = self.said.replace("一动不动", "").chars().collect();
        chars.windows(3).any(|three| {
            let [verb, not, again] = [three[0], three[1], three[2]];
            verb == again && matches!(not, '不' | '没') && verb.is_alphabetic() && verb != '〇'
        })
    }

    /// A choice (是坏了还是停了), or a thing named and left open (我们这边呢).
    fn leaves_open(self) -> bool {
        let choice = || {
            let Some((before, after)) = self.said.split_once("还是") else { return false };
            let picks = before.contains('是') || before.contains('吗') || self.marked || self.is_last;
            // 是…还是… is a choice whatever follows.
            let stays = !(self.marked || before.starts_with('是'))
                && CHOICES.iter().any(|word| after.starts_with(word));
            picks && !before.is_empty() && after.chars().count() > 1 && !stays
        };
        let named = || {
            // 他在做饭呢 states: without a mark only the shortest leave open.
            let longest = if self.marked { 10 } else { 6 };
            self.brief
                && self.said.ends_with('呢')
                && self.said.chars().count() <= longest
                && !has(self.said, UNKNOWN)
        };
        // 一年考几次: a number left open at the end of a remark.
        let number = || {
            let mut from_end = self.said.chars().rev().skip(1);
            let few = from_end.next() == Some('几');
            self.brief && few && from_end.next().is_some_and(|before| !NOT_OPEN.contains(&before))
        };
        named() || choice() || number()
    }

    /// Asks that hands be laid to it: 能不能 before, or 行不行 after, what an office does.
    fn is_request(self) -> bool {
        let acts = |within: &str| {
            ACTS.iter().any(|act| {
                within.match_indices(act).any(|(at, _)| {
                    // 匀个房间 does, 一个班 counts.
                    let counts = *act == "个" && within[..at].ends_with(COUNTS);
                    !counts && !NOT_ACTS.iter().any(|not| within[at..].starts_with(not))
                })
            })
        };
        let able = CAN.iter().filter_map(|word| self.said.split_once(word)).any(|(before, after)| {
            // 我能…吗: what the writer may do is information.
            let near: String = after.chars().take(7).collect();
            !ASIDE.iter().any(|own| before.ends_with(own)) && acts(&near)
        });
        let polite = POLITE.iter().any(|word| self.said.ends_with(word));
        able || polite && acts(self.said) || has(self.said, &["有没有人管", "有人管吗", "管不管", "谁来管"])
    }

    /// Somebody asked, as the writer tells: 孩子问几点回来. 请问 and a question that begins with 问 are the
    /// writer's own.
    fn is_reported(self) -> bool {
        let tells = |at: usize| at > 0 && !NO_ASKING.iter().any(|word| self.said.contains(word));
        has(self.said, REPORTED) || self.said.match_indices('问').any(|(at, _)| tells(at))
    }

    fn is_contempt(self, word: bool) -> bool {
        has(self.said, CONTEMPT)
            || ["哪有", "哪能"].iter().any(|start| self.said.starts_with(start))
            || self.said.contains("谁家") && self.said.contains(['不', '没'])
            || self
                .said
                .match_indices("在哪")
                .any(|(at, _)| ABSTRACT.iter().any(|thing| self.said[..at].ends_with(thing)))
            || WHO_KNOWS.iter().any(|who| {
                self.said
                    .split_once(who)
                    .is_some_and(|(_, what)| has(what, VERB_NOT) || what.contains("真假"))
            })
            || self.said.ends_with(['吗', '么'])
                && self.said.contains("不是")
                && !self.said.contains("是不是")
            || word
                && self.said.starts_with('我')
                && self.said.ends_with('了')
                && has(self.said, &["什么时候", "啥时候"])
    }

    /// The form belongs to what is known, said or meant, or means whatever there is.
    fn is_embedded(self) -> bool {
        if has(self.said, INDEFINITE) {
            return true;
        }
        ["谁", "哪", "什么", "啥", "怎么", "多少", "几点", "咋"].iter().any(|word| {
            let Some((_, after)) = self.said.split_once(word) else { return false };
            let near: String = after.chars().take(5).collect();
            near.contains('都') || near.contains('也') || after.contains(word)
        })
    }
}
