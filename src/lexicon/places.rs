//! The gazetteer: which places there are, what they are called, what lies in what (`places.tsv`).
//!
//! A name may mean several places (every town has a 人民路): all of them are kept, and the caller
//! chooses by what else the text says. Names of two characters count only where they are whole words
//! (东山 is no place in 广东山区).

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::lexicon::dictionary::{Lines, MAX_LINE_CHARS};
use crate::lexicon::fault::{Findings, did_you_mean};
use crate::text::normalize::normalized_text;

const COLUMNS: [&str; 4] = ["place", "parent", "type", "alias"];

/// What sort of place a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum PlaceKind {
    Abroad,
    /// Within the country, beyond what the desk answers for.
    Outside,
    Province,
    Municipality,
    City,
    County,
    District,
    Subdistrict,
    Town,
    Village,
    Road,
    Bridge,
    Square,
    Line,
    Station,
    Estate,
    Building,
    School,
    Hospital,
    CareHome,
    Market,
    Mall,
    Company,
    Plant,
    /// Where something is being built.
    Site,
    Office,
    Venue,
    Park,
    Scenic,
    Water,
    River,
    Lake,
}

impl PlaceKind {
    /// Every kind with the id used in files.
    pub const ALL: [(Self, &'static str); 32] = [
        (Self::Abroad, "abroad"),
        (Self::Outside, "outside"),
        (Self::Province, "province"),
        (Self::Municipality, "municipality"),
        (Self::City, "city"),
        (Self::County, "county"),
        (Self::District, "district"),
        (Self::Subdistrict, "subdistrict"),
        (Self::Town, "town"),
        (Self::Village, "village"),
        (Self::Road, "road"),
        (Self::Bridge, "bridge"),
        (Self::Square, "square"),
        (Self::Line, "line"),
        (Self::Station, "station"),
        (Self::Estate, "estate"),
        (Self::Building, "building"),
        (Self::School, "school"),
        (Self::Hospital, "hospital"),
        (Self::CareHome, "care-home"),
        (Self::Market, "market"),
        (Self::Mall, "mall"),
        (Self::Company, "company"),
        (Self::Plant, "plant"),
        (Self::Site, "site"),
        (Self::Office, "office"),
        (Self::Venue, "venue"),
        (Self::Park, "park"),
        (Self::Scenic, "scenic"),
        (Self::Water, "water"),
        (Self::River, "river"),
        (Self::Lake, "lake"),
    ];

    /// The id used in files.
    pub fn id(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map(|&(_, id)| id).expect("ALL lists every variant")
    }

    fn of_id(id: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, one)| *one == id).map(|&(kind, _)| kind)
    }

    /// Whether the place is too wide to tell one happening from another.
    pub fn is_wide(self) -> bool {
        self <= Self::District
    }
}

/// A place of one gazetteer: its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaceId(u32);

/// One place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its name, normalised.
    pub name: String,
    /// The place it lies in.
    pub parent: Option<PlaceId>,
    /// What sort of place it is.
    pub kind: PlaceKind,
    /// Other names, normalised.
    pub aliases: Vec<String>,
}

/// All places, and which names mean which.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gazetteer {
    places: Vec<Place>,
    names: Vec<(String, Vec<PlaceId>)>,
}

/// A name of a gazetteer: its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub(crate) u32);

impl Gazetteer {
    /// A place by its number.
    pub fn place(&self, id: PlaceId) -> &Place {
        &self.places[id.0 as usize]
    }

    /// Every place a name may mean, at least one.
    pub fn meanings(&self, name: NameId) -> &[PlaceId] {
        &self.names[name.0 as usize].1
    }

    /// Every place a name may mean; the name must be normalised.
    pub fn named(&self, name: &str) -> &[PlaceId] {
        let found = self.names.binary_search_by(|(one, _)| one.as_str().cmp(name));
        found.map_or(&[], |place| &self.names[place].1)
    }

    /// The places that hold a place, nearest first.
    pub fn holders(&self, id: PlaceId) -> impl Iterator<Item = PlaceId> {
        std::iter::successors(self.place(id).parent, |&holder| self.place(holder).parent)
    }

    /// How many places hold this one: the deepest place named is the one meant.
    pub fn depth(&self, id: PlaceId) -> usize {
        self.holders(id).count()
    }

    /// Every place with its number.
    pub fn iter(&self) -> impl Iterator<Item = (PlaceId, &Place)> {
        self.places.iter().enumerate().map(|(at, place)| (PlaceId(at as u32), place))
    }

    /// Every name, sorted, with its number.
    pub(crate) fn names(&self) -> impl Iterator<Item = (NameId, &str)> {
        self.names.iter().enumerate().map(|(at, (name, _))| (NameId(at as u32), name.as_str()))
    }

