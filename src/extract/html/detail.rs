//! A thread or article: its opener, its comments with their parents, its further pages.

use std::collections::HashSet;

use ego_tree::NodeId;
use scraper::ElementRef;
use url::Url;

use super::super::draft::{self, Draft};
use super::super::post::{AuthorName, PostId, PostKind};
use super::super::{Defect, Extraction, Shows, plain, published};
use super::linked::{self, Opener};
use super::select::{self, Comments, Fields, Picker, Selectors};
use super::{ITEMS, Page};
use crate::crawl::Role;
use crate::crawl::canonical::canonical;
use crate::source::HtmlOptions;

/// The elements that are comments, so that each text is given to its own writer only.
type Items = HashSet<NodeId>;

impl Page<'_> {
    /// The first page of a thread, or an article.
    pub(super) fn thread(&self, selectors: &Selectors, options: &HtmlOptions) -> Extraction {
        let linked = linked::read(self.html).unwrap_or_default();
        let comments = self.items(selectors);
        let items: Items = comments.iter().map(|item| item.id()).collect();
        let draft = self.opener(selectors, options, &linked, &items);
        let thread = draft.id(&self.source.id);
        let mut extraction = Extraction::default();
        if draft.title.is_empty() && draft.text.is_empty() {
            let what = "the page holds neither title nor text: has its layout changed?";
            extraction.defects.push(Defect { item: None, what: what.into() });
        } else {
            // The opener stands under itself.
            self.add(&mut extraction, None, Draft { thread: Some(thread), ..draft });
        }
        if selectors.comment.is_none() {
            self.linked_comments(&mut extraction, linked, thread);
        }
        self.comments(&mut extraction, selectors, &comments, &items, thread);
        extraction
    }

    /// A further page of a thread: comments only.
    pub(super) fn thread_page(&self, selectors: &Selectors, options: &HtmlOptions) -> Extraction {
        let comments = self.items(selectors);
        let items: Items = comments.iter().map(|item| item.id()).collect();
        let told = self.document.target.thread.as_ref().and_then(|id| id.parse().ok());
        let thread = told.unwrap_or_else(|| {
            self.opener(selectors, options, &Opener::default(), &items).id(&self.source.id)
        });
        let mut extraction = Extraction::default();
        self.comments(&mut extraction, selectors, &comments, &items, thread);
        extraction
    }

    fn items(&self, selectors: &Selectors) -> Vec<ElementRef<'_>> {
        let comments = selectors.comment.iter();
        comments.flat_map(|comment| comment.item.all(self.html.root_element())).take(ITEMS).collect()
    }

    fn opener(&self, selectors: &Selectors, options: &HtmlOptions, linked: &Opener, items: &Items) -> Draft {
        let root = self.html.root_element();
        let mut draft = Draft::new(if options.article { PostKind::Article } else { PostKind::Post });
        self.fill(&mut draft, root, &selectors.post, items);
        draft.url = Some(self.address());
        draft.official = options.official;
        let views = selectors.views.as_ref().and_then(|views| views.value(root));
        draft.counts.views = views.map_or(0, |text| draft::count(&text));
        let meta = |property| select::constant(property).value(root);
        if draft.title.is_empty() {
            draft.title = meta("meta[property='og:title']@content").unwrap_or_default();
        }
        if !linked.title.is_empty() {
            draft.title.clone_from(&linked.title);
        }
        if draft.text.is_empty() {
            draft.text.clone_from(&linked.text);
        }
        draft.author = linked.author.as_deref().and_then(AuthorName::new).or(draft.author);
        let stated = || meta("meta[property='article:published_time']@content");
        let date = linked.published.as_deref().and_then(|text| self.date(text));
        draft.published = date.or(draft.published).or_else(|| self.date(&stated()?));
        draft
    }

    /// The page's canonical address: its own, unless it names another of the same host. One that names the
    /// front page for every page is a mistake many sites make.
    fn address(&self) -> Url {
        let link = select::constant("link[rel~=canonical]@href").value(self.html.root_element());
        let page = &self.document.url;
        let stated = link.and_then(|link| draft::resolve(&link, &self.base));
        let stated = stated.filter(|url| {
            url.host() == page.host() && (url.path() != "/" || url.query().is_some() || page.path() == "/")
        });
        canonical(stated.as_ref().unwrap_or(page), &self.source.ignored_parameters)
    }

    fn comments(
        &self,
        extraction: &mut Extraction,
        selectors: &Selectors,
        found: &[ElementRef<'_>],
        items: &Items,
        thread: PostId,
    ) {
        if let Some(comment) = &selectors.comment {
            let own = |element| self.comment(element, comment, items, thread);
            for (at, element) in found.iter().enumerate() {
                let draft = own(*element);
                if draft.text.is_empty() && draft.external_id.is_none() {
                    extraction
                        .defects
                        .push(Defect { item: Some(at), what: "the comment has no text".into() });
                } else {
                    self.add(extraction, Some(at), draft);
                }
            }
            extraction.shows = Shows::Thread(thread);
        }
        let next = selectors.next.as_ref().and_then(|next| next.value(self.html.root_element()));
        if let Some(url) = next.and_then(|link| draft::resolve(&link, &self.base)) {
            self.follow(extraction, url, Role::DetailPage, Some(thread.to_string()));
        }
    }

    fn comment(&self, element: ElementRef<'_>, comment: &Comments, items: &Items, thread: PostId) -> Draft {
        let mut draft = Draft::new(PostKind::Comment);
        self.fill(&mut draft, element, &comment.fields, items);
        self.settle(&mut draft, thread);
        let stated = comment.parent.as_ref().and_then(|parent| own_value(parent, element, items));
        let stated =
            stated.as_deref().and_then(local_id).map(|id| PostId::by_external_id(&self.source.id, id));
        let enclosing = || {
            let above =
                element.ancestors().filter(|node| items.contains(&node.id())).find_map(ElementRef::wrap)?;
            let id = own_value(comment.fields.id.as_ref()?, above, items)?;
            Some(PostId::by_external_id(&self.source.id, local_id(&id)?))
        };
        draft.parent = Some(stated.or_else(enclosing).unwrap_or(thread));
        if let (Some(url), Some(id)) = (&mut draft.url, element.attr("id")) {
            url.set_fragment(Some(id));
        }
        draft
    }

    /// Comments that only the page's description holds.
    fn linked_comments(&self, extraction: &mut Extraction, linked: Opener, thread: PostId) {
        for (at, comment) in linked.comments.into_iter().enumerate() {
            let mut draft = Draft::new(PostKind::Comment);
            draft.external_id = comment.id;
            draft.text = comment.text;
            draft.author = comment.author.as_deref().and_then(AuthorName::new);
            draft.published = comment.published.and_then(|text| self.date(&text));
            draft.counts.likes = comment.likes;
            self.settle(&mut draft, thread);
            let parent = comment.parent.map(|id| PostId::by_external_id(&self.source.id, &id));
            draft.parent = Some(parent.unwrap_or(thread));
            self.add(extraction, Some(at), draft);
        }
    }

    /// What every comment has: its thread, the thread's address, an identity even without an id.
    fn settle(&self, draft: &mut Draft, thread: PostId) {
        draft.thread = Some(thread);
        draft.url = Some(self.address());
        if draft.external_id.is_none() {
            draft.identity = Some(PostId::of(&self.source.id, None, None, &thread.to_string(), &draft.text));
        }
    }

    /// Reads the fields that lie within an element and not within a comment inside it.
    fn fill(&self, draft: &mut Draft, within: ElementRef<'_>, fields: &Fields, items: &Items) {
        let value =
            |picker: &Option<Picker>| picker.as_ref().and_then(|picker| own_value(picker, within, items));
        draft.external_id = value(&fields.id).and_then(|id| local_id(&id).map(str::to_owned));
        draft.title = value(&fields.title).unwrap_or_default();
        draft.author = value(&fields.author).as_deref().and_then(AuthorName::new);
        draft.counts.likes = value(&fields.likes).map_or(0, |text| draft::count(&text));
        let date = fields.published.as_ref();
        let date = date.and_then(|picker| picker.date_of(own(picker, within, items).next()?));
        draft.published = date.and_then(|text| self.date(&text));
        draft.text = own_text(&fields.text, within, items);
    }

    fn date(&self, text: &str) -> Option<jiff::Timestamp> {
        published::published(text, &published::china(), self.document.fetched_at)
    }

    fn add(&self, extraction: &mut Extraction, item: Option<usize>, draft: Draft) {
        match draft.finish(self.source, self.document.fetched_at) {
            Ok(found) => extraction.posts.push(found),
            Err(unfit) => extraction.defects.push(Defect { item, what: unfit.to_string() }),
        }
    }
}

