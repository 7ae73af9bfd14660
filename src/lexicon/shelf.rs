//! The dictionary directory in memory: which files there are, and in which layer.
//!
//! `NN-name.tsv`, `places.tsv` and `categories.toml` of the directory itself are of the layer
//! `builtin` unless their header says otherwise; those in `region/`, `site/` and `temporary/` are of
//! the layer of that name. Other files are left alone. A change can be tried by
//! [putting](Shelf::put) a file on the shelf and compiling it, without touching the directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::lexicon::dictionary::MAX_BYTES;
use crate::lexicon::fault::{Faults, Finding};
use crate::lexicon::kind::Layer;

/// The name of the file with what is decided about categories.
pub const CATEGORIES: &str = "categories.toml";
/// The name of the files with places, one for each layer that has any.
pub const PLACES: &str = "places.tsv";

/// The files of a dictionary directory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shelf {
    files: BTreeMap<String, Vec<u8>>,
}

impl Shelf {
    /// Reads a dictionary directory.
    ///
    /// # Errors
    /// What could not be read, and files larger than the bound, which are not read at all.
    pub fn read(dir: &Path) -> Result<Self, Faults> {
        let mut shelf = Self::default();
        let mut faults = Vec::new();
        let below = Layer::ALL.iter().skip(1).map(|(_, id)| (dir.join(id), format!("{id}/")));
        for (path, prefix) in std::iter::once((dir.to_owned(), String::new())).chain(below) {
            if prefix.is_empty() || path.is_dir() {
                shelf.read_one(&path, &prefix, &mut faults);
            }
        }
        if faults.is_empty() { Ok(shelf) } else { Err(Faults(faults)) }
    }

    /// Puts a file on the shelf or replaces it. The name is relative to the directory, with `/`.
    pub fn put(&mut self, name: &str, content: Vec<u8>) {
        self.files.insert(name.to_owned(), content);
    }

    /// A file's content.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }

    /// Every file by name.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(name, content)| (name.as_str(), content.as_slice()))
    }

    /// The dictionaries with the layer their directory gives them; `places.tsv` is none.
    pub(crate) fn dictionaries(&self) -> impl Iterator<Item = (&str, Option<Layer>, &[u8])> {
        self.files()
            .filter(|(name, _)| is_dictionary(name))
            .map(|(name, bytes)| (name, layer_of(name), bytes))
    }

    /// The files with places, lowest layer first.
    pub(crate) fn places(&self) -> Vec<(&str, &[u8])> {
        let mut found: Vec<_> = self.files().filter(|(name, _)| base(name) == PLACES).collect();
        found.sort_by_key(|(name, _)| layer_of(name));
        found
    }

    fn read_one(&mut self, dir: &Path, prefix: &str, faults: &mut Vec<Finding>) {
        let mut failed = |path: &Path, error: &dyn std::fmt::Display| {
            let file = path.display().to_string();
            faults.push(Finding { file, line: 0, what: error.to_string(), mend: String::new() });
        };
        let entries = match std::fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) => return failed(dir, &error),
        };
        for entry in entries {
            let path: PathBuf = match entry {
                Ok(entry) => entry.path(),
                Err(error) => return failed(dir, &error),
            };
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let wanted = name == CATEGORIES && prefix.is_empty() || name == PLACES || is_dictionary(name);
            if !wanted || name.starts_with('.') {
                continue;
            }
            match std::fs::metadata(&path) {
                Ok(meta) if meta.len() > MAX_BYTES as u64 => failed(&path, &"the file is larger than 16 MiB"),
                Ok(meta) if meta.is_file() => match std::fs::read(&path) {
                    Ok(content) => self.put(&format!("{prefix}{name}"), content),
                    Err(error) => failed(&path, &error),
                },
                Ok(_) => {}
                Err(error) => failed(&path, &error),
            }
        }
    }
}

fn base(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn is_dictionary(name: &str) -> bool {
    base(name).strip_suffix(".tsv").is_some() && base(name) != PLACES
}

fn layer_of(name: &str) -> Option<Layer> {
    name.split_once('/').and_then(|(directory, _)| Layer::of_id(directory))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_gives_its_layers() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(dir.path().join("site")).expect("made");
        for name in ["10-safety.tsv", "site/90-local.tsv", "site/places.tsv", "README.md", "categories.toml"]
        {
            std::fs::write(dir.path().join(name), name).expect("written");
        }
        let shelf = Shelf::read(dir.path()).expect("read");
        let found: Vec<_> = shelf.dictionaries().map(|(name, layer, _)| (name, layer)).collect();
        assert_eq!(found, [("10-safety.tsv", None), ("site/90-local.tsv", Some(Layer::Site))]);
        assert_eq!(shelf.places().len(), 1);
        assert_eq!(shelf.get(CATEGORIES), Some("categories.toml".as_bytes()));
        assert_eq!(shelf.get("README.md"), None);
    }

    #[test]
    fn a_missing_directory_is_a_fault() {
        let faults = Shelf::read(Path::new("/nonexistent/dictionaries")).expect_err("no such directory");
        assert_eq!(faults.0[0].file, "/nonexistent/dictionaries");
    }
}
