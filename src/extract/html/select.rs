//! Selectors, compiled, and how a value is taken from what they match.

use scraper::{ElementRef, Selector};

use super::super::plain;
use crate::source::{HtmlOptions, SelectorSpec};

/// A selector that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{spec:?} is no CSS selector: {why}")]
pub(super) struct BadSelector {
    spec: String,
    why: String,
}

/// One compiled [`SelectorSpec`].
#[derive(Debug)]
pub(in crate::extract) struct Picker {
    css: Option<Selector>,
    attribute: Option<String>,
}

impl Picker {
    pub(super) fn new(spec: &SelectorSpec) -> Result<Self, BadSelector> {
        let bad = |why: String| BadSelector { spec: spec.0.clone(), why };
        let (css, attribute) = spec.parts();
        if css.is_none() && attribute.is_none() {
            return Err(bad("it is empty".into()));
        }
        let css = css.map(|css| Selector::parse(css).map_err(|error| bad(error.to_string()))).transpose()?;
        Ok(Self { css, attribute: attribute.map(str::to_owned) })
    }

    /// All matches within an element, in the order of the page.
    pub(super) fn all<'a>(&self, within: ElementRef<'a>) -> impl Iterator<Item = ElementRef<'a>> {
        let itself = self.css.is_none().then_some(within);
        itself.into_iter().chain(self.css.as_ref().map(|css| within.select(css)).into_iter().flatten())
    }

    pub(in crate::extract) fn first<'a>(&self, within: ElementRef<'a>) -> Option<ElementRef<'a>> {
        self.all(within).next()
    }

    /// The first value that is not empty.
    pub(in crate::extract) fn value(&self, within: ElementRef<'_>) -> Option<String> {
        self.value_of(self.first(within)?)
    }

    /// The value of a match: its attribute, else its text in one line.
    pub(super) fn value_of(&self, element: ElementRef<'_>) -> Option<String> {
        let value = match &self.attribute {
            Some(name) => plain::one_line(element.attr(name)?),
            None => plain::element_text(element, &|_| false).replace('\n', " "),
        };
        (!value.is_empty()).then_some(value)
    }

    /// The value of a date: like any other, but of a `time` element its `datetime` first.
    pub(super) fn date_of(&self, element: ElementRef<'_>) -> Option<String> {
        let stated = element.attr("datetime").filter(|_| self.attribute.is_none());
        stated.map(str::to_owned).or_else(|| self.value_of(element))
    }

    pub(super) fn attribute(&self) -> Option<&str> {
        self.attribute.as_deref()
    }
}

/// A selector of our own.
pub(in crate::extract) fn constant(spec: &'static str) -> Picker {
    Picker::new(&SelectorSpec(spec.into())).expect("our own selectors are tested")
}

/// All selectors of a source.
#[derive(Debug)]
pub(super) struct Selectors {
    pub(super) item: Picker,
    pub(super) link: Picker,
    pub(super) list_next: Picker,
    pub(super) post: Fields,
    pub(super) views: Option<Picker>,
    pub(super) next: Option<Picker>,
    pub(super) comment: Option<Comments>,
}

/// The fields that a thread's opener and its comments have in common.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) title: Option<Picker>,
    pub(super) text: Picker,
    pub(super) id: Option<Picker>,
    pub(super) author: Option<Picker>,
    pub(super) published: Option<Picker>,
    pub(super) likes: Option<Picker>,
}

#[derive(Debug)]
pub(super) struct Comments {
    pub(super) item: Picker,
    pub(super) parent: Option<Picker>,
    pub(super) fields: Fields,
}

impl Selectors {
    pub(super) fn new(options: &HtmlOptions) -> Result<Self, BadSelector> {
        let one = Picker::new;
        let maybe = |spec: &Option<SelectorSpec>| spec.as_ref().map(Picker::new).transpose();
        let (list, detail) = (&options.list, &options.detail);
        let comment = options.comment.as_ref().map(|comment| {
            Ok(Comments {
                item: one(&comment.item)?,
                parent: maybe(&comment.parent)?,
                fields: Fields {
                    title: None,
                    text: one(&comment.text)?,
                    id: Some(one(&comment.id)?),
                    author: maybe(&comment.author)?,
                    published: maybe(&comment.published)?,
                    likes: maybe(&comment.likes)?,
                },
            })
        });
        Ok(Self {
            item: one(&list.item)?,
            link: one(&list.link)?,
            list_next: maybe(&list.next)?.unwrap_or_else(|| constant("link[rel~=next], a[rel~=next]@href")),
            post: Fields {
                title: Some(one(&detail.title)?),
                text: one(&detail.text)?,
                id: maybe(&detail.id)?,
                author: maybe(&detail.author)?,
                published: maybe(&detail.published)?,
                likes: maybe(&detail.likes)?,
            },
            views: maybe(&detail.views)?,
            next: maybe(&detail.next)?,
            comment: comment.transpose()?,
        })
    }
}

/// Every selector of a source with its key in the source's file.
pub(super) fn specs(options: &HtmlOptions) -> Vec<(&'static str, &SelectorSpec)> {
    let (list, detail) = (&options.list, &options.detail);
    let mut specs = vec![
        ("list.item", Some(&list.item)),
        ("list.link", Some(&list.link)),
        ("list.next", list.next.as_ref()),
        ("detail.title", Some(&detail.title)),
        ("detail.text", Some(&detail.text)),
        ("detail.id", detail.id.as_ref()),
        ("detail.author", detail.author.as_ref()),
        ("detail.published", detail.published.as_ref()),
        ("detail.likes", detail.likes.as_ref()),
        ("detail.views", detail.views.as_ref()),
        ("detail.next", detail.next.as_ref()),
    ];
    if let Some(comment) = &options.comment {
        specs.extend([
            ("comment.item", Some(&comment.item)),
            ("comment.id", Some(&comment.id)),
            ("comment.parent", comment.parent.as_ref()),
            ("comment.text", Some(&comment.text)),
            ("comment.author", comment.author.as_ref()),
            ("comment.published", comment.published.as_ref()),
            ("comment.likes", comment.likes.as_ref()),
        ]);
    }
    specs.into_iter().filter_map(|(key, spec)| Some((key, spec?))).collect()
}
