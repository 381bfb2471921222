//! Why a shard could not be used.

/// Why a shard could not be used. `file` is the whole name, folder or bucket included.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    #[error("{place}: cannot be opened: {reason}; name a folder, or s3://BUCKET/PREFIX")]
    Location { place: String, reason: String },
    #[error(
        "{place}: this build knows local folders only; build it with \
         `cargo build --release -p host-trainer --features s3`, or name a folder"
    )]
    NotBuilt { place: String },
    #[error("{file}: cannot {action}: {reason}; check access and space, and run the command again")]
    Store {
        /// The file or place.
        file: String,
        /// What was tried, such as `read`.
        action: &'static str,
        reason: String,
    },
    #[error(
        "{file}: not a whole shard: {reason}; remove it and compute it again with `host-trainer features --shard {shard}`"
    )]
    Damaged {
        file: String,
        /// Which shard it should be, as `I/N`.
        shard: String,
        reason: String,
    },
    #[error("{file}: {reason}")]
    Other { file: String, reason: String },
    #[error(
        "{place}: {} of {of} shards missing: {}; compute them with `host-trainer features --shard I/{of}`, or leave \
         --shards out to compute what the cache lacks here", .missing.len(), listed(.missing)
    )]
    Missing {
        place: String,
        /// The numbers of those that are not there.
        missing: Vec<usize>,
        /// How many there should be.
        of: usize,
    },
    #[error(
        "{place}: holds no shard-…-of-….safetensors; make them with `host-trainer features --shard I/N --out {place}`"
    )]
    Empty { place: String },
    #[error("{place}: holds shards of extractions into {}; keep one set in a folder", listed(.of))]
    Mixed {
        place: String,
        /// Into how many.
        of: Vec<usize>,
    },
}

/// How many numbers an error names.
const NAMED: usize = 20;

fn listed(numbers: &[usize]) -> String {
    let mut text = numbers.iter().take(NAMED).map(usize::to_string).collect::<Vec<_>>().join(", ");
    if numbers.len() > NAMED {
        text.push_str(", …");
    }
    text
}
