//! One's own settings, and for administrators the people.

use askama::Template;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};

use super::enter::{checked, hashed};
use super::{Form, Frame, Nav, Page, own_path, render, see};
use crate::people::{Password, Person, PersonName, Role};
use crate::web::Web;
use crate::web::api::params::Params;
use crate::web::auth::{Visitor, Who, open_session};
use crate::web::error::{Kind, Problem};
use crate::web::say::{Lang, Theme};

#[derive(Template)]
#[template(path = "web/templates/settings.html")]
struct Settings {
    f: Frame,
    people: Vec<Someone>,
    roles: Vec<(&'static str, &'static str)>,
    done: String,
    fault: String,
    has_password: bool,
}

struct Someone {
    name: String,
    role: &'static str,
    disabled: bool,
    me: bool,
}

pub(in crate::web) async fn page(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    params: Params,
) -> Page {
    let done = match params.one("done") {
        Some("password") => visitor.lang.t("密码已更改", "The password was changed"),
        Some("person") => visitor.lang.t("已保存", "Saved"),
        Some(_) | None => "",
    };
    Ok(show(&web, &visitor, done, "", StatusCode::OK).await?)
}

async fn show(
    web: &Web,
    visitor: &Visitor,
    done: &str,
    fault: &str,
    status: StatusCode,
) -> Result<axum::response::Response, Problem> {
    let l = visitor.lang;
    let people = if visitor.may(Role::Admin) {
        web.handles().reading.blocking(|reading| Ok(reading.store().people()?)).await?
    } else {
        Vec::new()
    };
    let someone = |person: Person| Someone {
        role: l.role(person.role),
        disabled: person.disabled,
        me: person.name.as_str() == visitor.name(),
        name: person.name.into(),
    };
    let roles = [Role::Viewer, Role::Officer, Role::Editor, Role::Admin];
    let page = Settings {
        f: Frame::new(visitor, Nav::Settings, l.t("设置", "Settings"), web.0.inbox.is_some()),
        people: people.into_iter().map(someone).collect(),
        roles: roles.map(|role| (role.as_str(), l.role(role))).into(),
        done: done.to_owned(),
        fault: fault.to_owned(),
        has_password: matches!(visitor.who, Who::Person(..)),
    };
    let mut response = render(&page);
    *response.status_mut() = status;
    Ok(response)
}

/// Language and theme: kept in cookies of this browser.
pub(in crate::web) async fn preferences(body: Bytes) -> Page {
    let form = Form::read(&body);
    let mut response = see(&own_path(form.one("back")));
    if let Some(lang) = form.one("lang") {
        response.headers_mut().append(header::SET_COOKIE, Lang::of(Some(lang)).cookie());
    }
    if let Some(theme) = form.one("theme") {
        response.headers_mut().append(header::SET_COOKIE, Theme::of(Some(theme)).cookie());
    }
    Ok(response)
}

pub(in crate::web) async fn password(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    body: Bytes,
) -> Page {
    let Who::Person(name, _) = &visitor.who else {
        return Err(Problem::new(Kind::Forbidden, "").into());
    };
    let form = Form::read(&body);
    let l = visitor.lang;
    let account = format!("account {}", name.as_str());
    let wait = web.logins().wait(&[&account], web.now());
    if let Some(wait) = wait {
        return Err(Problem { retry_after: Some(wait), ..Problem::new(Kind::TooMany, "") }.into());
    }
    let old = form.one("old").unwrap_or_default().to_owned();
    let Some(person) = checked(&web, Some(name.clone()), old).await? else {
        web.logins().failed(&[&account], web.now());
        visitor.audit(&web, "password-failed", String::new()).await?;
        let fault = l.t("原密码不对", "The old password is wrong");
        return Ok(show(&web, &visitor, "", fault, StatusCode::UNPROCESSABLE_ENTITY).await?);
    };
    let Ok(password) = Password::new(form.one("new").unwrap_or_default()) else {
        let fault = l.t("密码为 10 至 200 个字符", "A password has 10 to 200 characters");
        return Ok(show(&web, &visitor, "", fault, StatusCode::UNPROCESSABLE_ENTITY).await?);
    };
    let password_hash = hashed(&web, password).await?;
    web.handles().desk.put_person(Person { password_hash, ..person }).await?;
    end_sessions(&web, name).await?;
    visitor.audit(&web, "password", String::new()).await?;
    let mut response = see("/settings?done=password");
    response.headers_mut().append(header::SET_COOKIE, open_session(&web, name).await?);
    Ok(response)
}

pub(in crate::web) async fn add_person(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    let l = visitor.lang;
    let name = PersonName::new(form.one("name").unwrap_or_default().trim());
    let role = form.one("role").and_then(Role::from_word).filter(|role| *role != Role::Ingest);
    let password = Password::new(form.one("password").unwrap_or_default());
    let (Ok(name), Some(role), Ok(password)) = (name, role, password) else {
        let fault = l.t(
            "请填写用户名、角色和至少 10 个字符的密码",
            "A name, a role and a password of 10 characters or more are needed",
        );
        return Ok(show(&web, &visitor, "", fault, StatusCode::UNPROCESSABLE_ENTITY).await?);
    };
    let password_hash = hashed(&web, password).await?;
    let known = name.clone();
    let known = web.handles().reading.blocking(move |reading| Ok(reading.store().person(&known)?)).await?;
    if known.is_some_and(|known| !known.disabled) {
        let fault = l.t("已有这个用户名", "This name is taken");
        return Ok(show(&web, &visitor, "", fault, StatusCode::CONFLICT).await?);
    }
    let person = Person { name, role, password_hash, disabled: false, added_at: web.now() };
    web.handles().desk.put_person(person.clone()).await?;
    visitor.audit(&web, "person-added", format!("{} {}", person.name.as_str(), role.as_str())).await?;
    Ok(see("/settings?done=person"))
}

pub(in crate::web) async fn disable(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<String>,
) -> Page {
    let name = PersonName::new(&name).map_err(|_| Problem::not_found())?;
    if name.as_str() == visitor.name() {
        // An administrator who locked himself out could lock everybody out.
        return Err(Problem::new(Kind::Conflict, "").into());
    }
    let known = name.clone();
    let person = web.handles().reading.blocking(move |reading| Ok(reading.store().person(&known)?)).await?;
    let person = person.ok_or_else(Problem::not_found)?;
    web.handles().desk.put_person(Person { disabled: true, ..person }).await?;
    end_sessions(&web, &name).await?;
    visitor.audit(&web, "person-disabled", name.as_str().to_owned()).await?;
    Ok(see("/settings?done=person"))
}

async fn end_sessions(web: &Web, name: &PersonName) -> Result<(), Problem> {
    let name = name.clone();
    Ok(web.handles().reading.blocking(move |reading| Ok(reading.store().end_sessions_of(&name)?)).await?)
}
