//! Everything one source file names outside its tests: imports, paths, method calls, with their lines.
//!
//! Paths are made absolute: `super` and `self` are resolved, names brought in by `use` (also renamed ones) are
//! put back in full. Macro bodies and attributes, which the parser leaves as tokens, are read as tokens.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Meta, UseTree, Visibility};

use crate::tree::{SourceFile, is_test_only};

/// One name used in a source file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mention {
    /// Line in the file, from 1.
    pub(crate) line: usize,
    /// What is named.
    pub(crate) named: Named,
}

/// What a [`Mention`] names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Named {
    /// A path from the crate's root (`crate`, `web`, …) or from another crate (`tokio`, `spawn`).
    Path(Vec<String>),
    /// A path that is handed on to the rest of the crate by `pub use`.
    HandedOn(Vec<String>),
    /// A method that is called: `x.spawn(…)`.
    Method(String),
}

impl Named {
    /// The segments of a path, whichever way it is named.
    pub(crate) fn path(&self) -> Option<&[String]> {
        match self {
            Self::Path(path) | Self::HandedOn(path) => Some(path),
            Self::Method(_) => None,
        }
    }
}

/// Collects what a file mentions, sorted by line.
pub(crate) fn mentions(file: &SourceFile) -> Vec<Mention> {
    let mut imports = Imports { scope: file.module.clone(), by_name: BTreeMap::new(), mentions: Vec::new() };
    imports.visit_file(&file.ast);
    let mut reader =
        Reader { scope: file.module.clone(), by_name: &imports.by_name, mentions: imports.mentions };
    reader.visit_file(&file.ast);
    let mut found = reader.mentions;
    found.sort();
    found.dedup();
    found
}

/// Overrides the visits that pass over test-only code; `$keep` runs for the rest.
macro_rules! skip_tests {
    ($($visit:ident: $node:ty),+) => {
        $(fn $visit(&mut self, node: &'ast $node) {
            if !is_test_only(&node.attrs) {
                visit::$visit(self, node);
            }
        })+
    };
}

/// First reading: the `use` declarations.
struct Imports {
    scope: Vec<String>,
    by_name: BTreeMap<String, Vec<Vec<String>>>,
    mentions: Vec<Mention>,
}

impl<'ast> Visit<'ast> for Imports {
    skip_tests!(visit_item_fn: syn::ItemFn, visit_item_impl: syn::ItemImpl, visit_impl_item_fn: syn::ImplItemFn);

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test_only(&item.attrs) {
            self.scope.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
            self.scope.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if is_test_only(&item.attrs) {
            return;
        }
        let mut leaves = Vec::new();
        flatten(&item.tree, Vec::new(), &mut leaves);
        for (path, name, span) in leaves {
            let path = resolve(&self.scope, &path);
            let named = if is_handed_on(&item.vis) {
                Named::HandedOn(path.clone())
            } else {
                Named::Path(path.clone())
            };
            self.mentions.push(Mention { line: span.start().line, named });
            if let Some(name) = name {
                self.by_name.entry(name).or_default().push(path);
            }
        }
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let path = vec![item.ident.to_string()];
        self.mentions
            .push(Mention { line: item.ident.span().start().line, named: Named::Path(path.clone()) });
        if let Some((_, name)) = &item.rename {
            self.by_name.entry(name.to_string()).or_default().push(path);
        }
    }
}

/// Second reading: all else.
struct Reader<'a> {
    scope: Vec<String>,
    by_name: &'a BTreeMap<String, Vec<Vec<String>>>,
    mentions: Vec<Mention>,
}

