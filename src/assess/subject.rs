//! Decides what a post is about, who should answer, and where it is: with abstention.
//!
//! A wrong department costs the public days, so where two come close none is named and a person assigns
//! it. The place is the deepest that the text names; a name of several places counts only where the text
//! also names what holds it. Where the writer is plays no part.

use std::collections::BTreeMap;

use super::sensitivity::{Evidence, Kept};
use super::{Status, Verdict};
use crate::lexicon::categories::Categories;
use crate::lexicon::category::Category;
use crate::lexicon::kind::Kind;
use crate::lexicon::places::{Gazetteer, PlaceId, PlaceKind};
use crate::lexicon::scan::PlaceMatch;

/// What a post is about and who should answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Verdicts {
    pub(crate) category: Option<Verdict<Category>>,
    pub(crate) department: Option<Verdict<String>>,
}

/// The places a post names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Located {
    /// Canonical names, deepest first.
    pub(crate) names: Vec<String>,
    /// Whether they are ours.
    pub(crate) whereabouts: Whereabouts,
}

/// Whether a post speaks of the desk's own area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whereabouts {
    /// It names a place of ours.
    Home,
    /// All places it names are others'.
    Elsewhere,
    /// It names none.
    Unknown,
}

/// Least share of the points that names a category.
const CATEGORY_SHARE: f32 = 0.34;
/// Least share of the points that routes to a department, and how far ahead of the second it must be.
const DEPARTMENT_SHARE: f32 = 0.6;
const DEPARTMENT_LEAD: f32 = 1.5;
/// What each further hit takes from the doubt.
const DOUBT: f32 = 0.45;

/// Chooses category and department.
pub(crate) fn decide(evidence: &Evidence<'_>, status: Status, categories: &Categories) -> Verdicts {
    let Some(Points { by_category, by_department }) = points(evidence, status, categories) else {
        return Verdicts::default();
    };
    let total: f32 = by_category.values().map(|(points, _)| points).sum();
    let top = by_category.iter().max_by(|(a, (one, _)), (b, (other, _))| one.total_cmp(other).then(b.cmp(a)));
    let category = top.filter(|(_, (points, _))| *points >= CATEGORY_SHARE * total && total > 0.0).map(
        |(&id, &(points, hits))| Verdict {
            id,
            confidence: hundredths(points / total * (1.0 - DOUBT.powi(hits))),
        },
    );
    Verdicts { category, department: route(&by_department) }
}

/// The departments that have points in it with their share of them, the most first: what a person who
/// assigns it chooses from.
pub(crate) fn departments(
    evidence: &Evidence<'_>,
    status: Status,
    categories: &Categories,
) -> Vec<Verdict<String>> {
    let Some(Points { by_department, .. }) = points(evidence, status, categories) else { return Vec::new() };
    let total: f32 = by_department.values().sum();
    let verdict =
        |(id, points): (&str, f32)| Verdict { id: id.to_owned(), confidence: hundredths(points / total) };
    ranked(&by_department).into_iter().filter(|(_, points)| *points > 0.0).map(verdict).collect()
}

/// What the hits that count are worth.
struct Points<'a> {
    /// Points and number of hits.
    by_category: BTreeMap<Category, (f32, i32)>,
    by_department: BTreeMap<&'a str, f32>,
}

/// Adds up the hits that count; `None` for what is no matter of anybody's.
fn points<'a>(evidence: &Evidence<'_>, status: Status, categories: &'a Categories) -> Option<Points<'a>> {
    if matches!(status, Status::Advert | Status::Fiction) {
        return None;
    }
    let kept = Kept { evidence, least: status.factor() };
    let mut by_category: BTreeMap<Category, (f32, i32)> = BTreeMap::new();
    let mut by_department: BTreeMap<&str, f32> = BTreeMap::new();
    let mut seen: Vec<&str> = Vec::new();
    for cue in kept.of(Kind::Topic).chain(kept.of(Kind::Severity)) {
        // The same word again says nothing new, and as severity it stands beside its topic.
        let Some(category) = cue.category.filter(|_| !seen.contains(&cue.term)) else { continue };
        seen.push(cue.term);
        let entry = by_category.entry(category).or_default();
        entry.0 += cue.points;
        entry.1 += 1;
        if let Some(department) = categories.department(category, cue.sub) {
            *by_department.entry(department).or_default() += cue.points;
        }
    }
    if by_category.is_empty() {
        for (category, points) in kept.categories() {
            by_category.insert(category, (points, 1));
            if let Some(department) = categories.department(category, None) {
                by_department.insert(department, points);
            }
        }
    }
    Some(Points { by_category, by_department })
}

