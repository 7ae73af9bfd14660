//! Posts that are sent to us: one JSON record each (`POST /api/v1/posts`, `assess`, `replay`, `ingest`).
//!
//! The record's text is kept exactly as received, so that what counts characters in it speaks of the same
//! text as the sender. Unknown keys are ignored, for senders add their own; a known key of a wrong type,
//! or a value beyond its limit, rejects the record with a [`Rejection`] that its sender can act on.
//!
//! Dates: one that cannot be read, and one up to a day ahead, becomes the time of receipt and is marked so;
//! one more than a day ahead is a mistake and rejects the record.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::draft::Draft;
use super::post::{AuthorName, Counts, Found, LINK_LIMIT, PostId, PostKind, TEXT_LIMIT, TITLE_LIMIT};
use super::published;
use crate::crawl::canonical::canonical;
use crate::source::{BadSourceId, SourceId};

/// Longest record, in bytes: a text of the greatest length with every character escaped, and its fields.
pub const LINE_LIMIT: usize = 512 * 1024;
/// Longest complaint about a record, in characters.
const COMPLAINT_LIMIT: usize = 200;
/// How far ahead of its receipt a date may lie.
const AHEAD: Duration = Duration::from_hours(24);

/// The record as it stands in JSON. Only `text` is required here; `source` too, where no default is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedPost {
    /// The sender's own id; without it the canonical address, and without that the content, is the identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Under which source it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Default: `comment` if `parent` is given, else `post`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<PostKind>,
    /// The id of what it answers, on the same source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The id of the thread it stands in, on the same source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// Its http or https address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// At most 1 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// At most 64 KiB, not blank.
    pub text: Option<String>,
    /// Never stored: only a keyed hash of it is.
    #[serde(skip_serializing)]
    pub author: Option<String>,
    /// Whether an office published it on its own account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub official: Option<bool>,
    /// RFC 3339, or another date that [`published::published`] reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_at: Option<String>,
    /// The place it speaks of, if the sender knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Approvals.
    pub likes: Option<u64>,
    /// Copies made by others.
    pub reposts: Option<u64>,
    /// Answers.
    pub comments: Option<u64>,
    /// Times shown.
    pub views: Option<u64>,
}

/// Why a record was not accepted; its text is shown to the sender.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Larger than a record can be.
    #[error("the record is longer than {LINE_LIMIT} bytes")]
    LongLine,
    /// Bytes that are no text.
    #[error("the record is not UTF-8")]
    NotUtf8,
    /// Not JSON, no object, or a key with a value of another type.
    #[error("{0}")]
    NotARecord(String),
    /// No `text`, or nothing but white space in it.
    #[error("text is missing or blank")]
    NoText,
    /// No `source` and no default.
    #[error("source is missing")]
    NoSource,
    /// A source id that cannot be one.
    #[error(transparent)]
    BadSource(#[from] BadSourceId),
    /// A value beyond its limit.
    #[error("{field} is longer than {limit} bytes")]
    TooLong {
        /// The key.
        field: &'static str,
        /// The most it may hold.
        limit: usize,
    },
    /// `url` is none that leads to a page.
    #[error("url is no http or https address")]
    BadUrl,
    /// The date lies more than a day ahead.
    #[error("published_at lies more than a day in the future")]
    FarFuture,
}

/// The record's JSON schema, for the API's description.
pub fn schema() -> Value {
    let mut properties = Map::new();
    for name in ["id", "source", "parent", "thread", "url", "title", "text", "published_at", "place"] {
        properties.insert(name.into(), serde_json::json!({ "type": "string" }));
    }
    for name in ["likes", "reposts", "comments", "views"] {
        properties.insert(name.into(), serde_json::json!({ "type": "integer", "minimum": 0 }));
    }
    properties.insert("kind".into(), serde_json::json!({ "enum": ["post", "comment", "article"] }));
    properties.insert("official".into(), serde_json::json!({ "type": "boolean" }));
    let never = "Never stored: only a keyed hash of it is, for counting distinct voices.";
    properties.insert(
        "author".into(),
        serde_json::json!({ "type": "string", "writeOnly": true, "description": never }),
    );
    serde_json::json!({ "type": "object", "required": ["text", "source"], "properties": properties })
}

/// Reads one record. `default_source` stands in where it names none; `now` is the time of receipt.
pub fn read_line(line: &[u8], default_source: Option<&SourceId>, now: Timestamp) -> Result<Found, Rejection> {
    if line.len() > LINE_LIMIT {
        return Err(Rejection::LongLine);
    }
    let line = std::str::from_utf8(line).map_err(|_| Rejection::NotUtf8)?;
    let line = line.trim_start_matches('\u{feff}').trim();
    if !line.starts_with('{') {
        return Err(Rejection::NotARecord("the record is no JSON object".into()));
    }
    let record =
        serde_json::from_str(line).map_err(|error| Rejection::NotARecord(complaint(line, &error)))?;
    read(record, default_source, now)
}

