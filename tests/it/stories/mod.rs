//! Stories about the whole program, in virtual time, against the emulation of the providers.

mod clock;
mod drift;
mod faults;
mod import;
mod inert;
mod limits;
mod random;
mod review;
mod store;
mod story;
mod time;

use story::{START, Story, hours};
