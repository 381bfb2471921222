//! Channels side by side, with gradients.

use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;

use super::Recorded;
use super::memory::{floats, in_order, keep, sides, space, tensor};
use crate::kernels::concat;

/// Without gradients.
///
/// # Panics
/// If the maps differ in more than their channels.
pub(super) fn forward(first: FlexTensor, second: FlexTensor) -> FlexTensor {
    let (first, second) = (in_order(first), in_order(second));
    let ([n, height, width, a], [m, h, w, b]) = (sides::<4>(&first), sides::<4>(&second));
    assert_eq!([n, height, width], [m, h, w], "images and sides of two maps that are joined");
    let mut out = space(n * height * width * (a + b));
    concat::join(floats(&first), floats(&second), [a, b], &mut out);
    tensor(out, [n, height, width, a + b])
}

/// With gradients of both maps.
pub(super) fn recorded<C: CheckpointStrategy>(first: Recorded, second: Recorded) -> Recorded {
    let nodes = [first.node(), second.node()];
    let (first, second) = (first.into_primitive(), second.into_primitive());
    let channels = [&first, &second].map(|map| sides::<4>(map)[3]);
    let out = forward(first, second);
    match Concat.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(operation) => operation.finish(channels, out),
        OpsKind::UnTracked(operation) => operation.finish(out),
    }
}

#[derive(Debug)]
struct Concat;

impl Backward<Flex, 2> for Concat {
    /// Channels of each map.
    type State = [usize; 2];

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [first, second] = ops.parents;
        let gradient = in_order(gradients.consume::<Flex>(&ops.node));
        let [n, height, width, _] = sides::<4>(&gradient);
        let [a, b] = ops.state;
        let pixels = n * height * width;
        let (mut of_first, mut of_second) = (space(pixels * a), space(pixels * b));
        concat::part(floats(&gradient), [a, b], &mut of_first, &mut of_second);
        keep(gradient);
        if let Some(node) = first {
            gradients.register::<Flex>(node.id, tensor(of_first, [n, height, width, a]));
        }
        if let Some(node) = second {
            gradients.register::<Flex>(node.id, tensor(of_second, [n, height, width, b]));
        }
    }
}
