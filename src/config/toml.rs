//! One TOML file to one typed table, naming all its faults at once.
//!
//! The parser stops at the first thing it does not like. So that a person sees everything wrong in
//! one go, the offending line is noted, blanked out, and the file is read again.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::fault::Fault;

/// So many faults of one file are named; more would not be read.
const MOST: usize = 50;

/// Reads `text` as a `T`. The value is there only if there is no fault.
pub(super) fn read<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut rest = text.to_owned();
    while faults.len() < MOST {
        match toml::from_str::<T>(&rest) {
            Ok(value) if faults.is_empty() => return Ok(value),
            Ok(_) => break,
            Err(error) => {
                let start = error.span().map_or(0, |span| span.start.min(rest.len()));
                let line = rest[..start].matches('\n').count() + 1;
                let known = error.span().is_some();
                faults.push(describe(file, if known { line } else { 0 }, error.message()));
                // A missing key has no line of its own: nothing to blank out, nothing more to learn.
                let missing = error.message().starts_with("missing field");
                if !known || missing || !blank(&mut rest, start) {
                    break;
                }
            }
        }
    }
    Err(faults)
}

/// Empties the line that holds `at`; of a table's header, the whole table. False when it was empty already.
fn blank(text: &mut String, at: usize) -> bool {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line_end = |from: usize| text[from..].find('\n').map_or(text.len(), |end| from + end);
    let mut end = line_end(start);
    if text[start..end].trim().is_empty() {
        return false;
    }
    if text[start..end].trim_start().starts_with('[') {
        while end < text.len() && !text[end + 1..line_end(end + 1)].trim_start().starts_with('[') {
            end = line_end(end + 1);
        }
    }
    let emptied: String = text[start..end].chars().filter(|c| *c == '\n').collect();
    text.replace_range(start..end, &emptied);
    true
}

/// serde's words, with the nearest right name when a key or word is unknown.
fn describe(file: &Path, line: usize, message: &str) -> Fault {
    let what = message.trim().to_owned();
    let fault = Fault::error(file, line, first_sentence(&what));
    let mut quoted = what.split('`').skip(1).step_by(2);
    let (Some(wrong), known) = (quoted.next(), quoted.collect::<Vec<_>>()) else { return fault };
    if !what.starts_with("unknown") || known.is_empty() {
        return fault;
    }
    match nearest(wrong, &known) {
        Some(near) => fault.mend(format!("did you mean `{near}`?")),
        None => fault.mend(format!("known here: {}", known.join(", "))),
    }
}

fn first_sentence(message: &str) -> String {
    match message.split_once(", expected ") {
        Some((first, _)) if message.starts_with("unknown") => first.to_owned(),
        _ => message.replace('\n', " "),
    }
}

/// The name most like `wrong`, if one is like it at all.
fn nearest<'a>(wrong: &str, known: &[&'a str]) -> Option<&'a str> {
    // Two letters changed places in a short name is one slip, which the first measure does not see.
    let slip = |name: &str| if strsim::osa_distance(wrong, name) == 1 { 1.0 } else { 0.0 };
    let likeness = |name: &str| strsim::jaro_winkler(wrong, name).max(slip(name));
    let best = known.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) > 0.75).then_some(best)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only the reading is tested")]
    struct Table {
        listen: String,
        #[serde(default)]
        web: Web,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    #[allow(dead_code, reason = "only the reading is tested")]
    struct Web {
        public_url: String,
        limit: u32,
    }

    #[test]
    fn every_fault_is_named_at_once_with_its_line_and_the_nearest_name() {
        let text = "listn = \"a\"\nlisten = \"b\"\n\n[web]\npublic-url = \"x\"\nlimit = \"many\"\n\n[wbe]\nlimit = 1\n";
        let faults = read::<Table>(Path::new("m.toml"), text).unwrap_err();
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 4, "{said:#?}");
        assert!(
            said.contains(&"m.toml:1: unknown field `listn`; did you mean `listen`?".to_owned()),
            "{said:#?}"
        );
        assert!(
            said.contains(&"m.toml:5: unknown field `public-url`; did you mean `public_url`?".to_owned()),
            "{said:#?}"
        );
        assert!(
            said.iter().any(|fault| fault.starts_with("m.toml:6: invalid type: string \"many\"")),
            "{said:#?}"
        );
        assert!(said.contains(&"m.toml:8: unknown field `wbe`; did you mean `web`?".to_owned()), "{said:#?}");
    }

    #[test]
    fn broken_syntax_and_missing_keys_are_faults_with_a_place() {
        let faults = read::<Table>(Path::new("m.toml"), "listen = \n").unwrap_err();
        assert_eq!(faults[0].line, 1);
        let faults = read::<Table>(Path::new("m.toml"), "").unwrap_err();
        assert!(faults[0].what.contains("missing field `listen`"), "{faults:?}");
    }
}
