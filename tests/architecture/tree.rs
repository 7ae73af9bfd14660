//! The crate's own sources as a tree of modules: which file is which module, and what in it is test-only.
//!
//! Files are found the way the compiler finds them, from `src/lib.rs` by `mod` declarations, so that a module
//! declared under `#[cfg(test)]` is known to be test-only and a file that nobody declares is noticed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Item, Meta, Token, punctuated::Punctuated};

/// One source file of the library.
pub(crate) struct SourceFile {
    /// Path from the package's root, with `/`.
    pub(crate) path: String,
    /// Names of the modules from the crate's root down to this file: `["crawl", "fetch"]`.
    pub(crate) module: Vec<String>,
    /// The parsed text.
    pub(crate) ast: syn::File,
}

impl SourceFile {
    /// Parses one text as the module `module` of the file `path`.
    pub(crate) fn parse(path: &str, module: &[&str], text: &str) -> Self {
        let ast = syn::parse_file(text).unwrap_or_else(|error| panic!("{path} is no Rust: {error}"));
        Self { path: path.to_owned(), module: module.iter().map(|&name| name.to_owned()).collect(), ast }
    }

    /// The module listed in `src/lib.rs` that this file belongs to; `None` for the root itself.
    pub(crate) fn top(&self) -> Option<&str> {
        self.module.first().map(String::as_str)
    }
}

/// All files of the library that are compiled outside tests.
pub(crate) struct Tree {
    /// Names of the top-level modules in the order of `src/lib.rs`.
    pub(crate) order: Vec<String>,
    /// The files, `src/lib.rs` first, then in the order of their declaration.
    pub(crate) files: Vec<SourceFile>,
    /// Files that were reached under `#[cfg(test)]` only.
    pub(crate) test_only: BTreeSet<String>,
}

impl Tree {
    /// Reads the library whose package lies in `root`.
    pub(crate) fn read(root: &Path) -> Self {
        let mut tree = Self { order: Vec::new(), files: Vec::new(), test_only: BTreeSet::new() };
        tree.descend(root, &root.join("src/lib.rs"), &[], false);
        tree.order = declared(&tree.files[0].ast.items).map(|item| item.ident.to_string()).collect();
        tree
    }

    fn descend(&mut self, root: &Path, file: &Path, module: &[String], only_tests: bool) {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let path = relative(root, file);
        let ast = syn::parse_file(&text).unwrap_or_else(|error| panic!("{path} is no Rust: {error}"));
        let only_tests = only_tests || is_test_only(&ast.attrs);
        let children = directory_of_children(file, module.is_empty());
        if only_tests {
            self.test_only.insert(path);
        } else {
            self.files.push(SourceFile { path, module: module.to_vec(), ast: ast.clone() });
        }
        let beside = file.parent().expect("a file lies in a directory");
        self.descend_items(root, (beside, &children), &ast.items, module, only_tests);
    }

    fn descend_items(
        &mut self,
        root: &Path,
        (beside, children): (&Path, &Path),
        items: &[Item],
        module: &[String],
        only_tests: bool,
    ) {
        for item in items.iter().filter_map(as_mod) {
            let name = item.ident.to_string();
            let inner = [module, std::slice::from_ref(&name)].concat();
            let only_tests = only_tests || is_test_only(&item.attrs);
            if let Some((_, items)) = &item.content {
                let within = children.join(&name);
                self.descend_items(root, (&within, &within), items, &inner, only_tests);
                continue;
            }
            let file = match path_attribute(&item.attrs) {
                // Relative to the declaring file, not to its children.
                Some(path) => beside.join(path),
                None => first_of(&children.join(format!("{name}.rs")), children.join(&name).join("mod.rs")),
            };
            self.descend(root, &file, &inner, only_tests);
        }
    }
}

/// Every `*.rs` below `folder`, as paths from `root`, sorted.
pub(crate) fn rust_files(root: &Path, folder: &str) -> Vec<String> {
    files_below(root, folder, &["rs"])
}

/// Every file below `folder` that ends in one of `endings`, as paths from `root`, sorted.
pub(crate) fn files_below(root: &Path, folder: &str, endings: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries {
            let path = entry.expect("a directory that opened can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted)) {
                found.push(relative(root, &path));
            }
        }
    }
    found.sort();
    found
}

/// Whether these attributes take an item out of every build but that of the tests.
pub(crate) fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || (attribute.path().is_ident("cfg")
                && attribute.parse_args::<Meta>().is_ok_and(|condition| needs_test(&condition)))
    })
}

fn needs_test(condition: &Meta) -> bool {
    let parts = |list: &syn::MetaList| {
        list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).unwrap_or_default()
    };
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => parts(list).iter().any(needs_test),
        Meta::List(list) if list.path.is_ident("any") => parts(list).iter().all(needs_test),
        Meta::List(_) | Meta::NameValue(_) => false,
    }
}

fn declared(items: &[Item]) -> impl Iterator<Item = &syn::ItemMod> {
    items.iter().filter_map(as_mod).filter(|item| !is_test_only(&item.attrs))
}

fn as_mod(item: &Item) -> Option<&syn::ItemMod> {
    if let Item::Mod(item) = item { Some(item) } else { None }
}

fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("path")).find_map(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else { return None };
        let syn::Expr::Lit(literal) = &pair.value else { return None };
        let syn::Lit::Str(text) = &literal.lit else { return None };
        Some(text.value())
    })
}

/// `src/a/mod.rs` and `src/lib.rs` have their children beside them, `src/a.rs` in `src/a/`.
fn directory_of_children(file: &Path, is_root: bool) -> PathBuf {
    if is_root || file.file_name().is_some_and(|name| name == "mod.rs") {
        file.parent().expect("a file lies in a directory").to_owned()
    } else {
        file.with_extension("")
    }
}

fn first_of(plain: &Path, nested: PathBuf) -> PathBuf {
    if plain.exists() { plain.to_owned() } else { nested }
}

fn relative(root: &Path, file: &Path) -> String {
    let path = file.strip_prefix(root).expect("the file lies in the package");
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_conditions_that_need_the_tests_hide_an_item() {
        for (attribute, hidden) in [
            ("#[cfg(test)]", true),
            ("#[cfg(all(test, unix))]", true),
            ("#[cfg(any(test, all(test, unix)))]", true),
            ("#[test]", true),
            ("#[cfg(any(test, unix))]", false),
            ("#[cfg(not(test))]", false),
            ("#[cfg(unix)]", false),
        ] {
            let item: Item = syn::parse_str(&format!("{attribute} fn f() {{}}")).expect("an item");
            let Item::Fn(item) = item else { panic!("{attribute}: no function") };
            assert_eq!(is_test_only(&item.attrs), hidden, "{attribute}");
        }
    }
}
