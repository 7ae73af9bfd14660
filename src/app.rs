//! Wires everything in order and stops it in reverse.
//!
//! [`App::start`] turns what was loaded into a running daemon: the pipeline, the web on its listener and
//! on the control socket, and the watch over the files that people edit. [`App::stop`] ends it within ten
//! seconds and names what did not end.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use notify::Watcher;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::assess::Assessor;
use crate::config::{self, Config, Directories, Fault, Loaded};
use crate::extract::post::VoiceKey;
use crate::incident::Names;
use crate::journal::record::{AuditEntry, PersonOrToken};
use crate::notify::{Mailer, Receivers};
use crate::outward::Outward;
use crate::people::SetupCode;
use crate::pipeline::Handles;
use crate::pipeline::clock::Clock;
use crate::pipeline::courier::Carriers;
use crate::pipeline::reload::Reload;
use crate::pipeline::start::{Pipeline, Setup, Started};
use crate::telemetry::Metrics;
use crate::web::{self, Configured, Inbox, Web};

/// Whole time for stopping.
const PATIENCE: Duration = Duration::from_secs(9);
/// Files are read again when nothing has changed for so long.
const SETTLED: Duration = Duration::from_millis(400);

/// A running daemon.
pub struct App {
    pipeline: Pipeline,
    stop: CancellationToken,
    tasks: TaskTracker,
    /// Where it listens.
    pub listening: SocketAddr,
    /// The console's address for people.
    pub console: Url,
    /// What the first administrator is asked for; `None` when there are people already.
    pub setup_code: Option<String>,
    /// How journal and views were found.
    pub started: Started,
}

/// What the daemon is told beside its configuration.
pub struct Options {
    /// Data directory.
    pub data: PathBuf,
    /// Watched for changes; `None` for a daemon whose configuration does not come from files.
    pub watched: Option<Directories>,
    /// Messages of the demo's sinks, shown in the console.
    pub inbox: Option<Inbox>,
    /// Tells the time.
    pub clock: Clock,
}

impl App {
    /// Starts everything; what was started is stopped again if a later part fails.
    pub async fn start(loaded: Loaded, options: Options) -> anyhow::Result<Self> {
        let Options { data, watched, inbox, clock } = options;
        make_private_dir(&data)
            .with_context(|| format!("cannot make the data directory {}", data.display()))?;
        let mut web_config = loaded.config.web.clone();
        let listener = TcpListener::bind(web_config.listen)
            .await
            .with_context(|| format!("cannot listen on {}", web_config.listen))?;
        // Port 0 asks for any free one.
        web_config.listen = listener.local_addr()?;
        let listening = web_config.listen;
        let console = web_config.console_url();
        let configured = Configured {
            departments: loaded.departments.clone(),
            rules: loaded.rules.clone(),
            receivers: loaded.receivers.clone(),
            clocks: loaded.clocks.clone(),
            checklists: loaded.checklists.clone(),
            drill_within: loaded.config.incident.drill_within,
        };
        let exceptions = loaded.outward_exceptions();
        let setup = setup(loaded, &data, console.clone(), clock.clone())?;
        let reloading = Reloading::of(&setup);
        let metrics = Metrics::install().context("metrics cannot be set up")?;
        let (pipeline, started) = Pipeline::start(setup).await?;
        let handles = pipeline.handles.clone();
        audit_exceptions(&handles, &exceptions, &clock).await?;

        let setup_code = if handles.store.people()?.is_empty() { Some(SetupCode::generate()?) } else { None };
        let shown_code = setup_code.as_ref().map(SetupCode::reveal);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let control = web::control_socket(&data)?;
        let web = Web::new(web_config, handles.clone(), metrics, configured, setup_code, inbox);
        let serving = web::serve(web.clone(), listener, Some(control), stop.clone());
        tasks.spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "the web ended");
            }
        });
        if let Some(directories) = watched {
            tasks.spawn(reloading.watch(directories, handles.clone(), web, stop.clone()));
        }
        if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
            tracing::warn!(%error, "the service manager could not be told");
        }
        tracing::info!(%listening, "ready");
        Ok(Self { pipeline, stop, tasks, listening, console, setup_code: shown_code, started })
    }

    /// What the rest of the program works with.
    pub fn handles(&self) -> &Handles {
        &self.pipeline.handles
    }

    /// Stops everything in reverse; names what did not end in time.
    pub async fn stop(self) -> Vec<&'static str> {
        if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Stopping]) {
            tracing::warn!(%error, "the service manager could not be told");
        }
        let mut stragglers = Vec::new();
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(PATIENCE / 4, self.tasks.wait()).await.is_err() {
            stragglers.push("web");
        }
        stragglers.extend(self.pipeline.stop(PATIENCE * 3 / 4).await);
        stragglers
    }
}

