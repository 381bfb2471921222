//! Pooling, with gradients.

use std::sync::Arc;

use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;

use super::Recorded;
use super::memory::{floats, in_order, keep, sides, space, tensor};
use crate::kernels::pool;
use crate::kernels::window::Window;

/// The largest value of each window, and its place in the window.
fn max_places(map: FlexTensor, window: &Window) -> (FlexTensor, Vec<u8>) {
    let map = in_order(map);
    let [.., channels] = sides::<4>(&map);
    let len = window.images * window.out_pixels() * channels;
    let (mut out, mut places) = (space(len), vec![0; len]);
    pool::max(floats(&map), window, channels, &mut out, &mut places);
    (tensor(out, [window.images, window.out[0], window.out[1], channels]), places)
}

/// The largest value of each window, without gradients.
pub(super) fn max(map: FlexTensor, window: Window) -> FlexTensor {
    max_places(map, &window).0
}

/// The mean of each window, without gradients.
pub(super) fn mean(map: FlexTensor, window: Window) -> FlexTensor {
    let map = in_order(map);
    let [.., channels] = sides::<4>(&map);
    let mut out = space(window.images * window.out_pixels() * channels);
    pool::mean(floats(&map), &window, channels, &mut out);
    tensor(out, [window.images, window.out[0], window.out[1], channels])
}

/// As [`max`], with gradients.
pub(super) fn recorded_max<C: CheckpointStrategy>(map: Recorded, window: Window) -> Recorded {
    let (map, node) = map.into_parts();
    let (out, places) = max_places(map, &window);
    match Max.prepare::<C>([node]).compute_bound().stateful() {
        OpsKind::Tracked(operation) => operation.finish((window, Arc::new(places)), out),
        OpsKind::UnTracked(operation) => operation.finish(out),
    }
}

/// As [`mean`], with gradients.
pub(super) fn recorded_mean<C: CheckpointStrategy>(map: Recorded, window: Window) -> Recorded {
    let (map, node) = map.into_parts();
    let out = mean(map, window);
    match Mean.prepare::<C>([node]).compute_bound().stateful() {
        OpsKind::Tracked(operation) => operation.finish(window, out),
        OpsKind::UnTracked(operation) => operation.finish(out),
    }
}

#[derive(Debug)]
struct Max;

impl Backward<Flex, 1> for Max {
    type State = (Window, Arc<Vec<u8>>);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let gradient = in_order(gradients.consume::<Flex>(&ops.node));
        let (window, places) = ops.state;
        let Some(node) = node else { return };
        let (mut out, sides) = before(&gradient, &window);
        pool::max_gradient(floats(&gradient), &places, &window, sides[3], &mut out);
        keep(gradient);
        gradients.register::<Flex>(node.id, tensor(out, sides));
    }
}

#[derive(Debug)]
struct Mean;

impl Backward<Flex, 1> for Mean {
    type State = Window;

    fn backward(self, ops: Ops<Window, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let gradient = in_order(gradients.consume::<Flex>(&ops.node));
        let Some(node) = node else { return };
        let (mut out, sides) = before(&gradient, &ops.state);
        pool::mean_gradient(floats(&gradient), &ops.state, sides[3], &mut out);
        keep(gradient);
        gradients.register::<Flex>(node.id, tensor(out, sides));
    }
}

/// Space for the gradient of the map before, and the sides of that map.
fn before(gradient: &FlexTensor, window: &Window) -> (Vec<f32>, [usize; 4]) {
    let [.., channels] = sides::<4>(gradient);
    let sides = [window.images, window.size[0], window.size[1], channels];
    (space(sides.iter().product()), sides)
}
