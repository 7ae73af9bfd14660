//! Decides how each part of a text is put: asserted, denied, rehearsed, sold, over, heard, asked.
//!
//! Some things colour a whole post (an advert, a drill, a story, a denial, thanks), some a sentence (if,
//! I heard), some one clause (a question of fact), some one word (a negation). Where several apply, the
//! one that takes away most wins. The cues come from the dictionaries; what is written here is grammar:
//! how far each reaches and what lifts it.
//!
//! The lack that *is* the complaint (没人管, 不给, 没水) is a term of its own and no negation: a negator
//! inside another hit, or inside 不得不, 不仅, 差不多, negates nothing.

use super::Status;
use super::grammar::{BARRIERS, List, TURNS};
use super::reading::{Cue, Reading};
use super::subject::Whereabouts;
use crate::lexicon::kind::Kind;
use crate::text::sentence::Mark;

/// How the clauses and hits of one text are put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    clauses: Vec<Status>,
    /// By cue: whether a negation governs it.
    negated: Vec<bool>,
}

impl Standing {
    /// Reads how a text is put.
    pub(crate) fn read(reading: &Reading<'_>, whereabouts: Whereabouts) -> Self {
        // Judged once: a negator meets every hit of its clause.
        let negators: Vec<&Cue<'_>> =
            reading.of(Kind::Negator).filter(|negator| !belongs_elsewhere(reading, negator)).collect();
        let mut standing = Self {
            clauses: vec![Status::Asserted; reading.clauses.len()],
            negated: reading.cues.iter().map(|cue| is_negated(reading, &negators, cue)).collect(),
        };
        standing.by_clause(reading);
        standing.by_sentence(reading);
        standing.by_post(reading, whereabouts);
        standing
    }

    /// How the hit with this index is put.
    pub(crate) fn of_cue(&self, reading: &Reading<'_>, index: usize) -> Status {
        let clause = self.at(reading, reading.cues[index].start);
        if self.negated[index] { stronger(clause, Status::Negated) } else { clause }
    }

    /// How the clause around a character is put.
    pub(crate) fn at(&self, reading: &Reading<'_>, at: u32) -> Status {
        self.clauses.get(reading.clause_at(at)).copied().unwrap_or(Status::Asserted)
    }

    /// Whether a negation governs the hit with this index.
    pub(crate) fn is_negated(&self, index: usize) -> bool {
        self.negated[index]
    }

    fn put(&mut self, clauses: std::ops::Range<usize>, status: Status) {
        for clause in &mut self.clauses[clauses] {
            *clause = stronger(*clause, status);
        }
    }

    /// A question whether it is so. Asking when, why or who takes it for granted, and 难道 or 能不能 asserts.
    fn by_clause(&mut self, reading: &Reading<'_>) {
        for clause in 0..reading.clauses.len() {
            let text = reading.clause_text(clause);
            let whether = reading.clause_has(clause, List::Whether)
                || text.ends_with('吗') && (!text.contains("能") || text.contains("没有"));
            let rhetorical = reading.clause_has(clause, List::Rhetorical);
            if whether && !rhetorical {
                self.put(clause..clause + 1, Status::Question);
                // 说是…，真的吗: the question is of the whole sentence.
                if text.chars().count() <= 6
                    && matches!(reading.mark_of(clause), Mark::Question | Mark::End | Mark::Line)
                {
                    let sentence = reading.sentence_of(clause);
                    self.put(sentence.start..clause, Status::Question);
                }
            }
        }
    }

    /// What reaches from the cue to the end of its sentence.
    fn by_sentence(&mut self, reading: &Reading<'_>) {
        for (index, cue) in reading.cues.iter().enumerate() {
            if self.negated[index] {
                continue;
            }
            let status = match cue.kind {
                Kind::Hypothetical => Status::Hypothetical,
                Kind::Hearsay => Status::Hearsay,
                _ => continue,
            };
            let clause = reading.clause_at(cue.start);
            let sentence = reading.sentence_of(clause);
            self.put(clause..sentence.end, status);
        }
    }

