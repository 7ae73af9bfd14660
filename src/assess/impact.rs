//! Decides what the weightiest reading says has befallen people, and how urgent that is at the least.
//!
//! The points of the score tell matters of one sort apart; how soon a desk must act is told by what
//! happened to people. Floors say it: red where life is at stake now or many are harmed, orange where
//! people are harmed, in clear danger, or very many are cut off, yellow where a service fails a group or
//! one person's hardship lasts, blue where one concrete complaint or question deserves a reply.

use super::grammar::{HAZARDS, List};
use super::quantity::Counted;
use super::reading::Cue;
use super::sensitivity::Kept;
use super::sentiment::Mood;
use super::{Asking, Grade};
use crate::lexicon::category::Category;
use crate::lexicon::kind::Kind;

/// What calls for hurry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Plight<'a> {
    /// Somebody needs to be got out or helped at once: the word that says so.
    pub(crate) rescue: Option<&'a str>,
    /// It is going on.
    pub(crate) ongoing: bool,
    /// An authority is asked to act.
    pub(crate) request: bool,
    /// Information is asked for.
    pub(crate) question: bool,
}

/// What has befallen people.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Impact {
    floor: Option<(Grade, &'static str)>,
}

/// Urgency rows of at least this weight call for rescue; lighter ones say that it goes on.
pub(crate) const RESCUE: f32 = 6.0;

impl<'a> Plight<'a> {
    /// Reads the plight out of what counts.
    pub(crate) fn of(kept: &Kept<'a>) -> Self {
        let reading = kept.evidence.reading;
        let rescue = kept.of(Kind::Urgency).find(|cue| cue.weight >= RESCUE).map(|cue| cue.term);
        let ongoing = kept.of(Kind::Urgency).any(|cue| cue.weight < RESCUE);
        Self {
            rescue,
            ongoing,
            request: reading.of(Kind::Request).next().is_some() || kept.evidence.asking == Asking::Request,
            question: kept.evidence.asking == Asking::Information,
        }
    }
}

impl Impact {
    /// Reads the impact out of what counts.
    pub(crate) fn of(kept: &Kept<'_>) -> Self {
        Self { floor: floor(kept) }
    }

    /// The grade that this is at the least, and why.
    pub(crate) fn floor(&self) -> Option<(Grade, &'static str)> {
        self.floor
    }
}

fn floor(kept: &Kept<'_>) -> Option<(Grade, &'static str)> {
    let reading = kept.evidence.reading;
    let plight = Plight::of(kept);
    let hurt = kept.most(Counted::Hurt);
    let vulnerable = kept.of(Kind::Vulnerable).next().is_some();
    // 社死, 当场去世, 中毒了: a grave word that belongs to no service is meant only where people are named.
    let people =
        vulnerable || hurt > 0.0 || kept.most(Counted::People) > 0.0 || reading.spots.any(List::Person);
    let meant = |cue: &&Cue<'_>| cue.category.is_some() || people || cue.weight < 2.0;
    let level = kept.of(Kind::Severity).filter(meant).map(|cue| cue.weight).fold(0.0, f32::max);
    let dead = if people { kept.most(Counted::Dead) } else { 0.0 };
    let hazard = kept.of(Kind::Topic).chain(kept.of(Kind::Severity)).any(|cue| {
        cue.category == Some(Category::Safety)
            && cue.names_matter
            && cue.sub.is_some_and(|sub| HAZARDS.contains(&sub))
    });
    let many = kept.most(Counted::People).max(kept.most(Counted::Households)).max(hurt);
    let hours = kept.most(Counted::Hours);
    let past = reading.spots.any(List::Past) && !plight.ongoing;
    let group = reading.spots.any(List::Group) || kept.of(Kind::Scale).next().is_some();
    let again = reading.spots.any(List::Again);
    let concrete = kept.of(Kind::Topic).any(|cue| cue.names_matter) || level > 0.0;
    let touched = kept.of(Kind::Topic).next().is_some();
    // Water, power, gas and heat fail for many at once, whoever tells of it.
    let cut_off =
        kept.of(Kind::Topic).any(|cue| cue.category == Some(Category::Utilities) && cue.names_matter);
    let displeased = kept.evidence.sentiment.label == Mood::Negative;
    let rules = [
        (Grade::Red, level >= 3.0 && !past, "有人命危险，正在发生"),
        (Grade::Red, hazard && !past && (hurt >= 1.0 || plight.rescue.is_some()), "险情中有人受害或被困"),
        (Grade::Red, hurt >= 3.0 && level >= 2.0 && plight.ongoing && !past, "多人受害，仍在持续"),
        (Grade::Red, plight.rescue.is_some() && level >= 2.0 && !past, "有人被困或急待救援"),
        (Grade::Red, dead >= 3.0 || hurt >= 20.0, "多人伤亡"),
        (Grade::Orange, level >= 3.0 || dead > 0.0, "危及生命"),
        (Grade::Orange, plight.rescue.is_some(), "有人被困或求救"),
        (Grade::Orange, level >= 2.0, "已有人受害或明显危险"),
        (Grade::Orange, hurt >= 3.0, "3人以上受害"),
        (Grade::Orange, many >= 300.0 && concrete, "影响数百人"),
        (Grade::Yellow, level >= 1.0, "服务明显失灵"),
        (Grade::Yellow, hurt >= 1.0, "有人受害"),
        (Grade::Yellow, many >= 10.0 && (concrete || touched && displeased), "影响一群人"),
        (
            Grade::Yellow,
            concrete && group && displeased && (again || hours >= 24.0 || vulnerable),
            "影响一片且持续",
        ),
        (Grade::Yellow, concrete && displeased && hours >= 72.0 && (vulnerable || again), "困难持续多日"),
        (Grade::Yellow, cut_off && hours >= 24.0, "停供一天以上"),
        (Grade::Yellow, concrete && displeased && hours >= 720.0, "困难持续数月"),
    ];
    let first = rules.into_iter().find(|(_, holds, _)| *holds).map(|(grade, _, why)| (grade, why));
    let asks = plight.request || plight.question;
    let deserves = (concrete || touched) && (displeased || asks);
    first.or(deserves.then_some((Grade::Blue, "具体诉求，应予答复")))
}