    /// Reads the files with places, lowest layer first: the same place in a later one replaces it.
    pub(crate) fn parse<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        findings: &mut Findings,
    ) -> Self {
        let mut lines = BTreeMap::new();
        for (file, bytes) in files {
            for line in read(file, bytes, findings) {
                lines.insert((line.name.clone(), line.parent.clone()), line);
            }
        }
        Self::of_lines(&lines.into_values().collect::<Vec<_>>(), findings)
    }

    fn of_lines(lines: &[Entry], findings: &mut Findings) -> Self {
        let mut by_name: BTreeMap<&str, PlaceId> = BTreeMap::new();
        for (at, line) in lines.iter().enumerate() {
            by_name.entry(&line.name).or_insert(PlaceId(at as u32));
        }
        let mut places = Vec::with_capacity(lines.len());
        for line in lines {
            let parent = by_name.get(line.parent.as_str()).copied();
            if parent.is_none() && !line.parent.is_empty() {
                let mend = if by_name.len() > 2000 {
                    "add it".to_owned()
                } else {
                    did_you_mean(&line.parent, by_name.keys().copied())
                };
                findings.fault(
                    &line.file,
                    line.line,
                    format!("the parent `{}` is no place", line.parent),
                    mend,
                );
            }
            let aliases = line.aliases.clone();
            places.push(Place { name: line.name.clone(), parent, kind: line.kind, aliases });
        }
        let circular = circular(&places);
        for (at, line) in lines.iter().enumerate() {
            if circular[at] {
                findings.fault(
                    &line.file,
                    line.line,
                    format!("`{}` lies in itself", line.name),
                    "mend its parent",
                );
                places[at].parent = None;
            }
        }
        let mut names: BTreeMap<&str, Vec<PlaceId>> = BTreeMap::new();
        for (at, line) in lines.iter().enumerate() {
            for name in std::iter::once(&line.name).chain(&line.aliases) {
                let meanings = names.entry(name).or_default();
                if !meanings.contains(&PlaceId(at as u32)) {
                    meanings.push(PlaceId(at as u32));
                }
            }
        }
        let names = names.into_iter().map(|(name, meanings)| (name.to_owned(), meanings)).collect();
        Self { places, names }
    }
}

/// The gazetteer as a file: sorted, so equal gazetteers are equal files.
impl fmt::Display for Gazetteer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", COLUMNS.join("\t"))?;
        for place in &self.places {
            let parent = place.parent.map_or("", |parent| &self.place(parent).name);
            writeln!(f, "{}\t{parent}\t{}\t{}", place.name, place.kind.id(), place.aliases.join(";"))?;
        }
        Ok(())
    }
}

/// Which places lie in themselves, or in one that does. Each place is walked through once.
fn circular(places: &[Place]) -> Vec<bool> {
    let mut decided: Vec<Option<bool>> = vec![None; places.len()];
    let mut on_chain = vec![false; places.len()];
    for start in 0..places.len() {
        let mut chain = Vec::new();
        let mut next = Some(start);
        let verdict = loop {
            let Some(at) = next else { break false };
            if on_chain[at] {
                break true;
            }
            if let Some(verdict) = decided[at] {
                break verdict;
            }
            on_chain[at] = true;
            chain.push(at);
            next = places[at].parent.map(|PlaceId(parent)| parent as usize);
        };
        for at in chain {
            decided[at] = Some(verdict);
            on_chain[at] = false;
        }
    }
    decided.into_iter().map(Option::unwrap_or_default).collect()
}

struct Entry {
    name: String,
    parent: String,
    kind: PlaceKind,
    aliases: Vec<String>,
    file: String,
    line: u32,
}

