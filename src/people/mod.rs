//! Who works at the desk, what they may do, and how they prove who they are; which departments answer.
//!
//! Secrets are made here and shown once; what is kept is a hash. Where people and tokens are kept is
//! `store`'s affair, who is logged in is `web`'s. Who is on duty when is told by the [`Rota`].

mod backoff;
mod department;
mod password;
mod person;
mod rota;
mod secret;

pub use backoff::{BackOff, LoginGuard};
pub use department::{Department, Departments};
pub use password::{Password, PasswordError, verify};
pub use person::{BadPersonName, Person, PersonName, Role, TokenRecord};
pub use rota::{Duty, LAYER, Layer, OnCall, Rota};
pub use secret::{RandomnessError, SetupCode, TokenSecret};
