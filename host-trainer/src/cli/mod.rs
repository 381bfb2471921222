//! The commands: arguments and printing, one file each.

pub mod phantoms;
