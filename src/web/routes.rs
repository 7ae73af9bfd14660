//! Every route: method, path, who may use it, how it answers. Nothing is served that does not stand here.

use axum::Router;
use axum::handler::Handler;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, delete, get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::decompression::RequestDecompressionLayer;

use super::error::{Kind, Problem};
use super::guard::{guard, outer};
use super::{Web, api, assets, console, drain, openapi};
use crate::people::Role;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Strangers too.
    Everyone,
    /// Machines that push posts, and administrators.
    Pushing,
    /// People and machines of this role or more; never a machine that may only push.
    Least(Role),
}

/// For whom a route answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surface {
    /// Problems are JSON.
    Machine,
    /// Problems are pages, and strangers are led to the log-in.
    Page,
}

/// How long an answer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    Bounded,
    Streaming,
}

/// What the guard holds a request to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub(super) path: &'static str,
    pub(super) access: Access,
    pub(super) surface: Surface,
    pub(super) length: Length,
    /// Whether the larger limit of ingest holds.
    pub(super) ingest: bool,
}

/// Method of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
    Delete,
}

/// One row of the table.
pub(super) struct Route {
    pub(super) verb: Verb,
    pub(super) rule: Rule,
    /// What it does, for `openapi.json`; pages have none.
    pub(super) summary: &'static str,
    handler: MethodRouter<Web>,
}

impl Access {
    pub(super) fn allows(self, role: Option<Role>) -> bool {
        match (self, role) {
            (Self::Everyone, _) | (Self::Pushing, Some(Role::Ingest | Role::Admin)) => true,
            (Self::Pushing, Some(Role::Viewer | Role::Officer | Role::Editor) | None)
            | (Self::Least(_), None | Some(Role::Ingest)) => false,
            (Self::Least(least), Some(role)) => role >= least,
        }
    }
}

fn reads<H: Handler<T, Web>, T: 'static>(
    path: &'static str,
    access: Access,
    surface: Surface,
    summary: &'static str,
    handler: H,
) -> Route {
    let rule = Rule { path, access, surface, length: Length::Bounded, ingest: false };
    Route { verb: Verb::Get, rule, summary, handler: get(handler) }
}

fn acts<H: Handler<T, Web>, T: 'static>(
    path: &'static str,
    access: Access,
    surface: Surface,
    summary: &'static str,
    handler: H,
) -> Route {
    let rule = Rule { path, access, surface, length: Length::Bounded, ingest: false };
    Route { verb: Verb::Post, rule, summary, handler: post(handler) }
}

fn ends<H: Handler<T, Web>, T: 'static>(
    path: &'static str,
    access: Access,
    summary: &'static str,
    handler: H,
) -> Route {
    let rule = Rule { path, access, surface: Surface::Machine, length: Length::Bounded, ingest: false };
    Route { verb: Verb::Delete, rule, summary, handler: delete(handler) }
}

