//! Silences: what is silent, and the form that asks for silence and shows beforehand what it would hold back.

use askama::Template;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use jiff::Timestamp;

use super::timeline::who;
use super::{Form, Frame, Nav, Page, render, see};
use crate::assess::Grade;
use crate::lexicon::category::Category;
use crate::notify::policy::Silence;
use crate::people::Role;
use crate::web::Web;
use crate::web::api::silences::{Asked, Preview, all, finish, previewed, put, read, state};
use crate::web::auth::Visitor;
use crate::web::error::Problem;
use crate::web::say::Lang;

/// Most silences on the page.
const SHOWN: usize = 100;
/// How long one may last, as the form offers it.
const LENGTHS: [(&str, &str, &str); 6] = [
    ("1h", "1 小时", "1 hour"),
    ("4h", "4 小时", "4 hours"),
    ("12h", "12 小时", "12 hours"),
    ("24h", "1 天", "1 day"),
    ("3days", "3 天", "3 days"),
    ("7days", "7 天", "7 days"),
];

#[derive(Template)]
#[template(path = "web/templates/silences.html")]
struct SilencesPage {
    f: Frame,
    may: bool,
    silences: Vec<Shown>,
    fill: Fill,
    preview: Option<Preview>,
    fault: Option<String>,
}

/// A silence as shown.
struct Shown {
    id: String,
    state: &'static str,
    state_name: &'static str,
    what: String,
    reason: String,
    by: String,
    from: Timestamp,
    until: Timestamp,
}

/// The form, with what was chosen before.
struct Fill {
    grades: Vec<Choice>,
    categories: Vec<Choice>,
    departments: Vec<Choice>,
    rules: Vec<Choice>,
    place: String,
    incident: String,
    reason: String,
    lengths: Vec<Choice>,
}

struct Choice {
    value: String,
    label: String,
    on: bool,
}

impl Fill {
    fn of(web: &Web, l: Lang, form: &Form) -> Self {
        let configured = web.configured();
        let choice = |name: &'static str, value: &str, label: &str| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            on: form.all(name).any(|chosen| chosen == value),
        };
        let lexicon = web.handles().reading.assessor();
        let categories = lexicon.lexicon().categories();
        let text = |name| form.text(name).unwrap_or_default();
        Self {
            grades: Grade::ALL
                .map(|grade| choice("grade", grade.as_str(), l.grade(grade)))
                .into_iter()
                .rev()
                .collect(),
            categories: Category::ALL
                .into_iter()
                .map(|category| choice("category", category.id(), &categories.get(category).name))
                .collect(),
            departments: configured
                .departments
                .iter()
                .map(|(id, department)| choice("department", id, l.t(&department.name, &department.name_en)))
                .collect(),
            rules: configured
                .rules
                .rules()
                .iter()
                .filter(|rule| rule.is_on_posts())
                .map(|rule| choice("rule", &rule.name, &rule.title))
                .collect(),
            place: text("place"),
            incident: text("incident"),
            reason: text("reason"),
            lengths: LENGTHS.map(|(value, zh, en)| choice("for", value, l.t(zh, en))).into(),
        }
    }
}

fn asked(form: &Form) -> Asked {
    let all = |name| form.all(name).filter(|text| !text.is_empty()).map(str::to_owned).collect();
    let split = |name| {
        let text = form.text(name).unwrap_or_default();
        text.split(['、', '，', ',', ' ']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    Asked {
        grades: all("grade"),
        categories: all("category"),
        departments: all("department"),
        rules: all("rule"),
        places: split("place"),
        incidents: split("incident"),
        reason: form.text("reason").unwrap_or_default(),
        lasts: Some(form.text("for").unwrap_or_else(|| "4h".to_owned())),
        ..Asked::default()
    }
}

/// What a silence concerns, in an officer's words.
fn what(web: &Web, l: Lang, silence: &Silence) -> String {
    let matcher = &silence.matcher;
    let lexicon = web.handles().reading.assessor();
    let categories = lexicon.lexicon().categories();
    let configured = web.configured();
    let titles = configured.rules.titles();
    let parts = [
        matcher.grades.iter().rev().map(|grade| l.grade(*grade).to_owned()).collect::<Vec<_>>(),
        matcher.categories.iter().map(|category| categories.get(*category).name.clone()).collect(),
        matcher.places.iter().cloned().collect(),
        matcher.departments.iter().map(|id| super::steps::department(web, l, id)).collect(),
        matcher.sources.iter().cloned().collect(),
        matcher
            .rules
            .iter()
            .map(|rule| titles.get(rule.as_str()).copied().unwrap_or(rule).to_owned())
            .collect(),
        matcher.incidents.iter().map(ToString::to_string).collect(),
    ];
    let parts: Vec<String> =
        parts.into_iter().filter(|part| !part.is_empty()).map(|part| part.join("、")).collect();
    parts.join(" · ")
}

async fn show(
    web: &Web,
    visitor: &Visitor,
    form: &Form,
    preview: Option<Preview>,
    fault: Option<String>,
) -> Page {
    let (l, now) = (visitor.lang, web.now());
    let silences = all(web).await?;
    let shown = |silence: &Silence| {
        let state = state(silence, now);
        Shown {
            id: silence.id.to_string(),
            state,
            state_name: match state {
                "active" => l.t("生效中", "active"),
                "pending" => l.t("未开始", "to come"),
                _ => l.t("已结束", "over"),
            },
            what: what(web, l, silence),
            reason: silence.reason.clone(),
            by: who(l, &silence.by),
            from: silence.from,
            until: silence.ends(),
        }
    };
    let page = SilencesPage {
        f: Frame::new(visitor, Nav::Outbox, l.t("静默", "Silences"), web.0.inbox.is_some()),
        may: visitor.may(Role::Editor),
        silences: silences.iter().take(SHOWN).map(shown).collect(),
        fill: Fill::of(web, l, form),
        preview,
        fault,
    };
    Ok(render(&page))
}

pub(in crate::web) async fn page(State(web): State<Web>, Extension(visitor): Extension<Visitor>) -> Page {
    show(&web, &visitor, &Form::read(b"for=4h"), None, None).await
}

pub(in crate::web) async fn preview(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    match read(&web, &visitor, asked(&form)) {
        Ok(silence) => {
            let preview = previewed(&web, silence).await?;
            show(&web, &visitor, &form, Some(preview), None).await
        }
        Err(problem) => refused(&web, &visitor, &form, problem).await,
    }
}

pub(in crate::web) async fn make(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    match read(&web, &visitor, asked(&form)) {
        Ok(silence) => {
            put(&web, &visitor, silence).await?;
            Ok(see("/silences"))
        }
        Err(problem) => refused(&web, &visitor, &form, problem).await,
    }
}

/// What was written is kept, with why it will not do.
async fn refused(web: &Web, visitor: &Visitor, form: &Form, problem: Problem) -> Page {
    let l = visitor.lang;
    let why = if form.text("reason").is_none() {
        l.t("请写明静默的理由。", "Say why.").to_owned()
    } else {
        l.t("请至少选择一项范围；处置单编号形如 INC-20261122-07；最长 30 天。", &problem.detail).to_owned()
    };
    show(web, visitor, form, None, Some(why)).await
}

pub(in crate::web) async fn end(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Page {
    finish(&web, &visitor, &id).await?;
    Ok(see("/silences"))
}
