//! The state of the device: what the lights show, whether it works, what it has counted. The daemon writes it; lights,
//! web page and service manager read it.

#[cfg(unix)]
mod counters;
mod displayed_signal;
#[cfg(unix)]
mod shared_status;
mod signal;
mod silence;
#[cfg(unix)]
mod status_publisher;

#[cfg(unix)]
pub use counters::{Counters, Histogram, HistogramSnapshot, add, increment};
pub use displayed_signal::{DisplayedSignal, Subject};
#[cfg(unix)]
pub use shared_status::{Health, ModelFacts, SharedStatus, StatusSnapshot};
pub use signal::Signal;
pub use silence::SilenceLimits;
#[cfg(unix)]
pub use status_publisher::{StatusPublisher, publish_fault};
