//! Who works at the desk, what they may do, and how they prove who they are; which departments answer.
//!
//! Secrets are made here and shown once; what is kept is a hash. Where people and tokens are kept is
//! `store`'s affair, who is logged in is `web`'s. On-call rota and escalation will join.

mod backoff;
mod department;
mod password;
mod person;
mod secret;

pub use backoff::{BackOff, LoginGuard};
pub use department::{Department, Departments};
pub use password::{Password, PasswordError, verify};
pub use person::{BadPersonName, Person, PersonName, Role, TokenRecord};
pub use secret::{RandomnessError, SetupCode, TokenSecret};