fn ranked<'a>(points: &BTreeMap<&'a str, f32>) -> Vec<(&'a str, f32)> {
    let mut ranked: Vec<(&str, f32)> = points.iter().map(|(&id, &points)| (id, points)).collect();
    ranked.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(other.0)));
    ranked
}

fn route(points: &BTreeMap<&str, f32>) -> Option<Verdict<String>> {
    let total: f32 = points.values().sum();
    let ranked = ranked(points);
    let (id, first) = *ranked.first()?;
    let second = ranked.get(1).map_or(0.0, |(_, points)| *points);
    let clear = total > 0.0 && first >= DEPARTMENT_SHARE * total && first >= DEPARTMENT_LEAD * second;
    clear.then(|| Verdict { id: id.to_owned(), confidence: hundredths(first / total) })
}

fn hundredths(share: f32) -> f32 {
    (share * 100.0).round() / 100.0
}

/// Finds the places named, and whether they are ours: `home` is the place the desk answers for.
pub(crate) fn locate(places: &Gazetteer, found: &[PlaceMatch], home: Option<&str>) -> Located {
    let certain: Vec<PlaceId> = found
        .iter()
        .filter_map(|one| match places.meanings(one.name) {
            [only] => Some(*only),
            _ => None,
        })
        .collect();
    let mut named: Vec<PlaceId> = Vec::new();
    for one in found {
        let meanings = places.meanings(one.name);
        let meant = match meanings {
            [only] => Some(*only),
            several => {
                let mut held = several.iter().filter(|&&id| places.holders(id).any(|h| certain.contains(&h)));
                let first = held.next();
                if held.next().is_none() { first.copied() } else { None }
            }
        };
        named.extend(meant.filter(|id| !named.contains(id)));
    }
    let whereabouts = whereabouts(places, &named, home);
    named.sort_by_key(|&id| (std::cmp::Reverse(places.depth(id)), !is_ours(places, id, home)));
    Located { names: named.into_iter().map(|id| places.place(id).name.clone()).collect(), whereabouts }
}

fn whereabouts(places: &Gazetteer, named: &[PlaceId], home: Option<&str>) -> Whereabouts {
    if named.is_empty() {
        Whereabouts::Unknown
    } else if named.iter().any(|&id| is_ours(places, id, home)) {
        Whereabouts::Home
    } else {
        Whereabouts::Elsewhere
    }
}

fn is_ours(places: &Gazetteer, id: PlaceId, home: Option<&str>) -> bool {
    let chain = || std::iter::once(id).chain(places.holders(id));
    let away = chain().any(|id| matches!(places.place(id).kind, PlaceKind::Abroad | PlaceKind::Outside));
    let home = home.map(|name| places.named(name)).unwrap_or_default();
    let within = home.is_empty()
        || chain().any(|id| home.contains(&id))
        || home.iter().any(|&home| places.holders(home).any(|h| h == id));
    !away && within
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::fixture::assess;

    #[test]
    fn matters_find_their_service_and_department() {
        for (text, category, department) in [
            ("锦华里停水两天了，自来水公司不接电话", Some(Category::Utilities), Some("water")),
            ("食堂饭菜里吃出虫子，孩子拉肚子", Some(Category::Food), Some("market")),
            ("公司拖欠农民工工资半年", Some(Category::Labour), Some("labour")),
            ("今天星期二", None, None),
            ("净水器厂家直销，停水不怕，下单立减，加微信", None, None),
        ] {
            let found = assess(text);
            assert_eq!(found.category.as_ref().map(|v| v.id), category, "{text}");
            assert_eq!(found.department.as_ref().map(|v| v.id.as_str()), department, "{text}");
            assert!(found.category.is_none_or(|v| v.confidence > 0.3 && v.confidence < 1.0), "{text}");
        }
    }

    #[test]
    fn where_two_departments_come_close_none_is_named() {
        let routed = |points: &[(&'static str, f32)]| route(&points.iter().copied().collect()).map(|v| v.id);
        assert_eq!(routed(&[("water", 14.0), ("housing", 12.0)]), None);
        assert_eq!(routed(&[("water", 28.0), ("housing", 12.0)]), Some("water".to_owned()));
        assert_eq!(routed(&[("a", 30.0), ("b", 11.0), ("c", 11.0)]), None);
        assert_eq!(routed(&[]), None);
    }

    #[test]
    fn the_deepest_place_stands_first() {
        let found = assess("禾川市东禾区云锦苑停水");
        assert_eq!(found.places.first().map(String::as_str), Some("云锦苑"), "{:?}", found.places);
        assert!(found.places.len() >= 2, "{:?}", found.places);
    }
}
