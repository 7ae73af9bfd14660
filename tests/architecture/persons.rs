//! The desk listens to matters, never to persons: nothing that people or machines can ask of the program, and
//! nothing it answers, speaks of who wrote a post.
//!
//! Looked at: fields and variants, routes and keys in string literals of `web` and `search`, and attribute
//! values and addresses in the templates of `web`. The console's own users are people of the desk and are
//! named otherwise (`person`, `user`).

use syn::visit::{self, Visit};

use crate::fault::Fault;
use crate::tree::{SourceFile, is_test_only};

/// Modules whose names are seen from outside.
const SEEN_OUTSIDE: [&str; 2] = ["web", "search"];

/// Words for who wrote a post. `voices`, a count, is none of them.
const WORDS: [&str; 14] = [
    "author",
    "authors",
    "voice",
    "poster",
    "posters",
    "nickname",
    "nick",
    "screenname",
    "avatar",
    "commenter",
    "commenters",
    "byline",
    "uploader",
    "fans",
];

const MEND: &str = "show and ask by matter, place and source only; distinct people are a count (`voices`)";

/// Names in the code of `web` and `search` that speak of a post's author.
pub(crate) fn in_code(file: &SourceFile) -> Vec<Fault> {
    if !file.top().is_some_and(|own| SEEN_OUTSIDE.contains(&own)) {
        return Vec::new();
    }
    let mut look = Look { path: &file.path, faults: Vec::new() };
    look.visit_file(&file.ast);
    look.faults
}

/// Addresses, names and classes in a template that speak of a post's author: all that stands in double quotes
/// and in braces. What is written for readers may say that authors are not kept.
pub(crate) fn in_template(path: &str, text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let quoted = line.split('"').skip(1).step_by(2);
        let braced = line.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
        if let Some(word) = quoted.chain(braced).find_map(word_in) {
            faults.push(Fault::new(path, at + 1, format!("the template names `{word}`"), MEND));
        }
    }
    faults
}

struct Look<'a> {
    path: &'a str,
    faults: Vec<Fault>,
}

impl Look<'_> {
    fn judge(&mut self, what: &str, name: &str, line: usize) {
        if let Some(word) = word_in(name) {
            self.faults.push(Fault::new(
                self.path,
                line,
                format!("{what} `{name}` speaks of the {word}"),
                MEND,
            ));
        }
    }
}

impl<'ast> Visit<'ast> for Look<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test_only(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_test_only(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if let Some(name) = &field.ident {
            self.judge("field", &name.to_string(), name.span().start().line);
        }
        visit::visit_field(self, field);
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        let snake: String = variant.ident.to_string().chars().flat_map(snake).collect();
        self.judge("variant", snake.trim_start_matches('_'), variant.ident.span().start().line);
        visit::visit_variant(self, variant);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        // Docs may say that authors are not kept; `#[serde(rename = "…")]` may not name them.
        if !attribute.path().is_ident("doc")
            && let syn::Meta::List(list) = &attribute.meta
        {
            self.judge_literals(list.tokens.clone());
        }
    }

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        if is_key(&literal.value()) {
            self.judge("key or route", &literal.value(), literal.span().start().line);
        }
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.judge_literals(called.tokens.clone());
    }
}

impl Look<'_> {
    fn judge_literals(&mut self, tokens: proc_macro2::TokenStream) {
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Group(group) => self.judge_literals(group.stream()),
                proc_macro2::TokenTree::Literal(literal) => {
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string())
                        && is_key(&text.value())
                    {
                        self.judge("key or route", &text.value(), literal.span().start().line);
                    }
                }
                proc_macro2::TokenTree::Ident(_) | proc_macro2::TokenTree::Punct(_) => {}
            }
        }
    }
}

/// Whether a text is a name, key, route or query rather than a sentence.
fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-/{}:.?&=*@#[]".contains(c))
}

/// The first word of [`WORDS`] in a name, whatever parts it: `post_author`, `/authors/{id}`, `postAuthor`.
fn word_in(name: &str) -> Option<&'static str> {
    let parted: String = name.chars().flat_map(snake).collect();
    let mut parts = parted.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase);
    parts.find_map(|part| WORDS.into_iter().find(|word| *word == part))
}

/// `a` before `A` is a border between words.
fn snake(letter: char) -> impl Iterator<Item = char> {
    letter.is_ascii_uppercase().then_some('_').into_iter().chain([letter.to_ascii_lowercase()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_is_found_in_fields_routes_and_queries() {
        for (text, faults) in [
            ("struct Answer { author: String }", 1),
            ("struct Answer { post_author: String }", 1),
            ("struct Answer { voice: u64 }", 1),
            ("struct Query { #[serde(rename = \"author\")] by: String }", 1),
            ("enum Field { Title, Author }", 1),
            ("enum Field { PostAuthor(String) }", 1),
            ("fn f() { router.route(\"/api/v1/authors/{id}\", get(g)); }", 1),
            ("fn f() { routes![get \"/by/{author}\"]; }", 1),
            ("const KEYS: [&str; 2] = [\"place\", \"author\"];", 1),
            ("struct Answer { voices: u64, place: String, writer: IndexWriter }", 0),
            ("/// Posts by author are not offered.\nstruct Answer { text: String }", 0),
            ("fn f() { fail(\"there is no search by author\"); }", 0),
            ("#[cfg(test)] mod tests { const REFUSED: &str = \"author:1\"; }", 0),
        ] {
            let file = SourceFile::parse("src/web/api.rs", &["web", "api"], text);
            assert_eq!(in_code(&file).len(), faults, "{text}");
        }
        let elsewhere =
            SourceFile::parse("src/extract/draft.rs", &["extract"], "struct Draft { author: String }");
        assert_eq!(in_code(&elsewhere), []);
    }

    #[test]
    fn templates_are_held_to_the_same() {
        for (text, faults) in [
            ("<a href=\"/search?author={{ id }}\">", 1),
            ("<b class=\"author\">", 1),
            ("<b>{{ post.author }}</b>", 1),
            ("<p>We keep no author.</p>", 0),
        ] {
            assert_eq!(in_template("src/web/templates/x.html", text).len(), faults, "{text}");
        }
    }
}
