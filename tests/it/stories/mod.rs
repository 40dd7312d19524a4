//! Stories about the whole program, in virtual time, against the emulation of the providers.

mod clock;
mod drift;
mod import;
mod random;
mod store;
mod story;
mod time;

use story::{START, Story, hours};
