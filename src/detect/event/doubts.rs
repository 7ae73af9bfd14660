//! Whether an event needs verifying, and what speaks for it; never whether it is true (algorithms §9).
//!
//! Each piece of evidence has a strength q; together they make 1 − Π(1 − q). The strengths are the design's first
//! guesses, until verdicts of the desk say better. Cues that come together count once, by the larger.

use serde::{Deserialize, Serialize};

use super::voices::Voices;
use crate::assess::{AssessedPost, Status};

/// From this an event is listed as to be verified.
pub const LISTED: f32 = 0.4;
/// From this an event of some weight is told to the desk as to be verified.
pub const TOLD: f32 = 0.6;

/// Figures that differ so many times disagree.
const APART: u32 = 3;
/// Fewest originals of which shares are told.
const FEW: u32 = 3;
/// Words that ask the reader to pass it on at once.
const FORWARD: &[&str] =
    &["速转", "快转", "不转不是", "转疯了", "赶紧转", "转给家人", "转给身边", "马上就删", "扩散"];
/// Words of somebody who was there.
const FIRST_HAND: &[&str] = &["我", "俺", "现场", "照片", "亲眼", "刚拍"];

/// What was counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Doubts {
    originals: u32,
    copies: u32,
    hearsay: u32,
    forward: u32,
    first_hand: u32,
    denied: u32,
    officially_denied: u32,
    asking: Voices,
    dead: Figures,
    hurt: Figures,
    /// For how many days the oldest text that goes round in it has been known.
    old: u32,
}

/// The least and the greatest figure that posts tell of a thing; 0 for none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Figures {
    least: u32,
    most: u32,
}

impl Figures {
    fn add(&mut self, figure: u32) {
        self.least = if self.least == 0 { figure } else { self.least.min(figure) };
        self.most = self.most.max(figure);
    }

    fn merge(&mut self, other: Self) {
        for figure in [other.least, other.most].into_iter().filter(|figure| *figure > 0) {
            self.add(figure);
        }
    }

    /// So far apart that they cannot all be right.
    fn disagree(self) -> bool {
        self.least > 0 && self.most >= self.least * APART
    }
}

/// One reason to verify.
#[derive(Debug, Clone, PartialEq)]
pub struct Doubt {
    /// How strong it is by itself, 0 to 1.
    pub strength: f32,
    /// In Chinese, with the figures.
    pub why: String,
}

impl Doubts {
    pub(super) fn new() -> Self {
        let (originals, copies, hearsay, forward, first_hand) = (0, 0, 0, 0, 0);
        let asking = Voices::new();
        let (dead, hurt) = (Figures::default(), Figures::default());
        let (denied, officially_denied, old) = (0, 0, 0);
        Self {
            originals,
            copies,
            hearsay,
            forward,
            first_hand,
            denied,
            officially_denied,
            asking,
            dead,
            hurt,
            old,
        }
    }

    /// Counts a post; `old` is for how many days its text has been known, if it is old.
    pub(super) fn add(&mut self, post: &AssessedPost, voice: u64, copied: bool, old: Option<u32>) {
        let (said, status) = (&post.post, post.assessment.status);
        if said.official {
            self.officially_denied += u32::from(status == Status::Negated);
            return;
        }
        self.old = self.old.max(old.unwrap_or(0));
        if copied {
            self.copies += 1;
            return;
        }
        if matches!(status, Status::Asserted | Status::Hearsay) {
            post.toll.dead.into_iter().for_each(|dead| self.dead.add(dead));
            post.toll.hurt.into_iter().for_each(|hurt| self.hurt.add(hurt));
        }
        self.originals += 1;
        let text = post.normalized.text();
        self.hearsay += u32::from(status == Status::Hearsay);
        self.denied += u32::from(status == Status::Negated);
        self.forward += u32::from(FORWARD.iter().any(|word| text.contains(word)));
        self.first_hand += u32::from(FIRST_HAND.iter().any(|word| text.contains(word)));
        if status == Status::Question {
            self.asking.add(voice);
        }
    }

