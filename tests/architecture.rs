//! Holds the sources to the architecture: reads them, and fails on what compiles but must not be.
//!
//! Each rule lives in a file of its own below `architecture/`, with a test that feeds it a breach; here each is
//! held against the whole tree. What a rule says about a fault includes how it is mended.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[path = "architecture/categories.rs"]
mod categories;
#[path = "architecture/effects.rs"]
mod effects;
#[path = "architecture/fault.rs"]
mod fault;
#[path = "architecture/layers.rs"]
mod layers;
#[path = "architecture/mention.rs"]
mod mention;
#[path = "architecture/persons.rs"]
mod persons;
#[path = "architecture/tree.rs"]
mod tree;

use fault::{Fault, assert_none};
use tree::{SourceFile, Tree};

/// The order of permission; `src/lib.rs` must list what it has of these, and nothing else, in this order.
const ORDER: [&str; 24] = [
    "telemetry",
    "text",
    "lexicon",
    "model",
    "source",
    "outward",
    "crawl",
    "extract",
    "assess",
    "detect",
    "alert",
    "people",
    "incident",
    "notify",
    "journal",
    "store",
    "search",
    "pipeline",
    "web",
    "report",
    "demo",
    "config",
    "app",
    "cli",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The faults a rule finds in all files of the library.
fn in_every_file(rule: impl Fn(&SourceFile) -> Vec<Fault>) -> Vec<Fault> {
    Tree::read(root()).files.iter().flat_map(rule).collect()
}

/// Whether `listed` is in the order of [`ORDER`] without a stranger.
fn order_faults(listed: &[String]) -> Vec<Fault> {
    let expected: Vec<&str> =
        ORDER.into_iter().filter(|name| listed.iter().any(|found| found == name)).collect();
    if listed == expected {
        return Vec::new();
    }
    let what = format!("the modules stand as {}", listed.join(" "));
    vec![Fault::of_file("src/lib.rs", what, format!("list them as {}", ORDER.join(" ")))]
}

fn header_fault(path: &str, text: &str) -> Option<Fault> {
    let missing = !text.trim_start_matches('\u{feff}').starts_with("//!");
    let mend = "open it with what it decides, what it leaves to others and what always holds";
    missing.then(|| Fault::of_file(path, "the file has no `//!` header", mend))
}

#[test]
fn the_module_list_is_the_architecture() {
    let tree = Tree::read(root());
    assert!(tree.files.len() > 100, "only {} files were found: the reading is broken", tree.files.len());
    assert_none(&order_faults(&tree.order));
    let swapped = ["text", "web", "search"].map(str::to_owned);
    assert_eq!(order_faults(&swapped).len(), 1, "a swapped list must be told");
    let strange = ["text", "helpers"].map(str::to_owned);
    assert_eq!(order_faults(&strange).len(), 1, "a strange module must be told");
}

#[test]
fn no_module_uses_one_listed_below_it() {
    let order = Tree::read(root()).order;
    assert_none(&in_every_file(|file| layers::upward_uses(&order, file)));
}

#[test]
fn large_crates_are_named_at_home_only() {
    let mut faults = in_every_file(layers::strayed_crates);
    faults.extend(layers::renamed_dependencies(&read("Cargo.toml")));
    assert_none(&faults);
}

#[test]
fn tasks_are_started_by_the_pipeline_and_the_app_only() {
    assert_none(&in_every_file(effects::stray_tasks));
}

#[test]
fn the_clock_is_read_by_pipeline_web_and_app_only() {
    assert_none(&in_every_file(effects::stray_clocks));
}

#[test]
fn nothing_seen_outside_speaks_of_authors() {
    let mut faults = in_every_file(persons::in_code);
    for path in tree::files_below(root(), "src/web", &["html", "js", "json", "txt"]) {
        // Vendored scripts are other people's text.
        if !path.ends_with(".min.js") {
            faults.extend(persons::in_template(&path, &read(&path)));
        }
    }
    assert_none(&faults);
}

#[test]
fn nothing_but_the_twelve_services_is_looked_for() {
    let tree = Tree::read(root());
    let list = tree.files.iter().find(|file| file.path == "src/lexicon/category.rs");
    let mut faults = categories::in_enum(list.expect("src/lexicon/category.rs is there"));
    let dictionaries = tree::files_below(root(), "dictionaries", &["tsv"]);
    assert!(dictionaries.len() > 12, "only {} dictionaries were found", dictionaries.len());
    for path in &dictionaries {
        faults.extend(categories::in_dictionary(path, &read(path)));
    }
    faults
        .extend(categories::in_sheet("dictionaries/categories.toml", &read("dictionaries/categories.toml")));
    assert_none(&faults);
}

#[test]
fn every_file_opens_with_its_header() {
    let folders = ["src", "tests", "benches", "fuzz/src", "fuzz/fuzz_targets"];
    let files = folders.iter().flat_map(|folder| tree::rust_files(root(), folder));
    assert_none(&files.filter_map(|path| header_fault(&path, &read(&path))).collect::<Vec<_>>());
    assert!(
        header_fault("src/x.rs", "// no header\nfn f() {}").is_some(),
        "a file without header must be told"
    );
    assert!(header_fault("src/x.rs", "//! Decides.\n").is_none());
}

#[test]
fn every_source_file_is_declared_by_a_module() {
    let tree = Tree::read(root());
    let mut declared: BTreeSet<String> = tree.files.iter().map(|file| file.path.clone()).collect();
    declared.extend(tree.test_only);
    declared.insert("src/main.rs".to_owned());
    let lost: Vec<Fault> = tree::rust_files(root(), "src")
        .into_iter()
        .filter(|path| !declared.contains(path))
        .map(|path| {
            Fault::of_file(&path, "no module declares this file", "declare it with `mod`, or remove it")
        })
        .collect();
    assert_none(&lost);
}
