//! The posts that the workbench looks at: of files, or those stored in the data directory; with what people say
//! of them.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::io::BufRead;
use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::Timestamp;
use serde_json::Value;

use super::super::replay::inflated;
use super::super::{Failure, Places, output};
use crate::assess::answer::is_thread;
use crate::assess::evaluation::{Labelled, Labels};
use crate::extract::post::{Dated, PostId, VoiceKey};
use crate::extract::published::{china, published};
use crate::extract::pushed::{LINE_LIMIT, PushedPost, read};
use crate::incident::desk_time;
use crate::pipeline::clock::Clock;
use crate::pipeline::intake::without_private_data;
use crate::pipeline::reading::labels_of;
use crate::pipeline::start::journal_dir;
use crate::pipeline::stored::{Version, stored_posts, verdicts};
use crate::source::SourceId;

/// How far back stored posts are read if nobody says.
const DAYS: u64 = 30;

/// Which posts are looked at.
#[derive(clap::Args)]
pub(in crate::cli) struct Which {
    /// Posts: JSON lines, with labels or without, or lines of time TAB source TAB text; .gz is inflated.
    /// Default: the stored posts of the last thirty days.
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// What people say of the posts: JSON lines with the post's `id` and grade, category … Default for stored posts:
    /// what the desk said of them.
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Leave out what was known before.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Leave out what was known at this time or later.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
}

/// Posts that were read.
pub(super) struct Posts {
    /// In the order of files, or of the journal.
    pub(super) rows: Vec<Row>,
    /// Rows that could not be used; they have been told.
    pub(super) refused: usize,
    /// What was read, in words for people.
    pub(super) named: String,
    /// From when on they count: as asked, or thirty days back for stored posts.
    pub(super) since: Option<Timestamp>,
}

/// A post, and when it was known.
pub(super) struct Row {
    pub(super) labelled: Labelled,
    /// `None`: the row tells no time.
    pub(super) at: Option<Timestamp>,
}

impl Which {
    /// Reads the posts; `look_back` also those that became known so much before `since`.
    pub(super) fn read(&self, places: &Places, look_back: std::time::Duration) -> Result<Posts, Failure> {
        let now = Clock::system().now();
        let back = || now - std::time::Duration::from_hours(24 * DAYS);
        let since = self.since.or_else(|| self.files.is_empty().then(back));
        let mut posts = if self.files.is_empty() {
            self.stored(places, now, since, look_back)?
        } else {
            self.of_files(now, look_back)?
        };
        if let Some(path) = &self.labels {
            posts.refused += join(path, &mut posts.rows)?;
        }
        let counts = |row: &Row| row.at.is_none_or(|at| since.is_none_or(|since| at >= since));
        if !posts.rows.iter().any(counts) && posts.refused == 0 {
            return Err(Failure::Usage(format!("there are no posts in {}", posts.named)));
        }
        Ok(posts)
    }

    fn stored(
        &self,
        places: &Places,
        now: Timestamp,
        begin: Option<Timestamp>,
        look_back: std::time::Duration,
    ) -> Result<Posts, Failure> {
        if !journal_dir(&places.data).is_dir() {
            let data = places.data.display();
            return Err(Failure::Usage(format!(
                "{data} holds no journal: name files of posts, or the data by --data"
            )));
        }
        let bar = output::progress(None, "reading the journal");
        let found = stored_posts(&places.data, begin.map(|begin| begin - look_back), self.until)?;
        bar.finish_and_clear();
        let day = |at: Timestamp| desk_time(at).strftime("%Y-%m-%d").to_string();
        let (mut said, unsaid) = match self.labels {
            Some(_) => (HashMap::new(), 0),
            None => verdicts(&places.data)?,
        };
        if found.lost + unsaid > 0 {
            output::complain("parts of the journal cannot be read: `minsheng verify` tells which");
        }
        let named = format!(
            "已存帖文 {}至{}",
            begin.map_or_else(String::new, |begin| format!("{} ", day(begin))),
            self.until.map_or_else(|| day(now), day)
        );
        let rows = found.versions.into_iter().map(|Version { post, sequence, at }| {
            // What was said of another text says nothing of this one.
            let said = match said.entry(post.id) {
                Entry::Occupied(said) if said.get().text_at == sequence => Some(said.remove()),
                Entry::Occupied(_) | Entry::Vacant(_) => None,
            };
            let id = post.external_id.clone().unwrap_or_else(|| post.id.to_string());
            let labels = said.map_or_else(Labels::default, labels_of);
            Row { labelled: Labelled { id, post, labels }, at: Some(at) }
        });
        Ok(Posts { rows: rows.collect(), refused: 0, named, since: begin })
    }

    fn of_files(&self, now: Timestamp, look_back: std::time::Duration) -> Result<Posts, Failure> {
        let bar = output::progress(None, "reading");
        let (mut rows, mut refused) = (Vec::new(), 0);
        for path in &self.files {
            let file = inflated(path).with_context(|| format!("cannot read {}", path.display()))?;
            for (number, line) in file.split(b'\n').enumerate() {
                let line = line.with_context(|| format!("cannot read {}", path.display()))?;
                match row_of(&line, now, || format!("{}:{}", path.display(), number + 1)) {
                    Ok(None) => {}
                    Ok(Some(row)) => rows.push(row),
                    Err(why) => {
                        refused += 1;
                        output::complain(&format!("{}:{}: {why}", path.display(), number + 1));
                    }
                }
                bar.inc(1);
            }
        }
        bar.finish_and_clear();
        rows.retain(|row: &Row| {
            let after = |since: Timestamp| row.at.is_none_or(|at| at >= since - look_back);
            self.since.is_none_or(after) && self.until.is_none_or(|until| row.at.is_none_or(|at| at < until))
        });
        Ok(Posts { rows, refused, named: names(&self.files), since: self.since })
    }
}

