//! One file per subcommand; names and promises are those of the README.
//!
//! Results go to standard output, everything else to standard error. Exit status: 0 done, 1 the work
//! failed, 2 bad usage or configuration.

mod assess;
mod check;
mod demo;
mod dict;
mod eval;
mod export;
mod ingest;
mod model;
mod notify_test;
mod offline;
mod openapi;
mod output;
mod parallel;
mod people;
mod replay;
mod rescore;
mod rota;
mod rules;
mod search;
mod serve;
mod templates;
mod verify;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::config::{Directories, Fault};

/// Hears what the public says about its services, and keeps the clock until the public has its answer.
#[derive(Parser)]
#[command(name = "minsheng", version, max_term_width = 100, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    places: Places,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Where things lie.
#[derive(clap::Args, Clone)]
struct Places {
    /// Data directory.
    #[arg(long, global = true, env = "MINSHENG_DATA", default_value = "./data", value_name = "DIR")]
    data: PathBuf,
    /// Configuration directory.
    #[arg(long, global = true, env = "MINSHENG_CONFIG", default_value = "./config", value_name = "DIR")]
    config: PathBuf,
    /// Dictionaries.
    #[arg(
        long,
        global = true,
        env = "MINSHENG_DICTIONARIES",
        default_value = "./dictionaries",
        value_name = "DIR"
    )]
    dictionaries: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Run the daemon; what `minsheng` alone does
    #[command(after_help = "Example:\n  minsheng serve --config /etc/minsheng --data /var/lib/minsheng")]
    Serve,
    /// Run the daemon on a sample town that it serves itself
    Demo(demo::Demo),
    /// Read configuration and dictionaries and name every problem in them
    Check(check::Check),
    /// Judge posts: one assessment a line, in the order given
    Assess(assess::Assess),
    /// Hold judgements against labelled posts
    Eval(eval::Eval),
    /// Teach a model by labelled posts, and try how well it does
    #[command(subcommand)]
    Model(model::Model),
    /// Work on the dictionaries: try a text, compare two sets, find faults, and what is missing
    #[command(subcommand)]
    Dict(dict::Dict),
    /// Tell what a change of dictionaries, weights or rules would have done; as `dict backtest`
    Backtest(dict::Backtest),
    /// Run a time-stamped stream through the daemon's stages under a virtual clock
    Replay(replay::Replay),
    /// Send posts to a running daemon, or straight into the data directory
    Ingest(ingest::Ingest),
    /// Search stored posts
    Search(search::Search),
    /// What is stored, for other tools
    #[command(subcommand)]
    Export(export::Export),
    /// Check an export of what was decided and done
    #[command(subcommand)]
    Audit(export::audit::AuditLog),
    /// Judge stored posts again by the dictionaries and the model in force
    Rescore(rescore::Rescore),
    /// Send a marked test through one receiver and show the answer
    NotifyTest(notify_test::NotifyTest),
    /// Show and try the words of messages
    #[command(subcommand)]
    Templates(templates::Templates),
    /// Try the rules and routes
    #[command(subcommand)]
    Rules(rules::Rules),
    /// Show who is on duty now and in the days to come
    Rota(rota::Rota),
    /// Watch a daemon on another machine, and call when it falls silent
    Watch(watch::Watch),
    /// People who may log in
    #[command(subcommand)]
    User(people::User),
    /// Machines that may use the API
    #[command(subcommand)]
    Token(people::Token),
    /// Check journal, store and index against each other
    Verify(verify::Verify),
    /// Delete store and index and make them anew from the journal
    Rebuild(verify::Rebuild),
    /// Print the API's description (OpenAPI 3.1)
    Openapi,
    /// Print completions for a shell
    #[command(after_help = "Example:\n  minsheng completions bash > /etc/bash_completion.d/minsheng")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Why a command did not do its work.
enum Failure {
    /// Bad usage or configuration: exit status 2.
    Usage(String),
    /// Configuration with these faults: exit status 2.
    Faults(Vec<Fault>),
    /// The work failed: exit status 1.
    Work(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Work(error.into())
    }
}

/// What every command comes to.
type Done = Result<(), Failure>;

impl Places {
    fn directories(&self) -> Directories {
        Directories { config: self.config.clone(), dictionaries: self.dictionaries.clone() }
    }
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("a cryptography provider was installed before");
    }
    let Cli { places, command } = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(Err(Failure::from(error))),
    };
    let done = runtime.block_on(run(&places, command.unwrap_or(Command::Serve)));
    // Blocking work that hangs does not keep a finished command from ending.
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    report(done)
}

async fn run(places: &Places, command: Command) -> Done {
    match command {
        Command::Serve => Box::pin(serve::run(places)).await,
        Command::Demo(demo) => Box::pin(demo.run(places)).await,
        Command::Check(check) => check.run(places),
        Command::Assess(assess) => assess.run(places),
        Command::Eval(eval) => eval.run(places),
        Command::Model(model) => model.run(places),
        Command::Dict(dict) => dict.run(places),
        Command::Backtest(backtest) => backtest.run(places),
        Command::Replay(replay) => replay.run(places),
        Command::Ingest(ingest) => ingest.run(places).await,
        Command::Search(search) => search.run(places).await,
        Command::Export(export) => export.run(places).await,
        Command::Audit(audit) => audit.run(places),
        Command::Rescore(rescore) => rescore.run(places).await,
        Command::NotifyTest(test) => test.run(places).await,
        Command::Templates(templates) => templates.run(places),
        Command::Rules(rules) => rules.run(places),
        Command::Rota(rota) => rota.run(places),
        Command::Watch(watch) => watch.run(places).await,
        Command::User(user) => user.run(places).await,
        Command::Token(token) => token.run(places).await,
        Command::Verify(verify) => verify.run(places),
        Command::Rebuild(rebuild) => rebuild.run(places).await,
        Command::Openapi => openapi::run(),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "minsheng", &mut script);
            Ok(output::bytes(&script)?)
        }
    }
}

fn report(done: Done) -> ExitCode {
    let (words, code) = match done {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Usage(words)) => (words, 2),
        Err(Failure::Faults(faults)) => {
            let words: Vec<String> = faults.iter().map(ToString::to_string).collect();
            (words.join("\n"), 2)
        }
        Err(Failure::Work(error)) => {
            // Whoever reads our output may stop reading; that is no failure to speak of.
            let closed = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
            if closed == Some(std::io::ErrorKind::BrokenPipe) {
                return ExitCode::SUCCESS;
            }
            (format!("minsheng: {}", output::chain(&error)), 1)
        }
    };
    output::complain(&words);
    ExitCode::from(code)
}

/// Today, by which dated rows of dictionaries are judged.
fn today() -> jiff::civil::Date {
    let now = crate::pipeline::clock::Clock::system().now();
    crate::incident::desk_time(now).date()
}
