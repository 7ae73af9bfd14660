//! `sources/*.toml`: one `[[source]]` table for each place that is listened to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

use super::fault::Fault;
use crate::extract::html;
use crate::outward::Outward;
use crate::source::{
    CadenceConfig, FeedOptions, HotlistOptions, HtmlOptions, Source, SourceId, SourceKind, WordpressOptions,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    source: Vec<Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    id: SourceId,
    name: Option<String>,
    kind: Kind,
    url: Url,
    place: Option<String>,
    #[serde(default)]
    official_accounts: Vec<String>,
    #[serde(default)]
    cadence: CadenceConfig,
    #[serde(default)]
    ignored_parameters: Vec<String>,
    #[serde(default = "yes")]
    enabled: bool,
    feed: Option<FeedOptions>,
    html: Option<HtmlOptions>,
    wordpress: Option<WordpressOptions>,
    hotlist: Option<HotlistOptions>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Feed,
    Html,
    Wordpress,
    Hotlist,
}

fn yes() -> bool {
    true
}

/// Reads all files given, in order; `outward` says which addresses may be asked at all.
pub(super) fn read(files: &[(PathBuf, String)], outward: &Outward) -> (Vec<Source>, Vec<Fault>) {
    let (mut sources, mut faults) = (Vec::new(), Vec::new());
    let mut seen: BTreeMap<SourceId, String> = BTreeMap::new();
    for (path, text) in files {
        let tables = match super::toml::read::<File>(path, text) {
            Ok(file) => file.source,
            Err(found) => {
                faults.extend(found);
                continue;
            }
        };
        let lines = text.lines().enumerate().filter(|(_, line)| line.trim() == "[[source]]");
        let mut lines = lines.map(|(at, _)| at + 1);
        for table in tables {
            let line = lines.next().unwrap_or(0);
            if let Some(first) = seen.insert(table.id.clone(), format!("{}:{line}", path.display())) {
                faults.push(Fault::error(path, line, format!("source `{}` stands at {first} too", table.id)));
            }
            match checked(table, outward) {
                Ok(source) => sources.push(source),
                Err(found) => faults.extend(found.into_iter().map(|what| Fault::error(path, line, what))),
            }
        }
    }
    (sources, faults)
}

fn checked(table: Table, outward: &Outward) -> Result<Source, Vec<String>> {
    let id = table.id.clone();
    let mut faults: Vec<String> = table.cadence.problems();
    if let Err(refusal) = outward.check_url(&table.url) {
        faults.push(format!("url: {refusal}"));
    }
    let given = [
        (Kind::Feed, table.feed.is_some(), "feed"),
        (Kind::Html, table.html.is_some(), "html"),
        (Kind::Wordpress, table.wordpress.is_some(), "wordpress"),
        (Kind::Hotlist, table.hotlist.is_some(), "hotlist"),
    ];
    for (kind, given, name) in given {
        if given && kind != table.kind {
            faults.push(format!("has a table [source.{name}], but is of another kind"));
        }
    }
    let kind = match table.kind {
        Kind::Feed => Some(SourceKind::Feed(table.feed.unwrap_or_default())),
        Kind::Wordpress => Some(SourceKind::Wordpress(table.wordpress.unwrap_or_default())),
        Kind::Hotlist => Some(SourceKind::Hotlist(table.hotlist.unwrap_or_default())),
        Kind::Html => {
            if let Some(options) = &table.html {
                faults.extend(html::faults(options));
            } else {
                faults.push(
                    "is of kind \"html\" and needs a table [source.html] with its selectors".to_owned(),
                );
            }
            table.html.map(|options| SourceKind::Html(Box::new(options)))
        }
    };
    match kind {
        Some(kind) if faults.is_empty() => Ok(Source {
            name: table.name.unwrap_or_else(|| id.to_string()),
            id,
            url: table.url,
            kind,
            place: table.place,
            official_accounts: table.official_accounts,
            cadence: table.cadence,
            ignored_parameters: table.ignored_parameters,
            enabled: table.enabled,
        }),
        Some(_) | None => Err(faults.into_iter().map(|what| format!("source `{id}`: {what}")).collect()),
    }
}