/// A pipeline without web and without crawl, for commands that work straight on the data directory.
pub async fn pipeline_alone(mut loaded: Loaded, data: &Path, clock: Clock) -> anyhow::Result<Pipeline> {
    make_private_dir(data).with_context(|| format!("cannot make the data directory {}", data.display()))?;
    loaded.sources.clear();
    let console = loaded.config.web.console_url();
    let (pipeline, _) = Pipeline::start(setup(loaded, data, console, clock)?).await?;
    Ok(pipeline)
}

/// How receivers are reached, without a daemon: for a test of one, or for the word of a watch.
pub fn carriers(receivers: Receivers, outward: Outward, console: Url) -> anyhow::Result<Carriers> {
    let mailer = mailer(&receivers, &outward, &console)?;
    Ok(Carriers::new(receivers, mailer, outward, console))
}

/// Servers that run beside the daemon: the demo's town and sinks.
#[derive(Default)]
pub struct Beside {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Beside {
    /// What tells them to stop.
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Runs a server until [`Beside::end`].
    pub fn run(&self, name: &'static str, server: impl Future<Output = io::Result<()>> + Send + 'static) {
        self.tasks.spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(name, %error, "a server of the demo ended");
            }
        });
    }

    /// Stops all of them.
    pub async fn end(self) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(PATIENCE / 3, self.tasks.wait()).await.is_err() {
            tracing::warn!("the demo's own servers did not end in time");
        }
    }
}

fn setup(loaded: Loaded, data: &Path, console: Url, clock: Clock) -> anyhow::Result<Setup> {
    let mailer = mailer(&loaded.receivers, &loaded.outward, &console)?;
    let names = Names::new(loaded.lexicon.categories(), &loaded.departments);
    let Config { web: _, crawl, outward: _, assess, detect, incident, journal, store, search } =
        loaded.config;
    Ok(Setup {
        data: data.to_owned(),
        journal,
        store,
        search,
        assessor: Arc::new(Assessor::new(Arc::new(loaded.lexicon), assess.clone()).with_model(loaded.model)),
        assess,
        detect,
        desk: incident,
        crawl,
        sources: loaded.sources,
        rules: loaded.rules,
        receivers: loaded.receivers,
        mailer,
        names,
        clocks: loaded.clocks,
        checklists: loaded.checklists,
        outward: loaded.outward,
        console,
        voice_key: voice_key(data)?,
        clock,
    })
}

fn mailer(receivers: &Receivers, outward: &Outward, console: &Url) -> anyhow::Result<Option<Mailer>> {
    let Some(smtp) = receivers.smtp.clone() else { return Ok(None) };
    let mailer = Mailer::new(smtp, outward.clone(), console.clone()).context("receivers.toml [smtp]")?;
    Ok(Some(mailer))
}

