//! Where a command does its work: at a running daemon, or straight on the data directory.

use anyhow::bail;
use serde_json::Value;

use super::{Failure, Places, today};
use crate::app;
use crate::config;
use crate::outward::{Daemon, DaemonAnswer};
use crate::pipeline::clock::Clock;
use crate::pipeline::start::Pipeline;

/// Where the work is done.
pub(super) enum Reach {
    /// A daemon runs on this data directory.
    Running(Daemon),
    /// None does: the directory is ours for the while.
    Alone(Box<Pipeline>),
}

/// Finds a running daemon by its control socket, else opens the data directory.
pub(super) async fn reach(places: &Places) -> Result<Reach, Failure> {
    let socket = places.data.join("control.sock");
    if socket.exists() {
        let daemon = Daemon::at_socket(&socket)?;
        if daemon.is_there().await {
            return Ok(Reach::Running(daemon));
        }
    }
    let loaded = config::load(&places.directories(), today()).map_err(Failure::Faults)?;
    let pipeline = app::pipeline_alone(loaded, &places.data, Clock::system()).await?;
    Ok(Reach::Alone(Box::new(pipeline)))
}

/// Ends work on the data directory.
pub(super) async fn close(pipeline: Pipeline) -> anyhow::Result<()> {
    let stragglers = pipeline.stop(std::time::Duration::from_secs(9)).await;
    if !stragglers.is_empty() {
        bail!("these did not end in time: {}", stragglers.join(", "));
    }
    Ok(())
}

/// The JSON of an answer, or what the daemon says is wrong.
pub(super) fn accepted(answer: &DaemonAnswer) -> anyhow::Result<Value> {
    let value: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    if answer.status < 300 {
        return Ok(value);
    }
    let said = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (title, detail) = (said("title"), said("detail"));
    match (title.is_empty(), detail.is_empty()) {
        (true, true) => bail!("the daemon answered {}", answer.status),
        (false, true) => bail!("the daemon answered {}: {title}", answer.status),
        _ => bail!("the daemon answered {}: {detail}", answer.status),
    }
}
