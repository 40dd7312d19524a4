//! Stories about the whole program, in virtual time, against the emulation of the providers.

mod clock;
mod faults;
mod inert;
mod limits;
mod random;
mod review;
mod story;
mod time;

use story::{START, Story, hours};
