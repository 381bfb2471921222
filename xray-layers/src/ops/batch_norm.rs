//! BatchNorm and the activation behind it, with its gradients.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Autodiff, AutodiffBackend, Flex};

use super::Recorded;
use super::memory::{floats, in_order, keep, sides, space, tensor};
use crate::kernels::batch_norm::{Affine, Clip, Gradients, Norm, Statistics, forward as clipped};

/// How a map is normalised.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// Added to the variance.
    pub(crate) epsilon: f32,
    pub(crate) clip: Clip,
}

/// What the way back needs.
#[derive(Debug, Clone)]
struct State {
    map: FlexTensor,
    affine: Affine,
    statistics: Statistics,
    settings: Settings,
}

impl State {
    fn new(map: FlexTensor, trained: [&FlexTensor; 2], statistics: Statistics, settings: Settings) -> Self {
        let [gamma, beta] = trained.map(|tensor| in_order(tensor.clone()));
        let affine = Affine::new(&statistics, floats(&gamma), floats(&beta), settings.epsilon);
        State { map, affine, statistics, settings }
    }

    fn output(&self) -> FlexTensor {
        let mut out = space(floats(&self.map).len());
        clipped(floats(&self.map), &self.affine, self.settings.clip, &mut out);
        tensor(out, sides::<4>(&self.map))
    }

    fn norm(&self) -> Norm<'_> {
        Norm {
            affine: &self.affine,
            statistics: &self.statistics,
            epsilon: self.settings.epsilon,
            clip: self.settings.clip,
        }
    }
}

/// The statistics of the map itself.
fn of_batch(map: FlexTensor, trained: [&FlexTensor; 2], settings: Settings) -> State {
    let map = in_order(map);
    let [.., channels] = sides::<4>(&map);
    let statistics = Statistics::of(floats(&map), channels);
    State::new(map, trained, statistics, settings)
}

/// Given statistics.
fn of_constants(
    map: FlexTensor,
    trained: [&FlexTensor; 2],
    constants: [FlexTensor; 2],
    settings: Settings,
) -> State {
    let [mean, variance] = constants.map(|tensor| floats(&in_order(tensor)).to_vec());
    State::new(in_order(map), trained, Statistics { mean, variance }, settings)
}

/// Mean and variance as tensors.
fn statistics_tensors(statistics: &Statistics) -> [FlexTensor; 2] {
    [&statistics.mean, &statistics.variance].map(|values| tensor(values.clone(), [values.len()]))
}

/// By the statistics of the map itself, which it also gives; without gradients.
pub(super) fn batch(map: FlexTensor, trained: [FlexTensor; 2], settings: Settings) -> [FlexTensor; 3] {
    let state = of_batch(map, trained.each_ref(), settings);
    let [mean, variance] = statistics_tensors(&state.statistics);
    [state.output(), mean, variance]
}

/// By given statistics, without gradients.
pub(super) fn affine(
    map: FlexTensor,
    trained: [FlexTensor; 2],
    constants: [FlexTensor; 2],
    settings: Settings,
) -> FlexTensor {
    of_constants(map, trained.each_ref(), constants, settings).output()
}

/// As [`batch`], with gradients; the statistics have none.
pub(super) fn recorded_batch<C: CheckpointStrategy>(
    map: Recorded,
    [gamma, beta]: [Recorded; 2],
    settings: Settings,
) -> [Recorded; 3] {
    let nodes = [map.node(), gamma.node(), beta.node()];
    let state = of_batch(map.into_primitive(), [gamma.primitive(), beta.primitive()], settings);
    let [mean, variance] = statistics_tensors(&state.statistics).map(Autodiff::<Flex, C>::from_inner);
    let out = state.output();
    let out = match OfBatch.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(operation) => operation.finish(state, out),
        OpsKind::UnTracked(operation) => operation.finish(out),
    };
    [out, mean, variance]
}

/// As [`affine`], with gradients of map, gamma and beta.
pub(super) fn recorded_affine<C: CheckpointStrategy>(
    map: Recorded,
    [gamma, beta]: [Recorded; 2],
    constants: [Recorded; 2],
    settings: Settings,
) -> Recorded {
    let nodes = [map.node(), gamma.node(), beta.node()];
    let constants = constants.map(Recorded::into_primitive);
    let trained = [gamma.primitive(), beta.primitive()];
    let state = of_constants(map.into_primitive(), trained, constants, settings);
    let out = state.output();
    match OfConstants.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(operation) => operation.finish(state, out),
        OpsKind::UnTracked(operation) => operation.finish(out),
    }
}

/// Gradients where mean and variance come from the map.
#[derive(Debug)]
struct OfBatch;

impl Backward<Flex, 3> for OfBatch {
    type State = State;

    fn backward(self, ops: Ops<State, 3>, gradients: &mut grads::Gradients, _: &mut Checkpointer) {
        let [map, gamma, beta] = ops.parents.map(|parent| parent.map(|node| node.id));
        let mut gradient = in_order(gradients.consume::<Flex>(&ops.node));
        let (values, norm) = (floats(&ops.state.map), ops.state.norm());
        let parameters = norm.parameter_gradients(values, floats(&gradient));
        if let Some(id) = map {
            norm.batch_gradient(values, gradient.storage_mut(), &parameters);
            gradients.register::<Flex>(id, gradient);
        }
        register(gradients, [gamma, beta], parameters);
        keep(ops.state.map);
    }
}

/// Gradients where mean and variance are constants.
#[derive(Debug)]
struct OfConstants;

impl Backward<Flex, 3> for OfConstants {
    type State = State;

    fn backward(self, ops: Ops<State, 3>, gradients: &mut grads::Gradients, _: &mut Checkpointer) {
        let [map, gamma, beta] = ops.parents.map(|parent| parent.map(|node| node.id));
        let mut gradient = in_order(gradients.consume::<Flex>(&ops.node));
        let (values, norm) = (floats(&ops.state.map), ops.state.norm());
        if gamma.is_some() || beta.is_some() {
            register(gradients, [gamma, beta], norm.parameter_gradients(values, floats(&gradient)));
        }
        if let Some(id) = map {
            norm.input_gradient(values, gradient.storage_mut());
            gradients.register::<Flex>(id, gradient);
        }
        keep(ops.state.map);
    }
}

fn register(gradients: &mut grads::Gradients, ids: [Option<NodeId>; 2], parameters: Gradients) {
    for (id, values) in ids.into_iter().zip([parameters.gamma, parameters.beta]) {
        if let Some(id) = id {
            let sides = [values.len()];
            gradients.register::<Flex>(id, tensor(values, sides));
        }
    }
}
