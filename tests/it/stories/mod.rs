//! Stories about the whole program, in virtual time, against the emulation of the providers.

mod backport;
mod begun;
mod books;
mod bounds;
mod clock;
mod doubts;
mod drift;
mod economy;
mod explain;
mod faults;
mod import;
mod inert;
mod journal;
mod limits;
mod lists;
mod mixes;
mod orders;
mod orders_beside;
mod page;
mod place;
mod plan_file;
mod random;
mod restored;
mod review;
mod saved;
mod seeds;
mod sending;
mod service;
mod service_beside;
mod soak;
mod store;
mod story;
mod time;
mod twins;
#[cfg(feature = "postgres")]
mod two_engines;
#[cfg(feature = "postgres")]
mod two_runners;
mod wants;
mod words;

use story::{START, Story, hours};
