//! Coming in and going out: log-in, the first administrator, log-out.

use std::time::Duration;

use askama::Template;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Form, Frame, Nav, Page, own_path, render, see};
use crate::people::{Password, PasswordError, Person, PersonName, Role, SetupCode, verify};
use crate::web::Web;
use crate::web::api::params::Params;
use crate::web::auth::{Visitor, no_cookie, open_session};
use crate::web::error::Problem;

#[derive(Template)]
#[template(path = "web/templates/login.html")]
struct Login {
    f: Frame,
    next: String,
    name: String,
    fault: String,
}

#[derive(Template)]
#[template(path = "web/templates/setup.html")]
struct Setup {
    f: Frame,
    name: String,
    fault: String,
}

pub(in crate::web) async fn login_page(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    params: Params,
) -> Page {
    if web.setup().is_some() {
        return Ok(see("/setup"));
    }
    let next = own_path(params.one("next"));
    Ok(render(&Login { f: frame(&visitor), next, name: String::new(), fault: String::new() }))
}

pub(in crate::web) async fn login(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    let typed = form.one("name").unwrap_or_default().trim().to_owned();
    let next = own_path(form.one("next"));
    let (account, address) = guarded(&visitor, &typed);
    let names = [account.as_str(), address.as_str()];
    let again = |status: StatusCode, fault: &str, wait: Option<Duration>| {
        let page =
            Login { f: frame(&visitor), next: next.clone(), name: typed.clone(), fault: fault.to_owned() };
        told(render(&page), status, wait)
    };
    let wait = web.logins().wait(&names, web.now());
    if let Some(wait) = wait {
        let fault = too_many(&visitor, wait);
        return Ok(again(StatusCode::TOO_MANY_REQUESTS, &fault, Some(wait)));
    }
    let password = form.one("password").unwrap_or_default().to_owned();
    let name = PersonName::new(&typed).ok();
    if let Some(person) = checked(&web, name, password).await? {
        web.logins().succeeded(&account);
        return Ok(let_in(&web, &visitor, &person, &next).await?);
    }
    web.logins().failed(&names, web.now());
    visitor.audit(&web, "login-failed", typed.chars().take(64).collect()).await?;
    let fault = visitor.lang.t("用户名或密码不对", "Name or password is wrong");
    Ok(again(StatusCode::UNAUTHORIZED, fault, None))
}

/// The person, if name and password are theirs. Costs the same for nobody.
pub(super) async fn checked(
    web: &Web,
    name: Option<PersonName>,
    password: String,
) -> Result<Option<Person>, Problem> {
    let _slot = web.0.hashing.acquire().await.expect("slots are never closed");
    let checking = web.handles().reading.blocking(move |reading| {
        let person = name.map(|name| reading.store().person(&name)).transpose()?.flatten();
        Ok(if verify(person.as_ref(), &password) { person } else { None })
    });
    Ok(checking.await?)
}

/// The hash of a new password.
pub(in crate::web) async fn hashed(web: &Web, password: Password) -> Result<String, Problem> {
    let _slot = web.0.hashing.acquire().await.expect("slots are never closed");
    let hashing = web.handles().reading.blocking(move |_| Ok(password.hash()));
    hashing.await?.map_err(|error: PasswordError| Problem::internal(&error))
}

