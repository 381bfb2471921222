//! Why a shard could not be used.

/// Why a shard could not be used. `file` is the whole name, folder or bucket included.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// There is no such place.
    #[error("{place}: cannot be opened: {reason}; name a folder, or s3://BUCKET/PREFIX")]
    Place {
        /// The place as it was named.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The place needs something that this build has not.
    #[error(
        "{place}: this build knows local folders only; build it with \
         `cargo build --release -p host-trainer --features s3`, or name a folder"
    )]
    NotBuilt {
        /// The place as it was named.
        place: String,
    },
    /// The store did not do what it was asked.
    #[error("{file}: cannot {action}: {reason}; check access and space, and run the command again")]
    Store {
        /// The file or place.
        file: String,
        /// What was tried, such as `read`.
        action: &'static str,
        /// The store's word.
        reason: String,
    },
    /// A file is not whole, or none of ours.
    #[error(
        "{file}: not a whole shard: {reason}; remove it and compute it again with `host-trainer features --shard {shard}`"
    )]
    Damaged {
        /// The file.
        file: String,
        /// Which shard it should be, as `I/N`.
        shard: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A shard of something else.
    #[error("{file}: {reason}")]
    Other {
        /// The file.
        file: String,
        /// How it differs.
        reason: String,
    },
    /// Some shards are not there.
    #[error(
        "{place}: {} of {of} shards missing: {}; compute them with `host-trainer features --shard I/{of}`, or leave \
         --shards out to compute what the cache lacks here", .missing.len(), listed(.missing)
    )]
    Missing {
        /// The place.
        place: String,
        /// The numbers of those that are not there.
        missing: Vec<usize>,
        /// How many there should be.
        of: usize,
    },
    /// No shard is there.
    #[error(
        "{place}: holds no shard-…-of-….safetensors; make them with `host-trainer features --shard I/N --out {place}`"
    )]
    Empty {
        /// The place.
        place: String,
    },
    /// Files of differently divided extractions.
    #[error("{place}: holds shards of extractions into {}; keep one set in a folder", listed(.of))]
    Mixed {
        /// The place.
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
