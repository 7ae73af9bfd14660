//! Raw document to posts and defects.
//!
//! [`extract`] reads what was fetched, by the source's kind and the document's role; [`pushed`] reads what was
//! sent to us. Which pages are fetched, when, and how often is the caller's: a document names the pages
//! that belong to the same look in [`Extraction::follow`]. A bad item is no error but a [`Defect`].
//!
//! Always holds: no I/O, no clock, no entity or link is resolved from elsewhere; the same document gives the
//! same extraction; a document that makes a parser panic gives a defect (promise P2).

pub mod hotlist;
pub mod html;
pub mod page;
pub mod post;
pub mod published;
pub mod pushed;
pub mod wordpress;

mod charset;
mod draft;
mod feed;
#[cfg(test)]
mod fixture;
mod plain;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::crawl::{RawDocument, Target};
use crate::source::{Source, SourceKind};
use post::{Found, PostId};

/// What one document gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extraction {
    /// Posts in the order of the document. Of a hot list that is their rank.
    pub posts: Vec<Found>,
    /// What could not be read, one entry an item.
    pub defects: Vec<Defect>,
    /// Addresses on the same source that belong to this look: detail pages, next pages. The caller bounds
    /// how many it follows: `pages` for the list of an HTML source, all pages of a thread or of all comments,
    /// and of a WordPress listing those until a page holds nothing new.
    pub follow: Vec<Target>,
    /// What the document shows completely, so that a known post absent from it is gone.
    pub shows: Shows,
}

/// What a document, together with the pages that follow it in the same look, shows completely.
///
/// It speaks of the look, not of the one document: a caller who wants to find deletions gathers the posts
/// of the first page and of every further page (those that `follow` names with the same role, or
/// `DetailPage` for a thread) and may conclude only if all of them came and had no defects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shows {
    /// Some posts of many: absence means nothing.
    #[default]
    Some,
    /// All comments of one thread.
    Thread(PostId),
    /// All comments of the site.
    Site,
}

/// One item of a document that could not become a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// Which item, counted from 0 in the document; `None` for the document as a whole.
    pub item: Option<usize>,
    /// What is wrong, for the operator of the source.
    pub what: String,
}

/// Reads a document as its source's kind and its role ask.
pub fn extract(document: &RawDocument, source: &Source) -> Extraction {
    // The parsers hold nothing across documents, so nothing half-changed can be seen after a panic.
    let read = AssertUnwindSafe(|| match &source.kind {
        SourceKind::Feed(options) => feed::extract(document, source, options),
        SourceKind::Html(options) => html::extract(document, source, options),
        SourceKind::Wordpress(options) => wordpress::extract(document, source, options),
        SourceKind::Hotlist(_) => hotlist::extract(document, source),
    });
    catch_unwind(read).unwrap_or_else(|_| {
        tracing::error!(source = %source.id, url = %document.url, "a parser panicked over a document");
        Extraction::of_defect("a parser failed over this document".into())
    })
}

impl Extraction {
    /// A document that could not be read at all.
    fn of_defect(what: String) -> Self {
        Self { defects: vec![Defect { item: None, what }], ..Self::default() }
    }
}
