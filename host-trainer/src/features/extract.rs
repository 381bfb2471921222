//! Images through the frozen backbones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;
use xray_core::intake;
use xray_core::preprocess::{InputTensor, Preprocessing, prepare};

use super::{FeatureCache, FeatureError, View};
use crate::backbones::{Backbone, input_adapter};
use crate::device::ChosenDevice;
use crate::weights::WeightSet;

/// Images and views that go through a net at once. Larger batches were not faster on the CPU.
const BATCH: usize = 8;

/// One image whose features are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The file.
    pub path: PathBuf,
    /// SHA-256 of its content (hex).
    pub sha256: String,
    /// In which form.
    pub view: View,
}

/// How far an extraction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Jobs that are done.
    pub done: usize,
    /// Jobs in all.
    pub total: usize,
    /// Jobs whose features were in the cache.
    pub cached: usize,
}

/// What an extraction gave.
#[derive(Debug, Clone, Default)]
pub struct Extraction {
    /// The joined features of each job, in the order of the jobs; none where the image could not be read.
    pub features: Vec<Option<Arc<[f32]>>>,
    /// Files that could not be read, each with the reason.
    pub unreadable: BTreeMap<PathBuf, String>,
    /// Jobs whose features were in the cache.
    pub cached: usize,
}

struct Part {
    backbone: Backbone,
    adapter: Option<([f32; 3], [f32; 3])>,
    cache: FeatureCache,
}

/// The frozen backbones, side by side, and their caches.
pub struct Extractor {
    parts: Vec<Part>,
    preprocessing: Preprocessing,
    device: Device,
}

impl Extractor {
    /// Puts the backbones on the device.
    ///
    /// # Errors
    /// [`FeatureError`] if weights do not fit or the cache cannot be opened.
    pub fn new(
        sets: &[WeightSet],
        preprocessing: &Preprocessing,
        device: &ChosenDevice,
        cache: &Path,
    ) -> Result<Self, FeatureError> {
        let parts = sets
            .iter()
            .map(|set| {
                Ok(Part {
                    backbone: Backbone::load(set, &device.device)?,
                    adapter: input_adapter(preprocessing.scaling, &set.conventions),
                    cache: FeatureCache::open(cache, set, preprocessing, device.name)?,
                })
            })
            .collect::<Result<_, FeatureError>>()?;
        Ok(Extractor { parts, preprocessing: preprocessing.clone(), device: device.device.clone() })
    }

    /// The joined features of every job: from the cache where they are there, else computed and kept.
    /// `observe` is called as it goes on.
    ///
    /// # Errors
    /// [`FeatureError`] if the cache or the device fails. An image that cannot be read is no error: it is
    /// named in the result.
    pub fn run(&self, jobs: &[Job], mut observe: impl FnMut(Progress)) -> Result<Extraction, FeatureError> {
        let mut result = Extraction { features: vec![None; jobs.len()], ..Extraction::default() };
        let mut missing = Vec::new();
        for (index, job) in jobs.iter().enumerate() {
            match self.cached(job)? {
                Some(features) => result.features[index] = Some(features),
                None => missing.push(index),
            }
        }
        result.cached = jobs.len() - missing.len();
        let progress = |done| Progress { done, total: jobs.len(), cached: jobs.len() - missing.len() };
        let mut done = result.cached;
        observe(progress(done));
        for batch in missing.chunks(BATCH) {
            let prepared: Vec<_> =
                batch.par_iter().map(|index| (*index, self.prepare(&jobs[*index]))).collect();
            let mut ready = Vec::with_capacity(batch.len());
            for (index, tensor) in prepared {
                match tensor {
                    Ok(tensor) => ready.push((index, tensor)),
                    Err(reason) => {
                        result.unreadable.insert(jobs[index].path.clone(), reason);
                    }
                }
            }
            self.compute(jobs, &ready, &mut result.features)?;
            done += batch.len();
            observe(progress(done));
        }
        Ok(result)
    }

    fn cached(&self, job: &Job) -> Result<Option<Arc<[f32]>>, FeatureError> {
        let mut joined = Vec::new();
        for part in &self.parts {
            match part.cache.get(&job.sha256, job.view)? {
                Some(features) => joined.extend(features),
                None => return Ok(None),
            }
        }
        Ok(Some(joined.into()))
    }

    fn prepare(&self, job: &Job) -> Result<InputTensor, String> {
        let image = intake::read_file(&job.path).map_err(|error| error.problem.to_string())?;
        let tensor = prepare(&image, &self.preprocessing).map_err(|error| error.to_string())?;
        Ok(match job.view {
            View::Plain => tensor,
            View::Mirror => tensor.mirrored(),
        })
    }

    fn compute(
        &self,
        jobs: &[Job],
        batch: &[(usize, InputTensor)],
        features: &mut [Option<Arc<[f32]>>],
    ) -> Result<(), FeatureError> {
        if batch.is_empty() {
            return Ok(());
        }
        let size = self.preprocessing.size;
        let elements: Vec<f32> = batch.iter().flat_map(|(_, tensor)| tensor.as_slice()).copied().collect();
        let images =
            Tensor::<4>::from_data(TensorData::new(elements, [batch.len(), 3, size, size]), &self.device);
        let mut joined = vec![Vec::new(); batch.len()];
        for part in &self.parts {
            let rows = self.pooled(part, images.clone())?;
            for ((index, _), (row, joined)) in batch.iter().zip(rows.iter().zip(&mut joined)) {
                part.cache.put(&jobs[*index].sha256, jobs[*index].view, row)?;
                joined.extend_from_slice(row);
            }
        }
        for ((index, _), joined) in batch.iter().zip(joined) {
            features[*index] = Some(joined.into());
        }
        Ok(())
    }

    fn pooled(&self, part: &Part, images: Tensor<4>) -> Result<Vec<Vec<f32>>, FeatureError> {
        let kind = part.backbone.kind();
        let failed = |reason: String| FeatureError::Device { backbone: kind.name(), reason };
        let images = match part.adapter {
            Some((factor, summand)) => {
                let channel = |values: [f32; 3]| {
                    Tensor::<4>::from_data(TensorData::new(values.to_vec(), [1, 3, 1, 1]), &self.device)
                };
                images * channel(factor) + channel(summand)
            }
            None => images,
        };
        let pooled = part.backbone.pooled(images);
        let data = pooled.try_into_data().map_err(|error| failed(format!("{error:?}")))?;
        let values = data.try_to_vec::<f32>().map_err(|error| failed(format!("{error:?}")))?;
        Ok(values.chunks_exact(kind.features()).map(<[f32]>::to_vec).collect())
    }
}
