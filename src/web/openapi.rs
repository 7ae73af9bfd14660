//! What the API promises, as OpenAPI 3.1: paths from the table of routes, shapes from the types.

use axum::Json;
use axum::response::Response;
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::api::incidents::Step;
use super::api::params::OF_POSTS;
use super::api::{
    drills, events, facts, handovers, incident_out, outages, regroup, rescore, rota, shape, silences, steps,
    topics, verdict,
};
use super::console::{self, Frame, Nav};
use super::error::{Kind, ProblemBody};
use super::routes::{Access, Length, Route, Surface, Verb, table};
use crate::web::auth::Visitor;

/// The description, for `/openapi.json` and `minsheng openapi`.
pub fn openapi() -> Value {
    let mut paths = Map::new();
    for route in table().iter().filter(|route| described(route)) {
        let verb = match route.verb {
            Verb::Get => "get",
            Verb::Post => "post",
            Verb::Delete => "delete",
        };
        let path = paths.entry(route.rule.path).or_insert_with(|| json!({}));
        path[verb] = operation(route);
    }
    let problems: Vec<String> =
        Kind::ALL.map(|kind| format!("urn:minsheng:problem:{}", kind.told().1)).into();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Minsheng 民声",
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!(
                "Errors are application/problem+json (RFC 9457) with one of these types: {}.", problems.join(", ")
            ),
        },
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer" },
                "session": { "type": "apiKey", "in": "cookie", "name": "minsheng" },
            },
        },
    })
}

pub(super) async fn json() -> Json<Value> {
    Json(openapi())
}

/// A table of the operations, for people.
pub(super) async fn page(axum::Extension(visitor): axum::Extension<Visitor>) -> Response {
    let operations = table().into_iter().filter(described).map(|route| Operation {
        verb: match route.verb {
            Verb::Get => "GET",
            Verb::Post => "POST",
            Verb::Delete => "DELETE",
        },
        path: route.rule.path,
        summary: route.summary,
        access: who(route.rule.access),
        parameters: parameters(route.rule.path, route.verb).join(", "),
    });
    let f = Frame::new(&visitor, Nav::None, visitor.lang.t("接口", "API"), false);
    console::render(&Docs { f, operations: operations.collect() })
}

struct Operation {
    verb: &'static str,
    path: &'static str,
    summary: &'static str,
    access: &'static str,
    parameters: String,
}

#[derive(askama::Template)]
#[template(path = "web/templates/docs.html")]
struct Docs {
    f: Frame,
    operations: Vec<Operation>,
}

fn described(route: &Route) -> bool {
    route.rule.surface == Surface::Machine && !route.summary.is_empty()
}

fn who(access: Access) -> &'static str {
    match access {
        Access::Everyone => "everyone",
        Access::Pushing => "ingest",
        Access::Least(role) => role.as_str(),
    }
}

fn parameters(path: &str, verb: Verb) -> Vec<&'static str> {
    let mut names = Vec::new();
    match (verb, path) {
        (Verb::Get, "/api/v1/posts") => {
            names.extend(OF_POSTS);
            names.extend(["department", "external_id", "sort", "cursor", "limit"]);
        }
        (Verb::Get, "/api/v1/posts/count") => {
            names.extend(OF_POSTS);
            names.extend(["department", "external_id"]);
        }
        (Verb::Get, "/api/v1/incidents") => names.extend(["state", "grade", "department", "cursor", "limit"]),
        (Verb::Get, "/api/v1/notifications") => names.extend(["state", "receiver", "cursor", "limit"]),
        (Verb::Get, "/api/v1/coverage") => names.extend(["source", "since", "until"]),
        (Verb::Get, "/api/v1/facts") => names.extend(["status", "limit"]),
        (Verb::Get, "/api/v1/audit") => names.extend(["since", "until"]),
        (Verb::Get, "/api/v1/supervision") => names.extend(["since", "until", "by"]),
        (Verb::Get, "/api/v1/drills" | "/api/v1/handovers") => names.push("limit"),
        (Verb::Get, "/api/v1/silences") => names.extend(["state", "limit"]),
        (Verb::Get, "/api/v1/rota") => names.extend(["at", "days"]),
        (Verb::Get, "/api/v1/labels") => names.extend(["since", "until", "cursor", "limit"]),
        (Verb::Get | Verb::Post | Verb::Delete, _) => {}
    }
    names
}

