//! Who may use whom: the order of `src/lib.rs`, and the one home of each large crate.

use crate::fault::Fault;
use crate::mention::{Named, mentions};
use crate::tree::SourceFile;

/// Crates that only some modules may name, so that they can be exchanged in one place.
const HOMES: [(&str, &[&str]); 13] = [
    ("sled", &["store"]),
    ("tantivy", &["search"]),
    ("jieba_rs", &["text"]),
    ("scraper", &["extract"]),
    ("ego_tree", &["extract"]),
    ("quick_xml", &["extract"]),
    ("axum", &["web", "demo"]),
    ("tower_http", &["web", "demo"]),
    ("utoipa", &["web"]),
    ("askama", &["web", "report", "demo"]),
    ("minijinja", &["notify"]),
    ("reqwest", &["outward"]),
    ("lettre", &["notify"]),
];

/// Uses of modules that are listed below the file's own.
pub(crate) fn upward_uses(order: &[String], file: &SourceFile) -> Vec<Fault> {
    let rank = |name: &str| order.iter().position(|module| module == name);
    let Some((own, own_rank)) = file.top().and_then(|own| Some((own, rank(own)?))) else { return Vec::new() };
    let upward = |path: &[String]| match path {
        [root, module, ..] if root == "crate" && rank(module)? > own_rank => Some(module.clone()),
        _ => None,
    };
    let found = mentions(file);
    let faults = found.iter().filter_map(|mention| {
        let module = upward(mention.named.path()?)?;
        Some(Fault::new(
            &file.path,
            mention.line,
            format!("`{own}` uses `crate::{module}`, which src/lib.rs lists below it"),
            format!(
                "take what is needed as an argument, or move it to `{own}` or above; data flows down the list"
            ),
        ))
    });
    faults.collect()
}

/// Uses of a crate outside its home, and what a home hands on of it.
pub(crate) fn strayed_crates(file: &SourceFile) -> Vec<Fault> {
    let own = file.top().unwrap_or("the crate's root");
    let mut faults = Vec::new();
    for mention in mentions(file) {
        let Some(path) = mention.named.path() else { continue };
        let Some((name, homes)) = HOMES.iter().find(|(name, _)| path[0] == *name) else { continue };
        let home = homes.join("`, `");
        if !homes.contains(&own) {
            faults.push(Fault::new(
                &file.path,
                mention.line,
                format!("crate `{name}` is used in `{own}`"),
                format!("only `{home}` may name it: ask that module in words of our own"),
            ));
        } else if matches!(mention.named, Named::HandedOn(_)) {
            faults.push(Fault::new(
                &file.path,
                mention.line,
                format!("`{}` is handed on by `pub use`", path.join("::")),
                format!("wrap it in a type of `{own}`, so that crate `{name}` stays at home"),
            ));
        }
    }
    faults
}

/// Dependencies under another name, which would hide a crate from [`strayed_crates`].
pub(crate) fn renamed_dependencies(manifest: &str) -> Vec<Fault> {
    let manifest: toml::Table = manifest.parse().expect("Cargo.toml is TOML");
    let Some(dependencies) = manifest.get("dependencies").and_then(toml::Value::as_table) else {
        return Vec::new();
    };
    let renamed = dependencies.iter().filter(|(_, value)| value.get("package").is_some());
    renamed
        .map(|(name, _)| {
            Fault::of_file(
                "Cargo.toml",
                format!("dependency `{name}` is another crate's name"),
                "use its own name",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::places;

    fn order() -> Vec<String> {
        ["text", "crawl", "store", "web"].map(str::to_owned).to_vec()
    }

    fn in_crawl(text: &str) -> SourceFile {
        SourceFile::parse("src/crawl/fetch.rs", &["crawl", "fetch"], text)
    }

    #[test]
    fn looking_down_the_list_is_refused_and_up_is_not() {
        for (text, faults) in [
            ("use crate::web::Page;", 1),
            ("use crate::{text::normalize, store::Store};", 1),
            ("fn f() { super::super::web::run(); }", 1),
            ("fn f() { log!(\"{}\", crate::store::NAME); }", 1),
            ("use crate::text::normalize; use super::robots; use crate::crawl::robots as again;", 0),
            ("#[cfg(test)] mod tests { use crate::web::Page; }", 0),
        ] {
            assert_eq!(upward_uses(&order(), &in_crawl(text)).len(), faults, "{text}");
        }
        let told = upward_uses(&order(), &in_crawl("\nuse crate::web::Page;"))[0].to_string();
        assert!(told.starts_with("src/crawl/fetch.rs:2: `crawl` uses `crate::web`"), "{told}");
    }

    #[test]
    fn a_crate_is_named_at_home_only() {
        for (text, faults) in [
            ("use sled::Db;", 1),
            ("fn f(db: &::sled::Db) {}", 1),
            ("fn f() { tantivy::Index::create_in_ram(s); }", 1),
            ("#[axum::debug_handler] async fn f() {}", 1),
            ("use crate::store::Store; use serde::Serialize;", 0),
        ] {
            assert_eq!(strayed_crates(&in_crawl(text)).len(), faults, "{text}");
        }
    }

    #[test]
    fn a_home_hands_nothing_on() {
        let store = |text: &str| SourceFile::parse("src/store/mod.rs", &["store"], text);
        assert_eq!(
            places(&strayed_crates(&store("use sled::Db;\npub use sled::Tree;"))),
            ["src/store/mod.rs:2"]
        );
        assert_eq!(strayed_crates(&store("pub(crate) use sled::Tree;")).len(), 1);
        assert_eq!(strayed_crates(&store("pub(super) use sled::Tree;")), []);
    }

    #[test]
    fn a_dependency_keeps_its_name() {
        let manifest = "[dependencies]\nserde = \"1\"\nkv = { package = \"sled\", version = \"0.34\" }\n";
        assert_eq!(renamed_dependencies(manifest).len(), 1);
        assert_eq!(renamed_dependencies("[dependencies]\nsled = { version = \"0.34\" }\n"), []);
    }
}
