//! Features computed on several machines: each machine writes one file, a shard, and `fit` puts all of them into
//! its cache.
//!
//! Shard I of N holds every N-th job from the I-th on, so that all shards take about as long. What belongs to what
//! is said by a [`Plan`]: only shards of the same plan fit together.

mod error;
mod file;
mod number;
mod plan;
mod storage;

pub use error::ShardError;
pub use file::{Shard, Unfit, decode, encode};
pub use number::ShardNumber;
pub use plan::{Plan, ShardPlanPart, entry_name};
pub use storage::ShardStorage;