async fn let_in(web: &Web, visitor: &Visitor, person: &Person, next: &str) -> Result<Response, Problem> {
    if let Some(old) = visitor.session() {
        end(web, old).await?;
    }
    let cookie = open_session(web, &person.name).await?;
    visitor.audit(web, "login", person.name.as_str().to_owned()).await?;
    let mut response = see(next);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

async fn end(web: &Web, session: crate::store::SessionKey) -> Result<(), Problem> {
    Ok(web.handles().reading.blocking(move |reading| Ok(reading.store().end_session(session)?)).await?)
}

pub(in crate::web) async fn logout(State(web): State<Web>, Extension(visitor): Extension<Visitor>) -> Page {
    if let Some(session) = visitor.session() {
        end(&web, session).await?;
        visitor.audit(&web, "logout", String::new()).await?;
    }
    let mut response = see("/login");
    response.headers_mut().append(header::SET_COOKIE, no_cookie(&web));
    Ok(response)
}

pub(in crate::web) async fn setup_page(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
) -> Page {
    if web.setup().is_none() {
        return Ok(see("/login"));
    }
    Ok(render(&Setup { f: frame(&visitor), name: String::new(), fault: String::new() }))
}

pub(in crate::web) async fn setup(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    body: Bytes,
) -> Page {
    if web.setup().is_none() {
        return Ok(see("/login"));
    }
    let form = Form::read(&body);
    let typed = form.one("name").unwrap_or_default().trim().to_owned();
    let l = visitor.lang;
    let again = |status: StatusCode, fault: &str, wait: Option<Duration>| {
        told(
            render(&Setup { f: frame(&visitor), name: typed.clone(), fault: fault.to_owned() }),
            status,
            wait,
        )
    };
    let (_, address) = guarded(&visitor, "");
    let names = ["setup", address.as_str()];
    let wait = web.logins().wait(&names, web.now());
    if let Some(wait) = wait {
        return Ok(again(StatusCode::TOO_MANY_REQUESTS, &too_many(&visitor, wait), Some(wait)));
    }
    let Ok(name) = PersonName::new(&typed) else {
        let fault =
            l.t("用户名为 1 至 64 个字母、数字、汉字或 - _ .", "A name is 1 to 64 letters, digits, - _ or .");
        return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, fault, None));
    };
    let Ok(password) = Password::new(form.one("password").unwrap_or_default()) else {
        let fault = l.t("密码为 10 至 200 个字符", "A password has 10 to 200 characters");
        return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, fault, None));
    };
    let password_hash = hashed(&web, password).await?;
    // Taken out while the administrator is made, so that it is good for one only.
    let code = {
        let mut setup = web.setup();
        let typed = form.one("code").unwrap_or_default();
        if setup.as_ref().is_some_and(|code| SetupCode::matches(&code.hash(), typed)) {
            setup.take()
        } else {
            None
        }
    };
    let Some(code) = code else {
        web.logins().failed(&names, web.now());
        visitor.audit(&web, "setup-failed", String::new()).await?;
        let fault =
            l.t("安装码不对。它印在启动程序的终端里。", "The code is wrong. It stands on the terminal.");
        return Ok(again(StatusCode::UNAUTHORIZED, fault, None));
    };
    let person = Person { name, role: Role::Admin, password_hash, disabled: false, added_at: web.now() };
    if let Err(error) = web.handles().desk.put_person(person.clone()).await {
        *web.setup() = Some(code);
        return Err(error.into());
    }
    visitor.audit(&web, "setup", person.name.as_str().to_owned()).await?;
    Ok(let_in(&web, &visitor, &person, "/").await?)
}

fn frame(visitor: &Visitor) -> Frame {
    Frame::new(visitor, Nav::None, visitor.lang.t("登录", "Log in"), false)
}

/// Under which names failures are counted.
fn guarded(visitor: &Visitor, typed: &str) -> (String, String) {
    let address = visitor.from.map_or_else(|| "unknown".to_owned(), |from| from.to_string());
    let account: String = typed.chars().take(64).collect();
    (format!("account {account}"), format!("address {address}"))
}

fn too_many(visitor: &Visitor, wait: Duration) -> String {
    let seconds = wait.as_secs().max(1);
    visitor
        .lang
        .t("失败次数过多，请等 N 秒再试", "Too many failures; try again in N seconds")
        .replace('N', &seconds.to_string())
}

fn told(page: Response, status: StatusCode, wait: Option<Duration>) -> Response {
    let mut response = (status, page).into_response();
    *response.status_mut() = status;
    if let Some(wait) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    response
}
