//! Stories about the whole program, in virtual time, against the emulation of the providers.

mod bounds;
mod clock;
mod drift;
mod economy;
mod faults;
mod import;
mod inert;
mod journal;
mod limits;
mod lists;
mod page;
mod random;
mod review;
mod store;
mod story;
mod time;

use story::{START, Story, hours};
