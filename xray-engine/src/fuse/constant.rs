//! Reading constants and quantisation parameters out of a typed graph.

use tract_core::internal::*;
use tract_core::ops::binary::TypedBinOp;
use tract_core::ops::element_wise::ElementWiseOp;
use tract_core::ops::quant::{DequantizeLinearF32, QuantizeLinearI8, QuantizeLinearU8};

/// An 8-bit tensor as one of its readers or its writer sees it; zero points are those of uint8 (int8 plus 128).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct QuantisedTensor {
    /// The tensor.
    pub outlet: OutletId,
    /// Real value of one step.
    pub scale: f32,
    /// The byte that means 0.
    pub zero: u8,
    /// True if the graph holds it as int8.
    pub signed: bool,
}

/// Weights of a convolution: int8 in the order of the graph, one scale per output channel.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Weights {
    /// `[output, input / groups, height, width]`.
    pub values: Arc<[i8]>,
    /// The dimensions of `values`.
    pub shape: TVec<usize>,
    /// Per output channel.
    pub scale: Vec<f32>,
}

/// The value of `outlet` if it depends on constants only.
pub(crate) fn constant(model: &TypedModel, outlet: OutletId) -> Option<Arc<Tensor>> {
    if let Some(value) = &model.outlet_fact(outlet).ok()?.konst {
        return Some(value.clone());
    }
    let node = model.node(outlet.node);
    if node.inputs.is_empty() {
        return None;
    }
    let mut inputs = tvec!();
    for input in &node.inputs {
        inputs.push(constant(model, *input)?.into_tvalue());
    }
    let outputs = node.op.eval_out_of_plan(inputs).ok()??;
    outputs.into_iter().nth(outlet.slot).map(|v| v.into_arc_tensor())
}

/// The value of `outlet` as float32 numbers if it is constant.
pub(crate) fn floats(model: &TypedModel, outlet: OutletId) -> Option<Vec<f32>> {
    let value = constant(model, outlet)?;
    let value = value.cast_to::<f32>().ok()?;
    Some(value.try_as_plain_ram().ok()?.as_slice::<f32>().ok()?.to_vec())
}

/// The value of `outlet` if it is constant and has one element.
pub(crate) fn scalar(model: &TypedModel, outlet: OutletId) -> Option<f32> {
    floats(model, outlet).filter(|v| v.len() == 1).map(|v| v[0])
}

/// Per-channel values of a constant that broadcasts over `[1, channels, ..]`.
pub(crate) fn per_channel(model: &TypedModel, outlet: OutletId, channels: usize) -> Option<Vec<f32>> {
    let shape = model.outlet_fact(outlet).ok()?.shape.as_concrete()?.to_vec();
    let values = floats(model, outlet)?;
    let along = |c: usize| shape.len() == 4 && shape[1] == c && shape.iter().product::<usize>() == c;
    if values.len() == 1 {
        Some(vec![values[0]; channels])
    } else if values.len() == channels && along(channels) {
        Some(values)
    } else {
        None
    }
}

/// Multiplier (the reciprocal of the scale), zero point and sign of a QuantizeLinear per tensor.
pub(crate) fn quantiser(node: &TypedNode) -> Option<QuantisedTensor> {
    let op = node.op_as::<ElementWiseOp>()?;
    let outlet = node.id.into();
    let tensor = |scale: f32, zero, signed| QuantisedTensor { outlet, scale: scale.recip(), zero, signed };
    let unsigned = op.0.downcast_ref::<QuantizeLinearU8>().map(|q| tensor(q.scale, q.zero_point, false));
    let signed = op.0.downcast_ref::<QuantizeLinearI8>();
    unsigned.or_else(|| signed.map(|q| tensor(q.scale, (q.zero_point as u8) ^ 0x80, true)))
}

/// The 8-bit tensor behind `outlet` if that is a DequantizeLinear per tensor.
pub(crate) fn dequantised(model: &TypedModel, outlet: OutletId) -> Option<QuantisedTensor> {
    let node = model.node(outlet.node);
    let op = node.op_as::<DequantizeLinearF32>()?;
    let source = node.inputs[0];
    let signed = match model.outlet_fact(source).ok()?.datum_type {
        DatumType::U8 => false,
        DatumType::I8 => true,
        _ => return None,
    };
    let zero = u8::try_from(op.zero_point + if signed { 128 } else { 0 }).ok()?;
    Some(QuantisedTensor { outlet: source, scale: op.scale, zero, signed })
}

/// The operands of a binary operator of type `T`.
pub(crate) fn binary<T: tract_core::ops::binary::BinMiniOp>(
    model: &TypedModel,
    outlet: OutletId,
) -> Option<(OutletId, OutletId)> {
    let node = model.node(outlet.node);
    node.op_as::<TypedBinOp>().filter(|op| op.0.is::<T>())?;
    Some((node.inputs[0], node.inputs[1]))
}

/// Symmetric int8 weights per output channel, read back from what DequantizeLinear made of them: tract folds that
/// into a float constant while it types the graph.
pub(crate) fn weights(model: &TypedModel, outlet: OutletId) -> Option<Weights> {
    let value = constant(model, outlet)?;
    let shape: TVec<usize> = value.shape().into();
    let outputs = *shape.first().filter(|n| **n > 0)?;
    let real = floats(model, outlet)?;
    let each = real.len() / outputs;
    let (mut values, mut scale) = (Vec::with_capacity(real.len()), Vec::with_capacity(outputs));
    for channel in real.chunks_exact(each) {
        scale.push(steps(channel, &mut values)?);
    }
    Some(Weights { values: values.into(), shape, scale })
}

/// Farthest that a quotient may lie from an integer: float32 rounding of weight and scale moves 127 steps by
/// 2.5e-5; a false fit this close would be as good as the true one.
const NEAR: f64 = 1e-4;

/// Scale of a channel whose weights are all 0; small, so that its bias is kept exactly enough.
const EMPTY: f32 = 1.0 / (1 << 20) as f32;

/// Finds a scale of which every weight is a multiple of at most 127; appends the multiples.
fn steps(channel: &[f32], into: &mut Vec<i8>) -> Option<f32> {
    let largest = channel.iter().fold(0f32, |m, w| m.max(w.abs()));
    if largest == 0.0 {
        into.extend(std::iter::repeat_n(0, channel.len()));
        return Some(EMPTY);
    }
    let fits = |scale: f64| {
        let quotients = channel.iter().map(|w| f64::from(*w) / scale);
        quotients.into_iter().all(|q| (q - q.round()).abs() < NEAR)
    };
    let scale = (1..=127).rev().map(|n| f64::from(largest) / f64::from(n)).find(|s| fits(*s))?;
    into.extend(channel.iter().map(|w| (f64::from(*w) / scale).round() as i8));
    Some(scale as f32)
}