    /// What colours the whole post.
    fn by_post(&mut self, reading: &Reading<'_>, whereabouts: Whereabouts) {
        let all = 0..reading.clauses.len();
        let real = reading.spots.any(List::Real);
        if is_advert(reading) {
            self.put(all.clone(), Status::Advert);
        }
        if !real && self.any(reading, Kind::Drill) {
            self.put(all.clone(), Status::Drill);
        }
        if !real && (self.any(reading, Kind::Fiction) || is_episode(reading)) {
            self.put(all.clone(), Status::Fiction);
        }
        let flat = reading.spots.each(List::FlatDenial).any(|spot| {
            let clause = reading.clauses.get(reading.clause_at(spot.start));
            clause.is_some_and(|c| (c.start, c.end) == (spot.start, spot.end) && c.mark != Mark::Question)
        });
        if flat || reading.spots.any(List::Denied) || self.given(reading, Kind::Denial).is_some() {
            self.put(all.clone(), Status::Negated);
        }
        let elsewhere = match whereabouts {
            Whereabouts::Home => false,
            Whereabouts::Elsewhere => true,
            // People of a place do not call it 当地.
            Whereabouts::Unknown => {
                self.any(reading, Kind::Elsewhere)
                    || reading.text.contains("当地") && !reading.spots.any(List::Writer)
            }
        };
        if elsewhere && !reading.spots.any(List::Here) {
            self.put(all.clone(), Status::Elsewhere);
        }
        let old = self.any(reading, Kind::OldNews) || is_years_ago(reading);
        if old && !reading.spots.any(List::Still) {
            self.put(all.clone(), Status::OldNews);
        }
        for kind in [Kind::Resolved, Kind::Thanks] {
            // What comes after a turn (但是又停了) stands for itself.
            if let Some(cue) = self.given(reading, kind) {
                let turn = (reading.clause_at(cue.start) + 1..reading.clauses.len())
                    .find(|&clause| TURNS.iter().any(|turn| reading.clause_text(clause).starts_with(turn)));
                self.put(0..turn.unwrap_or(all.end), Status::Resolved);
            }
        }
    }

    /// Whether a cue of this kind stands unnegated.
    fn any(&self, reading: &Reading<'_>, kind: Kind) -> bool {
        reading.cues.iter().zip(&self.negated).any(|(cue, negated)| cue.kind == kind && !negated)
    }

    /// The last cue of this kind that is stated, not asked or wished for.
    fn given<'r, 'a>(&self, reading: &'r Reading<'a>, kind: Kind) -> Option<&'r Cue<'a>> {
        let stated = |cue: &Cue<'_>| {
            let clause = reading.clause_at(cue.start);
            let Some(span) = reading.clauses.get(clause) else { return false };
            let before = span.start.max(cue.start.saturating_sub(8));
            let after = reading.slice(cue.end, (cue.end + 3).min(span.end));
            !reading.spots.within(List::Wish, before, cue.start)
                && !after.contains('吗')
                && !after.contains("不了")
                && span.mark != Mark::Question
        };
        let found = reading.cues.iter().zip(&self.negated);
        found
            .filter(|(cue, negated)| cue.kind == kind && !**negated && stated(cue))
            .map(|(cue, _)| cue)
            .next_back()
    }
}

/// Of two ways to put it, the one that takes away more; the order of the table in algorithms §3.
fn stronger(one: Status, other: Status) -> Status {
    if rank(other) > rank(one) { other } else { one }
}

fn rank(status: Status) -> u8 {
    match status {
        Status::Asserted => 0,
        Status::Question => 1,
        Status::Hearsay => 2,
        Status::Hypothetical => 3,
        Status::Resolved => 4,
        Status::OldNews => 5,
        Status::Elsewhere => 6,
        Status::Negated => 7,
        Status::Fiction => 8,
        Status::Drill => 9,
        Status::Advert => 10,
    }
}

/// Two cues of selling, or one with a price, a number to call or an account to add; never a complaint.
fn is_advert(reading: &Reading<'_>) -> bool {
    let mut terms: Vec<&str> = reading.of(Kind::Advert).map(|cue| cue.term).collect();
    terms.sort_unstable();
    terms.dedup();
    let complains = reading.spots.any(List::Complaint);
    match terms.len() {
        0 => false,
        3.. => true,
        _ if complains => false,
        1 => {
            let digits = reading.chars.iter().filter(|c| c.is_ascii_digit()).count();
            let priced = reading
                .chars
                .windows(2)
                .any(|pair| pair[0].is_ascii_digit() && matches!(pair[1], '元' | '块' | '折' | '%'))
                || reading.chars.contains(&'¥');
            priced || digits >= 11 || reading.spots.any(List::Contact)
        }
        _ => true,
    }
}

