//! Takes changed dictionaries, rules and receivers into force while everything runs.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc};

use super::clock::Clock;
use super::courier::Carriers;
use super::desk::{DeskError, DeskHandle};
use super::detecting::DetectChange;
use super::flow::Clerk;
use super::lexicons::Lexicons;
use crate::alert::RuleBook;
use crate::assess::Assessor;
use crate::incident::{Checklists, Clocks, Names};
use crate::journal::record::{DeskRecord, PersonOrToken};
use crate::notify::{Mailer, Receivers};
use crate::store::{Store, StoreError};

/// Changes what is in force; clones share everything.
#[derive(Clone)]
pub struct Reload {
    lexicons: Lexicons,
    desk: DeskHandle,
    detector: mpsc::Sender<DetectChange>,
    carriers: Carriers,
    store: Store,
    clock: Clock,
    /// The version of the rules. Who holds it changes what is in force: what is recorded last is what holds,
    /// also when two changes come at once.
    rules_in_force: Arc<Mutex<String>>,
}

/// Why a change did not take effect.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The version could not be kept.
    #[error("the dictionaries could not be kept")]
    Keep(#[from] std::io::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not be written down.
    #[error(transparent)]
    Desk(#[from] DeskError),
}

impl Reload {
    pub(super) fn new(
        lexicons: Lexicons,
        desk: DeskHandle,
        detector: mpsc::Sender<DetectChange>,
        carriers: Carriers,
        store: Store,
        clock: Clock,
        rules_version: String,
    ) -> Self {
        let rules_in_force = Arc::new(Mutex::new(rules_version));
        Self { lexicons, desk, detector, carriers, store, clock, rules_in_force }
    }

    /// The dictionaries and their versions.
    pub fn lexicons(&self) -> &Lexicons {
        &self.lexicons
    }

    /// Judges new posts by other dictionaries or another model; false if they are those in force.
    pub async fn dictionaries(&self, assessor: Arc<Assessor>, names: Names) -> Result<bool, ReloadError> {
        let _one_at_a_time = self.rules_in_force.lock().await;
        let version = assessor.version();
        if self.lexicons.current().version() == version {
            return Ok(false);
        }
        let lexicons = self.lexicons.clone();
        let keeping = tokio::task::spawn_blocking(move || lexicons.put_in_force(assessor));
        keeping.await.map_err(std::io::Error::other)??;
        self.desk.record(DeskRecord::Lexicon { version, at: self.clock.now() }).await?;
        self.desk.change(move |clerk| clerk.names = names).await?;
        Ok(true)
    }

    /// Judges signals by other rules, and watches for what they ask; false if they are those in force.
    pub async fn rules(&self, rules: RuleBook) -> Result<bool, ReloadError> {
        let mut in_force = self.rules_in_force.lock().await;
        let (watches, version) = (rules.watches(), rules.version().to_owned());
        if *in_force == version {
            return Ok(false);
        }
        self.desk.record(DeskRecord::Rules { version: version.clone(), at: self.clock.now() }).await?;
        self.desk.change(move |clerk| clerk.rules = rules).await?;
        *in_force = version;
        let change: DetectChange = Box::new(move |detector| detector.set_watches(watches));
        self.detector.send(change).await.map_err(|_| DeskError::Stopped)?;
        Ok(true)
    }

    /// Measures by other clocks, and asks for other things to be done, from here on.
    pub async fn clocks(&self, clocks: Clocks, checklists: Checklists) -> Result<(), ReloadError> {
        let change = move |clerk: &mut Clerk| {
            clerk.clocks = clocks;
            clerk.checklists = checklists;
        };
        Ok(self.desk.change(change).await?)
    }

    /// Calls things by other names from here on.
    pub async fn names(&self, names: Names) -> Result<(), ReloadError> {
        Ok(self.desk.change(move |clerk| clerk.names = names).await?)
    }

    /// Tells other receivers from here on. What a receiver held up that was set up wrong is tried again.
    pub async fn receivers(&self, receivers: Receivers, mailer: Option<Mailer>) -> Result<(), ReloadError> {
        self.carriers.replace(receivers.clone(), mailer);
        let names = receivers.names();
        self.desk.change(move |clerk| clerk.receivers = receivers).await?;
        for name in names {
            self.resume(name, PersonOrToken::Console).await?;
        }
        Ok(())
    }

    /// Has tried again what a receiver held up that was set up wrong; how many that are.
    pub async fn resume(&self, receiver: String, by: PersonOrToken) -> Result<usize, ReloadError> {
        let store = self.store.clone();
        let held = tokio::task::spawn_blocking(move || store.outbox_broken(&receiver)).await;
        let held = held.map_err(std::io::Error::other)??;
        let keys: Vec<_> = held.into_iter().map(|entry| entry.notification.key).collect();
        let number = keys.len();
        self.desk.requeue(keys, by, self.clock.now()).await?;
        Ok(number)
    }
}
