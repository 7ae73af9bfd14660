//! Tasks and time: who may start the one and read the other.

use crate::fault::Fault;
use crate::mention::{Named, mentions};
use crate::tree::SourceFile;

/// Modules that own tasks.
const OWN_TASKS: [&str; 2] = ["pipeline", "app"];

/// Modules that read the clock.
const READ_CLOCK: [&str; 3] = ["pipeline", "web", "app"];

/// Functions of tokio that start a task. `spawn_blocking` is not among them: store, search and web wait for
/// what they start with it.
const STARTS: [&str; 3] = ["spawn", "spawn_local", "spawn_on"];

/// Types that start tasks.
const STARTERS: [&str; 4] = ["JoinSet", "TaskTracker", "LocalSet", "JoinMap"];

/// Calls that read the wall clock, by their last two names. `Instant` only measures and stays allowed.
const CLOCKS: [(&str, &str); 4] =
    [("Timestamp", "now"), ("SystemTime", "now"), ("Zoned", "now"), ("Uuid", "now_v7")];

/// Tasks that are started where nobody tracks them.
pub(crate) fn stray_tasks(file: &SourceFile) -> Vec<Fault> {
    if file.top().is_some_and(|own| OWN_TASKS.contains(&own)) {
        return Vec::new();
    }
    let found = mentions(file);
    // Threads and child processes are started by a method of the same name.
    let has_threads = found.iter().filter_map(|mention| mention.named.path()).any(|path| {
        matches!(path, [first, second, ..]
            if (first == "std" || first == "tokio") && (second == "thread" || second == "process"))
    });
    let starts = |named: &Named| match named {
        Named::Path(path) | Named::HandedOn(path) => {
            let last = path.last()?;
            let from_tokio = path[0] == "tokio" || path[0] == "tokio_util";
            let is_task = from_tokio && STARTS.contains(&last.as_str());
            let is_starter = from_tokio && path.iter().any(|name| STARTERS.contains(&name.as_str()));
            (is_task || is_starter).then(|| path.join("::"))
        }
        Named::Method(name) => {
            (!has_threads && STARTS.contains(&name.as_str())).then(|| format!(".{name}(…)"))
        }
    };
    let faults = found.iter().filter_map(|mention| {
        Some(Fault::new(
            &file.path,
            mention.line,
            format!("`{}` starts a task", starts(&mention.named)?),
            "return a future and let `pipeline` or `app` track it, so that stopping waits for it",
        ))
    });
    faults.collect()
}

/// Readings of the clock where time should be an argument.
pub(crate) fn stray_clocks(file: &SourceFile) -> Vec<Fault> {
    if file.top().is_some_and(|own| READ_CLOCK.contains(&own)) {
        return Vec::new();
    }
    let found = mentions(file);
    let faults = found.iter().filter_map(|mention| {
        let [.., of, call] = mention.named.path()? else { return None };
        CLOCKS.iter().find(|(wanted_of, wanted_call)| of == wanted_of && call == wanted_call)?;
        Some(Fault::new(
            &file.path,
            mention.line,
            format!("`{of}::{call}` reads the clock"),
            "take `now: Timestamp` as the last argument; replay and tests bring another clock",
        ))
    });
    faults.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(module: &'static str, text: &str) -> SourceFile {
        SourceFile::parse("src/x.rs", &[module], text)
    }

    #[test]
    fn tasks_are_started_by_their_owners_only() {
        for (text, faults) in [
            ("fn f() { tokio::spawn(g()); }", 1),
            ("fn f() { tokio::task::spawn(g()); }", 1),
            ("use tokio::spawn as start; fn f() { start(g()); }", 1),
            ("use tokio::task; fn f() { task::spawn_local(g()); }", 1),
            ("use tokio::task::JoinSet; fn f(tasks: &mut JoinSet<()>) {}", 1),
            ("use tokio_util::task::TaskTracker;", 1),
            ("fn f(&self) { self.tasks.spawn(g()); }", 1),
            ("fn f() { tokio::runtime::Handle::current().spawn(g()); }", 1),
            ("fn f() { join!(self.tasks.spawn(g())); }", 1),
            ("async fn f() { tokio::task::spawn_blocking(g).await; }", 0),
            ("fn f() { std::thread::scope(|s| { s.spawn(g); }); }", 0),
            ("#[cfg(test)] mod tests { fn f() { tokio::spawn(g()); } }", 0),
        ] {
            assert_eq!(stray_tasks(&file("web", text)).len(), faults, "{text}");
        }
        assert_eq!(stray_tasks(&file("pipeline", "fn f() { tokio::spawn(g()); }")), []);
    }

    #[test]
    fn the_clock_is_read_at_the_edges_only() {
        for (text, faults) in [
            ("fn f() { jiff::Timestamp::now(); }", 1),
            ("use jiff::Timestamp as T; fn f() { T::now(); }", 1),
            ("use std::time::SystemTime; fn f() { <SystemTime>::now(); }", 1),
            ("use jiff::Zoned; const NOW: fn() -> Zoned = Zoned::now;", 1),
            ("fn f() { uuid::Uuid::now_v7(); }", 1),
            ("fn f() { warn!(at = %jiff::Timestamp::now()); }", 1),
            ("fn f() { tokio::time::Instant::now(); }", 0),
            ("fn f(now: Timestamp) { now.checked_add(d); }", 0),
        ] {
            assert_eq!(stray_clocks(&file("detect", text)).len(), faults, "{text}");
        }
        assert_eq!(stray_clocks(&file("web", "fn f() { jiff::Timestamp::now(); }")), []);
    }
}
