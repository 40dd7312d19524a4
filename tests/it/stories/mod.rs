//! Stories about the whole program, in virtual time, against the emulation of the providers.

mod bounds;
mod clock;
<<<<<<< HEAD
mod economy;
mod faults;
mod journal;
=======
mod drift;
mod faults;
mod import;
>>>>>>> main
mod limits;
mod random;
mod store;
mod story;
mod time;

use story::{START, Story, hours};
