//! What every page carries: its style and its script.

/// The style of the pages.
pub const STYLE: &str = include_str!("views/style.css");
/// Reloads the status page when the status changes, and moves the slider of the heat map. Pages also work without it.
pub const SCRIPT: &str = include_str!("views/script.js");
