//! The desk's word on a judgement: what was said last of a post, and the form to say it.
//!
//! A click says all there is to say in most cases; the fold holds the rest. What is sent speaks of the text and the
//! judgement that were on the page: if either has changed meanwhile, it is to be looked at again.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use jiff::Timestamp;

use super::{Form, Page, see};
use crate::assess::evaluation::{Matter, NOBODY, Rung};
use crate::assess::{Assessment, Mood};
use crate::extract::post::PostId;
use crate::journal::Sequence;
use crate::journal::record::{DeskVerdict, JudgedAs, PersonOrToken};
use crate::lexicon::Category;
use crate::people::Role;
use crate::pipeline::reading::WholePost;
use crate::web::Web;
use crate::web::api::verdict::{Said, is_department, judge};
use crate::web::auth::Visitor;
use crate::web::error::{Kind, Problem};
use crate::web::say::Lang;

/// The part of a post's page that speaks of its judgement.
pub(super) struct Review {
    pub(super) id: PostId,
    pub(super) present: Option<Present>,
    /// Whether the reader may say something.
    pub(super) may: bool,
    /// Names text and judgement on the page.
    pub(super) seen: String,
    pub(super) lower: Vec<Choice>,
    pub(super) higher: Vec<Choice>,
    pub(super) fields: Vec<Field>,
}

/// What was said last.
pub(super) struct Present {
    pub(super) what: String,
    pub(super) note: Option<String>,
    pub(super) by: String,
    pub(super) at: Timestamp,
    pub(super) edited_since: bool,
}

/// One thing that can be chosen.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) on: bool,
}

/// One thing that can be said.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) choices: Vec<Choice>,
}

impl Review {
    /// Of a post, for a reader.
    pub(super) fn of(web: &Web, visitor: &Visitor, whole: &WholePost) -> Self {
        let (l, shown) = (visitor.lang, &whole.shown);
        let judged = JudgedAs::from(&shown.assessment);
        let said = whole.verdict.as_ref();
        let other = |keep: &dyn Fn(Rung) -> bool| {
            let rungs = Rung::ALL.into_iter().rev().filter(|rung| keep(*rung));
            rungs.map(|rung| choice(rung.as_str(), rung_word(l, rung), "")).collect()
        };
        Self {
            id: shown.post.id,
            present: said.map(|said| Present {
                what: summary(web, l, said),
                note: said.note.clone(),
                by: match &said.by {
                    PersonOrToken::Person(name) => name.as_str().to_owned(),
                    PersonOrToken::Token(id) => format!("{} {id}", l.t("接口", "Token")),
                    PersonOrToken::Console => l.t("命令行", "Command line").to_owned(),
                },
                at: said.at,
                edited_since: said.text_at != shown.state.text_at(),
            }),
            may: visitor.may(Role::Officer),
            seen: seen(shown.state.text_at(), &shown.assessment),
            lower: other(&|rung| rung < judged.grade),
            higher: other(&|rung| rung > judged.grade),
            fields: fields(web, l, &judged, said),
        }
    }
}

/// The fields of the fold, set to what was said, else to what was judged.
fn fields(web: &Web, l: Lang, judged: &JudgedAs, said: Option<&DeskVerdict>) -> Vec<Field> {
    let grade = said.map_or(Some(judged.grade), |said| said.grade);
    let grade = grade.map_or("", Rung::as_str);
    let category = said.map_or(Some(judged.category), |said| said.category);
    let category = category.map_or("", Matter::as_str);
    let department = match said {
        Some(said) => said.department.clone(),
        None => confirmed_department(web, judged),
    };
    let department = department.unwrap_or_default();
    let sentiment = said.and_then(|said| said.sentiment).map_or("", mood);
    let question = match said.and_then(|said| said.question) {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    };
    let silent = |on| choice("", l.t("不判断", "not said"), on);
    let mut grades = vec![silent(grade)];
    grades.extend(Rung::ALL.into_iter().rev().map(|rung| choice(rung.as_str(), rung_word(l, rung), grade)));
    let matters = Category::ALL.into_iter().map(Matter::Of).chain([Matter::Nobodys]);
    let mut categories = vec![silent(category)];
    categories.extend(matters.map(|one| choice(one.as_str(), matter_name(web, l, one), category)));
    let configured = web.configured();
    let mut departments = vec![silent(&department)];
    departments.extend(
        configured.departments.iter().map(|(id, _)| choice(id, department_name(web, l, id), &department)),
    );
    departments.push(choice(NOBODY, l.t("不归任何部门", "none"), &department));
    let moods = [Mood::Negative, Mood::Neutral, Mood::Positive];
    let mut sentiments = vec![silent(sentiment)];
    sentiments.extend(moods.map(|one| choice(mood(one), l.mood(one), sentiment)));
    let questions = vec![
        silent(question),
        choice("yes", l.t("是", "yes"), question),
        choice("no", l.t("不是", "no"), question),
    ];
    vec![
        Field { name: "grade", label: l.t("等级", "Grade"), choices: grades },
        Field { name: "category", label: l.t("事项", "Matter"), choices: categories },
        Field { name: "department", label: l.t("责任部门", "Department"), choices: departments },
        Field { name: "sentiment", label: l.t("情绪", "Mood"), choices: sentiments },
        Field { name: "question", label: l.t("是不是提问", "A question?"), choices: questions },
    ]
}