fn operation(route: &Route) -> Value {
    let rule = route.rule;
    let mut list: Vec<Value> = parameters(rule.path, route.verb)
        .into_iter()
        .map(|name| json!({ "name": name, "in": "query", "schema": { "type": "string" } }))
        .collect();
    for name in rule.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        list.push(json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    }
    let content = match (rule.length, answer(rule.path, route.verb)) {
        (Length::Streaming, _) if rule.path == "/api/v1/audit" => {
            json!({ "application/x-ndjson": { "schema": { "type": "string" } } })
        }
        (Length::Streaming, _) => json!({ "text/event-stream": { "schema": { "type": "string" } } }),
        (Length::Bounded, Some(name)) => {
            json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{name}") } } })
        }
        (Length::Bounded, None) if rule.path.starts_with("/api/") => {
            json!({ "application/json": { "schema": {} } })
        }
        (Length::Bounded, None) => json!({ "text/plain": { "schema": { "type": "string" } } }),
    };
    let problem =
        json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
    let (done, said) = match (route.verb, rule.path) {
        (Verb::Post, "/api/v1/rescore") => ("202", "It is written down and will be done."),
        (Verb::Get | Verb::Post | Verb::Delete, _) => ("200", "Done."),
    };
    let mut operation = json!({
        "summary": route.summary,
        "description": format!("Role: {}.", who(rule.access)),
        "parameters": list,
        "responses": {
            done: { "description": said, "content": content },
            "default": { "description": "A problem.", "content": problem },
        },
    });
    if rule.access != Access::Everyone {
        operation["security"] = json!([{ "token": [] }, { "session": [] }]);
    }
    if rule.ingest {
        let array = json!({ "type": "array", "items": { "$ref": "#/components/schemas/PushedPost" } });
        operation["requestBody"] = json!({ "required": true, "content": {
            "application/json": { "schema": array },
            "application/x-ndjson": { "schema": { "type": "string" } },
        } });
    } else if let Some(Asked { schema, keyed }) = asked(rule.path, route.verb) {
        let body = json!({ "$ref": format!("#/components/schemas/{schema}") });
        operation["requestBody"] = json!({ "content": { "application/json": { "schema": body } } });
        if keyed {
            list.push(json!({ "name": "Idempotency-Key", "in": "header", "schema": { "type": "string" } }));
            operation["parameters"] = list.into();
        }
    }
    operation
}

/// What a request says.
struct Asked {
    schema: &'static str,
    /// Whether a key makes sure that repeating it does nothing twice.
    keyed: bool,
}

fn asked(path: &str, verb: Verb) -> Option<Asked> {
    match (verb, path) {
        (Verb::Post, path) if path.starts_with("/api/v1/incidents/") => {
            Some(Asked { schema: step(path), keyed: true })
        }
        (Verb::Post, "/api/v1/posts/{id}/verdict") => Some(Asked { schema: "Said", keyed: true }),
        (Verb::Post, "/api/v1/events/{id}/fact") => Some(Asked { schema: "Stated", keyed: false }),
        (Verb::Post, "/api/v1/events/{id}/merge") => Some(Asked { schema: "EventMerge", keyed: false }),
        (Verb::Post, "/api/v1/events/{id}/split") => Some(Asked { schema: "EventSplit", keyed: false }),
        (Verb::Post, "/api/v1/silences" | "/api/v1/silences/preview") => {
            Some(Asked { schema: "SilenceAsked", keyed: false })
        }
        (Verb::Post, "/api/v1/drills") => Some(Asked { schema: "DrillAsked", keyed: false }),
        (Verb::Post, "/api/v1/handovers/{id}/accept") => Some(Asked { schema: "Step", keyed: false }),
        (Verb::Post, "/api/v1/rescore") => Some(Asked { schema: "Rescore", keyed: false }),
        (Verb::Get | Verb::Post | Verb::Delete, _) => None,
    }
}

/// What a step of the work on an incident says.
fn step(path: &str) -> &'static str {
    match path.rsplit('/').next() {
        Some("assign") => "Assign",
        Some("bounce" | "reopen") => "Reasoned",
        Some("respond") => "Respond",
        Some("close") => "Close",
        Some("dismiss") => "Dismiss",
        Some("merge") => "Merge",
        Some("snooze") => "Snooze",
        Some("split") => "Split",
        Some("check") => "Check",
        Some(_) | None => "Step",
    }
}

