//! Searching stored posts.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use jiff::Timestamp;

use super::{Frame, Nav, Page, render};
use crate::assess::Grade;
use crate::lexicon::category::Category;
use crate::web::Web;
use crate::web::api::params::{OF_POSTS, Params};
use crate::web::api::posts;
use crate::web::auth::Visitor;
use crate::web::error::Kind;
use crate::web::markup::{self, Piece};

/// Posts on a page.
const PAGE: usize = 20;
/// Characters shown of a text.
const EXCERPT: usize = 180;
/// Values shown of one facet.
const VALUES: usize = 12;

#[derive(Template)]
#[template(path = "web/templates/search.html")]
struct SearchPage {
    f: Frame,
    q: String,
    fault: String,
    total: u64,
    newest: bool,
    by_newest: String,
    by_relevance: String,
    kept: Vec<(String, String)>,
    hits: Vec<Hit>,
    facets: Vec<FacetGroup>,
    next: Option<String>,
}

struct Hit {
    id: String,
    grade: Option<Grade>,
    sensitivity: String,
    title: Vec<Piece>,
    text: Vec<Piece>,
    why: String,
    source: String,
    kind: &'static str,
    at: Timestamp,
    href: Option<String>,
}

struct FacetGroup {
    label: &'static str,
    values: Vec<FacetValue>,
}

struct FacetValue {
    label: String,
    count: u64,
    href: String,
    on: bool,
}

pub(in crate::web) async fn page(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    params: Params,
) -> Page {
    params.only(&[&OF_POSTS, &["department", "sort", "cursor"]])?;
    let l = visitor.lang;
    let newest = params.one("sort") != Some("relevance");
    let link = |query: String| format!("/search?{query}");
    let mut page = SearchPage {
        f: Frame::new(&visitor, Nav::Search, l.t("检索", "Search"), web.0.inbox.is_some()),
        q: params.one("q").unwrap_or_default().to_owned(),
        fault: String::new(),
        total: 0,
        newest,
        by_newest: link(params.with("sort", None)),
        by_relevance: link(params.with("sort", Some("relevance"))),
        kept: ["source", "kind", "category", "grade", "place", "department", "sort", "since", "until"]
            .into_iter()
            .flat_map(|name| params.all(name).map(move |value| (name.to_owned(), value.to_owned())))
            .collect(),
        hits: Vec::new(),
        facets: Vec::new(),
        next: None,
    };
    let found = match posts::search(&web, &visitor, &params, PAGE).await {
        Ok(found) => found,
        // A query that cannot be understood is mended on the same page.
        Err(problem) if problem.kind == Kind::BadRequest => {
            page.fault = problem.detail;
            return Ok(render(&page));
        }
        Err(problem) => return Err(problem.into()),
    };
    let sources = web.handles().sources.configured();
    let source_name = |id: &str| {
        let known = sources.iter().find(|(known, _)| known.as_str() == id);
        known.map_or_else(|| id.to_owned(), |(_, source)| source.name.clone())
    };
    let assessor = web.handles().reading.assessor();
    let category_name = |id: &str| {
        let category = id.parse::<Category>().ok();
        category.map_or_else(|| id.to_owned(), |c| assessor.lexicon().categories().get(c).name.clone())
    };
    let grade_name =
        |word: &str| Grade::from_word(word).map_or(l.t("未分级", "none"), |grade| l.grade(grade)).to_owned();
    page.total = found.total.unwrap_or_default();
    page.next = found.next.map(|cursor| link(params.with("cursor", Some(&cursor))));
    if let Some(facets) = &found.facets {
        let group =
            |label, name: &str, values: &[(String, u64)], shown: &dyn Fn(&str) -> String| FacetGroup {
                label,
                values: values
                    .iter()
                    .take(VALUES)
                    .map(|(value, count)| {
                        let on = params.all(name).any(|chosen| chosen == value);
                        let href = link(params.with(name, (!on).then_some(value)));
                        FacetValue { label: shown(value), count: *count, href, on }
                    })
                    .collect(),
            };
        page.facets = vec![
            group(l.t("等级", "Grade"), "grade", &facets.grades, &grade_name),
            group(l.t("事项", "Matter"), "category", &facets.categories, &category_name),
            group(l.t("信源", "Source"), "source", &facets.sources, &source_name),
            group(l.t("地点", "Place"), "place", &facets.places, &str::to_owned),
        ];
        page.facets.retain(|group| !group.values.is_empty());
    }
    page.hits = found
        .posts
        .into_iter()
        .map(|found| {
            let (post, assessment) = (found.post.post, found.post.assessment);
            let head = if post.title.is_empty() { 0 } else { post.title.chars().count() as u32 + 1 };
            let of_text: Vec<_> = found
                .marks
                .iter()
                .filter(|(start, _)| *start >= head)
                .map(|(start, end)| (start - head, end - head))
                .collect();
            let of_title: Vec<_> = found.marks.iter().filter(|(_, end)| *end < head).copied().collect();
            Hit {
                id: post.id.to_string(),
                grade: assessment.grade,
                sensitivity: format!("{:.0}", assessment.sensitivity),
                title: markup::pieces(&post.title, &of_title),
                text: markup::excerpt(&post.text, &of_text, EXCERPT),
                why: assessment.explanation,
                source: source_name(post.source.as_str()),
                kind: l.kind(post.kind),
                at: post.published_at,
                href: markup::link(post.url.as_ref()),
            }
        })
        .collect();
    Ok(render(&page))
}
