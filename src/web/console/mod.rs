//! Pages for people: rendered here, whole without a script; a script only keeps them fresh.

mod clocks;
mod curve;
pub(super) mod desk;
pub(super) mod drills;
pub(super) mod enter;
pub(super) mod events;
pub(super) mod facts;
pub(super) mod handovers;
pub(super) mod incident;
pub(super) mod regroup;
pub(super) mod outbox;
pub(super) mod post;
pub(super) mod rota;
pub(super) mod search;
pub(super) mod settings;
pub(super) mod silences;
pub(super) mod sources;
pub(super) mod steps;
pub(super) mod supervision;
mod timeline;
pub(super) mod topics;
pub(super) mod verdict;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;

use super::assets;
use super::auth::Visitor;
use super::error::{Kind, Problem};
use super::guard::Failed;
use super::say::{Lang, Theme};
use crate::assess::Grade;
use crate::incident::{State, desk_time};
use crate::people::Role;

type Page = Result<Response, Failed>;

/// Where a page stands in the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nav {
    None,
    Desk,
    Topics,
    Events,
    Search,
    Sources,
    Outbox,
    Inbox,
    Settings,
}

/// What every page needs around it.
pub(super) struct Frame {
    pub(super) lang: Lang,
    pub(super) theme: Theme,
    pub(super) csrf: String,
    pub(super) name: String,
    pub(super) role: Option<Role>,
    pub(super) title: String,
    pub(super) nav: Nav,
    pub(super) inbox: bool,
}

impl Frame {
    pub(super) fn new(visitor: &Visitor, nav: Nav, title: &str, inbox: bool) -> Self {
        Self {
            lang: visitor.lang,
            theme: visitor.theme,
            csrf: visitor.csrf.clone(),
            name: visitor.name().to_owned(),
            role: visitor.role,
            title: title.to_owned(),
            nav,
            inbox,
        }
    }

    /// The words in the reader's language.
    pub(super) fn t<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        self.lang.t(zh, en)
    }

    /// Whether somebody is logged in.
    pub(super) fn inside(&self) -> bool {
        self.role.is_some()
    }

    pub(super) fn officer(&self) -> bool {
        self.role.is_some_and(|role| role >= Role::Officer)
    }

    pub(super) fn admin(&self) -> bool {
        self.role == Some(Role::Admin)
    }

    pub(super) fn role_name(&self) -> &'static str {
        self.role.map_or("", |role| self.lang.role(role))
    }

    /// `page` where this page stands, for `aria-current`.
    pub(super) fn here(&self, nav: Nav) -> &'static str {
        if self.nav == nav { "page" } else { "false" }
    }

    #[allow(clippy::unused_self, reason = "templates call methods of the frame")]
    pub(super) fn asset(&self, file: &str) -> String {
        assets::address(file)
    }

    /// `11-22 08:47` at the desk.
    #[allow(clippy::unused_self, reason = "templates call methods of the frame")]
    pub(super) fn short(&self, at: &Timestamp) -> String {
        desk_time(*at).strftime("%m-%d %H:%M").to_string()
    }

    /// `2026-11-22 08:47:12` at the desk.
    #[allow(clippy::unused_self, reason = "templates call methods of the frame")]
    pub(super) fn long(&self, at: &Timestamp) -> String {
        desk_time(*at).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "templates hand over references")]
    pub(super) fn grade(&self, grade: &Grade) -> &'static str {
        self.lang.grade(*grade)
    }

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "templates hand over references")]
    pub(super) fn state(&self, state: &State) -> &'static str {
        self.lang.state(*state)
    }
}

pub(super) fn render<T: Template>(page: &T) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => Problem::internal(&error).into_response(),
    }
}

/// Leads the browser to a page of ours after a form was sent.
fn see(path: &str) -> Response {
    let to = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

/// A path of this console to go on to; anything else becomes `/`.
fn own_path(path: Option<&str>) -> String {
    let own = |path: &&str| {
        path.starts_with('/')
            && !path.starts_with("//")
            && path.is_ascii()
            && !path.contains(['\\', '\r', '\n', '\t', '\0'])
    };
    path.filter(own).unwrap_or("/").to_owned()
}

/// The fields of a form.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    fn read(body: &[u8]) -> Self {
        Self(
            url::form_urlencoded::parse(body)
                .take(64)
                .map(|(k, v)| (k.into_owned(), v.into_owned()))
                .collect(),
        )
    }

    fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// What was written into a field; `None` if it is blank.
    fn text(&self, name: &str) -> Option<String> {
        self.one(name).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    }
}

#[derive(Template)]
#[template(path = "web/templates/error.html")]
struct ErrorPage {
    f: Frame,
    status: u16,
    heading: String,
    detail: String,
}

/// A calm page for what went wrong.
pub(super) fn error_page(visitor: &Visitor, kind: Kind, detail: &str) -> Response {
    let l = visitor.lang;
    let heading = match kind {
        Kind::BadRequest => l.t("这个请求看不懂", "This request cannot be understood"),
        Kind::NotLoggedIn => l.t("请先登录", "Please log in"),
        Kind::Forbidden => l.t("您的角色不能做这件事", "Your role does not allow this"),
        Kind::WrongOrigin => l.t("请从本页面重新提交", "Please send this again from our own page"),
        Kind::WrongHost => l.t("不提供这个地址的服务", "This name is not served here"),
        Kind::NotFound => l.t("没有找到", "Not found"),
        Kind::Conflict => l.t("状态已经变化，请刷新后再看", "The state has changed; please look again"),
        Kind::TooLarge => l.t("内容太大", "Too large"),
        Kind::Unsupported => l.t("不支持这种内容", "This kind of content is not taken"),
        Kind::Behind => l.t("系统正在追赶积压，请稍候", "The daemon is behind; please wait a moment"),
        Kind::TooMany => l.t("尝试太频繁，请稍候", "Too many tries; please wait a moment"),
        Kind::Busy => l.t("用时过长，请稍后再试", "This took too long; please try again"),
        Kind::DiskFull => l.t("磁盘已满，请通知管理员", "The disk is full; please tell the administrator"),
        Kind::Internal => l.t("系统出错，已写入日志", "Something failed; the log tells what"),
    };
    let status = kind.told().0;
    let f = Frame::new(visitor, Nav::None, heading, false);
    let page =
        ErrorPage { f, status: status.as_u16(), heading: heading.to_owned(), detail: detail.to_owned() };
    let mut response = render(&page);
    *response.status_mut() = status;
    response
}
