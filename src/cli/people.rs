//! `minsheng user` and `minsheng token`: who may log in, and which machines may use the API.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::{Context, bail};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::offline::{Reach, accepted, close, reach};
use super::{Done, Places, output};
use crate::people::{Password, Person, PersonName, Role, TokenRecord, TokenSecret};
use crate::pipeline::start::Pipeline;

/// People who may log in.
#[derive(clap::Subcommand)]
#[command(after_help = "Example:\n  minsheng user add li.ming --role officer")]
pub(super) enum User {
    /// Add a person; the password is asked for, or read from standard input
    Add {
        /// The log-in name.
        name: String,
        /// viewer, officer, editor or admin.
        #[arg(long, default_value = "officer")]
        role: String,
    },
    /// Give a person another password
    Passwd {
        /// The log-in name.
        name: String,
    },
    /// List people
    List {
        /// Write JSON lines.
        #[arg(long)]
        json: bool,
    },
    /// Let a person log in no more; ends their sessions
    Disable {
        /// The log-in name.
        name: String,
    },
}

/// Machines that may use the API.
#[derive(clap::Subcommand)]
#[command(after_help = "Example:\n  minsheng token create \"hotline gateway\" --role ingest")]
pub(super) enum Token {
    /// Make a token; it is shown once
    Create {
        /// What it is for.
        label: String,
        /// ingest, viewer, officer, editor or admin.
        #[arg(long, default_value = "ingest")]
        role: String,
        /// When it ends.
        #[arg(long, value_name = "TIME")]
        expires: Option<Timestamp>,
    },
    /// List tokens
    List {
        /// Write JSON lines.
        #[arg(long)]
        json: bool,
    },
    /// Take a token back
    Revoke {
        /// Its id.
        id: String,
    },
}

impl User {
    pub(super) async fn run(&self, places: &Places) -> Done {
        let reach = reach(places).await?;
        match &reach {
            Reach::Running(daemon) => match self {
                Self::Add { name, role } => {
                    let body = json!({"name": name, "role": role, "password": password()?});
                    accepted(&daemon.post("api/v1/people", JSON, body.to_string().into()).await?)?;
                    output::complain(&format!("{name} may log in as {role}"));
                }
                Self::Passwd { name } => {
                    let body = json!({"password": password()?});
                    let path = format!("api/v1/people/{name}/password");
                    accepted(&daemon.post(&path, JSON, body.to_string().into()).await?)?;
                    output::complain(&format!("{name} has another password"));
                }
                Self::List { json } => {
                    list(&accepted(&daemon.get("api/v1/people").await?)?, *json, person_line)?;
                }
                Self::Disable { name } => {
                    let path = format!("api/v1/people/{name}/disable");
                    accepted(&daemon.post(&path, JSON, b"{}".to_vec()).await?)?;
                    output::complain(&format!("{name} may not log in any more"));
                }
            },
            Reach::Alone(pipeline) => self.alone(pipeline).await?,
        }
        finish(reach).await
    }

    async fn alone(&self, pipeline: &Pipeline) -> anyhow::Result<()> {
        let (store, desk) = (&pipeline.handles.store, &pipeline.handles.desk);
        let known = |name: &str| {
            let person = store.person(&PersonName::new(name)?)?;
            person.with_context(|| format!("there is nobody called {name:?}"))
        };
        match self {
            Self::Add { name, role } => {
                let name = PersonName::new(name)?;
                if store.person(&name)?.is_some() {
                    bail!("{} is there already", name.as_str());
                }
                let role = Role::from_word(role).filter(|role| *role != Role::Ingest);
                let role = role.context("a person is viewer, officer, editor or admin")?;
                let password_hash = Password::new(&password()?)?.hash()?;
                let added_at = pipeline.handles.clock.now();
                desk.put_person(Person { name, role, password_hash, disabled: false, added_at }).await?;
            }
            Self::Passwd { name } => {
                let person = known(name)?;
                let password_hash = Password::new(&password()?)?.hash()?;
                store.end_sessions_of(&person.name)?;
                desk.put_person(Person { password_hash, ..person }).await?;
            }
            Self::List { json } => {
                let people = store.people()?;
                let shown = people.iter().map(|person| {
                    json!({"name": person.name, "role": person.role, "disabled": person.disabled, "added_at": person.added_at})
                });
                list(&json!({"people": shown.collect::<Vec<_>>()}), *json, person_line)?;
            }
            Self::Disable { name } => {
                let person = known(name)?;
                store.end_sessions_of(&person.name)?;
                desk.put_person(Person { disabled: true, ..person }).await?;
            }
        }
        Ok(())
    }
}