/// The table.
#[rustfmt::skip]
pub(super) fn table() -> Vec<Route> {
    use Access::{Everyone, Least, Pushing};
    use Role::{Admin, Editor, Officer, Viewer};
    use Surface::{Machine, Page};
    let mut routes = vec![
        acts("/api/v1/posts", Pushing, Machine, "Send posts: a JSON array or one object a line", api::posts::push),
        reads("/api/v1/posts", Least(Viewer), Machine, "Search posts", api::posts::find),
        reads("/api/v1/posts/count", Least(Viewer), Machine, "Count posts", api::posts::count),
        reads("/api/v1/posts/{id}", Least(Viewer), Machine, "One post with assessment, thread and revisions", api::posts::one),
        acts("/api/v1/posts/{id}/verdict", Least(Officer), Machine, "Say what is right of a post", api::verdict::give),
        reads("/api/v1/labels", Least(Editor), Machine, "What the desk said of posts, as labels", api::verdict::labels),
        acts("/api/v1/rescore", Least(Editor), Machine, "Judge stored posts again by what is in force", api::rescore::order),
        reads("/api/v1/rescore", Least(Viewer), Machine, "How far the last rescore is, and what it changed", api::rescore::progress),
        reads("/api/v1/incidents", Least(Viewer), Machine, "The work list", api::incidents::list),
        reads("/api/v1/incidents/{id}", Least(Viewer), Machine, "One incident with its notifications", api::incidents::one),
        acts("/api/v1/incidents/{id}/acknowledge", Least(Officer), Machine, "Take an incident", api::incidents::acknowledge),
        acts("/api/v1/incidents/{id}/assign", Least(Officer), Machine, "Give it to a department", api::steps::assign),
        acts("/api/v1/incidents/{id}/accept", Least(Officer), Machine, "Take it for the department that was asked", api::steps::accept),
        acts("/api/v1/incidents/{id}/bounce", Least(Officer), Machine, "Give it back for the department that was asked", api::steps::bounce),
        acts("/api/v1/incidents/{id}/respond", Least(Officer), Machine, "Say that the public was answered", api::steps::respond),
        acts("/api/v1/incidents/{id}/close", Least(Officer), Machine, "End an incident", api::steps::close),
        acts("/api/v1/incidents/{id}/dismiss", Least(Officer), Machine, "End it as no matter for the desk", api::steps::dismiss),
        acts("/api/v1/incidents/{id}/reopen", Least(Officer), Machine, "Go on with one that has ended", api::steps::reopen),
        acts("/api/v1/incidents/{id}/merge", Least(Officer), Machine, "Go on with it in another incident", api::steps::merge),
        acts("/api/v1/incidents/{id}/snooze", Least(Officer), Machine, "Let it wait for something", api::steps::snooze),
        acts("/api/v1/incidents/{id}/resume", Least(Officer), Machine, "Let it wait no more", api::steps::resume),
        acts("/api/v1/incidents/{id}/split", Least(Officer), Machine, "Go on with some of its posts in a new incident", api::steps::split),
        acts("/api/v1/incidents/{id}/check", Least(Officer), Machine, "Check off an item of its checklist", api::steps::check),
        acts("/api/v1/incidents/{id}/note", Least(Officer), Machine, "Write something down", api::incidents::note),
        reads("/api/v1/supervision", Least(Viewer), Machine, "How matters were handled: cases counted by department, service, grade, source or time of day", api::supervision::report),
        reads("/api/v1/topics", Least(Viewer), Machine, "What is suddenly rising", api::topics::list),
        reads("/api/v1/events", Least(Viewer), Machine, "What happened, as many posts tell of it", api::events::list),
        reads("/api/v1/events/{id}", Least(Viewer), Machine, "One event with curve, spread, forecast and evidence", api::events::one),
        acts("/api/v1/events/{id}/fact", Least(Officer), Machine, "Say how far the desk got with what an event claims", api::facts::state),
        acts("/api/v1/events/{id}/merge", Least(Officer), Machine, "Let an event go on in another: they tell of the same", api::regroup::merge),
        acts("/api/v1/events/{id}/split", Least(Officer), Machine, "Make another event of some of its posts", api::regroup::split),
        reads("/api/v1/facts", Least(Viewer), Machine, "What the desk said of what events claim", api::facts::list),
        reads("/api/v1/sources", Least(Viewer), Machine, "How the sources do", api::sources::list),
        reads("/api/v1/sources/{id}", Least(Viewer), Machine, "How one source does", api::sources::one),
        acts("/api/v1/sources/{id}/pause", Least(Admin), Machine, "Let a source rest", api::sources::pause),
        acts("/api/v1/sources/{id}/resume", Least(Admin), Machine, "Read a source again", api::sources::resume),
        acts("/api/v1/sources/{id}/fetch-now", Least(Officer), Machine, "Look at a source soon", api::sources::fetch_now),
        reads("/api/v1/outages", Least(Viewer), Machine, "What cannot be heard now, by the rules on sources", api::outages::list),
        reads("/api/v1/coverage", Least(Viewer), Machine, "What was seen of a source and what was not", api::sources::coverage),
        reads("/api/v1/notifications", Least(Viewer), Machine, "Notifications with every try", api::desk::notifications),
        acts("/api/v1/notifications/{key}/resend", Least(Officer), Machine, "Have a dead letter, or one that a receiver holds up, tried again", api::desk::resend),
        reads("/api/v1/silences", Least(Viewer), Machine, "What the desk does not want to be told for a while", api::silences::list),
        acts("/api/v1/silences", Least(Editor), Machine, "Ask for silence", api::silences::make),
        acts("/api/v1/silences/preview", Least(Editor), Machine, "What a silence would hold back", api::silences::preview),
        ends("/api/v1/silences/{id}", Least(Editor), "End a silence before its time", api::silences::end),
        reads("/api/v1/rules", Least(Viewer), Machine, "The rules in force", api::desk::rules),
        reads("/api/v1/clocks", Least(Viewer), Machine, "The limits in force, and who is called", api::desk::clocks),
        reads("/api/v1/rota", Least(Viewer), Machine, "Who is on duty", api::rota::rota),
        reads("/api/v1/handovers", Least(Viewer), Machine, "What is under way, what was handed over, and who accepted it", api::handovers::list),
        acts("/api/v1/handovers/{id}/accept", Least(Officer), Machine, "Accept a hand-over", api::handovers::accept),
        reads("/api/v1/drills", Least(Viewer), Machine, "How drills went, by month too", api::drills::list),
        acts("/api/v1/drills", Least(Editor), Machine, "Begin a drill", api::drills::begin),
        reads("/api/v1/receivers", Least(Viewer), Machine, "Who is told", api::desk::receivers),
        acts("/api/v1/receivers/{name}/test", Least(Admin), Machine, "Send a marked test", api::desk::test_receiver),
        acts("/api/v1/receivers/{name}/resume", Least(Admin), Machine, "Try again what a receiver held up that was set up wrong", api::desk::resume_receiver),
        reads("/api/v1/people", Least(Admin), Machine, "Who may log in", api::people::people),
        acts("/api/v1/people", Least(Admin), Machine, "Let somebody log in", api::people::add_person),
        acts("/api/v1/people/{name}/password", Least(Admin), Machine, "Give somebody another password", api::people::set_password),
        acts("/api/v1/people/{name}/disable", Least(Admin), Machine, "Let somebody log in no more", api::people::disable),
        reads("/api/v1/tokens", Least(Admin), Machine, "Machines that may use the API", api::people::tokens),
        acts("/api/v1/tokens", Least(Admin), Machine, "Make a token; its secret is shown once", api::people::add_token),
        acts("/api/v1/tokens/{id}/revoke", Least(Admin), Machine, "Take a token back", api::people::revoke_token),
        reads("/api/v1/audit", Least(Admin), Machine, "What was decided and done, as a chain of lines that `minsheng audit verify` checks", api::audit::export),
        reads("/api/v1/stream", Least(Viewer), Machine, "Changes as they happen (server-sent events)", api::stream::stream),
        reads("/healthz", Everyone, Machine, "Whether the daemon lives", api::health::alive),
        reads("/readyz", Everyone, Machine, "Whether the daemon is ready", api::health::ready),
        reads("/metrics", Everyone, Machine, "Metrics in Prometheus' text format", api::health::metrics),
        reads("/openapi.json", Everyone, Machine, "This description", openapi::json),
        reads("/docs", Everyone, Page, "", openapi::page),
        reads("/assets/{name}", Everyone, Machine, "", assets::asset),
    ];
    routes.extend(pages());
    for route in &mut routes {
        if (route.verb, route.rule.path) == (Verb::Post, "/api/v1/posts") {
            route.rule.ingest = true;
        }
        if matches!(route.rule.path, "/api/v1/stream" | "/api/v1/audit") {
            route.rule.length = Length::Streaming;
        }
    }
    routes
}