/// The installation's key for voices, made at the first start. Without it the writers cannot be counted
/// across restarts; with another one they cannot be told from before.
fn voice_key(data: &Path) -> anyhow::Result<VoiceKey> {
    let path = data.join("voice.key");
    match fs::read(&path) {
        Ok(bytes) => {
            let key = bytes.try_into().ok().with_context(|| format!("{} is not 32 bytes", path.display()))?;
            Ok(VoiceKey::new(key))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut key = [0; 32];
            getrandom::fill(&mut key).context("no randomness for the key of voices")?;
            let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(&key)?;
            file.sync_all()?;
            fs::File::open(data)?.sync_all()?;
            Ok(VoiceKey::new(key))
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn make_private_dir(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Exceptions from the address rules are shown and kept in the audit log (S4).
async fn audit_exceptions(handles: &Handles, exceptions: &[SocketAddr], clock: &Clock) -> anyhow::Result<()> {
    for exception in exceptions {
        tracing::warn!(%exception, "outward exception in force");
        let entry = AuditEntry {
            at: clock.now(),
            by: Some(PersonOrToken::Console),
            right: None,
            what: "outward-exception".to_owned(),
            detail: exception.to_string(),
            from: None,
        };
        handles.desk.audit(entry).await?;
    }
    Ok(())
}

/// Brings changed files into force.
struct Reloading {
    assess: crate::assess::AssessConfig,
    outward: Outward,
    console: Url,
}

impl Reloading {
    fn of(setup: &Setup) -> Self {
        Self { assess: setup.assess.clone(), outward: setup.outward.clone(), console: setup.console.clone() }
    }

    /// Reads everything again when a file changes or SIGHUP comes; a broken file changes nothing.
    async fn watch(self, directories: Directories, handles: Handles, web: Web, stop: CancellationToken) {
        let (changed, mut changes) = mpsc::channel(1);
        let noticed = move |event: notify::Result<notify::Event>| {
            let matters = |event: &notify::Event| !matches!(event.kind, notify::EventKind::Access(_));
            if event.as_ref().is_ok_and(matters) {
                // One waiting notice is enough: everything is read again.
                let (Ok(()) | Err(_)) = changed.try_send(());
            }
        };
        let watching = notify::recommended_watcher(noticed).and_then(|mut watcher| {
            for dir in [&directories.config, &directories.dictionaries] {
                if dir.is_dir() {
                    watcher.watch(dir, notify::RecursiveMode::Recursive)?;
                }
            }
            Ok(watcher)
        });
        if let Err(error) = &watching {
            tracing::warn!(%error, "files are not watched; SIGHUP reads them again");
        }
        let hangup = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup());
        let Ok(mut hangup) = hangup else {
            tracing::error!("signals cannot be heard");
            return;
        };
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = hangup.recv() => {}
                Some(()) = changes.recv() => {
                    // Editors write in several steps: wait until it is quiet.
                    while tokio::time::timeout(SETTLED, changes.recv()).await.is_ok() {}
                }
            }
            self.read_again(&directories, &handles, &web).await;
        }
    }

    async fn read_again(&self, directories: &Directories, handles: &Handles, web: &Web) {
        let (directories, today) =
            (directories.clone(), crate::incident::desk_time(handles.clock.now()).date());
        let loading = tokio::task::spawn_blocking(move || config::load(&directories, today));
        let loaded = match loading.await {
            Ok(Ok(loaded)) => loaded,
            Ok(Err(faults)) => return complain(&faults),
            Err(error) => {
                tracing::error!(%error, "configuration could not be read again");
                return;
            }
        };
        if let Err(error) = self.take(loaded, &handles.reload, web).await {
            tracing::error!(error = format!("{error:#}"), "changed configuration did not take effect");
        }
    }

    async fn take(&self, loaded: Loaded, reload: &Reload, web: &Web) -> anyhow::Result<()> {
        web.replace(Configured {
            departments: loaded.departments.clone(),
            rules: loaded.rules.clone(),
            receivers: loaded.receivers.clone(),
            clocks: loaded.clocks.clone(),
            checklists: loaded.checklists.clone(),
            drill_within: loaded.config.incident.drill_within,
        });
        let names = Names::new(loaded.lexicon.categories(), &loaded.departments);
        reload.names(names.clone()).await?;
        reload.clocks(loaded.clocks, loaded.checklists).await?;
        let current = reload.lexicons().current();
        let same_model = current.model().map(|m| m.version()) == loaded.model.as_ref().map(|m| m.version());
        if current.lexicon().version() != loaded.lexicon.version() || !same_model {
            let (lexicon, model) = (Arc::new(loaded.lexicon), loaded.model);
            let assess = self.assess.clone();
            let making = move || Arc::new(Assessor::new(lexicon, assess).with_model(model));
            let assessor = tokio::task::spawn_blocking(making).await?;
            let version = assessor.version();
            if reload.dictionaries(assessor, names).await? {
                tracing::info!(version, "dictionaries in force");
            }
        }
        let mailer = mailer(&loaded.receivers, &self.outward, &self.console)?;
        reload.receivers(loaded.receivers, mailer).await?;
        let version = loaded.rules.version().to_owned();
        if reload.rules(loaded.rules).await? {
            tracing::info!(version, "rules in force");
        }
        Ok(())
    }
}

fn complain(faults: &[Fault]) {
    for fault in faults {
        tracing::error!(%fault, "configuration refused; what was in force stays");
    }
}
