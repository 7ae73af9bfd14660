//! Sources and documents for the tests of this module.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use url::Url;

use crate::crawl::{RawDocument, Role, Target};
use crate::source::{CadenceConfig, FeedOptions, Source, SourceId, SourceKind};

pub(crate) fn now() -> Timestamp {
    "2026-11-24T10:00:00+08:00".parse().unwrap()
}

pub(crate) fn source(url: &str, kind: SourceKind) -> Source {
    Source {
        id: SourceId::new("town").unwrap(),
        name: "禾川".into(),
        url: Url::parse(url).unwrap(),
        kind,
        place: None,
        official_accounts: vec!["禾川发布".into()],
        cadence: CadenceConfig::default(),
        ignored_parameters: Vec::new(),
        enabled: true,
    }
}

pub(crate) fn feed() -> Source {
    source("http://town.example/feed", SourceKind::Feed(FeedOptions::default()))
}

pub(crate) fn document(url: &str, body: &[u8]) -> RawDocument {
    document_as(url, Role::Listing, body)
}

pub(crate) fn document_as(url: &str, role: Role, body: &[u8]) -> RawDocument {
    let url = Url::parse(url).unwrap();
    RawDocument {
        target: Target { source: SourceId::new("town").unwrap(), url: url.clone(), role, thread: None },
        url,
        status: 200,
        headers: BTreeMap::new(),
        body: Bytes::copy_from_slice(body),
        fetched_at: now(),
    }
}

/// A file of `tests/fixtures/extract`.
pub(crate) fn file(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/extract").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