/// The console's part of the table.
#[rustfmt::skip]
fn pages() -> Vec<Route> {
    use Access::{Everyone, Least};
    use Role::{Admin, Editor, Officer, Viewer};
    use Surface::Page;
    vec![
        reads("/login", Everyone, Page, "", console::enter::login_page),
        acts("/login", Everyone, Page, "", console::enter::login),
        acts("/logout", Least(Viewer), Page, "", console::enter::logout),
        reads("/setup", Everyone, Page, "", console::enter::setup_page),
        acts("/setup", Everyone, Page, "", console::enter::setup),
        acts("/preferences", Everyone, Page, "", console::settings::preferences),
        reads("/", Least(Viewer), Page, "", console::desk::page),
        reads("/partial/queue", Least(Viewer), Page, "", console::desk::queue),
        reads("/incidents/{id}", Least(Viewer), Page, "", console::incident::page),
        acts("/incidents/{id}/acknowledge", Least(Officer), Page, "", console::incident::acknowledge),
        acts("/incidents/{id}/assign", Least(Officer), Page, "", console::steps::assign),
        acts("/incidents/{id}/accept", Least(Officer), Page, "", console::steps::accept),
        acts("/incidents/{id}/bounce", Least(Officer), Page, "", console::steps::bounce),
        acts("/incidents/{id}/respond", Least(Officer), Page, "", console::steps::respond),
        acts("/incidents/{id}/close", Least(Officer), Page, "", console::steps::close),
        acts("/incidents/{id}/dismiss", Least(Officer), Page, "", console::steps::dismiss),
        acts("/incidents/{id}/reopen", Least(Officer), Page, "", console::steps::reopen),
        acts("/incidents/{id}/merge", Least(Officer), Page, "", console::steps::merge),
        acts("/incidents/{id}/snooze", Least(Officer), Page, "", console::steps::snooze),
        acts("/incidents/{id}/resume", Least(Officer), Page, "", console::steps::resume),
        acts("/incidents/{id}/split", Least(Officer), Page, "", console::steps::split),
        acts("/incidents/{id}/check", Least(Officer), Page, "", console::steps::check),
        acts("/incidents/{id}/note", Least(Officer), Page, "", console::incident::note),
        reads("/supervision", Least(Viewer), Page, "", console::supervision::page),
        reads("/supervision.csv", Least(Viewer), Page, "", console::supervision::csv),
        reads("/silences", Least(Viewer), Page, "", console::silences::page),
        acts("/silences", Least(Editor), Page, "", console::silences::make),
        acts("/silences/preview", Least(Editor), Page, "", console::silences::preview),
        acts("/silences/{id}/end", Least(Editor), Page, "", console::silences::end),
        reads("/drills", Least(Viewer), Page, "", console::drills::page),
        acts("/drills", Least(Editor), Page, "", console::drills::begin),
        reads("/handover", Least(Viewer), Page, "", console::handovers::page),
        acts("/handover/{id}/accept", Least(Officer), Page, "", console::handovers::accept),
        reads("/rota", Least(Viewer), Page, "", console::rota::page),
        reads("/events", Least(Viewer), Page, "", console::events::page),
        reads("/events/{id}", Least(Viewer), Page, "", console::events::one),
        acts("/events/{id}/fact", Least(Officer), Page, "", console::facts::state),
        acts("/events/{id}/merge", Least(Officer), Page, "", console::regroup::merge),
        acts("/events/{id}/split", Least(Officer), Page, "", console::regroup::split),
        reads("/facts", Least(Viewer), Page, "", console::facts::page),
        reads("/partial/events", Least(Viewer), Page, "", console::events::list),
        reads("/topics", Least(Viewer), Page, "", console::topics::page),
        reads("/partial/topics", Least(Viewer), Page, "", console::topics::list),
        reads("/search", Least(Viewer), Page, "", console::search::page),
        reads("/posts/{id}", Least(Viewer), Page, "", console::post::page),
        acts("/posts/{id}/verdict", Least(Officer), Page, "", console::verdict::give),
        reads("/sources", Least(Viewer), Page, "", console::sources::page),
        acts("/sources/{id}/pause", Least(Admin), Page, "", console::sources::pause),
        acts("/sources/{id}/resume", Least(Admin), Page, "", console::sources::resume),
        acts("/sources/{id}/fetch-now", Least(Officer), Page, "", console::sources::fetch_now),
        reads("/outbox", Least(Viewer), Page, "", console::outbox::page),
        acts("/outbox/{key}/resend", Least(Officer), Page, "", console::outbox::resend),
        reads("/inbox", Least(Viewer), Page, "", console::outbox::inbox),
        reads("/settings", Least(Viewer), Page, "", console::settings::page),
        acts("/settings/password", Least(Viewer), Page, "", console::settings::password),
        acts("/settings/people", Least(Admin), Page, "", console::settings::add_person),
        acts("/settings/people/{name}/disable", Least(Admin), Page, "", console::settings::disable),
    ]
}

/// The table as something that answers.
pub(super) fn router(web: Web) -> Router {
    let mut router = Router::new();
    for route in table() {
        let guarded = from_fn_with_state((web.clone(), route.rule), guard);
        let mut handler = route.handler;
        if route.rule.ingest {
            handler = handler.layer(RequestDecompressionLayer::new());
        }
        router = router.route(route.rule.path, handler.layer(guarded));
    }
    router
        .fallback(nowhere)
        .method_not_allowed_fallback(|| async {
            Problem::new(Kind::BadRequest, "this method is not offered here")
        })
        .layer(CatchPanicLayer::custom(|_panic: Box<dyn std::any::Any + Send>| {
            axum::response::IntoResponse::into_response(Problem::new(Kind::Internal, ""))
        }))
        .layer(from_fn_with_state(web.clone(), outer))
        .layer(from_fn(drain::what_is_left))
        .with_state(web)
}

async fn nowhere(request: axum::extract::Request) -> axum::response::Response {
    if request.uri().path().starts_with("/api/") {
        return axum::response::IntoResponse::into_response(Problem::not_found());
    }
    let visitor = super::auth::Visitor::stranger(request.headers());
    console::error_page(&visitor, Kind::NotFound, "")
}
