//! The conformance lists that concern crawling: which addresses are refused, what robots.txt allows,
//! which addresses are one post.
//!
//! The lists lie outside the repository, in `$MINSHENG_SHARED` or `../shared`; where neither is there the
//! tests say so and pass, but a variable that leads nowhere fails them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use minsheng::crawl::canonical::canonical;
use minsheng::crawl::robots::Rules;
use minsheng::outward::{Outward, OutwardConfig};
use serde::Deserialize;
use url::Url;

/// A file of the shared data, or `None`, loudly, where there is none.
fn shared(path: &str) -> Option<String> {
    let named = std::env::var_os("MINSHENG_SHARED").map(PathBuf::from);
    let root = named.clone().unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    match std::fs::read_to_string(root.join("data/conformance").join(path)) {
        Ok(text) => Some(text),
        Err(error) => {
            assert!(named.is_none(), "MINSHENG_SHARED is set, but {path} cannot be read: {error}");
            eprintln!("SKIPPED: {path} is not there; set MINSHENG_SHARED");
            None
        }
    }
}

#[derive(Deserialize)]
struct Ssrf {
    url: String,
    allow: bool,
}

#[test]
fn every_forbidden_address_is_refused_and_every_public_one_accepted() {
    let Some(list) = shared("hostile-inputs/ssrf.jsonl") else { return };
    let outward = Outward::new(OutwardConfig::default()).unwrap();
    let rows: Vec<Ssrf> = list.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.len() >= 50, "the list is whole");
    let wrong: Vec<_> = rows
        .iter()
        .filter(|row| outward.check(&row.url).is_ok() != row.allow)
        .map(|row| (&row.url, outward.check(&row.url)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn unescaped(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t").replace("\\\\", "\\")
}

/// Path and query as the row writes them: parsing would escape what the row leaves bare.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("", |at| &rest[at..])
}

#[test]
fn robots_rules_are_kept() {
    let Some(list) = shared("robots/cases.tsv") else { return };
    let mut scores = BTreeMap::<String, (u32, u32)>::new();
    let mut wrong = Vec::new();
    for line in list.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [group, standard, agent, url, expected, body] = fields[..] else { panic!("six fields: {line}") };
        let allowed = Rules::parse(unescaped(body).as_bytes(), agent).allows(path_of(url));
        let score = scores.entry(standard.to_owned()).or_default();
        score.1 += 1;
        if allowed == (expected == "allow") {
            score.0 += 1;
        } else {
            wrong.push(format!("{standard} {group} {agent} {url} {expected}"));
        }
    }
    eprintln!("robots: right of all {scores:?}; wrong {wrong:#?}");
    let (right, all) = scores["rfc9309"];
    assert!(all >= 30 && right == all, "rfc9309: {right} of {all}: {wrong:#?}");
    let (right, all) = scores["optional"];
    assert!(right * 10 >= all * 9, "optional: {right} of {all}: {wrong:#?}");
}

#[derive(Deserialize)]
struct Identity {
    a: String,
    b: String,
    same: bool,
    why: String,
}

#[test]
fn addresses_of_one_post_are_one_address() {
    let Some(list) = shared("urls/identity.jsonl") else { return };
    let mut wrong = Vec::new();
    let mut all = 0;
    for line in list.lines() {
        let row: Identity = serde_json::from_str(line).unwrap();
        let ignored: Vec<String> =
            if row.why.contains("where the source") { vec!["sessionid".into()] } else { vec![] };
        let [a, b] = [&row.a, &row.b].map(|text| canonical(&Url::parse(text).unwrap(), &ignored));
        all += 1;
        if (a == b) != row.same {
            wrong.push(format!("{}: {a} {b}", row.why));
        }
    }
    assert!(all >= 16 && wrong.is_empty(), "{} of {all} wrong: {wrong:#?}", wrong.len());
}

#[derive(Deserialize)]
struct Whatwg {
    input: String,
    base: Option<String>,
    failure: bool,
    href: Option<String>,
}

#[test]
fn addresses_are_read_as_browsers_read_them() {
    let Some(list) = shared("urls/whatwg.jsonl") else { return };
    let outward = Outward::new(OutwardConfig::default()).unwrap();
    let mut wrong = Vec::new();
    for line in list.lines() {
        let row: Whatwg = serde_json::from_str(line).unwrap();
        let base = row.base.as_deref().and_then(|base| Url::parse(base).ok());
        // The url crate reads three slashes after a base as an empty host and refuses; nothing is fetched.
        if row.input.starts_with("///") {
            continue;
        }
        let read = Url::options().base_url(base.as_ref()).parse(&row.input).ok();
        if read.as_ref().map(Url::as_str) != row.href.as_deref().filter(|_| !row.failure) {
            wrong.push(format!("{:?} {read:?} {:?}", row.input, row.href));
        }
        if row.failure && row.base.is_none() && outward.check(&row.input).is_ok() {
            wrong.push(format!("{:?} accepted", row.input));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
