//! Recognition by structure: from each QuantizeLinear (and each sum over the feature map) back to the 8-bit tensors
//! that it depends on. Names of nodes play no part.

use tract_core::internal::*;
use tract_core::ops::array::TypedConcat;
use tract_core::ops::cnn::{Conv, KernelFormat, MaxPool, PoolSpec, SumPool};
use tract_core::ops::math::{Add, Max, Min, Mul};
use tract_core::ops::nn::{DataFormat, Reduce, Reducer};

use super::constant::{
    QuantisedTensor, binary, dequantised, floats, per_channel, quantiser, scalar, weights,
};
use super::detached_weights::DetachedWeights;
use super::fused_op::{AffineOp, ConvOp, FusedOp, OpKind, Shape};

/// Why something stays with tract; words for the report.
type UnfusedReason = &'static str;

/// `[1, c, h, w]` of an outlet.
pub(crate) fn shape_of(model: &TypedModel, outlet: OutletId) -> Option<Shape> {
    let fact = model.outlet_fact(outlet).ok()?;
    match fact.shape.as_concrete()? {
        [1, c, h, w] => Some((*c, *h, *w)),
        _ => None,
    }
}

/// The unit that ends in `node`; `None` if `node` ends nothing, a reason if it does and cannot be taken.
pub(crate) fn fused_op(
    model: &TypedModel,
    node: &TypedNode,
    detached: &DetachedWeights,
) -> Option<Result<FusedOp, UnfusedReason>> {
    if let Some(tensor) = quantiser(node) {
        let result = quantised(model, node.inputs[0], detached);
        let Some(shape) = shape_of(model, tensor.outlet) else {
            return Some(Err("not a picture of batch 1 with known size"));
        };
        return Some(result.map(|kind| FusedOp { output: tensor.outlet, tensor, shape, kind }));
    }
    let outlet: OutletId = node.id.into();
    let float = QuantisedTensor { outlet, scale: 1.0, zero: 0, signed: false };
    if node.op_is::<TypedConcat>() {
        let (kind, shape) = (maps(model, node)?, shape_of(model, outlet)?);
        return Some(Ok(FusedOp { output: outlet, tensor: float, shape, kind }));
    }
    let reduce = node.op_as::<Reduce>()?;
    if !matches!(reduce.reducer, Reducer::Sum) || reduce.axes.as_slice() != [2, 3] {
        return None;
    }
    let affine = match affine(model, node.inputs[0]) {
        Ok(affine) => affine,
        Err(reason) => return Some(Err(reason)),
    };
    let shape = shape_of(model, outlet)?;
    Some(Ok(FusedOp { output: outlet, tensor: float, shape, kind: OpKind::AffineSum(affine) }))
}

/// A concatenation of feature maps that stay float. One of 8-bit tensors alone belongs to what reads it.
fn maps(model: &TypedModel, node: &TypedNode) -> Option<OpKind> {
    node.op_as::<TypedConcat>().filter(|op| op.axis == 1)?;
    if concatenated(model, node.id.into(), &mut Vec::new()).is_some() {
        return None;
    }
    node.inputs.iter().map(|input| affine(model, *input).ok()).collect::<Option<_>>().map(OpKind::Maps)
}

/// What is computed in front of a QuantizeLinear.
fn quantised(
    model: &TypedModel,
    outlet: OutletId,
    detached: &DetachedWeights,
) -> Result<OpKind, UnfusedReason> {
    let (inner, clip) = clipped(model, outlet);
    let node = model.node(inner.node);
    if let Some(op) = node.op_as::<Conv>() {
        return conv(model, node, op, clip, detached);
    }
    let bounded = clip != (f32::NEG_INFINITY, f32::INFINITY);
    if bounded && (node.op_is::<MaxPool>() || node.op_is::<SumPool>()) {
        return Err("pooling with an activation behind it");
    }
    if let Some(op) = node.op_as::<MaxPool>() {
        return max_pool(model, node, op);
    }
    if let Some(op) = node.op_as::<SumPool>() {
        let square = [2, 2];
        let same = op.pool_spec.kernel_shape.as_slice() == square
            && op.pool_spec.strides().as_ref() == square
            && op.normalize;
        let (_, h, w) = shape_of(model, node.inputs[0]).ok_or("mean pooling of unknown size")?;
        let unpadded = op.pool_spec.computed_padding(&[h, w]).iter().all(|p| p.pad_before + p.pad_after == 0);
        if !same || !unpadded {
            return Err("mean pooling other than 2 x 2 with stride 2 and no padding");
        }
        return affine(model, node.inputs[0]).map(OpKind::AffinePool);
    }
    if inner == outlet
        && let Some((a, b)) = binary::<Add>(model, inner)
        && let (Some(a), Some(b)) = (dequantised(model, a), dequantised(model, b))
    {
        return Ok(OpKind::Add(a, b));
    }
    affine(model, outlet).map(OpKind::Affine)
}

/// Takes `max(x, constant)` and `min(x, constant)` off; returns the bounds.
fn clipped(model: &TypedModel, outlet: OutletId) -> (OutletId, (f32, f32)) {
    let (mut at, mut clip) = (outlet, (f32::NEG_INFINITY, f32::INFINITY));
    loop {
        let bound = |(a, b): (OutletId, OutletId)| {
            scalar(model, b).map(|v| (a, v)).or_else(|| scalar(model, a).map(|v| (b, v)))
        };
        if let Some((inner, low)) = binary::<Max>(model, at).and_then(bound) {
            clip.0 = clip.0.max(low);
            at = inner;
        } else if let Some((inner, high)) = binary::<Min>(model, at).and_then(bound) {
            clip.1 = clip.1.min(high);
            at = inner;
        } else {
            return (at, clip);
        }
    }
}