/// What is wrong with a record, with the key whose value is, if it is one key's.
fn complaint(line: &str, error: &serde_json::Error) -> String {
    let message = |error: &serde_json::Error| {
        // The parser counts lines within the record, of which there is mostly one.
        error.to_string().split(" at line ").next().unwrap_or_default().to_owned()
    };
    let values: Map<String, Value> = serde_json::from_str(line).unwrap_or_default();
    let culprit = values.into_iter().find_map(|(key, value)| {
        let alone = Value::Object(Map::from_iter([(key.clone(), value)]));
        let error = serde_json::from_value::<PushedPost>(alone).err()?;
        Some(format!("{key}: {}", message(&error)))
    });
    let complaint =
        culprit.unwrap_or_else(|| format!("{} (byte {} of the record)", message(error), error.column()));
    // It quotes the value, which may be as long as the record.
    match complaint.char_indices().nth(COMPLAINT_LIMIT) {
        Some((end, _)) => format!("{}…", &complaint[..end]),
        None => complaint,
    }
}

/// Checks a record and makes it a post.
pub fn read(
    record: PushedPost,
    default_source: Option<&SourceId>,
    now: Timestamp,
) -> Result<Found, Rejection> {
    let source = match record.source.as_deref() {
        Some(name) => SourceId::new(name)?,
        None => default_source.ok_or(Rejection::NoSource)?.clone(),
    };
    let text = record.text.filter(|text| !text.trim().is_empty()).ok_or(Rejection::NoText)?;
    let within = |field, value: Option<String>, limit| match value {
        Some(value) if value.len() > limit => Err(Rejection::TooLong { field, limit }),
        value => Ok(value.filter(|value| !value.is_empty())),
    };
    let text = within("text", Some(text), TEXT_LIMIT)?.unwrap_or_default();
    let other = |id: String| PostId::by_external_id(&source, &id);
    let parent = within("parent", record.parent, LINK_LIMIT)?.map(other);
    let mut draft = Draft::new(match (record.kind, parent) {
        (Some(kind), _) => kind,
        (None, Some(_)) => PostKind::Comment,
        (None, None) => PostKind::Post,
    });
    draft.parent = parent;
    draft.thread = within("thread", record.thread, LINK_LIMIT)?.map(other);
    draft.external_id = within("id", record.id, LINK_LIMIT)?;
    draft.url = within("url", record.url, LINK_LIMIT)?.map(|url| address(&url)).transpose()?;
    draft.title = within("title", record.title, TITLE_LIMIT)?.unwrap_or_default();
    draft.text = text;
    draft.place = within("place", record.place, TITLE_LIMIT)?;
    draft.author = within("author", record.author, TITLE_LIMIT)?.as_deref().and_then(AuthorName::new);
    draft.official = record.official.unwrap_or_default();
    draft.counts = Counts {
        likes: record.likes.unwrap_or_default(),
        reposts: record.reposts.unwrap_or_default(),
        comments: record.comments.unwrap_or_default(),
        views: record.views.unwrap_or_default(),
    };
    let stated = record.published_at.as_deref();
    draft.published = stated.and_then(|text| published::published(text, &published::china(), now));
    if draft.published.is_some_and(|at| at.duration_since(now).as_secs() > AHEAD.as_secs().cast_signed()) {
        return Err(Rejection::FarFuture);
    }
    draft.finish_alone(&source, now).map_err(|unfit| Rejection::NotARecord(unfit.to_string()))
}