pub(in crate::web) async fn give(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    let id: PostId = id.parse().map_err(|_| Problem::not_found())?;
    let by = visitor.by().ok_or_else(|| Problem::new(Kind::NotLoggedIn, ""))?;
    let form = Form::read(&body);
    let reading = &web.handles().reading;
    let (text_at, judged) = reading.judgement(id).await?.ok_or_else(Problem::not_found)?;
    if form.one("seen") != Some(&seen(text_at, &judged)) {
        let why = visitor.lang.t(
            "这条帖文或它的研判刚刚有变化，请返回看过后再复核。",
            "The post or its judgement has just changed: go back and look at it again.",
        );
        return Err(Problem::new(Kind::Conflict, why).into());
    }
    let said = match form.one("quick") {
        Some(word) => quick(&web, word, &JudgedAs::from(&judged), reading.verdict(id).await?)?,
        None => of_fields(visitor.lang, &form)?,
    };
    judge(&web, id, by, said, (text_at, judged), None).await?;
    Ok(see(&format!("/posts/{id}#verdict")))
}

/// What one click says.
fn quick(web: &Web, word: &str, judged: &JudgedAs, before: Option<DeskVerdict>) -> Result<Said, Problem> {
    let said = |grade: &str, category: Option<Matter>, department| Said {
        grade: Some(grade.to_owned()),
        category: category.map(|matter| matter.as_str().to_owned()),
        department,
        ..Said::default()
    };
    match (word, Rung::from_word(word)) {
        ("right", _) => {
            let department = confirmed_department(web, judged);
            Ok(said(judged.grade.as_str(), Some(judged.category), department))
        }
        ("not-ours", _) => Ok(said(NOBODY, Some(Matter::Nobodys), Some(NOBODY.to_owned()))),
        // Another grade takes nothing back of what was said of the rest, unless that was that it has none.
        (_, Some(rung)) => {
            let has_none = |before: &DeskVerdict| before.category == Some(Matter::Nobodys);
            let before = before.filter(|before| rung == Rung::NONE || !has_none(before));
            let (category, department) =
                before.map_or((None, None), |before| (before.category, before.department));
            Ok(said(rung.as_str(), category, department))
        }
        (_, None) => Err(Problem::bad("quick is right, not-ours or a grade")),
    }
}

/// The department that is right if the judgement is: none where it is nobody's matter, and nothing is said where a
/// person was to choose one.
fn confirmed_department(web: &Web, judged: &JudgedAs) -> Option<String> {
    match judged.category {
        Matter::Nobodys => Some(NOBODY.to_owned()),
        Matter::Of(_) => judged.department.clone().filter(|id| is_department(web, id)),
    }
}

