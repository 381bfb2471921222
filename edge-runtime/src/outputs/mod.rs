//! What a verdict is shown on, besides the rows.

pub mod lights;
