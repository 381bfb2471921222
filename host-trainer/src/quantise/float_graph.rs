//! The float graph of the backbones, run by tract, with the activations as its outputs.

use std::sync::Arc;

use rayon::prelude::*;
use tract_onnx::prelude::*;
use xray_core::preprocess::Preprocessing;

use super::QuantiseError;
use super::range::Range;
use crate::onnx::{self, ObservedGraph};
use crate::weights::WeightSet;

/// Images that run at the same time.
pub(super) fn batch() -> usize {
    rayon::current_num_threads().max(1)
}

/// The float graph, ready to run, with the activations as its outputs.
pub(super) struct FloatGraph {
    plan: Arc<TypedRunnableModel>,
    size: usize,
    pub names: Vec<String>,
}

impl FloatGraph {
    pub fn new(sets: &[WeightSet], preprocessing: &Preprocessing) -> Result<FloatGraph, QuantiseError> {
        let ObservedGraph { model, names } = onnx::observed(sets, preprocessing)?;
        Ok(FloatGraph { plan: plan(&model, &names).map_err(run_error)?, size: preprocessing.size, names })
    }

    /// Ranges of every activation over all images.
    pub fn ranges<T: Sync>(
        &self,
        images: &[T],
        load: &(impl Fn(&T) -> Result<Vec<f32>, QuantiseError> + Sync),
        observe: &mut dyn FnMut(usize),
    ) -> Result<Vec<Range>, QuantiseError> {
        let mut ranges: Vec<Range> = vec![Range::default(); self.names.len()];
        for images in images.chunks(batch()) {
            let seen: Vec<Vec<Range>> = images
                .par_iter()
                .map(|image| self.run(&load(image)?, |_, tensor, channels| Ok(Range::of(tensor, channels))))
                .collect::<Result<_, QuantiseError>>()?;
            // In the order of the images: sums of floats depend on it.
            for seen in seen {
                ranges.iter_mut().zip(&seen).for_each(|(range, seen)| range.merge(seen));
            }
            observe(images.len());
        }
        for (range, name) in ranges.iter().zip(&self.names) {
            let finite = range.lo.is_finite() && range.hi.is_finite();
            if !(finite && range.sums.iter().all(|sum| sum.is_finite())) {
                return Err(QuantiseError::NotFinite { activation: name.clone() });
            }
        }
        Ok(ranges)
    }

    /// Runs one input; `read` gets each activation's index, elements and number of channels.
    pub fn run<R>(
        &self,
        input: &[f32],
        read: impl Fn(usize, &[f32], usize) -> Result<R, QuantiseError>,
    ) -> Result<Vec<R>, QuantiseError> {
        let shape = [1, 3, self.size, self.size];
        let image = Tensor::from_shape(&shape, input).map_err(run_error)?;
        let outputs = self.plan.run(tvec!(image.into_tvalue())).map_err(run_error)?;
        if outputs.len() != self.names.len() {
            let reason = format!("{} outputs where {} were expected", outputs.len(), self.names.len());
            return Err(QuantiseError::Run { reason });
        }
        outputs
            .iter()
            .enumerate()
            .map(|(index, tensor)| {
                let channels = tensor.shape().get(1).copied().unwrap_or(1);
                let ram = tensor.try_as_plain_ram().map_err(run_error)?;
                read(index, ram.as_slice::<f32>().map_err(run_error)?, channels)
            })
            .collect()
    }
}

fn plan(model: &tract_onnx::pb::ModelProto, names: &[String]) -> TractResult<Arc<TypedRunnableModel>> {
    let mut model = tract_onnx::onnx().model_for_proto_model(model)?;
    model.select_outputs_by_name(names)?;
    model.into_optimized()?.into_runnable()
}

fn run_error(error: impl std::fmt::Display) -> QuantiseError {
    QuantiseError::Run { reason: format!("{error:#}") }
}
