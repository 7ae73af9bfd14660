//! What machines ask: JSON in, JSON out.

pub(super) mod audit;
pub(super) mod desk;
pub(super) mod drills;
pub(super) mod events;
pub(super) mod facts;
pub(super) mod handovers;
pub(super) mod health;
pub(super) mod incident_out;
pub(super) mod incidents;
pub(super) mod outages;
pub(super) mod params;
pub(super) mod people;
pub(super) mod posts;
pub(super) mod regroup;
pub(super) mod rescore;
pub(super) mod rota;
pub(super) mod shape;
pub(super) mod silences;
pub(super) mod sources;
pub(super) mod steps;
pub(super) mod stream;
pub(super) mod supervision;
pub(super) mod topics;
pub(super) mod verdict;
