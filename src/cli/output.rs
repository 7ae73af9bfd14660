//! What commands print: results on standard output, words for people on standard error.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// Writes a result as it is.
pub(super) fn bytes(result: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(result)?;
    out.flush()
}

/// Writes a line of text.
pub(super) fn line(text: impl AsRef<str>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_ref().as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Writes one JSON value on a line.
pub(super) fn json(value: &impl Serialize) -> io::Result<()> {
    line(serde_json::to_string(value)?)
}

/// Many lines, buffered.
pub(super) fn lines() -> BufWriter<io::StdoutLock<'static>> {
    BufWriter::with_capacity(1 << 16, io::stdout().lock())
}

/// Tells people something that is no result. Nowhere else to say that standard error is gone.
pub(super) fn complain(words: &str) {
    drop(writeln!(io::stderr().lock(), "{words}"));
}

/// An error with its causes on one line.
pub(super) fn chain(error: &anyhow::Error) -> String {
    let mut said: Vec<String> = Vec::new();
    for cause in error.chain().map(ToString::to_string) {
        // Errors that only pass on what lies below would say it twice.
        if said.last().is_none_or(|last| !last.contains(&cause)) {
            said.push(cause);
        }
    }
    said.join(": ")
}

/// Whether results may be coloured.
pub(super) fn coloured() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// A bar that shows itself on a terminal when the work takes more than two seconds.
pub(super) fn progress(total: Option<u64>, what: &'static str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = match total {
        Some(total) => ProgressBar::with_draw_target(Some(total), indicatif::ProgressDrawTarget::stderr()),
        None => ProgressBar::with_draw_target(None, indicatif::ProgressDrawTarget::stderr()),
    };
    let template = match total {
        Some(_) => "{msg} {wide_bar} {human_pos}/{human_len} {eta}",
        None => "{spinner} {msg} {human_pos} ({per_sec})",
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    bar.set_message(what);
    bar.enable_steady_tick(Duration::from_secs(2));
    bar
}