    /// Takes in what was counted of another event.
    pub(super) fn merge(&mut self, other: &Self) {
        self.originals += other.originals;
        self.copies += other.copies;
        self.hearsay += other.hearsay;
        self.forward += other.forward;
        self.first_hand += other.first_hand;
        self.denied += other.denied;
        self.officially_denied += other.officially_denied;
        self.asking.merge(&other.asking);
        self.dead.merge(other.dead);
        self.hurt.merge(other.hurt);
        self.old = self.old.max(other.old);
    }

    /// What speaks for verifying, strongest first.
    pub(super) fn evidence(&self) -> Vec<Doubt> {
        let mut found: Vec<Doubt> = Vec::new();
        let mut doubt = |holds: bool, strength: f32, why: String| {
            if holds {
                found.push(Doubt { strength, why });
            }
        };
        let all = self.originals + self.copies;
        let asking = self.asking.count();
        let heard = self.originals >= FEW && self.hearsay * 10 > self.originals * 3;
        // Whoever asks whether it is true has it from others: the stronger of both counts.
        doubt(asking >= 2, 0.35, format!("{asking}人追问真假"));
        doubt(heard && asking < 2, 0.25, format!("{}条原创中{}条为听说", self.originals, self.hearsay));
        doubt(self.forward > 0, 0.30, format!("{}条催人转发", self.forward));
        for (what, figures) in [("死亡", self.dead), ("受伤", self.hurt)] {
            let why = format!("{what}人数说法不一，从{}人到{}人", figures.least, figures.most);
            doubt(figures.disagree() && (what == "死亡" || !self.dead.disagree()), 0.25, why);
        }
        // What is old is told by copies: the stronger of both counts.
        doubt(self.old > 0, 0.45, format!("与{}天前的旧文相同", self.old));
        doubt(
            self.old == 0 && all >= 5 && self.copies * 5 >= all * 4 && self.first_hand == 0,
            0.20,
            format!("{all}条中{}条是转抄，无人称亲历", self.copies),
        );
        doubt(self.denied > 0, 0.30, format!("{}条帖文否认", self.denied));
        doubt(self.officially_denied > 0, 0.60, "官方已否认".to_owned());
        found.sort_by(|one, other| other.strength.total_cmp(&one.strength));
        found
    }
}

/// How much speaks for verifying, 0 to 1.
pub(super) fn together(doubts: &[Doubt]) -> f32 {
    1.0 - doubts.iter().map(|doubt| 1.0 - doubt.strength).product::<f32>()
}

/// What people read: `待核实（0.58）：3人追问真假；1条帖文否认`.
pub(super) fn sentence(doubts: &[Doubt]) -> Option<String> {
    let whys: Vec<&str> = doubts.iter().map(|doubt| doubt.why.as_str()).collect();
    (!whys.is_empty()).then(|| format!("待核实（{:.2}）：{}", together(doubts), whys.join("；")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut Doubts)) -> Option<String> {
        let mut doubts = Doubts::new();
        change(&mut doubts);
        sentence(&doubts.evidence())
    }

    #[test]
    fn evidence_is_listed_with_its_figures_and_never_called_false() {
        insta::assert_snapshot!(with(|d| {
            d.originals = 10;
            d.hearsay = 5;
            (0..3).for_each(|voice| _ = d.asking.add(voice));
            d.forward = 2;
        }).unwrap(), @"待核实（0.55）：3人追问真假；2条催人转发");
        insta::assert_snapshot!(with(|d| {
            d.originals = 1;
            d.copies = 9;
            d.officially_denied = 1;
        }).unwrap(), @"待核实（0.68）：官方已否认；10条中9条是转抄，无人称亲历");
        insta::assert_snapshot!(with(|d| {
            d.old = 40;
            d.dead = Figures { least: 4, most: 12 };
            d.hurt = Figures { least: 1, most: 9 };
        }).unwrap(), @"待核实（0.59）：与40天前的旧文相同；死亡人数说法不一，从4人到12人");
        assert_eq!(with(|d| d.dead = Figures { least: 4, most: 11 }), None, "less than three times");
        let mut told = Figures::default();
        for figure in [5, 4, 12] {
            told.add(figure);
        }
        assert_eq!(told, Figures { least: 4, most: 12 });
        assert_eq!(with(|d| (d.originals, d.hearsay) = (10, 3)), None);
        assert_eq!(with(|_| ()), None);
    }
}
