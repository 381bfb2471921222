//! The model package: what a runtime must know, and how it comes to trust a file.
mod contract;
pub use contract::*;