fn pads(spec: &PoolSpec, shape: Shape) -> ((usize, usize), (usize, usize)) {
    let dims = spec.computed_padding(&[shape.1, shape.2]);
    ((dims[0].pad_before, dims[1].pad_before), (dims[0].pad_after, dims[1].pad_after))
}

fn conv(
    model: &TypedModel,
    node: &TypedNode,
    op: &Conv,
    clip: (f32, f32),
    detached: &DetachedWeights,
) -> Result<OpKind, UnfusedReason> {
    let input = dequantised(model, node.inputs[0]).ok_or("convolution of a tensor that is not 8-bit")?;
    let shape = shape_of(model, input.outlet).ok_or("convolution of a tensor that is no picture")?;
    let weights = detached
        .get(model, node.inputs[1])
        .or_else(|| weights(model, node.inputs[1]))
        .ok_or("weights are not int8 from -127 to 127, symmetric per output")?;
    let spec = &op.pool_spec;
    if op.kernel_fmt != KernelFormat::OIHW
        || spec.data_format != DataFormat::NCHW
        || weights.shape.len() != 4
        || spec.dilations().iter().any(|d| *d != 1)
    {
        return Err("convolution with another data format or with dilation");
    }
    let outputs = weights.shape[0];
    let bias = floats(model, node.inputs[2]).ok_or("bias is not constant")?;
    let bias = if bias.len() == 1 { vec![bias[0]; outputs] } else { bias };
    if bias.len() != outputs {
        return Err("bias has another length than the outputs");
    }
    let (pad, pad_after) = pads(spec, shape);
    let stride = (spec.stride(0), spec.stride(1));
    let conv = ConvOp { input, weights, bias, stride, pad, pad_after, clip };
    match op.group {
        1 => Ok(OpKind::Conv(conv)),
        g if g == shape.0 && g == outputs => Ok(OpKind::Depthwise(conv)),
        _ => Err("grouped convolution that is not depthwise"),
    }
}

fn max_pool(model: &TypedModel, node: &TypedNode, op: &MaxPool) -> Result<OpKind, UnfusedReason> {
    let input = dequantised(model, node.inputs[0]).ok_or("maximum pooling of a tensor that is not 8-bit")?;
    let shape = shape_of(model, input.outlet).ok_or("maximum pooling of a tensor that is no picture")?;
    let spec = &op.pool_spec;
    let (before, after) = pads(spec, shape);
    let square = spec.kernel_shape[0] == spec.kernel_shape[1]
        && spec.stride(0) == spec.stride(1)
        && before.0 == before.1
        && before == after
        && spec.dilations().iter().all(|d| *d == 1);
    if !square || spec.data_format != DataFormat::NCHW {
        return Err("maximum pooling that is not square, or not padded alike on all sides");
    }
    Ok(OpKind::MaxPool(input, spec.kernel_shape[0], spec.stride(0), before.0))
}

/// Concatenation of 8-bit tensors, then any of: factor per channel, summand per channel, ReLU.
fn affine(model: &TypedModel, outlet: OutletId) -> Result<AffineOp, UnfusedReason> {
    let other = "neither convolution, pooling, addition nor scale and shift of 8-bit tensors";
    let channels = shape_of(model, outlet).ok_or(other)?.0;
    let (mut at, clip) = clipped(model, outlet);
    let relu = match clip {
        (f32::NEG_INFINITY, f32::INFINITY) => false,
        (0.0, f32::INFINITY) => true,
        _ => return Err("scale and shift with another activation than ReLU"),
    };
    let (mut factor, mut summand) = (vec![1.0; channels], vec![0.0; channels]);
    let values = |(a, b): (OutletId, OutletId)| {
        per_channel(model, b, channels)
            .map(|v| (a, v))
            .or_else(|| per_channel(model, a, channels).map(|v| (b, v)))
    };
    if let Some((inner, add)) = binary::<Add>(model, at).and_then(values) {
        summand = add;
        at = inner;
    }
    if let Some((inner, mul)) = binary::<Mul>(model, at).and_then(values) {
        factor = mul;
        at = inner;
    }
    let mut inputs = Vec::new();
    concatenated(model, at, &mut inputs).ok_or(other)?;
    let mut sizes = Vec::new();
    for tensor in &inputs {
        sizes.push(shape_of(model, tensor.outlet).ok_or(other)?.0);
    }
    if sizes.len() > 1 && sizes.iter().any(|c| c % 4 != 0) {
        return Err("concatenation of tensors whose channels are no multiple of four");
    }
    Ok(AffineOp { inputs, channels: sizes, factor, summand, relu })
}

/// The 8-bit tensors that a (nested) concatenation over channels puts side by side.
fn concatenated(model: &TypedModel, outlet: OutletId, into: &mut Vec<QuantisedTensor>) -> Option<()> {
    if let Some(tensor) = dequantised(model, outlet) {
        into.push(tensor);
        return Some(());
    }
    let node = model.node(outlet.node);
    node.op_as::<TypedConcat>().filter(|op| op.axis == 1)?;
    node.inputs.iter().try_for_each(|input| concatenated(model, *input, into))
}
