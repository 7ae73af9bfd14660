//! What is said in the sample town, by whom, and when.
//!
//! The texts stand in `town/*.toml` and are part of the program. A [`Town`] is all of them, every reply tied to
//! what it answers; at which instant each appears is [`schedule`](super::schedule)'s, showing them
//! [`site`](super::site)'s work.
//!
//! What always holds of a [`Town`]: keys are unique over all sites, an answer stands on the site of what it
//! answers and appears no earlier, whatever answers nothing has a title, and entries are in the order of their
//! appearance.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use url::Url;

/// The texts, by the name of their file.
const FILES: [(&str, &str); 5] = [
    ("stories.toml", include_str!("town/stories.toml")),
    ("traps.toml", include_str!("town/traps.toml")),
    ("chatter.toml", include_str!("town/chatter.toml")),
    ("notices.toml", include_str!("town/notices.toml")),
    ("hotlist.toml", include_str!("town/hotlist.toml")),
];

/// Farthest from the start that an entry may stand, in minutes or seconds: about four months of minutes.
const FARTHEST: f64 = 200_000.0;

/// All that is said in the town.
#[derive(Debug, Clone, PartialEq)]
pub struct Town {
    entries: Vec<Entry>,
    by_key: BTreeMap<String, usize>,
}

/// One text of the town.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where it is said.
    pub site: Site,
    /// Its id on that site, unique in the town.
    pub key: String,
    /// The key of what it answers.
    pub reply_to: Option<String>,
    /// When it appears: seconds after the start, or, negative, minutes before it.
    pub at: f64,
    /// Which story it tells.
    pub story: Story,
    /// An invented nick-name, or the name of an office. Shown on the pages, never stored by the product.
    pub author: Option<String>,
    /// Whether the account is an office's.
    pub official: bool,
    /// Empty for an answer.
    pub title: String,
    /// Empty on the hot list; paragraphs parted by line feeds.
    pub text: String,
    /// Approvals shown.
    pub likes: u64,
}

/// The sites of the town.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Site {
    /// The news site: articles with comments.
    News,
    /// The forum: topics with threads of comments.
    Forum,
    /// The feed of notices of offices and utilities.
    Feed,
    /// The hot list.
    Hotlist,
}

/// What an entry is there for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Story {
    /// Everyday talk.
    Chatter,
    /// Holds alarm words and must not alert; why it might: `advert`, `denial`, `idiom` …
    Trap(String),
    /// Part of a story that breaks out: `gas`, `water` …
    Told(String),
}

/// What is wrong in the texts of a town.
#[derive(Debug, thiserror::Error)]
pub enum TownError {
    /// A file is no list of entries.
    #[error("{file} is no list of posts")]
    Syntax {
        /// Which file.
        file: String,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// Two entries have one key.
    #[error("key {0:?} stands twice")]
    DoubleKey(String),
    /// A key that cannot stand in an address.
    #[error("key {0:?} is not made of a-z, 0-9 and '-'")]
    BadKey(String),
    /// An answer to nothing, to another site, to something later, or on a site without answers.
    #[error("{key:?} cannot answer {reply_to:?}")]
    BadReply {
        /// The answer.
        key: String,
        /// What it names.
        reply_to: String,
    },
    /// Neither title nor answer.
    #[error("{0:?} has no title and answers nothing")]
    Untitled(String),
    /// An instant that is no number or months away.
    #[error("{0:?} appears at no time")]
    BadTime(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    post: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    site: Site,
    key: String,
    #[serde(default)]
    reply_to: String,
    at: f64,
    story: String,
    author: Option<String>,
    #[serde(default)]
    official: bool,
    #[serde(default)]
    title: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    likes: u64,
}

impl Town {
    /// The town that comes with the program.
    pub fn sample() -> Self {
        Self::parse(&FILES).expect("the texts in the program are read by a test")
    }

    /// Reads the texts of a town; of each file its name and content.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, TownError> {
        let mut rows = Vec::new();
        for (file, text) in files {
            let syntax = |source| TownError::Syntax { file: (*file).to_owned(), source: Box::new(source) };
            rows.extend(toml::from_str::<File>(text).map_err(syntax)?.post);
        }
        let offices = offices(&rows);
        let mut entries: Vec<Entry> = rows.into_iter().map(|row| Entry::of(row, &offices)).collect();
        entries.sort_by(|a, b| a.offset().total_cmp(&b.offset()).then_with(|| a.key.cmp(&b.key)));
        let mut town = Self { entries, by_key: BTreeMap::new() };
        for (index, entry) in town.entries.iter().enumerate() {
            if town.by_key.insert(entry.key.clone(), index).is_some() {
                return Err(TownError::DoubleKey(entry.key.clone()));
            }
        }
        town.entries.iter().try_for_each(|entry| town.check(entry))?;
        Ok(town)
    }

    /// All entries in the order of their appearance.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of this key, which is also its id on its site.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.by_key.get(key).map(|index| &self.entries[*index])
    }