/// Whether an odd number of negators governs a hit: within four words before it in its clause, with
/// nothing between that they belong to instead.
fn is_negated(reading: &Reading<'_>, negators: &[&Cue<'_>], cue: &Cue<'_>) -> bool {
    if matches!(cue.kind, Kind::Negator | Kind::Degree | Kind::Request | Kind::Question) {
        return false;
    }
    let parts = || cue.term.split('+');
    // The parts of 树+砸+车 may stand on both sides of a negator: it must govern the last of them.
    let found = reading.slice(cue.start, cue.end);
    let last = parts().filter(|part| found.ends_with(part)).map(|part| part.chars().count() as u32).max();
    let anchor = if cue.term.contains('+') { last.map_or(cue.start, |len| cue.end - len) } else { cue.start };
    let Some(clause) = reading.clauses.get(reading.clause_at(anchor)) else { return false };
    let governs = |negator: &Cue<'_>| {
        if negator.start < clause.start || negator.end > anchor {
            return false;
        }
        if parts().any(|part| part.contains(negator.term)) {
            return false;
        }
        let mut between = 0;
        for word in reading.words_between(negator.end, anchor) {
            if BARRIERS.contains(&word) {
                return false;
            }
            between += 1;
            if between > 3 {
                return false;
            }
        }
        // 不 alone belongs to the very next word: 不通知停水 is a stop without notice.
        between <= if negator.term == "不" { 0 } else { 3 }
    };
    // What ends four words before it or further governs nothing.
    let reach = reading.fourth_word_before(anchor).saturating_sub(reading.longest_cue).max(clause.start);
    let near = negators.partition_point(|negator| negator.start < reach);
    let near = negators[near..].iter().take_while(|negator| negator.start < anchor);
    let before = near.filter(|negator| governs(negator)).count();
    before % 2 == 1
}

/// 三年前, 十二年前的今天: two years ago or more.
fn is_years_ago(reading: &Reading<'_>) -> bool {
    reading.numbers.iter().any(|number| {
        let long = number.value >= 2.0 && number.value < 1900.0;
        let year = (1900.0..=2020.0).contains(&number.value);
        let after = reading.slice(number.end, number.end + 2);
        long && after == "年前" || year && after.starts_with('年')
    }) || reading.spots.any(List::YearsAgo)
}

/// 第18集, 第三季: somebody tells of a series.
fn is_episode(reading: &Reading<'_>) -> bool {
    reading.numbers.iter().any(|number| {
        let before = number.start.checked_sub(1).map(|at| reading.chars[at as usize]);
        before == Some('第') && matches!(reading.chars.get(number.end as usize), Some('集' | '季'))
    })
}

/// Whether a negator is part of another hit or of a word that negates nothing.
fn belongs_elsewhere(reading: &Reading<'_>, negator: &Cue<'_>) -> bool {
    let inside = reading.cues_over(negator.start).iter().any(|cue| {
        !matches!(cue.kind, Kind::Negator | Kind::Neg | Kind::Pos)
            && cue.start <= negator.start
            && negator.end <= cue.end
            && cue.end - cue.start > negator.end - negator.start
            && !cue.term.contains('+')
    });
    inside || reading.spots.over(List::NoNegation, negator.start, negator.end)
}

#[cfg(test)]
mod tests {
    use crate::assess::Status;
    use crate::assess::fixture::assess;

    #[test]
    fn a_matter_is_put_as_it_is_put() {
        use Status::{
            Advert, Asserted, Drill, Elsewhere, Fiction, Hearsay, Hypothetical, Negated, OldNews, Question,
            Resolved,
        };
        for (text, expected) in [
            ("锦华里停水两天了", Asserted),
            // Negation governs, double negation and lacks do not.
            ("锦华里没有停水", Negated),
            ("锦华里并没有发生爆炸", Negated),
            ("不得不说锦华里又停水了", Asserted),
            ("锦华里停水没人管", Asserted),
            ("没通知就停水", Asserted),
            ("树倒了但没砸到人", Negated),
            ("辟谣：锦华里停水是谣言", Negated),
            ("求辟谣！说锦华里要停水", Asserted),
            // Over, or not yet.
            ("锦华里停水，刚刚已恢复供水", Resolved),
            ("锦华里停水还没恢复供水", Asserted),
            ("停水什么时候恢复供水", Asserted),
            ("说是修好了，结果今早又停水", Asserted),
            ("谢谢师傅，停水半夜就修好了", Resolved),
            // Thought, heard, asked.
            ("如果停水了怎么办", Hypothetical),
            ("万一哪天燃气爆炸谁负责", Hypothetical),
            ("听说锦华里停水了", Hearsay),
            ("网传锦华里爆炸，五人受伤", Hearsay),
            ("锦华里是不是停水了", Question),
            ("难道停水就没人管了吗", Asserted),
            ("什么时候停水能通知一下", Asserted),
            // Not of this world, this place, this day.
            ("消防演练，模拟三楼着火", Drill),
            ("不是演习！三楼真着火了", Asserted),
            ("追剧追到第18集，大楼爆炸了", Fiction),
            ("今晚拍戏，剧组说着火是特效", Fiction),
            ("据外媒报道，国外一工厂爆炸", Elsewhere),
            ("二十年前那场大火", OldNews),
            ("三年前就开始漏水，至今没人管，墙体开裂", Asserted),
            ("净水器厂家直销，停水不怕，下单立减，加微信", Advert),
        ] {
            let found = assess(text);
            let said: Vec<_> = found.hits.iter().map(|h| format!("{}:{}", h.term, h.kind)).collect();
            assert_eq!(found.status, expected, "{text}: {said:?}");
        }
    }
}