/// What the fold says. What cannot be is told in the reader's language.
fn of_fields(l: Lang, form: &Form) -> Result<Said, Problem> {
    let speaks = |name| form.text(name).is_some_and(|word| word != NOBODY);
    if form.one("category") == Some(NOBODY) && (speaks("grade") || speaks("department")) {
        return Err(Problem::bad(l.t(
            "不属任何事项的帖文没有等级，也不归任何部门：请把等级选为“无需处置”，部门选为“不归任何部门”，或者都选“不判断”。",
            "What is no service's matter has neither grade nor department: choose none for both, or say nothing of them.",
        )));
    }
    if ["grade", "category", "department", "sentiment", "question"]
        .iter()
        .all(|name| form.text(name).is_none())
    {
        return Err(Problem::bad(l.t("请至少判断一项。", "Say something of at least one of them.")));
    }
    let question = match form.text("question").as_deref() {
        None => None,
        Some("yes") => Some(true),
        Some("no") => Some(false),
        Some(_) => return Err(Problem::bad("question is yes or no")),
    };
    Ok(Said {
        grade: form.text("grade"),
        category: form.text("category"),
        department: form.text("department"),
        sentiment: form.text("sentiment"),
        question,
        note: form.text("note"),
    })
}

/// Text and judgement that a form speaks of.
fn seen(text_at: Sequence, judged: &Assessment) -> String {
    format!("{text_at} {}", JudgedAs::from(judged).version)
}

/// A verdict in a line: 等级偏高，应为黄；事项正确.
pub(super) fn summary(web: &Web, l: Lang, said: &DeskVerdict) -> String {
    let judged = &said.judged;
    if said.sentiment.is_none() && said.question.is_none() {
        let one_by_one = (said.grade, said.category, said.department.clone());
        if one_by_one == (Some(judged.grade), Some(judged.category), confirmed_department(web, judged)) {
            return l.t("判断正确", "Right").to_owned();
        }
        if one_by_one == (Some(Rung::NONE), Some(Matter::Nobodys), Some(NOBODY.to_owned())) {
            return l.t("不属本台", "Not ours").to_owned();
        }
    }
    let mut parts = Vec::new();
    if let Some(grade) = said.grade {
        let word = rung_word(l, grade);
        parts.push(match grade.cmp(&judged.grade) {
            std::cmp::Ordering::Equal => format!("{}{word}", l.t("等级正确：", "grade right: ")),
            std::cmp::Ordering::Less => format!("{}{word}", l.t("等级偏高，应为", "too high, it is ")),
            std::cmp::Ordering::Greater => format!("{}{word}", l.t("等级偏低，应为", "too low, it is ")),
        });
    }
    if let Some(category) = said.category {
        let is = if category == judged.category {
            l.t("事项正确：", "matter right: ")
        } else {
            l.t("事项应为", "the matter is ")
        };
        parts.push(format!("{is}{}", matter_name(web, l, category)));
    }
    if let Some(id) = &said.department {
        parts.push(if id == NOBODY {
            l.t("不归任何部门", "no department's").to_owned()
        } else if Some(id) == judged.department.as_ref() {
            format!("{}{}", l.t("部门正确：", "department right: "), department_name(web, l, id))
        } else {
            format!("{}{}", l.t("部门应为", "the department is "), department_name(web, l, id))
        });
    }
    if let Some(mood) = said.sentiment {
        parts.push(format!("{}{}", l.t("情绪：", "mood: "), l.mood(mood)));
    }
    match said.question {
        Some(true) => parts.push(l.t("是提问", "a question").to_owned()),
        Some(false) => parts.push(l.t("不是提问", "no question").to_owned()),
        None => {}
    }
    parts.join(l.t("；", "; "))
}

fn choice(value: &str, label: impl Into<String>, on: &str) -> Choice {
    Choice { value: value.to_owned(), label: label.into(), on: value == on }
}

fn rung_word(l: Lang, rung: Rung) -> &'static str {
    rung.grade().map_or(l.t("无需处置", "none"), |grade| l.grade(grade))
}

fn mood(mood: Mood) -> &'static str {
    match mood {
        Mood::Negative => "negative",
        Mood::Neutral => "neutral",
        Mood::Positive => "positive",
    }
}

fn matter_name(web: &Web, l: Lang, matter: Matter) -> String {
    let Matter::Of(category) = matter else { return l.t("不属任何事项", "none").to_owned() };
    let assessor = web.handles().reading.assessor();
    let settings = assessor.lexicon().categories().get(category);
    let name = l.t(&settings.name, &settings.name_en);
    if name.is_empty() { category.id().to_owned() } else { name.to_owned() }
}

pub(super) fn department_name(web: &Web, l: Lang, id: &str) -> String {
    let configured = web.configured();
    let named = configured.departments.get(id);
    named.map_or(id, |department| l.t(&department.name, &department.name_en)).to_owned()
}