impl Token {
    pub(super) async fn run(&self, places: &Places) -> Done {
        let reach = reach(places).await?;
        match &reach {
            Reach::Running(daemon) => match self {
                Self::Create { label, role, expires } => {
                    let body = json!({"label": label, "role": role, "expires_at": expires});
                    let made = accepted(&daemon.post("api/v1/tokens", JSON, body.to_string().into()).await?)?;
                    let secret =
                        made.get("token").and_then(Value::as_str).context("the daemon gave no token")?;
                    output::line(secret)?;
                }
                Self::List { json } => {
                    list(&accepted(&daemon.get("api/v1/tokens").await?)?, *json, token_line)?;
                }
                Self::Revoke { id } => {
                    let path = format!("api/v1/tokens/{id}/revoke");
                    accepted(&daemon.post(&path, JSON, b"{}".to_vec()).await?)?;
                }
            },
            Reach::Alone(pipeline) => self.alone(pipeline).await?,
        }
        finish(reach).await
    }

    async fn alone(&self, pipeline: &Pipeline) -> anyhow::Result<()> {
        let (store, desk) = (&pipeline.handles.store, &pipeline.handles.desk);
        match self {
            Self::Create { label, role, expires } => {
                let role =
                    Role::from_word(role).context("a token is ingest, viewer, officer, editor or admin")?;
                let (id, secret, secret_hash) = TokenSecret::generate()?;
                let record = TokenRecord {
                    id,
                    label: label.clone(),
                    role,
                    secret_hash,
                    created_at: pipeline.handles.clock.now(),
                    expires_at: *expires,
                    revoked: false,
                };
                desk.put_token(record).await?;
                output::line(secret.reveal())?;
            }
            Self::List { json } => {
                let tokens = store.tokens()?;
                let shown = tokens.iter().map(|token| {
                    json!({
                        "id": token.id, "label": token.label, "role": token.role, "created_at": token.created_at,
                        "expires_at": token.expires_at, "revoked": token.revoked,
                    })
                });
                list(&json!({"tokens": shown.collect::<Vec<_>>()}), *json, token_line)?;
            }
            Self::Revoke { id } => {
                let token = store.token(id)?.with_context(|| format!("there is no token {id:?}"))?;
                desk.put_token(TokenRecord { revoked: true, ..token }).await?;
            }
        }
        Ok(())
    }
}

const JSON: &str = "application/json";

async fn finish(reach: Reach) -> Done {
    if let Reach::Alone(pipeline) = reach {
        close(*pipeline).await?;
    }
    Ok(())
}

/// Prints the one list that the answer holds.
fn list(answer: &Value, as_json: bool, line: fn(&Value) -> String) -> anyhow::Result<()> {
    let items = answer.as_object().and_then(|answer| answer.values().find_map(Value::as_array));
    for item in items.context("the daemon gave no list")? {
        if as_json {
            output::json(item)?;
        } else {
            output::line(line(item))?;
        }
    }
    Ok(())
}

fn text<'a>(item: &'a Value, key: &str) -> &'a str {
    item.get(key).and_then(Value::as_str).unwrap_or("-")
}

fn person_line(item: &Value) -> String {
    let off = item.get("disabled").and_then(Value::as_bool) == Some(true);
    format!("{:24} {:8} {}", text(item, "name"), text(item, "role"), if off { "disabled" } else { "" })
        .trim_end()
        .to_owned()
}

fn token_line(item: &Value) -> String {
    let off = item.get("revoked").and_then(Value::as_bool) == Some(true);
    let end = if off { "revoked" } else { "" };
    format!("{:12} {:8} {:32} {end}", text(item, "id"), text(item, "role"), text(item, "label"))
        .trim_end()
        .to_owned()
}

/// The password from standard input; on a terminal it is asked for.
fn password() -> anyhow::Result<String> {
    let terminal = std::io::stdin().is_terminal();
    if terminal {
        write!(std::io::stderr(), "Password (it is shown as you type; better pipe it in): ")?;
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("no password could be read")?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}