impl Reader<'_> {
    /// Notes a path as written, in each full form the imports give it.
    fn note(&mut self, path: &[String], span: Span) {
        if path.len() < 2 {
            // A single name is local, or was noted where it was imported.
            return;
        }
        let line = span.start().line;
        let full = match self.by_name.get(&path[0]) {
            Some(known) => known.iter().map(|front| [front, &path[1..]].concat()).collect(),
            None => vec![resolve(&self.scope, path)],
        };
        self.mentions.extend(full.into_iter().map(|path| Mention { line, named: Named::Path(path) }));
    }

    fn note_method(&mut self, name: &str, span: Span) {
        self.mentions.push(Mention { line: span.start().line, named: Named::Method(name.to_owned()) });
    }

    /// Reads what the parser left as tokens.
    fn read_tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let is = |at: usize, wanted: char| matches!(tokens.get(at), Some(TokenTree::Punct(found)) if found.as_char() == wanted);
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) => self.read_tokens(group.stream()),
                TokenTree::Ident(first) => {
                    let called = matches!(tokens.get(at + 1),
                        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
                    if called && at > 0 && is(at - 1, '.') {
                        self.note_method(&first.to_string(), first.span());
                    }
                    let mut path = vec![first.to_string()];
                    while is(at + 1, ':') && is(at + 2, ':') {
                        let Some(TokenTree::Ident(next)) = tokens.get(at + 3) else { break };
                        path.push(next.to_string());
                        at += 3;
                    }
                    self.note(&path, first.span());
                }
                TokenTree::Literal(literal) => {
                    // `#[serde(with = "crate::wire::time")]`
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string())
                        && let Ok(path) = syn::parse_str::<syn::Path>(&text.value())
                    {
                        self.note(&segments(&path), literal.span());
                    }
                }
                TokenTree::Punct(_) => {}
            }
            at += 1;
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    skip_tests!(
        visit_item_fn: syn::ItemFn, visit_item_impl: syn::ItemImpl, visit_item_struct: syn::ItemStruct,
        visit_item_enum: syn::ItemEnum, visit_item_trait: syn::ItemTrait, visit_item_const: syn::ItemConst,
        visit_item_static: syn::ItemStatic, visit_item_type: syn::ItemType, visit_item_macro: syn::ItemMacro,
        visit_impl_item_fn: syn::ImplItemFn, visit_impl_item_const: syn::ImplItemConst,
        visit_field: syn::Field, visit_variant: syn::Variant, visit_arm: syn::Arm, visit_local: syn::Local,
        visit_field_value: syn::FieldValue, visit_expr_block: syn::ExprBlock
    );

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test_only(&item.attrs) {
            self.scope.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
            self.scope.pop();
        }
    }

    fn visit_item_use(&mut self, _read_before: &'ast syn::ItemUse) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let Some(first) = path.segments.first() {
            self.note(&segments(path), first.ident.span());
        }
        visit::visit_path(self, path);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        // `<Timestamp>::now()` is `Timestamp::now()`.
        if let Some(of) = &path.qself
            && let syn::Type::Path(of_path) = &*of.ty
            && of.position == 0
        {
            let whole = [segments(&of_path.path), segments(&path.path)].concat();
            self.note(&whole, of.lt_token.spans[0]);
        }
        visit::visit_expr_path(self, path);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.note_method(&call.method.to_string(), call.method.span());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.visit_path(&called.path);
        self.read_tokens(called.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        self.visit_path(attribute.path());
        if let Meta::List(list) = &attribute.meta {
            self.read_tokens(list.tokens.clone());
        }
    }
}

/// A leaf of a `use` tree: the path, the name it is known by in the file, where it stands.
type Leaf = (Vec<String>, Option<String>, Span);

fn flatten(tree: &UseTree, mut front: Vec<String>, leaves: &mut Vec<Leaf>) {
    match tree {
        UseTree::Path(path) => {
            front.push(path.ident.to_string());
            flatten(&path.tree, front, leaves);
        }
        UseTree::Name(name) if name.ident == "self" => {
            let known_as = front.last().cloned();
            leaves.push((front, known_as, name.ident.span()));
        }
        UseTree::Name(name) => {
            front.push(name.ident.to_string());
            leaves.push((front, Some(name.ident.to_string()), name.ident.span()));
        }
        UseTree::Rename(renamed) => {
            if renamed.ident != "self" {
                front.push(renamed.ident.to_string());
            }
            leaves.push((front, Some(renamed.rename.to_string()), renamed.ident.span()));
        }
        UseTree::Glob(glob) => leaves.push((front, None, glob.star_token.spans[0])),
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, front.clone(), leaves);
            }
        }
    }
}

