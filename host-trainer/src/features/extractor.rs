//! Runs images through frozen backbones and caches the features.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use xray_core::engine::Engine;
use xray_core::preprocess::{self, InputTensor, Preprocessing};
use xray_intake::Radiograph;

use super::burn_net::BurnNet;
use super::feature_net::FeatureNet;
use super::model_net::ModelNet;
use super::shard::{Plan, ShardPlanPart};
use super::{CacheKey, Extraction, FeatureCache, FeatureError, FeatureJob, Progress};
use crate::decoding;
use crate::device::ChosenDevice;
use crate::weights::WeightSet;

/// Images and views that are handed to a net at once.
const BATCH: usize = 8;

/// A net with the cache of its features.
struct CachedNets {
    /// The same net on each device.
    nets: Vec<Box<dyn FeatureNet>>,
    cache: FeatureCache,
}

/// Features of every part, by part and job; none where they are not known.
type FeatureRows = Vec<Vec<Option<Vec<f32>>>>;

/// Frozen nets and the caches of their features.
pub struct Extractor {
    parts: Vec<CachedNets>,
    preprocessing: Preprocessing,
    device: &'static str,
}

impl Extractor {
    /// Puts the backbones on the device, and on others of its kind if there are any: batches are dealt out to them.
    ///
    /// # Errors
    /// [`FeatureError`] if weights do not fit or the cache cannot be opened.
    pub fn new(
        sets: &[WeightSet],
        preprocessing: &Preprocessing,
        device: &ChosenDevice,
        cache: &Path,
    ) -> Result<Self, FeatureError> {
        let together = if device.is_cpu() { 1 } else { BATCH };
        let part = |set: &WeightSet| -> Result<CachedNets, FeatureError> {
            let key = CacheKey {
                net: set.backbone.name(),
                fingerprint: &set.fingerprint(),
                features: set.backbone.features(),
                device: device.name,
            };
            let on = |device| {
                Ok(Box::new(BurnNet::new(set, preprocessing, device, together)?) as Box<dyn FeatureNet>)
            };
            Ok(CachedNets {
                nets: device.all().map(on).collect::<Result<_, FeatureError>>()?,
                cache: FeatureCache::open(cache, key, preprocessing)?,
            })
        };
        Ok(Extractor {
            parts: sets.iter().map(part).collect::<Result<_, _>>()?,
            preprocessing: preprocessing.clone(),
            device: device.name,
        })
    }

    /// The backbones inside an exported model, run by `engine`. `fingerprint` is that of everything in the model
    /// before its head, `features` their number.
    ///
    /// # Errors
    /// [`FeatureError::Cache`] if the cache cannot be opened.
    pub fn of_model(
        engine: Box<dyn Engine>,
        fingerprint: &str,
        features: usize,
        preprocessing: &Preprocessing,
        cache: &Path,
    ) -> Result<Self, FeatureError> {
        let device = engine.name();
        let key = CacheKey { net: "model", fingerprint, features, device };
        let cache = FeatureCache::open(cache, key, preprocessing)?;
        let parts = vec![CachedNets { nets: vec![Box::new(ModelNet { engine })], cache }];
        Ok(Extractor { parts, preprocessing: preprocessing.clone(), device })
    }

    /// What shards of the features of these jobs have in common. `data` is the fingerprint of the data set.
    pub fn plan(&self, data: String, jobs: &[FeatureJob]) -> Plan {
        let part = |part: &CachedNets| ShardPlanPart {
            name: part.cache.name().to_owned(),
            features: part.cache.features(),
        };
        Plan::new(data, self.device, self.parts.iter().map(part).collect(), jobs)
    }

    /// Stores the joined features of a job in the cache and replaces others; `false` if the same were stored.
    ///
    /// # Errors
    /// [`FeatureError::Cache`] if the cache cannot be read or written.
    pub fn keep(&self, job: &FeatureJob, joined: &[f32]) -> Result<bool, FeatureError> {
        let mut changed = false;
        let mut rest = joined;
        for part in &self.parts {
            let (own, others) = rest.split_at(part.cache.features().min(rest.len()));
            rest = others;
            // Bits, not values: what is no number equals itself here.
            let bits = |features: &[f32]| features.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            if part.cache.get(&job.sha256, &job.view)?.is_none_or(|old| bits(&old) != bits(own)) {
                part.cache.put(&job.sha256, &job.view, own)?;
                changed = true;
            }
        }
        Ok(changed)
    }