/// Matches within an element that belong to it and to no comment inside it.
fn own<'a>(
    picker: &'a Picker,
    within: ElementRef<'a>,
    items: &'a Items,
) -> impl Iterator<Item = ElementRef<'a>> + use<'a> {
    picker.all(within).filter(move |found| {
        let up_to = found.ancestors().take_while(|node| node.id() != within.id());
        *found == within
            || (!items.contains(&found.id()) && !up_to.into_iter().any(|node| items.contains(&node.id())))
    })
}

fn own_value(picker: &Picker, within: ElementRef<'_>, items: &Items) -> Option<String> {
    picker.value_of(own(picker, within, items).next()?)
}

/// All texts that match and lie in no other match, without the comments inside.
fn own_text(picker: &Picker, within: ElementRef<'_>, items: &Items) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut last: Option<ElementRef<'_>> = None;
    for found in own(picker, within, items) {
        // In the order of the page, what lies in another match comes right after it.
        if last.is_some_and(|last| found.ancestors().any(|node| node.id() == last.id())) {
            continue;
        }
        last = Some(found);
        parts.push(match picker.attribute() {
            Some(name) => plain::tidy(found.attr(name).unwrap_or_default()),
            None => plain::element_text(found, &|inner| items.contains(&inner.id())),
        });
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// An id as pages refer to it: `#comment-3`, `/t/1#comment-3` and `comment-3` are one; `0` is none.
fn local_id(value: &str) -> Option<&str> {
    let id = value.rsplit_once('#').map_or(value, |(_, fragment)| fragment).trim();
    (!id.is_empty() && id != "0").then_some(id)
}