/// Makes `self::…` and `super::…` paths start at `crate`; others stay as they are.
fn resolve(scope: &[String], path: &[String]) -> Vec<String> {
    let ups = path.iter().take_while(|segment| *segment == "super" || *segment == "self").count();
    if ups == 0 {
        return path.to_vec();
    }
    let climbed = path[..ups].iter().filter(|segment| *segment == "super").count();
    let rest = scope.len().saturating_sub(climbed);
    [&["crate".to_owned()], &scope[..rest], &path[ups..]].concat()
}

fn segments(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

/// Whether a `use` of this visibility can be reached from other top-level modules.
fn is_handed_on(visibility: &Visibility) -> bool {
    match visibility {
        Visibility::Public(_) => true,
        Visibility::Restricted(within) => within.path.is_ident("crate"),
        Visibility::Inherited => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let file = SourceFile::parse("src/crawl/fetch.rs", &["crawl", "fetch"], text);
        mentions(&file)
            .iter()
            .filter_map(|mention| mention.named.path())
            .map(|path| path.join("::"))
            .collect()
    }

    #[test]
    fn every_way_of_naming_a_thing_is_seen() {
        for (name, text, expected) in [
            ("an import", "use crate::web::Page;", "crate::web::Page"),
            ("a group", "use crate::{web::Page as P, text};", "crate::web::Page"),
            ("a glob", "use crate::web::*;", "crate::web"),
            ("climbing", "use super::super::web::Page;", "crate::web::Page"),
            (
                "climbing out of an inner module",
                "mod a { use super::super::super::web::Page; }",
                "crate::web::Page",
            ),
            ("inline", "fn f() { crate::web::run(); }", "crate::web::run"),
            ("a type", "struct S(Vec<crate::web::Page>);", "crate::web::Page"),
            ("a renamed import", "use jiff::Timestamp as T; fn f() { T::now(); }", "jiff::Timestamp::now"),
            ("a renamed root", "use crate as root; fn f() { root::web::run(); }", "crate::web::run"),
            (
                "an import within a function",
                "fn f() { use tokio::task as t; t::spawn(g()); }",
                "tokio::task::spawn",
            ),
            (
                "a qualified call",
                "use jiff::Timestamp; fn f() { <Timestamp>::now(); }",
                "jiff::Timestamp::now",
            ),
            ("a macro's body", "fn f() { select! { _ = tokio::spawn(g()) => {} } }", "tokio::spawn"),
            ("an attribute", "#[serde(with = \"crate::web::wire\")] struct S;", "crate::web::wire"),
            ("a derive", "#[derive(axum::extract::FromRequest)] struct S;", "axum::extract::FromRequest"),
            ("extern crate", "extern crate sled as kv; fn f() { kv::open(); }", "sled::open"),
        ] {
            assert!(paths(text).iter().any(|path| path == expected), "{name}: {:?}", paths(text));
        }
    }

    #[test]
    fn test_only_code_is_passed_over() {
        let text = "
            #[cfg(test)] use crate::web::Page;
            #[cfg(test)] mod tests { use crate::web::Page; }
            #[cfg(test)] impl S { fn f() { crate::web::run(); } }
            impl S { #[cfg(test)] fn f() { crate::web::run(); } }
            fn f() { #[cfg(test)] { crate::web::run(); } }";
        assert_eq!(paths(text), Vec::<String>::new());
    }

    #[test]
    fn methods_and_lines_are_told() {
        let file = SourceFile::parse("src/web/mod.rs", &["web"], "fn f() {\n  set\n    .spawn(g());\n}\n");
        assert_eq!(mentions(&file), [Mention { line: 3, named: Named::Method("spawn".into()) }]);
    }
}
