//! One post: its text, why it was judged as it was, and the thread around it. Nothing of its writer.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};

use super::verdict::{Review, department_name};
use super::{Frame, Nav, Page, render};
use crate::assess::{Absent, Counterfactual, Grade, Without};
use crate::extract::post::{Post, PostId};
use crate::pipeline::reading::ShownPost;
use crate::web::Web;
use crate::web::auth::Visitor;
use crate::web::error::Problem;
use crate::web::markup::{self, Piece};
use crate::web::say::Lang;

#[derive(Template)]
#[template(path = "web/templates/post.html")]
struct PostPage {
    f: Frame,
    p: Post,
    source_name: String,
    href: Option<String>,
    kind: &'static str,
    title: Vec<Piece>,
    text: Vec<Piece>,
    sensitivity: String,
    grade: Option<Grade>,
    status: &'static str,
    mood: &'static str,
    category: String,
    department: String,
    places: String,
    explanation: String,
    dictionary: String,
    factors: Vec<Line>,
    why: Vec<String>,
    hits: Vec<HitLine>,
    missing_since: Option<jiff::Timestamp>,
    first_text: Option<(String, String)>,
    revised_at: Option<jiff::Timestamp>,
    thread: Vec<Under>,
    v: Review,
}

struct Line {
    name: &'static str,
    points: String,
    why: String,
}

struct HitLine {
    term: String,
    category: String,
    dictionary: String,
    negated: bool,
}

struct Under {
    id: String,
    here: bool,
    reply: bool,
    at: jiff::Timestamp,
    grade: Option<Grade>,
    title: String,
    text: String,
}

pub(in crate::web) async fn page(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Page {
    let id: PostId = id.parse().map_err(|_| Problem::not_found())?;
    let whole = web.handles().reading.post(id).await?.ok_or_else(Problem::not_found)?;
    let l = visitor.lang;
    let v = Review::of(&web, &visitor, &whole);
    let why = web.handles().reading.counterfactual(&whole.shown).await?;
    let ShownPost { post: p, assessment: a, state } = whole.shown;
    let mut marks: Vec<(u32, u32)> =
        a.hits.iter().filter(|hit| !hit.negated).map(|hit| (hit.start, hit.end)).collect();
    marks.sort_unstable();
    // Hits count over title, line feed and text.
    let head = if p.title.is_empty() { 0 } else { p.title.chars().count() as u32 + 1 };
    let of_text: Vec<_> = marks
        .iter()
        .filter(|(start, _)| *start >= head)
        .map(|(start, end)| (start - head, end - head))
        .collect();
    let of_title: Vec<_> = marks.into_iter().filter(|(_, end)| *end < head).collect();
    let category = a.category.as_ref().map_or("—".to_owned(), |verdict| {
        let assessor = web.handles().reading.assessor();
        assessor.lexicon().categories().get(verdict.id).name.clone()
    });
    let sources = web.handles().sources.configured();
    let page = PostPage {
        source_name: sources
            .get(&p.source)
            .map_or_else(|| p.source.to_string(), |source| source.name.clone()),
        href: markup::link(p.url.as_ref()),
        kind: l.kind(p.kind),
        title: markup::pieces(&p.title, &of_title),
        text: markup::pieces(&p.text, &of_text),
        sensitivity: format!("{:.1}", a.sensitivity),
        grade: a.grade,
        status: l.status(a.status),
        mood: l.mood(a.sentiment.label),
        category,
        department: match (&a.department, &a.category) {
            (Some(verdict), _) => department_name(&web, l, &verdict.id),
            (None, Some(_)) => l.t("待人工分派", "to be assigned").to_owned(),
            (None, None) => "—".to_owned(),
        },
        places: a.places.join("、"),
        explanation: a.explanation.clone(),
        dictionary: a.versions.dictionary.clone(),
        factors: a
            .factors
            .iter()
            .map(|factor| Line {
                name: l.factor(factor.name),
                points: format!("{:+.1}", factor.points),
                why: factor.why.clone(),
            })
            .collect(),
        why: why.map(|why| decisive(l, &why)).unwrap_or_default(),
        hits: a
            .hits
            .iter()
            .take(100)
            .map(|hit| HitLine {
                term: hit.term.clone(),
                category: hit.category.clone(),
                dictionary: hit.dictionary.clone(),
                negated: hit.negated,
            })
            .collect(),
        missing_since: state.missing_since,
        first_text: whole.first_text,
        revised_at: whole.revised_at,
        thread: whole
            .thread
            .iter()
            .map(|under| Under {
                id: under.post.id.to_string(),
                here: under.post.id == id,
                reply: under.post.parent.is_some(),
                at: under.post.published_at,
                grade: under.assessment.grade,
                title: under.post.title.clone(),
                text: under.post.text.chars().take(400).collect(),
            })
            .collect(),
        v,
        f: Frame::new(&visitor, Nav::Search, l.t("帖文", "Post"), web.0.inbox.is_some()),
        p,
    };
    Ok(render(&page))
}

/// What decided the grade, a line for each thing.
fn decisive(l: Lang, found: &Counterfactual) -> Vec<String> {
    match l {
        Lang::Zh => found.chinese(),
        Lang::En if found.tried == 0 => Vec::new(),
        Lang::En if found.decisive.is_empty() => {
            vec!["no single word or number decides: without any one of them the grade is the same".to_owned()]
        }
        Lang::En => found.decisive.iter().map(|without| in_english(l, without)).collect(),
    }
}

fn in_english(l: Lang, without: &Without) -> String {
    let what = match &without.what {
        Absent::Row { found, kind, .. } => format!("“{found}” ({})", kind.id()),
        Absent::Word { found } | Absent::Number { found } => format!("“{found}”"),
        Absent::Model => "the model's word".to_owned(),
    };
    let grade = without.grade.map_or("none".to_owned(), |grade| l.grade(grade).to_lowercase());
    format!("without {what}: {grade} ({:.1})", without.sensitivity)
}