fn answer(path: &str, verb: Verb) -> Option<&'static str> {
    Some(match (verb, path) {
        (Verb::Post, "/api/v1/posts") => "Pushed",
        (Verb::Get, "/api/v1/posts") => "FoundPosts",
        (Verb::Get, "/api/v1/posts/{id}") => "PostInFull",
        (Verb::Post, "/api/v1/posts/{id}/verdict") => "Verdict",
        (Verb::Get, "/api/v1/labels") => "Labels",
        (Verb::Post, "/api/v1/rescore") => "RescoreOrdered",
        (Verb::Get, "/api/v1/rescore") => "RescoreProgress",
        (Verb::Get, "/api/v1/incidents") => "IncidentList",
        (Verb::Get, "/api/v1/incidents/{id}") => "IncidentOut",
        (Verb::Post, path) if path.starts_with("/api/v1/incidents/") => "IncidentOut",
        (Verb::Get, "/api/v1/topics") => "TopicList",
        (Verb::Get, "/api/v1/events") => "EventList",
        (Verb::Get, "/api/v1/events/{id}") => "EventOut",
        (Verb::Post, "/api/v1/events/{id}/fact") => "Fact",
        (Verb::Post, "/api/v1/events/{id}/merge" | "/api/v1/events/{id}/split") => "EventRegrouped",
        (Verb::Get, "/api/v1/facts") => "FactList",
        (Verb::Get, "/api/v1/drills") => "DrillList",
        (Verb::Post, "/api/v1/drills") => "DrillBegun",
        (Verb::Get, "/api/v1/handovers") => "HandoverList",
        (Verb::Post, "/api/v1/handovers/{id}/accept") => "Handover",
        (Verb::Get, "/api/v1/silences") => "SilenceList",
        (Verb::Post, "/api/v1/silences") | (Verb::Delete, "/api/v1/silences/{id}") => "Silence",
        (Verb::Post, "/api/v1/silences/preview") => "SilencePreview",
        (Verb::Get, "/api/v1/rota") => "RotaList",
        (Verb::Get, "/api/v1/sources") => "SourceList",
        (Verb::Get | Verb::Post, path) if path.starts_with("/api/v1/sources/") => "SourceOut",
        (Verb::Get, "/api/v1/outages") => "OutageList",
        (Verb::Get, "/api/v1/coverage") => "SpanList",
        (Verb::Get, "/api/v1/notifications") => "NotificationList",
        (Verb::Post, "/api/v1/notifications/{key}/resend") => "NotificationOut",
        (Verb::Get | Verb::Post | Verb::Delete, _) => return None,
    })
}

fn schemas() -> Map<String, Value> {
    let mut found: Vec<(String, RefOr<Schema>)> = Vec::new();
    add::<shape::FoundPosts>(&mut found);
    add::<shape::PostInFull>(&mut found);
    add::<shape::Assessment>(&mut found);
    add::<shape::Without>(&mut found);
    add::<incident_out::IncidentOut>(&mut found);
    add::<topics::TopicOut>(&mut found);
    add::<events::EventOut>(&mut found);
    add::<facts::FactOut>(&mut found);
    add::<facts::Stated>(&mut found);
    add::<regroup::Merge>(&mut found);
    add::<regroup::Split>(&mut found);
    add::<regroup::Out>(&mut found);
    add::<rota::LayerOut>(&mut found);
    add::<shape::SourceOut>(&mut found);
    add::<shape::SpanOut>(&mut found);
    add::<outages::OutageOut>(&mut found);
    add::<shape::NotificationOut>(&mut found);
    add::<shape::Pushed>(&mut found);
    add::<Step>(&mut found);
    add::<steps::Assign>(&mut found);
    add::<steps::Reasoned>(&mut found);
    add::<steps::Respond>(&mut found);
    add::<steps::Close>(&mut found);
    add::<steps::Dismiss>(&mut found);
    add::<steps::Merge>(&mut found);
    add::<steps::Snooze>(&mut found);
    add::<steps::Split>(&mut found);
    add::<steps::Check>(&mut found);
    add::<drills::Asked>(&mut found);
    add::<drills::Drills>(&mut found);
    add::<drills::Begun>(&mut found);
    add::<handovers::Handovers>(&mut found);
    add::<handovers::HandoverOut>(&mut found);
    add::<silences::Asked>(&mut found);
    add::<silences::SilenceOut>(&mut found);
    add::<silences::Preview>(&mut found);
    add::<verdict::Said>(&mut found);
    add::<verdict::Labels>(&mut found);
    add::<verdict::LabelledPost>(&mut found);
    add::<rescore::Wanted>(&mut found);
    add::<rescore::RescoreOrdered>(&mut found);
    add::<rescore::RescoreProgress>(&mut found);
    add::<ProblemBody>(&mut found);
    let mut schemas: Map<String, Value> = found
        .into_iter()
        .map(|(name, schema)| (name, serde_json::to_value(schema).expect("a schema is plain data")))
        .collect();
    for (list, item) in [
        ("IncidentList", "IncidentOut"),
        ("TopicList", "TopicOut"),
        ("EventList", "EventOut"),
        ("FactList", "Fact"),
        ("SilenceList", "Silence"),
        ("RotaList", "Rota"),
        ("SourceList", "SourceOut"),
        ("SpanList", "SpanOut"),
        ("OutageList", "Outage"),
        ("NotificationList", "NotificationOut"),
    ] {
        let items = json!({ "type": "array", "items": { "$ref": format!("#/components/schemas/{item}") } });
        let properties = json!({ "items": items, "next": { "type": ["string", "null"] } });
        schemas.insert(
            list.into(),
            json!({ "type": "object", "required": ["items"], "properties": properties }),
        );
    }
    schemas.insert("PushedPost".into(), crate::extract::pushed::schema());
    schemas
}

fn add<T: ToSchema + PartialSchema>(found: &mut Vec<(String, RefOr<Schema>)>) {
    found.push((T::name().into_owned(), T::schema()));
    T::schemas(found);
}
