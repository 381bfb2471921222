//! Convolution: which kernel computes it, and its gradients.

use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;

use super::Recorded;
use super::memory::{floats, in_order, keep, sides, space, tensor};
use crate::geometry::Geometry;
use crate::kernels::pointwise::Channels;
use crate::kernels::window::Window;
use crate::kernels::{conv, depthwise, pointwise};

/// A convolution of given tensors, by the kernel that computes it.
#[derive(Clone, Copy)]
enum Plan {
    /// 1x1, stride 1.
    Pointwise(Channels),
    /// 3x3, each channel by itself.
    Depthwise(Window, usize),
    /// All channels connected.
    Dense(Window, Channels),
}

impl Plan {
    /// # Panics
    /// If the shapes do not fit each other, or no kernel computes it.
    fn new(map: &FlexTensor, weight: &FlexTensor, geometry: Geometry) -> (Self, [usize; 4]) {
        let map: [usize; 4] = sides(map);
        let [outputs, inputs, kernel, width]: [usize; 4] = sides(weight);
        assert_eq!(kernel, width, "the sides of the window of a convolution");
        assert_eq!(map[3], inputs * geometry.groups, "channels of the map of a convolution");
        let window = geometry.window(map, kernel);
        let channels = Channels { inputs, outputs };
        let plan = match geometry.groups {
            1 if kernel == 1 && geometry.stride == 1 && geometry.padding == [0; 4] => {
                Plan::Pointwise(channels)
            }
            1 => Plan::Dense(window, channels),
            groups => {
                assert!(
                    groups == outputs && inputs == 1 && kernel == 3,
                    "a convolution in {groups} groups must be 3x3 and have a channel in each"
                );
                Plan::Depthwise(window, outputs)
            }
        };
        (plan, [map[0], window.out[0], window.out[1], outputs])
    }

    fn forward(self, map: &[f32], weight: &[f32], out: &mut [f32]) {
        match self {
            Plan::Pointwise(channels) => pointwise::forward(map, weight, channels, out),
            Plan::Depthwise(window, channels) => depthwise::forward(map, weight, &window, channels, out),
            Plan::Dense(window, channels) => conv::forward(map, weight, &window, channels, out),
        }
    }

    fn input_gradient(self, gradient: &[f32], weight: &[f32], out: &mut [f32]) {
        match self {
            Plan::Pointwise(channels) => pointwise::input_gradient(gradient, weight, channels, out),
            Plan::Depthwise(window, channels) => {
                depthwise::input_gradient(gradient, weight, &window, channels, out);
            }
            Plan::Dense(window, channels) => conv::input_gradient(gradient, weight, &window, channels, out),
        }
    }

    fn weight_gradient(self, gradient: &[f32], map: &[f32]) -> Vec<f32> {
        match self {
            Plan::Pointwise(channels) => pointwise::weight_gradient(gradient, map, channels),
            Plan::Depthwise(window, channels) => depthwise::weight_gradient(gradient, map, &window, channels),
            Plan::Dense(window, channels) => conv::weight_gradient(gradient, map, &window, channels),
        }
    }

    /// Both gradients; the first goes into `out`.
    fn gradients(self, gradient: &[f32], map: &[f32], weight: &[f32], out: &mut [f32]) -> Vec<f32> {
        if let Plan::Pointwise(channels) = self {
            return pointwise::gradients(gradient, map, weight, channels, out);
        }
        self.input_gradient(gradient, weight, out);
        self.weight_gradient(gradient, map)
    }
}

/// Without gradients.
pub(super) fn forward(map: FlexTensor, weight: FlexTensor, geometry: Geometry) -> FlexTensor {
    let (map, weight) = (in_order(map), in_order(weight));
    let (plan, out_sides) = Plan::new(&map, &weight, geometry);
    let mut out = space(out_sides.iter().product());
    plan.forward(floats(&map), floats(&weight), &mut out);
    tensor(out, out_sides)
}

/// With gradients of map and weight.
pub(super) fn recorded<C: CheckpointStrategy>(
    map: Recorded,
    weight: Recorded,
    geometry: Geometry,
) -> Recorded {
    let (map, map_node) = map.into_parts();
    let (weight, weight_node) = weight.into_parts();
    let (map, weight) = (in_order(map), in_order(weight));
    let out = forward(map.clone(), weight.clone(), geometry);
    match Convolution.prepare::<C>([map_node, weight_node]).compute_bound().stateful() {
        OpsKind::Tracked(operation) => operation.finish((map, weight, geometry), out),
        OpsKind::UnTracked(operation) => operation.finish(out),
    }
}

#[derive(Debug)]
struct Convolution;

impl Backward<Flex, 2> for Convolution {
    type State = (FlexTensor, FlexTensor, Geometry);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [map_node, weight_node] = ops.parents;
        let gradient = in_order(gradients.consume::<Flex>(&ops.node));
        let (map, weight, geometry) = ops.state;
        let (plan, _) = Plan::new(&map, &weight, geometry);
        let (map_sides, weight_sides): ([usize; 4], [usize; 4]) = (sides(&map), sides(&weight));
        let out = map_node.as_ref().map(|_| space(map_sides.iter().product()));
        let (values, weight, of_out) = (floats(&map), floats(&weight), floats(&gradient));
        let (of_map, of_weight) = match (out, &weight_node) {
            (Some(mut out), Some(_)) => {
                let of_weight = plan.gradients(of_out, values, weight, &mut out);
                (Some(out), Some(of_weight))
            }
            (Some(mut out), None) => {
                plan.input_gradient(of_out, weight, &mut out);
                (Some(out), None)
            }
            (None, Some(_)) => (None, Some(plan.weight_gradient(of_out, values))),
            (None, None) => (None, None),
        };
        keep(map);
        keep(gradient);
        if let (Some(node), Some(value)) = (map_node, of_map) {
            gradients.register::<Flex>(node.id, tensor(value, map_sides));
        }
        if let (Some(node), Some(value)) = (weight_node, of_weight) {
            gradients.register::<Flex>(node.id, tensor(value, weight_sides));
        }
    }
}
