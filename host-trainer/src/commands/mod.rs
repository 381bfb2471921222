//! What each command of the program does, without arguments and printing.

pub mod audit;
pub mod calibrate;
pub mod compare;
pub mod demo;
pub mod evaluate;
pub mod export;
pub mod features;
pub mod fit;
pub mod keys;
pub mod list;
pub mod preview;
pub mod quality_gate;
pub mod runs;
pub mod sign;
pub mod weights;
