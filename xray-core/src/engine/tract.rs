//! The engine on tract, with tract's own operators.

use std::sync::Arc;

use tract_core::internal::{bail, format_err};
use tract_onnx::prelude::*;

use super::{Engine, EngineError, Output, Probability};
use crate::heat_map::HeatMap;
use crate::package::VerifiedPackage;
use crate::preprocess::InputTensor;

/// A loaded model: typed, simplified and planned once, then run from any thread.
#[derive(Debug)]
pub struct TractEngine {
    plan: Arc<TypedRunnableModel>,
    size: usize,
}

impl TractEngine {
    /// Loads a verified package.
    ///
    /// # Errors
    /// [`EngineError::Load`] if tract refuses the graph.
    pub fn load(package: &VerifiedPackage) -> Result<Self, EngineError> {
        let size = package.contract().preprocessing.size;
        let plan = plan(package).map_err(|error| EngineError::Load {
            file: package.path().display().to_string(),
            reason: format!("{error:#}"),
        })?;
        Ok(TractEngine { plan, size })
    }
}

fn plan(package: &VerifiedPackage) -> TractResult<Arc<TypedRunnableModel>> {
    tract_onnx::onnx().model_for_proto_model(package.proto())?.into_optimized()?.into_runnable()
}

impl Engine for TractEngine {
    fn run(&self, input: &InputTensor) -> Result<Output, EngineError> {
        if input.size() != self.size {
            return Err(EngineError::InputSize { expected: self.size, found: input.size() });
        }
        run(&self.plan, input)
    }

    fn name(&self) -> &'static str {
        "tract"
    }
}

/// Runs a plan whose outputs are the probability, the features and, where the model has one, the heat map.
pub(super) fn run(plan: &Arc<TypedRunnableModel>, input: &InputTensor) -> Result<Output, EngineError> {
    let (probability, features, heat) =
        outputs(plan, input).map_err(|error| EngineError::Run { reason: format!("{error:#}") })?;
    let heat_map = heat.map(|(side, values)| HeatMap::new(side, values)).transpose();
    let heat_map = heat_map.map_err(EngineError::NotAHeatMap)?;
    Ok(Output { probability: Probability::new(probability)?, features, heat_map })
}

/// Side and cells of a map.
type Heat = (usize, Vec<f32>);

fn outputs(
    plan: &Arc<TypedRunnableModel>,
    input: &InputTensor,
) -> TractResult<(f32, Vec<f32>, Option<Heat>)> {
    let shape = [1, 3, input.size(), input.size()];
    let outputs = plan.run(tvec!(Tensor::from_shape(&shape, input.as_slice())?.into_tvalue()))?;
    let (probability, features, heat) = match outputs.as_slice() {
        [probability, features] => (probability, features, None),
        [probability, features, heat] => (probability, features, Some(heat)),
        _ => bail!("{} outputs where two or three were expected", outputs.len()),
    };
    let floats = |value: &TValue| TractResult::Ok(value.try_as_plain_ram()?.as_slice::<f32>()?.to_vec());
    let probability = probability.try_as_plain_ram()?.as_slice::<f32>()?.first().copied();
    let probability = probability.ok_or_else(|| format_err!("the probability is empty"))?;
    let heat = heat.map(|heat| TractResult::Ok((heat.shape().last().copied().unwrap_or(0), floats(heat)?)));
    Ok((probability, floats(features)?, heat.transpose()?))
}