    /// The joined features of every job: from the cache where they are there, else computed and kept.
    /// `observe` is called as it goes on.
    ///
    /// # Errors
    /// [`FeatureError`] if the cache or a net fails. An image that cannot be read is no error: it is
    /// named in the result.
    pub fn run(
        &self,
        jobs: &[FeatureJob],
        mut observe: impl FnMut(Progress),
    ) -> Result<Extraction, FeatureError> {
        let mut rows: FeatureRows = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            rows.push(jobs.iter().map(|j| part.cache.get(&j.sha256, &j.view)).collect::<Result<_, _>>()?);
        }
        let missing: Vec<usize> =
            (0..jobs.len()).filter(|job| rows.iter().any(|part| part[*job].is_none())).collect();
        let cached = jobs.len() - missing.len();
        let mut unreadable = BTreeMap::new();
        let mut done = cached;
        observe(Progress { done, total: jobs.len(), cached });
        let devices = self.parts.iter().map(|part| part.nets.len()).max().unwrap_or(1);
        for batch in missing.chunks(BATCH * devices) {
            let prepared: Vec<_> =
                batch.par_iter().map(|index| (*index, self.prepare(&jobs[*index]))).collect();
            let mut ready = Vec::with_capacity(batch.len());
            for (index, tensor) in prepared {
                match tensor {
                    Ok(tensor) => ready.push((index, tensor)),
                    Err(reason) => {
                        unreadable.insert(jobs[index].path.clone(), reason);
                    }
                }
            }
            self.compute(jobs, &ready, &mut rows)?;
            done += batch.len();
            observe(Progress { done, total: jobs.len(), cached });
        }
        let features = (0..jobs.len()).map(|job| joined(&rows, job)).collect();
        Ok(Extraction { features, unreadable, cached })
    }

    /// The joined features of pictures that are not kept in files, in their order; nothing is cached.
    ///
    /// # Errors
    /// [`FeatureError`] if a picture cannot be prepared or a net fails.
    pub fn drawn(&self, pictures: &[Radiograph]) -> Result<Vec<Vec<f32>>, FeatureError> {
        let mut rows = Vec::with_capacity(pictures.len());
        for batch in pictures.chunks(BATCH) {
            let prepared: Result<Vec<_>, _> =
                batch.par_iter().map(|picture| preprocess::prepare(picture, &self.preprocessing)).collect();
            let prepared = prepared?;
            let images: Vec<&InputTensor> = prepared.iter().collect();
            let mut joined = vec![Vec::new(); batch.len()];
            for part in &self.parts {
                joined.iter_mut().zip(part.pooled(&images)?).for_each(|(all, own)| all.extend(own));
            }
            rows.append(&mut joined);
        }
        Ok(rows)
    }

    fn prepare(&self, job: &FeatureJob) -> Result<InputTensor, String> {
        let image = decoding::read_file(&job.path).map_err(|error| error.problem.to_string())?;
        job.view.prepare(&image, &job.sha256, &self.preprocessing).map_err(|error| error.to_string())
    }

    /// Computes what a batch lacks, for each net those images only that it has not seen.
    fn compute(
        &self,
        jobs: &[FeatureJob],
        batch: &[(usize, InputTensor)],
        rows: &mut FeatureRows,
    ) -> Result<(), FeatureError> {
        for (part, rows) in self.parts.iter().zip(rows) {
            let lacking: Vec<_> = batch.iter().filter(|(index, _)| rows[*index].is_none()).collect();
            if lacking.is_empty() {
                continue;
            }
            let images: Vec<&InputTensor> = lacking.iter().map(|(_, tensor)| tensor).collect();
            for ((index, _), row) in lacking.iter().zip(part.pooled(&images)?) {
                part.cache.put(&jobs[*index].sha256, &jobs[*index].view, &row)?;
                rows[*index] = Some(row);
            }
        }
        Ok(())
    }
}

impl CachedNets {
    /// The features of at most [`BATCH`] images a device, computed by all devices at once.
    fn pooled(&self, images: &[&InputTensor]) -> Result<Vec<Vec<f32>>, FeatureError> {
        if let [net] = self.nets.as_slice() {
            return net.pooled(images);
        }
        let batches = images.par_chunks(BATCH).zip(self.nets.par_iter());
        let rows: Result<Vec<_>, _> = batches.map(|(images, net)| net.pooled(images)).collect();
        Ok(rows?.concat())
    }
}

/// The features of all nets in a row; none if one of them is not known.
fn joined(rows: &FeatureRows, job: usize) -> Option<Arc<[f32]>> {
    let mut all = Vec::new();
    for part in rows {
        all.extend_from_slice(part[job].as_deref()?);
    }
    Some(all.into())
}