fn read(file: &str, bytes: &[u8], findings: &mut Findings) -> Vec<Entry> {
    let Some(lines) = Lines::read(file, bytes, findings) else { return Vec::new() };
    let Some(columns) = lines.columns(file, &COLUMNS, &["place", "type"], findings) else {
        return Vec::new();
    };
    let mut read: BTreeMap<(String, String), Entry> = BTreeMap::new();
    for (line, text) in lines.rows() {
        let cells: Vec<&str> = text.split('\t').collect();
        if cells.len() > columns.len() {
            let what = format!("{} cells in a row of {} columns", cells.len(), columns.len());
            findings.fault(file, line, what, "remove the tabs that are too many");
            continue;
        }
        let cell = |wanted: &str| {
            let place = columns.iter().position(|column| *column == wanted);
            normalized_text(place.and_then(|place| cells.get(place)).copied().unwrap_or_default())
        };
        let Some(kind) = PlaceKind::of_id(&cell("type")) else {
            let mend = did_you_mean(&cell("type"), PlaceKind::ALL.map(|(_, id)| id));
            findings.fault(file, line, format!("unknown type `{}`", cell("type")), mend);
            continue;
        };
        let aliases = cell("alias");
        let mut aliases: Vec<String> = aliases
            .split(';')
            .map(|alias| alias.trim().to_owned())
            .filter(|alias| !alias.is_empty())
            .collect();
        aliases.sort();
        aliases.dedup();
        let found =
            Entry { name: cell("place"), parent: cell("parent"), kind, aliases, file: file.to_owned(), line };
        if found.name.starts_with('#') {
            findings.fault(file, line, "a name must not begin with #", "write it without");
        }
        let written = [found.name.as_str(), &found.parent, kind.id(), &found.aliases.join(";")].join("\t");
        if written.chars().count() > MAX_LINE_CHARS {
            findings.fault(file, line, "the row is longer than 256 characters as normalised", "shorten it");
        }
        for name in std::iter::once(&found.name).chain(&found.aliases) {
            if name.chars().nth(1).is_none() {
                findings.fault(
                    file,
                    line,
                    format!("the name `{name}` is shorter than two characters"),
                    "write it out",
                );
            }
        }
        let key = (found.name.clone(), found.parent.clone());
        if let Some(other) = read.get(&key) {
            let what = format!("`{}` in `{}` stands in line {} already", key.0, key.1, other.line);
            findings.fault(file, line, what, "delete one of the two");
            continue;
        }
        read.insert(key, found);
    }
    read.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Gazetteer, Findings) {
        let mut findings = Findings::default();
        let gazetteer = Gazetteer::parse([("places.tsv", text.as_bytes())], &mut findings);
        (gazetteer, findings)
    }

    const TOWN: &str = "place\tparent\ttype\talias\n禾川市\t\tcity\t禾川\n東禾區\t禾川市\tdistrict\t\n西川区\t禾川市\tdistrict\n\
人民路\t东禾区\troad\t\n人民路\t西川区\troad\t人民大道;人民路\n";

    #[test]
    fn names_keep_all_their_meanings() {
        let (gazetteer, findings) = parse(TOWN);
        assert!(findings.finish().expect("no faults").is_empty());
        let meanings = gazetteer.named("人民路");
        let within: Vec<_> = meanings
            .iter()
            .map(|&id| {
                gazetteer.holders(id).map(|h| gazetteer.place(h).name.clone()).collect::<Vec<_>>().join("<")
            })
            .collect();
        assert_eq!(within, ["东禾区<禾川市", "西川区<禾川市"]);
        assert_eq!(gazetteer.named("人民大道").len(), 1);
        assert_eq!(gazetteer.depth(meanings[0]), 2);
        assert_eq!(gazetteer.named("长安街"), []);
        assert!(gazetteer.place(gazetteer.named("禾川")[0]).kind.is_wide());
    }

    #[test]
    fn written_and_read_it_is_the_same() {
        let (gazetteer, _) = parse(TOWN);
        let (again, findings) = parse(&gazetteer.to_string());
        assert!(findings.finish().is_ok());
        assert_eq!(again, gazetteer);
    }

    #[test]
    fn faults_name_line_and_mend() {
        for (name, text, expected) in [
            (
                "type",
                "place\ttype\n禾川市\tcitty\n",
                "places.tsv:2: unknown type `citty`; did you mean `city`?",
            ),
            (
                "parent",
                "place\tparent\ttype\n禾川市\t\tcity\n东禾区\t禾州市\tdistrict\n",
                "places.tsv:3: the parent `禾州市` is no place; did you mean `禾川市`?",
            ),
            (
                "twice",
                "place\ttype\n禾川市\tcity\n禾川市\tcity\n",
                "places.tsv:3: `禾川市` in `` stands in line 2 already; delete one of the two",
            ),
            (
                "short",
                "place\ttype\n禾\tcity\n",
                "places.tsv:2: the name `禾` is shorter than two characters; write it out",
            ),
            (
                "column",
                "place\ttyp\n",
                "places.tsv:1: column `type` is missing; add it to the header\nplaces.tsv:1: unknown column `typ`; did you mean `type`?",
            ),
            (
                "comment",
                "place\ttype\n＃一号楼\tbuilding\n",
                "places.tsv:2: a name must not begin with #; write it without",
            ),
            (
                "cells",
                "place\ttype\n禾川市\tcity\tx\n",
                "places.tsv:2: 3 cells in a row of 2 columns; remove the tabs that are too many",
            ),
        ] {
            let (_, findings) = parse(text);
            assert_eq!(findings.finish().expect_err(name).to_string(), expected, "{name}");
        }
        let (_, findings) =
            parse("place\tparent\ttype\n甲乡\t乙乡\ttown\n乙乡\t甲乡\ttown\n丙村\t乙乡\tvillage\n");
        let faults = findings.finish().expect_err("a circle").to_string();
        assert!(faults.contains("lies in itself"), "{faults}");
    }

    #[test]
    fn ids_are_the_same_everywhere() {
        for (kind, id) in PlaceKind::ALL {
            assert_eq!((kind.id(), PlaceKind::of_id(id)), (id, Some(kind)));
            assert_eq!(serde_json::to_string(&kind).expect("a string"), format!("\"{id}\""));
        }
        assert!(PlaceKind::District.is_wide() && !PlaceKind::Subdistrict.is_wide());
    }
}
