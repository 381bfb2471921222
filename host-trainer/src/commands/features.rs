//! Features computed in shards, on as many machines as there are.

use serde::Serialize;

use super::Event;
use super::head_fit::{Forms, Jobs};
use super::source::{FeatureSource, Prepared};
use crate::data::DataSet;
use crate::device::ChosenDevice;
use crate::features::shard::{Shard, ShardError, ShardNumber, ShardPlace, entry_name};
use crate::features::{Extractor, Job};

/// What became of a shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShardRecord {
    /// The file.
    pub file: String,
    /// Which shard, as `I/N`.
    pub shard: ShardNumber,
    /// Images and forms of them in it.
    pub jobs: usize,
    /// Of these, how many were computed, not taken from the cache.
    pub computed: usize,
    /// Of these, how many could not be read.
    pub unreadable: usize,
    /// Whether the file was there already, whole.
    pub finished_before: bool,
}

/// Computes the features of one shard and writes its file. What is in the cache is not computed again, and nothing
/// is if the file is there.
///
/// # Errors
/// Everything that can go wrong with data, weights, features and the place of the shards.
pub fn features(
    source: &FeatureSource,
    seed: u64,
    number: ShardNumber,
    place: &ShardPlace,
    device: &ChosenDevice,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<ShardRecord> {
    let Prepared { data, extractor, .. } = source.prepare(seed, device, observe)?;
    let jobs = Jobs::new(&data, source.forms()).into_inner();
    let plan = extractor.plan(data.fingerprint(), &jobs);
    let own: Vec<Job> = number.select(&jobs).cloned().collect();
    let record = ShardRecord {
        file: place.file(number),
        shard: number,
        jobs: own.len(),
        computed: 0,
        unreadable: 0,
        finished_before: false,
    };
    match place.read(&plan, &jobs, number) {
        Ok(Some(shard)) => {
            return Ok(ShardRecord { unreadable: shard.unreadable.len(), finished_before: true, ..record });
        }
        Ok(None) => {}
        // It is in the way of the one that is wanted, and what is in it is worth nothing.
        Err(error @ ShardError::Damaged { .. }) => {
            observe(Event::Warning(&format!("{error}; it is written anew")));
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
    let record =
        ShardRecord { computed: own.len() - extraction.cached, unreadable: shard.unreadable.len(), ..record };
    place.write(&plan, number, &shard)?;
    Ok(record)
}

/// Puts the features of all shards into the cache.
///
/// # Errors
/// If a shard is missing, damaged or of something else, or the cache cannot be written.
pub(super) fn merge(
    place: &ShardPlace,
    data: &DataSet,
    extractor: &Extractor,
    forms: Forms<'_>,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<()> {
    let jobs = Jobs::new(data, forms).into_inner();
    let plan = extractor.plan(data.fingerprint(), &jobs);
    let numbers = place.complete()?;
    let mut new = 0;
    for number in &numbers {
        let missing = || ShardError::Missing {
            place: place.file(*number),
            missing: vec![number.index()],
            of: number.of(),
        };
        let shard = place.read(&plan, &jobs, *number)?.ok_or_else(missing)?;
        for job in number.select(&jobs) {
            if let Some(features) = shard.features.get(&entry_name(&job.sha256, &job.view)) {
                new += usize::from(extractor.keep(job, features)?);
            }
        }
    }
    observe(Event::Note(&format!(
        "{} shards with the features of {} images and forms of them; {new} were new to the cache",
        numbers.len(),
        jobs.len()
    )));
    Ok(())
}
