//! `minsheng serve`: the daemon.

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use super::{Done, Failure, Places, output, today};
use crate::app::{App, Options};
use crate::config;
use crate::pipeline::clock::Clock;
use crate::telemetry::{LogFormat, start_logging};

pub(super) async fn run(places: &Places) -> Done {
    start_logging("info", LogFormat::for_stderr());
    let loaded = config::load(&places.directories(), today()).map_err(Failure::Faults)?;
    for warning in &loaded.warnings {
        tracing::warn!(%warning, "configuration");
    }
    if loaded.sources.is_empty() {
        tracing::warn!("no sources are configured: add files to sources/, or push to /api/v1/posts");
    }
    let options = Options {
        data: places.data.clone(),
        watched: Some(places.directories()),
        inbox: None,
        clock: Clock::system(),
    };
    let app = App::start(loaded, options).await?;
    greet(&app)?;
    until_told().await?;
    stop(app).await
}

/// Says where the console is, and what a newcomer needs.
pub(super) fn greet(app: &App) -> std::io::Result<()> {
    output::line(format!("Console: {}", app.console))?;
    if let Some(code) = &app.setup_code {
        output::line(format!(
            "First start: open {}setup and make the first administrator with this code, which holds once:\n\n    {}\n",
            app.console, code
        ))?;
    }
    for view in &app.started.set_aside {
        output::complain(&format!("set aside and made anew: {} ({})", view.path.display(), view.reason));
    }
    Ok(())
}

/// Waits for SIGTERM or Ctrl-C.
pub(super) async fn until_told() -> anyhow::Result<()> {
    let mut term = signal(SignalKind::terminate()).context("SIGTERM cannot be heard")?;
    tokio::select! {
        _ = term.recv() => {}
        heard = tokio::signal::ctrl_c() => heard.context("Ctrl-C cannot be heard")?,
    }
    Ok(())
}

/// Stops in order; a second signal ends at once.
pub(super) async fn stop(app: App) -> Done {
    tracing::info!("stopping");
    tokio::select! {
        stragglers = app.stop() => {
            if stragglers.is_empty() {
                tracing::info!("stopped");
                return Ok(());
            }
            Err(Failure::Work(anyhow::anyhow!("these did not end in time: {}", stragglers.join(", "))))
        }
        told = until_told() => {
            told?;
            // As safe as kill -9: what was acknowledged is durable.
            std::process::exit(1)
        }
    }
}