    /// The entry that an address on the town's sites leads to: for a comment, the fragment names it.
    pub fn at_address(&self, url: &Url) -> Option<&Entry> {
        let page = || self.get(url.path_segments()?.next_back()?);
        url.fragment().and_then(|key| self.get(key)).or_else(page)
    }

    /// The topic, article or notice under which an entry stands; itself if it answers nothing.
    pub fn opener<'a>(&'a self, entry: &'a Entry) -> &'a Entry {
        let mut above = entry;
        while let Some(next) = above.reply_to.as_deref().and_then(|key| self.get(key)) {
            above = next;
        }
        above
    }

    /// The names of offices' own accounts on a site, sorted.
    pub fn offices(&self, site: Site) -> Vec<String> {
        let official = self.entries.iter().filter(|entry| entry.site == site && entry.official);
        let names: BTreeSet<&String> = official.filter_map(|entry| entry.author.as_ref()).collect();
        names.into_iter().cloned().collect()
    }

    fn check(&self, entry: &Entry) -> Result<(), TownError> {
        let key = || entry.key.clone();
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if entry.key.is_empty() || !entry.key.chars().all(legal) {
            return Err(TownError::BadKey(key()));
        }
        if !(-FARTHEST..=FARTHEST).contains(&entry.at) {
            return Err(TownError::BadTime(key()));
        }
        match &entry.reply_to {
            None if entry.title.is_empty() => Err(TownError::Untitled(key())),
            None => Ok(()),
            Some(reply_to) => {
                // Earlier in this order also means that no circle of answers is possible.
                let earlier = |above: &&Entry| above.site == entry.site && above.offset() < entry.offset();
                match self.get(reply_to).filter(earlier) {
                    Some(_) if entry.site.takes_answers() => Ok(()),
                    _ => Err(TownError::BadReply { key: key(), reply_to: reply_to.clone() }),
                }
            }
        }
    }
}

/// The accounts whose every word on a site is marked official. A newspaper that now and then prints an official
/// statement is no office.
fn offices(rows: &[Row]) -> BTreeSet<(Site, String)> {
    let accounts = |official: bool| {
        let rows = rows.iter().filter(move |row| row.official == official);
        rows.filter_map(|row| Some((row.site, row.author.clone()?))).collect::<BTreeSet<_>>()
    };
    accounts(true).difference(&accounts(false)).cloned().collect()
}

impl Entry {
    fn of(row: Row, offices: &BTreeSet<(Site, String)>) -> Self {
        let account = row.author.clone().map(|author| (row.site, author));
        Self {
            site: row.site,
            key: row.key,
            reply_to: Some(row.reply_to).filter(|key| !key.is_empty()),
            at: row.at,
            story: Story::of(&row.story),
            official: account.is_some_and(|account| offices.contains(&account)),
            author: row.author,
            title: row.title,
            text: row.text,
            likes: row.likes,
        }
    }

    /// Seconds after the start at speed 1.
    pub(super) fn offset(&self) -> f64 {
        if self.at < 0.0 { self.at * 60.0 } else { self.at }
    }
}

impl Site {
    /// Whether texts there can be answered.
    pub fn takes_answers(self) -> bool {
        matches!(self, Self::News | Self::Forum)
    }
}

