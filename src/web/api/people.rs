//! Who may log in and which machines may use the API; for administrators, and so for the command line.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::people::{Password, Person, PersonName, Role, TokenRecord, TokenSecret};
use crate::web::Web;
use crate::web::auth::Visitor;
use crate::web::console::enter::hashed;
use crate::web::error::{Kind, Problem};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPerson {
    name: String,
    role: Role,
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewToken {
    label: String,
    role: Role,
    expires_at: Option<Timestamp>,
}

pub(in crate::web) async fn people(State(web): State<Web>) -> Result<Json<Value>, Problem> {
    let people = web.handles().reading.blocking(|reading| Ok(reading.store().people()?)).await?;
    let shown = |person: &Person| {
        json!({
            "name": person.name, "role": person.role, "disabled": person.disabled, "added_at": person.added_at,
        })
    };
    Ok(Json(json!({ "items": people.iter().map(shown).collect::<Vec<_>>() })))
}

pub(in crate::web) async fn add_person(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let new: NewPerson = read(&body)?;
    let name = PersonName::new(&new.name).map_err(|error| Problem::bad(error.to_string()))?;
    if new.role == Role::Ingest {
        return Err(Problem::bad("a person is viewer, officer, editor or admin"));
    }
    if find(&web, &name).await?.is_some() {
        return Err(Problem::new(Kind::Conflict, "this name is taken"));
    }
    let password_hash = password(&web, &new.password).await?;
    let added_at = web.now();
    let person = Person { name: name.clone(), role: new.role, password_hash, disabled: false, added_at };
    web.handles().desk.put_person(person).await?;
    visitor.audit(&web, "person-added", name.as_str().to_owned()).await?;
    Ok(Json(json!({ "name": name, "role": new.role })))
}

pub(in crate::web) async fn set_password(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let new: NewPassword = read(&body)?;
    let person = existing(&web, &name).await?;
    let password_hash = password(&web, &new.password).await?;
    web.handles().desk.put_person(Person { password_hash, ..person.clone() }).await?;
    end_sessions(&web, person.name).await?;
    visitor.audit(&web, "password-set", name).await?;
    Ok(Json(json!({})))
}

pub(in crate::web) async fn disable(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Problem> {
    let person = existing(&web, &name).await?;
    web.handles().desk.put_person(Person { disabled: true, ..person.clone() }).await?;
    end_sessions(&web, person.name).await?;
    visitor.audit(&web, "person-disabled", name).await?;
    Ok(Json(json!({})))
}

pub(in crate::web) async fn tokens(State(web): State<Web>) -> Result<Json<Value>, Problem> {
    let tokens = web.handles().reading.blocking(|reading| Ok(reading.store().tokens()?)).await?;
    let shown = |token: &TokenRecord| {
        json!({
            "id": token.id, "label": token.label, "role": token.role, "created_at": token.created_at,
            "expires_at": token.expires_at, "revoked": token.revoked,
        })
    };
    Ok(Json(json!({ "items": tokens.iter().map(shown).collect::<Vec<_>>() })))
}

pub(in crate::web) async fn add_token(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let NewToken { label, role, expires_at } = read(&body)?;
    let (id, secret, secret_hash) = TokenSecret::generate().map_err(|error| Problem::internal(&error))?;
    let created_at = web.now();
    let record =
        TokenRecord { id: id.clone(), label, role, secret_hash, created_at, expires_at, revoked: false };
    web.handles().desk.put_token(record).await?;
    visitor.audit(&web, "token-made", id.clone()).await?;
    Ok(Json(json!({ "id": id, "token": secret.reveal() })))
}

pub(in crate::web) async fn revoke_token(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let wanted = id.clone();
    let token = web.handles().reading.blocking(move |reading| Ok(reading.store().token(&wanted)?)).await?;
    let token = token.ok_or_else(Problem::not_found)?;
    web.handles().desk.put_token(TokenRecord { revoked: true, ..token }).await?;
    visitor.audit(&web, "token-revoked", id).await?;
    Ok(Json(json!({})))
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::bad(format!("the body cannot be read: {error}")))
}

async fn password(web: &Web, typed: &str) -> Result<String, Problem> {
    let password = Password::new(typed).map_err(|error| Problem::bad(error.to_string()))?;
    hashed(web, password).await
}

async fn find(web: &Web, name: &PersonName) -> Result<Option<Person>, Problem> {
    let name = name.clone();
    Ok(web.handles().reading.blocking(move |reading| Ok(reading.store().person(&name)?)).await?)
}

async fn existing(web: &Web, name: &str) -> Result<Person, Problem> {
    let name = PersonName::new(name).map_err(|_| Problem::not_found())?;
    find(web, &name).await?.ok_or_else(Problem::not_found)
}

async fn end_sessions(web: &Web, name: PersonName) -> Result<(), Problem> {
    Ok(web.handles().reading.blocking(move |reading| Ok(reading.store().end_sessions_of(&name)?)).await?)
}
