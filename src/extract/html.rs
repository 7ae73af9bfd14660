//! Pages: a list with links to threads or articles, and those with their comments.
//!
//! The operator's selectors say where things stand; a page's own description in JSON-LD goes first for title,
//! date and author. Links lead on only within the host.
//!
//! A thread may have further pages. Its identity is settled on the first ([`Role::Detail`]) and travels in
//! the target of each further one ([`Role::DetailPage`]), where it often cannot be told any more.

mod detail;
mod linked;
pub(super) mod select;

use scraper::Html;
use url::Url;

use self::select::{Picker, Selectors};
use super::charset::{self, Syntax};
use super::{Defect, Extraction, draft, plain};
use crate::crawl::{RawDocument, Role, Target};
use crate::source::{HtmlOptions, ListSelectors, Source};

/// Most links taken from one list page, and comments from one thread page (promise P1).
const ITEMS: usize = 5000;

/// What is wrong with the selectors of a source, each with the key it stands under; empty if all can be used.
pub fn faults(options: &HtmlOptions) -> Vec<String> {
    select::specs(options)
        .into_iter()
        .filter_map(|(key, spec)| Some(format!("{key}: {}", Picker::new(spec).err()?)))
        .collect()
}

/// The posts and further addresses of a page.
pub(super) fn extract(document: &RawDocument, source: &Source, options: &HtmlOptions) -> Extraction {
    let selectors = match Selectors::new(options) {
        Ok(selectors) => selectors,
        Err(bad) => return Extraction::of_defect(bad.to_string()),
    };
    let text = charset::decode(document, Syntax::Html);
    let html = Html::parse_document(&plain::bounded(&text));
    let base = base(&html, &document.url);
    let page = Page { html: &html, base, document, source };
    match document.target.role {
        Role::Listing => page.list(&selectors, &options.list),
        Role::Detail => page.thread(&selectors, options),
        Role::DetailPage | Role::NewComments | Role::AllComments => page.thread_page(&selectors, options),
    }
}

/// One page being read.
struct Page<'a> {
    html: &'a Html,
    base: Url,
    document: &'a RawDocument,
    source: &'a Source,
}

impl Page<'_> {
    fn list(&self, selectors: &Selectors, options: &ListSelectors) -> Extraction {
        let mut extraction = Extraction::default();
        let root = self.html.root_element();
        let mut items = 0;
        for (at, item) in selectors.item.all(root).take(ITEMS).enumerate() {
            items += 1;
            let link = selectors.link.value(item).or_else(|| item.attr("href").map(str::to_owned));
            match link.and_then(|link| draft::address(&link, &self.base, self.source)) {
                Some(url) => self.follow(&mut extraction, url, Role::Detail, None),
                None => extraction.defects.push(Defect { item: Some(at), what: "it has no link".into() }),
            }
        }
        if items == 0 {
            let what = "the list holds no item: has the page's layout changed?";
            extraction.defects.push(Defect { item: None, what: what.into() });
        }
        if options.pages > 1
            && let Some(next) =
                selectors.list_next.value(root).and_then(|link| draft::resolve(&link, &self.base))
        {
            self.follow(&mut extraction, next, Role::Listing, None);
        }
        extraction
    }

    /// Adds an address on this host, once.
    fn follow(&self, extraction: &mut Extraction, url: Url, role: Role, thread: Option<String>) {
        let target = Target { source: self.source.id.clone(), url, role, thread };
        if self.is_here(&target.url)
            && target.url != self.document.url
            && !extraction.follow.contains(&target)
        {
            extraction.follow.push(target);
        }
    }

    fn is_here(&self, url: &Url) -> bool {
        let site = |url: &Url| (url.host_str().map(str::to_owned), url.port_or_known_default());
        site(url) == site(&self.document.url) || site(url) == site(&self.source.url)
    }
}

/// What links of the page start from; `<base>` may move it, as in browsers.
fn base(html: &Html, page: &Url) -> Url {
    let stated = select::constant("base[href]").first(html.root_element());
    stated.and_then(|base| draft::resolve(base.attr("href")?, page)).unwrap_or_else(|| page.clone())
}

#[cfg(test)]
mod tests;
