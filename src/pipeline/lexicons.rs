//! Every version of the dictionaries and of the learned model that was ever in force, kept by its hash, and
//! which holds now.
//!
//! A rebuild judges each post by the version that judged it first, so the canonical text of each version's
//! dictionaries, and its model if it has one, are kept in files of their own before the record that says it
//! took effect is written.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::assess::{AssessConfig, Assessor};
use crate::journal::Sequence;
use crate::lexicon::matcher::Lexicon;
use crate::model::Model;
use crate::store::{Store, StoreError};

/// The versions; clones share them.
#[derive(Clone)]
pub struct Lexicons(Arc<Shared>);

struct Shared {
    dir: PathBuf,
    config: AssessConfig,
    current: ArcSwap<Assessor>,
    loaded: Mutex<BTreeMap<String, Arc<Assessor>>>,
}

impl Lexicons {
    /// With `current` in force; versions are kept in `dir`. Blocks on the disk.
    pub fn open(dir: &Path, current: &Arc<Assessor>, config: AssessConfig) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let shared = Shared {
            dir: dir.to_owned(),
            config,
            current: ArcSwap::new(Arc::clone(current)),
            loaded: Mutex::default(),
        };
        let lexicons = Self(Arc::new(shared));
        lexicons.keep(current)?;
        Ok(lexicons)
    }

    /// What judges new posts.
    pub fn current(&self) -> Arc<Assessor> {
        self.0.current.load_full()
    }

    /// How posts are judged, for making an assessor of another version.
    pub fn config(&self) -> &AssessConfig {
        &self.0.config
    }

    /// Keeps a version and puts it in force; the caller writes the record that says so. Blocks on the disk.
    pub(super) fn put_in_force(&self, assessor: Arc<Assessor>) -> io::Result<()> {
        self.keep(&assessor)?;
        self.0.current.store(assessor);
        Ok(())
    }

    /// What judges the post at this place of the journal. Blocks on the disk.
    pub(super) fn at(&self, store: &Store, sequence: Sequence) -> Result<Arc<Assessor>, StoreError> {
        let current = self.current();
        let Some(in_force) = store.lexicon_at(sequence)? else { return Ok(current) };
        if in_force.version == current.version() {
            return Ok(current);
        }
        let mut loaded = self.0.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(assessor) = loaded.get(&in_force.version) {
            return Ok(Arc::clone(assessor));
        }
        match self.load(&in_force.version) {
            Ok(assessor) => {
                // Old versions are asked for in order, during a rebuild: one at a time is enough.
                loaded.clear();
                loaded.insert(in_force.version, Arc::clone(&assessor));
                Ok(assessor)
            }
            Err(error) => {
                tracing::error!(version = in_force.version, %error, "kept dictionaries are lost; today's judge instead");
                Ok(current)
            }
        }
    }

    fn load(&self, version: &str) -> io::Result<Arc<Assessor>> {
        let Kept { lexicon, model } = kept(&self.0.dir, version)?;
        Ok(Arc::new(Assessor::new(Arc::new(lexicon), self.0.config.clone()).with_model(model)))
    }

    fn keep(&self, assessor: &Assessor) -> io::Result<()> {
        let path = dictionaries(&self.0.dir, assessor.lexicon().version());
        if !path.exists() {
            write_whole(&path, assessor.lexicon().canonical().as_bytes())?;
        }
        let Some(model) = assessor.model() else { return Ok(()) };
        let path = model_file(&self.0.dir, model.version());
        if path.exists() { Ok(()) } else { write_whole(&path, &model.to_bytes()) }
    }
}

/// A version that was kept.
pub struct Kept {
    /// The dictionaries.
    pub lexicon: Lexicon,
    /// The model, if the version had one.
    pub model: Option<Arc<Model>>,
}

/// Reads a version, `c946c99617b5` or with a model `c946c99617b5+0a1b2c3d4e5f`, from the directory in which it
/// was kept. Blocks on the disk.
pub(super) fn kept(dir: &Path, version: &str) -> io::Result<Kept> {
    let (of_dictionaries, of_model) = version.split_once('+').map_or((version, None), |(d, m)| (d, Some(m)));
    let text = fs::read_to_string(dictionaries(dir, of_dictionaries))?;
    let lexicon = Lexicon::from_canonical(&text).map_err(io::Error::other)?;
    let read = |version| Model::from_bytes(&fs::read(model_file(dir, version))?).map_err(io::Error::other);
    Ok(Kept { lexicon, model: of_model.map(read).transpose()?.map(Arc::new) })
}

fn dictionaries(dir: &Path, version: &str) -> PathBuf {
    dir.join(format!("{version}.lexicon"))
}

fn model_file(dir: &Path, version: &str) -> PathBuf {
    dir.join(format!("{version}.model"))
}

/// Writes a file so that it is there whole and durable, or not at all.
pub(super) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = fs::File::create(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    match path.parent() {
        Some(dir) => fs::File::open(dir)?.sync_all(),
        None => Ok(()),
    }
}
