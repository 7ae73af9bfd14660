//! Extraction held against the conformance data: feeds, dates, encodings, malformed pages, naughty bytes.
//!
//! The data lies outside the repository: `$MINSHENG_SHARED`, else `../shared` beside it. Without it these
//! tests say so and check nothing; with the variable set and the data absent they fail.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use minsheng::crawl::{RawDocument, Role, Target};
use minsheng::extract::post::Post;
use minsheng::extract::{Extraction, extract, published, pushed};
use minsheng::source::{
    CadenceConfig, DetailSelectors, FeedOptions, HtmlOptions, ListSelectors, SelectorSpec, Source, SourceId,
    SourceKind,
};
use serde_json::Value;
use url::Url;

fn data() -> Option<PathBuf> {
    let (root, demanded) = match std::env::var_os("MINSHENG_SHARED") {
        Some(root) => (PathBuf::from(root), true),
        None => (Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), false),
    };
    let data = root.join("data/conformance");
    assert!(data.is_dir() || !demanded, "MINSHENG_SHARED is set, but {} is missing", data.display());
    if !data.is_dir() {
        eprintln!("NOT CHECKED: there is no conformance data at {}", data.display());
    }
    data.is_dir().then_some(data)
}

/// The rows of a file, but for the few that hold half a surrogate pair, which no Rust string can.
fn rows(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let row = |line| match serde_json::from_str(line) {
        Ok(row) => Some(row),
        Err(error) if ["surrogate", "hex escape"].iter().any(|what| error.to_string().contains(what)) => None,
        Err(error) => panic!("{}: {error}", path.display()),
    };
    text.lines().filter_map(row).collect()
}

fn now() -> Timestamp {
    "2026-11-24T10:00:00+08:00".parse().unwrap()
}

fn source(kind: SourceKind) -> Source {
    Source {
        id: SourceId::new("conformance").unwrap(),
        name: "conformance".into(),
        url: Url::parse("http://127.0.0.1:8097/").unwrap(),
        kind,
        place: None,
        official_accounts: Vec::new(),
        cadence: CadenceConfig::default(),
        ignored_parameters: Vec::new(),
        enabled: true,
    }
}

fn feed() -> Source {
    source(SourceKind::Feed(FeedOptions::default()))
}

fn page() -> Source {
    let spec = |text: &str| SelectorSpec(text.into());
    source(SourceKind::Html(Box::new(HtmlOptions {
        list: ListSelectors { item: spec("a"), link: spec("@href"), next: None, pages: 1 },
        detail: DetailSelectors {
            title: spec("title"),
            text: spec("body"),
            id: None,
            author: None,
            published: None,
            likes: None,
            views: None,
            next: None,
        },
        comment: None,
        official: false,
        article: true,
    })))
}

fn document(path: &str, role: Role, content_type: &str, body: Vec<u8>) -> RawDocument {
    let url = Url::parse("http://127.0.0.1:8097/").unwrap().join(path).unwrap();
    RawDocument {
        target: Target {
            source: SourceId::new("conformance").unwrap(),
            url: url.clone(),
            role,
            thread: None,
        },
        url,
        status: 200,
        headers: BTreeMap::from([("content-type".into(), content_type.into())]),
        body: body.into(),
        fetched_at: now(),
    }
}

fn read_feed(path: &str, content_type: &str, body: Vec<u8>) -> Extraction {
    extract(&document(path, Role::Listing, content_type, body), &feed())
}

/// HTML as the program reduces it to text.
fn reduced(html: &str) -> String {
    let body = serde_json::json!({"items": [{"id": "1", "content_html": html}]});
    let found = read_feed("/reduced.json", "application/json", body.to_string().into_bytes());
    found.posts.first().map(|found| found.post.text.clone()).unwrap_or_default()
}