fn address(text: &str) -> Result<Url, Rejection> {
    let url = Url::parse(text.trim()).map_err(|_| Rejection::BadUrl)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Rejection::BadUrl);
    }
    // Which parameters a source ignores is known for crawled sources only.
    Ok(canonical(&url, &[]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::extract::fixture::now;
    use crate::extract::post::Dated;

    fn town() -> SourceId {
        SourceId::new("town").unwrap()
    }

    fn read(line: &str) -> Result<Found, Rejection> {
        read_line(line.as_bytes(), Some(&town()), now())
    }

    #[test]
    fn a_record_becomes_a_post() {
        let line = r#"{"id":"7","source":"forum","parent":"3","thread":"1","url":"https://forum.example/t/1?#c7","title":"停水",
            "text":" 什么时候来水？\n","author":"路边的风","published_at":"2026-11-22T08:47:00+08:00","place":"青云街道","likes":3,"mood":"?"}"#;
        let Found { post, author } = read(line).unwrap();
        let forum = SourceId::new("forum").unwrap();
        assert_eq!(post.id, PostId::by_external_id(&forum, "7"));
        assert_eq!(post.parent, Some(PostId::by_external_id(&forum, "3")));
        assert_eq!(post.thread, Some(PostId::by_external_id(&forum, "1")));
        assert_eq!((post.kind, post.dated, post.counts.likes), (PostKind::Comment, Dated::Claimed, 3));
        assert_eq!(post.text, " 什么时候来水？\n");
        assert_eq!(post.url.unwrap().as_str(), "https://forum.example/t/1");
        assert!(author.is_some());
    }

    #[test]
    fn a_bad_record_is_rejected_with_its_reason() {
        let long = format!("{{\"text\":\"{}\"}}", "水".repeat(TEXT_LIMIT));
        let huge = format!("{{\"text\":\"{}\"}}", "水".repeat(LINE_LIMIT));
        let reasons: Vec<String> = [
            "停水了",
            "[]",
            "{\"text\":",
            "{}",
            "{\"text\":\" \\n\"}",
            "{\"text\":7}",
            "{\"text\":\"x\",\"likes\":-1}",
            "{\"text\":\"x\",\"kind\":\"tweet\"}",
            "{\"text\":\"x\",\"source\":\"Town Forum\"}",
            "{\"text\":\"x\",\"url\":\"javascript:alert(1)\"}",
            "{\"text\":\"x\",\"published_at\":\"2027-01-01T00:00:00Z\"}",
            &long,
            &huge,
        ]
        .iter()
        .map(|line| read(line).unwrap_err().to_string())
        .collect();
        insta::assert_snapshot!(reasons.join("\n"), @r#"
        the record is no JSON object
        the record is no JSON object
        EOF while parsing a value (byte 8 of the record)
        text is missing or blank
        text is missing or blank
        text: invalid type: integer `7`, expected a string
        likes: invalid value: integer `-1`, expected u64
        kind: unknown variant `tweet`, expected one of `post`, `comment`, `article`
        a source id is 1 to 64 of a-z, 0-9, '-', '_', '.', beginning with a letter or digit: "Town Forum" is not
        url is no http or https address
        published_at lies more than a day in the future
        text is longer than 65536 bytes
        the record is longer than 524288 bytes
        "#);
        assert_eq!(read_line(b"{\"text\":\"x\"}", None, now()).unwrap_err(), Rejection::NoSource);
        assert_eq!(read_line(&[0xff], None, now()).unwrap_err(), Rejection::NotUtf8);
    }

    #[test]
    fn unpaired_surrogates_are_no_text() {
        for (line, whole) in [
            (r#"{"text":"停水\ud83d"}"#, None),
            (r#"{"text":"\ude2d停水"}"#, None),
            (r#"{"text":"\ud83d\ud83d"}"#, None),
            (r#"{"text":"停水","title":"\ud800"}"#, None),
            // What is not read is not stored either.
            (r#"{"text":"停水","unknown":"\udfff"}"#, Some("停水")),
            (r#"{"text":"停水","\udfff":1}"#, None),
            (r#"{"text":"停水\ud83d\ude2d"}"#, Some("停水😭")),
        ] {
            match read(line) {
                Ok(found) => assert_eq!(Some(found.post.text.as_str()), whole, "{line}"),
                Err(Rejection::NotARecord(_)) => assert_eq!(whole, None, "{line}"),
                Err(other) => panic!("{line}: {other}"),
            }
        }
    }

    #[test]
    fn a_complaint_does_not_give_back_the_record() {
        let line = format!("{{\"text\":\"x\",\"kind\":\"{}\"}}", "爆".repeat(10_000));
        let complaint = read(&line).unwrap_err().to_string();
        assert_eq!(complaint.chars().count(), COMPLAINT_LIMIT + 1, "{complaint}");
    }

    #[test]
    fn a_date_that_cannot_be_is_the_time_of_receipt() {
        for (date, dated) in [
            ("2026-11-24T10:00:00+08:00", Dated::Claimed),
            ("2026-11-24T10:05:00+08:00", Dated::Captured),
            ("2026-11-25T09:00:00+08:00", Dated::Captured),
            ("soon", Dated::Captured),
        ] {
            let post = read(&format!("{{\"text\":\"x\",\"published_at\":\"{date}\"}}")).unwrap().post;
            assert_eq!((post.published_at, post.dated), (now(), dated), "{date}");
        }
    }

    #[test]
    fn a_record_is_written_as_it_is_read_but_for_the_author() {
        let record = PushedPost {
            text: Some("停水".into()),
            author: Some("路边的风".into()),
            ..PushedPost::default()
        };
        let line = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<PushedPost>(&line).unwrap(), PushedPost { author: None, ..record });
    }

    proptest! {
        #[test]
        fn any_line_gives_a_post_or_a_reason(bytes in prop::collection::vec(any::<u8>(), 0..200), text in ".*") {
            prop_assert!(!read_line(&bytes, None, now()).err().map(|e| e.to_string()).is_some_and(|e| e.is_empty()));
            let record = PushedPost { text: Some(text.clone()), ..PushedPost::default() };
            match super::read(record, Some(&town()), now()) {
                Ok(found) => prop_assert_eq!(found.post.text, text),
                Err(rejection) => prop_assert_eq!(rejection, Rejection::NoText),
            }
        }
    }
}