impl Posts {
    /// Each post once, with its latest text, in the order in which they became known.
    pub(super) fn latest(self) -> Vec<Labelled> {
        let mut seen: HashSet<PostId> = HashSet::new();
        let mut latest: Vec<Labelled> = Vec::with_capacity(self.rows.len());
        // Files may hold a text as often as they like; of the journal only the last text of a post counts.
        for row in self.rows.into_iter().rev() {
            if row.labelled.post.external_id.is_none() || seen.insert(row.labelled.post.id) {
                latest.push(row.labelled);
            }
        }
        latest.reverse();
        latest
    }
}

/// What a command comes to that could not use some rows.
pub(super) fn refusals(refused: usize) -> super::Done {
    match refused {
        0 => Ok(()),
        1 => Err(anyhow::anyhow!("1 row could not be used").into()),
        _ => Err(anyhow::anyhow!("{refused} rows could not be used").into()),
    }
}

fn names(files: &[PathBuf]) -> String {
    match files {
        [one] => one.display().to_string(),
        [first, rest @ ..] => format!("{} 等 {} 个文件", first.display(), rest.len() + 1),
        [] => String::new(),
    }
}

/// A row of a line; none for a blank line. `place` stands for its id where it tells none.
fn row_of(line: &[u8], now: Timestamp, place: impl FnOnce() -> String) -> Result<Option<Row>, String> {
    let text = text_of(line)?;
    if text.is_empty() {
        return Ok(None);
    }
    if is_thread(text) {
        return Err("a thread is no post; give its posts a line each".to_owned());
    }
    let (pushed, labels) = if text.starts_with('{') {
        Labelled::parts(text).map_err(|why| why.to_string())?
    } else {
        (of_columns(text)?, Labels::default())
    };
    let id = pushed.id.clone();
    let stated = pushed.published_at.clone();
    let at = stated.map(|stated| {
        let exact = stated.parse().ok();
        exact
            .or_else(|| published(&stated, &china(), now))
            .ok_or_else(|| format!("published_at {stated:?} is no time"))
    });
    let at: Option<Timestamp> = at.transpose()?;
    let source = SourceId::new("posts").expect("the name is a legal id");
    let mut found = read(pushed, Some(&source), at.unwrap_or(now)).map_err(|why| why.to_string())?;
    if let Some(at) = at {
        found.post.published_at = at;
        found.post.dated = Dated::Claimed;
    }
    // Voices are told apart within this run only.
    let post = without_private_data(found, &VoiceKey::new([0; 32]), &[]);
    let id = id.unwrap_or_else(place);
    Ok(Some(Row { labelled: Labelled { id, post, labels }, at }))
}

fn text_of(line: &[u8]) -> Result<&str, String> {
    if line.len() > LINE_LIMIT {
        return Err(format!("the row is longer than {LINE_LIMIT} bytes"));
    }
    let text = std::str::from_utf8(line).map_err(|_| "the row is not UTF-8".to_owned())?;
    Ok(text.trim_start_matches('\u{feff}').trim())
}

fn of_columns(text: &str) -> Result<PushedPost, String> {
    let mut columns = text.splitn(3, '\t');
    let (Some(time), Some(source), Some(text)) = (columns.next(), columns.next(), columns.next()) else {
        return Err("neither a JSON object nor time, source and text parted by tabs".to_owned());
    };
    let own = |text: &str| Some(text.to_owned());
    Ok(PushedPost { published_at: own(time), source: own(source), text: own(text), ..PushedPost::default() })
}

/// Gives the posts the labels of a file; tells and counts rows that cannot be used.
fn join(path: &Path, rows: &mut [Row]) -> Result<usize, Failure> {
    let file = inflated(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut by_id: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        let post = &row.labelled.post;
        let url = post.url.as_ref().map(ToString::to_string);
        let names: HashSet<String> =
            [Some(row.labelled.id.clone()), Some(post.id.to_string()), url].into_iter().flatten().collect();
        for name in names {
            by_id.entry(name).or_default().push(at);
        }
    }
    let (mut refused, mut strangers) = (0, 0_usize);
    for (number, line) in file.split(b'\n').enumerate() {
        let line = line.with_context(|| format!("cannot read {}", path.display()))?;
        match label_of(&line) {
            Ok(None) => {}
            Ok(Some((id, source, labels))) => {
                let meant = by_id.get(&id).map_or(&[][..], Vec::as_slice).iter().copied().filter(|&at| {
                    source.as_deref().is_none_or(|source| rows[at].labelled.post.source.as_str() == source)
                });
                let meant: Vec<usize> = meant.collect();
                strangers += usize::from(meant.is_empty());
                for at in meant {
                    rows[at].labelled.labels = labels.clone();
                }
            }
            Err(why) => {
                refused += 1;
                output::complain(&format!("{}:{}: {why}", path.display(), number + 1));
            }
        }
    }
    if strangers > 0 {
        output::complain(&format!("{}: {strangers} labels are of posts that were not read", path.display()));
    }
    Ok(refused)
}

/// Id, source if given, and labels of a line; none for a blank line.
fn label_of(line: &[u8]) -> Result<Option<(String, Option<String>, Labels)>, String> {
    let text = text_of(line)?;
    if text.is_empty() {
        return Ok(None);
    }
    let labels = Labels::read(text).map_err(|why| why.to_string())?;
    if labels.is_empty() {
        return Err("the row has no label: give grade or category".to_owned());
    }
    let row: Value = serde_json::from_str(text).map_err(|why| why.to_string())?;
    let word = |key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
    let id = word("id").or_else(|| word("url")).ok_or("the row names no post: give its id")?;
    Ok(Some((id, word("source"), labels)))
}