/// The header of a feed's row that tells its charset.
fn content_type(row: &Value) -> String {
    let headers = row["headers"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut parts = headers.filter_map(|header| header.split_once(':'));
    parts
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        .map(|(_, v)| v.trim().into())
        .unwrap_or_default()
}

#[test]
fn feeds() {
    let Some(data) = data() else { return };
    let (mut right, mut wrong, mut readable, mut read) = (0, Vec::new(), 0, 0);
    for row in rows(&data.join("feeds/expected.jsonl")) {
        let file = row["file"].as_str().unwrap();
        let mut body = std::fs::read(data.join("feeds").join(file)).unwrap();
        let lower = String::from_utf8_lossy(&body).to_lowercase();
        // An item of which only the beginning is there is not whole, and is left out.
        let items = lower.matches("</item>").count() + lower.matches("</entry>").count();
        if row["core"].as_object().unwrap().keys().any(|key| key.ends_with("_parsed")) {
            body = worded(&body);
        }
        let began = Instant::now();
        let found = read_feed(file, &content_type(&row), body);
        assert!(began.elapsed() < Duration::from_secs(1), "{file} took {:?}", began.elapsed());
        assert!(
            found.defects.iter().all(|defect| !defect.what.contains("failed")),
            "{file}: {:?}",
            found.defects
        );
        // The items of the group `geo` hold coordinates and nothing that is read here.
        if row["kind"] == "illformed" && row["group"] != "geo" {
            readable += items;
            read += found.posts.len().min(items);
        }
        if row["group"] == "sanitize" {
            continue;
        }
        for (key, want) in row["core"].as_object().unwrap() {
            let post = found.posts.first().map(|found| &found.post);
            let text = |value: &Value| reduced(value.as_str().unwrap_or_default());
            let one_line = |text: String| text.replace('\n', " ");
            let (got, want) = match key.as_str() {
                "entry0.title" => (post.map(|post| post.title.clone()), one_line(text(want))),
                "entry0.content" | "entry0.summary" => (post.map(|post| post.text.clone()), text(want)),
                "entry0.link" => {
                    let url = Url::parse(want.as_str().unwrap()).unwrap().to_string();
                    (post.and_then(|post| post.url.as_ref().map(Url::to_string)), url)
                }
                "entry0.id" => {
                    (post.and_then(|post| post.external_id.clone()), want.as_str().unwrap().into())
                }
                "entry0.updated_parsed" | "entry0.published_parsed" => {
                    let part = |n: usize| want[n].as_i64().unwrap();
                    let want = format!(
                        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
                        part(0),
                        part(1),
                        part(2),
                        part(3),
                        part(4),
                        part(5)
                    );
                    (post.map(|post| post.published_at.to_string()), want)
                }
                _ => continue,
            };
            // What stands in the feed as plain text is no markup, though it looks like it.
            let exact =
                |post: &Post| [&post.title, &post.text].into_iter().any(|text| row["core"][key] == **text);
            if got.as_ref() == Some(&want) || post.is_some_and(exact) {
                right += 1;
            } else {
                wrong.push(format!("{file} {key}: want {want:?}, got {got:?}"));
            }
        }
    }
    let share = f64::from(right) / (f64::from(right) + wrong.len() as f64);
    eprintln!(
        "feeds: {right} of {} core fields right ({:.1} %)",
        right as usize + wrong.len(),
        share * 100.0
    );
    eprintln!("feeds: {read} of {readable} whole items of ill-formed feeds read");
    assert!(share >= 0.95, "{}", wrong.join("\n"));
    assert!(read * 10 >= readable * 8);
    eprintln!("{}", wrong.join("\n"));
}

/// The feed with a title in each item: an item that holds a date alone is no post.
fn worded(body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(body);
    ["</item>", "</entry>", "</ITEM>"]
        .iter()
        .fold(text.into_owned(), |text, end| text.replace(end, &format!("<title>x</title>{end}")))
        .into_bytes()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[test]
fn dates() {
    let Some(data) = data() else { return };
    let mut tally: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for row in rows(&data.join("feeds/dates.jsonl")) {
        let format = row["format"].as_str().unwrap();
        let text = row["input"].as_str().unwrap();
        let want: Option<Timestamp> = row["utc"].as_str().map(|text| text.parse().unwrap());
        let got = published::published(text, &TimeZone::UTC, now());
        let right = got.map(Timestamp::as_second) == want.map(Timestamp::as_second);
        let (hits, all) = tally.entry(format.into()).or_default();
        *hits += u32::from(right);
        *all += 1;
        if !right && matches!(format, "rfc822" | "w3dtf" | "iso8601" | "asctime") {
            wrong.push(format!("{format} {text:?}: want {want:?}, got {got:?}"));
        }
    }
    eprintln!("dates: {tally:?}");
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn encodings() {
    let Some(data) = data() else { return };
    let (mut must, mut others, mut others_right) = (0, 0, 0);
    for row in rows(&data.join("encodings/expected.jsonl")) {
        let file = row["file"].as_str().unwrap();
        let body = std::fs::read(data.join("encodings").join(file)).unwrap();
        let is_feed = Path::new(file).extension().is_some_and(|extension| extension == "xml");
        let (source, role) = if is_feed { (feed(), Role::Listing) } else { (page(), Role::Detail) };
        let found = extract(&document(file, role, row["content_type"].as_str().unwrap(), body), &source);
        let texts: Vec<_> =
            found.posts.iter().flat_map(|found| [&found.post.title[..], &found.post.text]).collect();
        let text = texts.join("\n");
        let invalid = row["note"].as_str().unwrap().contains("invalid");
        let right = text.contains(row["text"].as_str().unwrap()) && (invalid || !text.contains('\u{fffd}'));
        if row["must"] == true {
            must += 1;
            assert!(right, "{file} ({}): {text}", row["note"]);
        } else {
            others += 1;
            others_right += i32::from(right);
        }
    }
    eprintln!("encodings: {must} of {must} that must, {others_right} of {others} others");
    assert!(others_right * 10 >= others * 6);
}

#[test]
fn malformed_pages() {
    let Some(data) = data() else { return };
    let mut files: Vec<_> =
        std::fs::read_dir(data.join("html/files")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    // Where the words stand in a comment, a script, an attribute, or after a frameset, they are not shown.
    let unseen = ["nested-comment.html", "quirk-quotes.html", "frameset.html"];
    for file in &files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let body = std::fs::read(file).unwrap();
        let holds = |text: &str| text.contains("停水");
        let whole = String::from_utf8_lossy(&body).into_owned();
        let ways = [("page", page(), body.clone()), ("item", feed(), item(&whole))];
        for (way, source, body) in ways {
            let role = if way == "page" { Role::Detail } else { Role::Listing };
            let began = Instant::now();
            let found = extract(&document("/x", role, "text/html", body), &source);
            assert!(began.elapsed() < Duration::from_secs(1), "{name} as {way} took {:?}", began.elapsed());
            assert!(
                found.defects.iter().all(|defect| !defect.what.contains("failed")),
                "{name}: {:?}",
                found.defects
            );
            let text = found.posts.first().map(|found| found.post.text.clone()).unwrap_or_default();
            let expected =
                holds(&whole) && !(unseen.contains(&name) && way == "page") && name != "quirk-quotes.html";
            assert!(holds(&text) || !expected, "{name} as {way}: {text:?} {:?}", found.defects);
            assert!(!text.contains("隐") && !text.contains("<script"), "{name} as {way}: {text:?}");
        }
    }
    let (mut told, mut right) = (0, 0);
    for row in rows(&data.join("html/tokenizer-inputs.jsonl")) {
        let got = reduced(row["input"].as_str().unwrap());
        if let Some(want) = row["text"].as_str() {
            told += 1;
            right += i32::from(reduced(&escape(want)) == got);
        }
    }
    eprintln!("html: {} pages; {right} of {told} tokenizer rows give the text told", files.len());
    assert!(right * 100 >= told * 95, "{right} of {told}");
}

/// A feed with one item that carries the page.
fn item(html: &str) -> Vec<u8> {
    let html = html.replace("]]>", "]]&gt;");
    format!("<rss><channel><item><guid>1</guid><description><![CDATA[{html}]]></description></item></channel></rss>").into_bytes()
}

#[test]
fn bodies_and_strings_that_break_things() {
    let Some(data) = data() else { return };
    let source = SourceId::new("conformance").unwrap();
    let mut strings = 0;
    for name in ["blns.jsonl", "text.jsonl"] {
        for row in rows(&data.join("naughty").join(name)) {
            let text = row.as_str().or(row["s"].as_str());
            let Some(text) = text.filter(|text| !text.trim().is_empty() && text.len() <= 1024) else {
                continue;
            };
            strings += 1;
            let line =
                serde_json::json!({"text": text, "title": text, "author": text, "place": text, "id": text});
            let found = pushed::read_line(line.to_string().as_bytes(), Some(&source), now());
            let post = found.unwrap_or_else(|rejection| panic!("{text:?}: {rejection}")).post;
            assert_eq!((post.text.as_str(), post.title.as_str()), (text, text));
            reduced(text);
        }
    }
    let mut bodies = 0;
    for file in std::fs::read_dir(data.join("json/files")).unwrap() {
        let file = file.unwrap().path();
        let body = std::fs::read(&file).unwrap();
        bodies += 1;
        assert!(pushed::read_line(&body, Some(&source), now()).is_err(), "{}", file.display());
        read_feed("/x", "application/json", body);
    }
    eprintln!("naughty: {strings} strings come back equal; json: {bodies} bodies refused");
}
