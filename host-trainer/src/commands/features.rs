//! `features`: features computed in shards on several machines, and merged for a fit.

use serde::Serialize;

use crate::data::DataSet;
use crate::device::ChosenDevice;
use crate::features::shard::{Shard, ShardError, ShardNumber, ShardStorage, entry_name};
use crate::features::{Extractor, FeatureJob};
use crate::pipeline::{Event, FeatureJobs, FeatureSource, PreparedFeatures, ViewOptions};

/// The outcome of a shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShardSummary {
    pub file: String,
    /// Which shard, as `I/N`.
    pub shard: ShardNumber,
    /// Views of images in it.
    pub jobs: usize,
    /// How many of them were computed, not taken from the cache.
    pub computed: usize,
    /// How many of them could not be read.
    pub unreadable: usize,
    /// Whether a complete file existed before.
    pub finished_before: bool,
}

/// Which shard is computed, and where it is written.
#[derive(Debug)]
pub struct ShardOptions<'a> {
    pub source: &'a FeatureSource,
    /// Seed of the split: that of the fit.
    pub seed: u64,
    pub shard: ShardNumber,
    pub storage: &'a ShardStorage,
}

/// Computes the features of one shard and writes its file. Cached features are not computed again, and nothing is
/// computed if the file exists.
///
/// # Errors
/// Everything that can go wrong with data, weights, features and the storage.
pub fn compute_shard(
    options: &ShardOptions<'_>,
    device: &ChosenDevice,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<ShardSummary> {
    let ShardOptions { source, seed, shard: number, storage } = *options;
    let loaded = source.load(seed, observe)?;
    let PreparedFeatures { data, extractor, .. } = source.extractor(loaded, device, observe)?;
    let jobs = FeatureJobs::new(&data, source.view_options());
    let jobs = jobs.as_slice();
    let plan = extractor.plan(data.fingerprint(), jobs);
    let own: Vec<FeatureJob> = number.select(jobs).cloned().collect();
    let record = ShardSummary {
        file: storage.file(number),
        shard: number,
        jobs: own.len(),
        computed: 0,
        unreadable: 0,
        finished_before: false,
    };
    match storage.read(&plan, jobs, number) {
        Ok(Some(shard)) => {
            return Ok(ShardSummary { unreadable: shard.unreadable.len(), finished_before: true, ..record });
        }
        Ok(None) => {}
        // A damaged file is of no use: it is replaced.
        Err(error @ ShardError::Damaged { .. }) => {
            observe(Event::Warning(&format!("{error}; it is written again")));
        }
        Err(error) => return Err(error.into()),
    }
    let extraction = extractor.run(&own, |progress| observe(Event::Features(progress)))?;
    for (path, reason) in &extraction.unreadable {
        observe(Event::Warning(&format!("left out: {}: {reason}", path.display())));
    }
    let mut shard = Shard::default();
    for (job, features) in own.iter().zip(&extraction.features) {
        let entry = entry_name(&job.sha256, &job.view);
        match features {
            Some(features) => {
                shard.features.insert(entry, features.to_vec());
            }
            None => {
                shard.unreadable.insert(entry);
            }
        }
    }
    // Equal images are one entry, of which one file may be readable and another not.
    shard.unreadable.retain(|entry| !shard.features.contains_key(entry));
    let record = ShardSummary {
        computed: own.len() - extraction.cached,
        unreadable: shard.unreadable.len(),
        ..record
    };
    storage.write(&plan, number, &shard)?;
    Ok(record)
}

/// Copies the features of all shards into the cache.
///
/// # Errors
/// If a shard is missing, damaged or of something else, or the cache cannot be written.
pub(super) fn merge_shards(
    storage: &ShardStorage,
    data: &DataSet,
    extractor: &Extractor,
    views: ViewOptions<'_>,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<()> {
    let jobs = FeatureJobs::new(data, views);
    let jobs = jobs.as_slice();
    let plan = extractor.plan(data.fingerprint(), jobs);
    let numbers = storage.complete()?;
    let mut new = 0;
    for number in &numbers {
        let missing = || ShardError::Missing {
            place: storage.file(*number),
            missing: vec![number.index()],
            of: number.of(),
        };
        let shard = storage.read(&plan, jobs, *number)?.ok_or_else(missing)?;
        for job in number.select(jobs) {
            if let Some(features) = shard.features.get(&entry_name(&job.sha256, &job.view)) {
                new += usize::from(extractor.keep(job, features)?);
            }
        }
    }
    observe(Event::Note(&format!(
        "{} shards with the features of {} views of images; {new} were new to the cache",
        numbers.len(),
        jobs.len()
    )));
    Ok(())
}
