//! Whether the daemon lives and works. A stranger learns nothing else (K2): reasons and metrics are told
//! to whoever is logged in or on the machine itself.

use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::people::Role;
use crate::web::Web;
use crate::web::auth::Visitor;
use crate::web::error::{Kind, Problem};

pub(in crate::web) async fn alive(State(web): State<Web>) -> Response {
    if web.handles().health.stuck().is_empty() {
        return "ok\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, "stuck\n").into_response()
}

pub(in crate::web) async fn ready(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
) -> Response {
    let reasons = web.handles().health.reasons();
    if reasons.is_empty() {
        return "ready\n".into_response();
    }
    let told =
        if visitor.may(Role::Viewer) || is_near(&visitor) { reasons.join("\n") } else { String::new() };
    (StatusCode::SERVICE_UNAVAILABLE, format!("not ready\n{told}\n")).into_response()
}

pub(in crate::web) async fn metrics(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Response, Problem> {
    if !visitor.may(Role::Viewer) && !is_near(&visitor) {
        return Err(Problem::new(
            Kind::NotLoggedIn,
            "metrics are told on loopback, or with a viewer's token",
        ));
    }
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((kind, web.0.metrics.render()).into_response())
}

/// Whether the request comes from this machine.
fn is_near(visitor: &Visitor) -> bool {
    visitor.from.is_some_and(|from| from.is_loopback())
}