impl Story {
    fn of(word: &str) -> Self {
        match word.split_once(':') {
            Some(("trap", why)) => Self::Trap(why.to_owned()),
            _ if word == "chatter" => Self::Chatter,
            _ => Self::Told(word.to_owned()),
        }
    }

    /// Whether it must not alert.
    pub fn is_trap(&self) -> bool {
        matches!(self, Self::Trap(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_town_tells_its_stories() {
        let town = Town::sample();
        let count =
            |wanted: &dyn Fn(&Entry) -> bool| town.entries().iter().filter(|entry| wanted(entry)).count();
        assert!(town.entries().len() >= 260);
        assert!(count(&|entry| entry.story.is_trap()) >= 40);
        assert!(count(&|entry| entry.story == Story::Chatter) >= 110);
        assert!(count(&|entry| entry.at < 0.0) >= 60);
        let stories: BTreeSet<_> = town
            .entries()
            .iter()
            .filter(|entry| matches!(entry.story, Story::Told(_)))
            .map(|entry| &entry.story)
            .collect();
        assert!(stories.len() >= 4, "{stories:?}");
        for site in [Site::News, Site::Forum, Site::Feed, Site::Hotlist] {
            assert!(count(&|entry| entry.site == site) >= 15, "{site:?}");
        }
        for entry in town.entries() {
            let opener = town.opener(entry);
            assert!(opener.reply_to.is_none() && opener.site == entry.site, "{}", entry.key);
            assert!(entry.at < 120.0, "{}", entry.key);
        }
        assert!(town.offices(Site::News).contains(&"东禾区发布".to_owned()));
        assert!(!town.offices(Site::News).contains(&"禾川新闻网".to_owned()), "a newspaper is no office");
    }

    #[test]
    fn faults_in_the_texts_are_named() {
        let row = |key: &str, site: &str, at: &str, more: &str| {
            format!("[[post]]\nkey = \"{key}\"\nsite = \"{site}\"\nat = {at}\nstory = \"chatter\"\n{more}\n")
        };
        let topic = row("a", "forum", "1.0", "title = \"t\"");
        for (name, text, expected) in [
            ("double", topic.repeat(2), "key \"a\" stands twice"),
            (
                "key",
                row("a b", "forum", "1.0", "title = \"t\""),
                "key \"a b\" is not made of a-z, 0-9 and '-'",
            ),
            ("untitled", row("a", "forum", "1.0", ""), "\"a\" has no title and answers nothing"),
            ("time", row("a", "forum", "nan", "title = \"t\""), "\"a\" appears at no time"),
            ("unknown reply", row("b", "forum", "1.0", "reply_to = \"x\""), "\"b\" cannot answer \"x\""),
            (
                "early",
                topic.clone() + &row("b", "forum", "-1.0", "reply_to = \"a\""),
                "\"b\" cannot answer \"a\"",
            ),
            (
                "elsewhere",
                topic.clone() + &row("b", "news", "2.0", "reply_to = \"a\""),
                "\"b\" cannot answer \"a\"",
            ),
            ("itself", row("b", "forum", "1.0", "reply_to = \"b\""), "\"b\" cannot answer \"b\""),
            ("unknown field", topic.clone() + "likez = 1", "x.toml is no list of posts"),
        ] {
            assert_eq!(Town::parse(&[("x.toml", &text)]).unwrap_err().to_string(), expected, "{name}");
        }
        let answered = topic + &row("b", "forum", "2.0", "reply_to = \"a\"");
        let town = Town::parse(&[("x.toml", &answered)]).unwrap();
        assert_eq!(town.opener(town.get("b").unwrap()).key, "a");
    }

    #[test]
    fn addresses_lead_back_to_their_texts() {
        let town = Town::sample();
        for (url, key) in [
            ("http://127.0.0.1:9/forum/gas-smell", Some("gas-smell")),
            ("http://127.0.0.1:9/forum/gas-smell#gas-smell-2", Some("gas-smell-2")),
            ("http://127.0.0.1:9/forum/", None),
        ] {
            assert_eq!(town.at_address(&Url::parse(url).unwrap()).map(|entry| &entry.key[..]), key, "{url}");
        }
    }
}
