//! Stories about the whole program, in virtual time, against the emulation of the providers.

mod bounds;
mod clock;
mod economy;
mod faults;
mod journal;
mod limits;
mod random;
mod story;
mod time;

use story::{START, Story, hours};
