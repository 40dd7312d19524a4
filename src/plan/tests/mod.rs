//! The planner against its contract, rule by rule.

mod batches;
mod bench;
mod bindings;
mod cells;
mod doubts;
mod drift;
mod due;
mod ends;
mod file;
mod guards;
mod laws;
mod overlaps;
mod provider;
mod renewals;
mod warnings;
