//! Every version of the dictionaries and of the learned model that was ever in force, kept by its hash, and
//! which holds now.
//!
//! A rebuild judges each post by the version that judges it now and, for what was concluded from it, by the one
//! that judged it first. So the canonical text of each version's dictionaries, and its model if it has one, are
//! kept in files of their own before the record that says it took effect is written.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::assess::{AssessConfig, Assessor};
use crate::journal::Sequence;
use crate::lexicon::matcher::Lexicon;
use crate::model::Model;
use crate::store::{InForce, Store, StoreError};

/// Old versions held ready: with two threads at work where one version follows another, and a rescore of both,
/// there are three. Each takes as much memory as a segmenter does.
const READY: usize = 3;

/// The versions; clones share them.
#[derive(Clone)]
pub struct Lexicons(Arc<Shared>);

struct Shared {
    dir: PathBuf,
    config: AssessConfig,
    current: ArcSwap<Assessor>,
    /// The one asked for last stands last.
    loaded: Mutex<Vec<Arc<Assessor>>>,
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

    /// What judges the text at this place of the journal. Blocks on the disk.
    pub(super) fn at(&self, store: &Store, sequence: Sequence) -> Result<Arc<Assessor>, StoreError> {
        Ok(self.of(store.lexicon_at(sequence)?))
    }

    /// What judges the text at this place of the journal now, and what judged it when it came if that is another.
    /// Blocks on the disk.
    pub(super) fn now_and_then(
        &self,
        store: &Store,
        sequence: Sequence,
    ) -> Result<(Arc<Assessor>, Option<Arc<Assessor>>), StoreError> {
        let then = store.lexicon_then(sequence)?;
        let now = store.lexicon_again(sequence)?;
        let version = |in_force: &Option<InForce>| in_force.as_ref().map(|one| one.version.clone());
        if now.is_none() || version(&now) == version(&then) {
            return Ok((self.of(then), None));
        }
        Ok((self.of(now), Some(self.of(then))))
    }

    fn of(&self, in_force: Option<InForce>) -> Arc<Assessor> {
        let current = self.current();
        let Some(InForce { version, .. }) = in_force else { return current };
        if version == current.version() {
            return current;
        }
        let mut loaded = self.0.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let ready = loaded.iter().position(|assessor| assessor.version() == version);
        let assessor = match ready.map(|at| loaded.remove(at)) {
            Some(assessor) => assessor,
            None => match self.load(&version) {
                Ok(assessor) => assessor,
                Err(error) => {
                    tracing::error!(version, %error, "kept dictionaries are lost; today's judge instead");
                    return current;
                }
            },
        };
        if loaded.len() == READY {
            loaded.remove(0);
        }
        loaded.push(Arc::clone(&assessor));
        assessor
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
