//! Turns the quantised parts of a typed graph into integer operators.
//!
//! # What the exporter writes
//! A standard ONNX QDQ graph, opset 13 or later, batch 1, NCHW, known sizes:
//! - **activations** uint8 (int8 is taken too), one scale and zero point a tensor; behind a ReLU or ReLU6 the
//!   zero point is 0 (uint8), so that all 256 steps are used and padding is 0;
//! - **weights** int8, -127 to 127, zero point 0, DequantizeLinear per output channel (axis 0); **bias** int32
//!   behind a DequantizeLinear with scale input x weight (a float bias is taken and rounded to that);
//! - **convolution**: DQ -> Conv -> (Relu | Clip) -> Q, BatchNorm folded; depthwise is `group` = channels;
//! - **dense layer**: Concat of the DQ outputs of every earlier part (in float, *without* a Q behind it, so each
//!   part keeps its own scale and nothing is copied or rounded twice) -> Mul, Add per channel (or
//!   BatchNormalization) -> Relu -> Q -> DQ -> Conv 1x1 -> Relu -> Q -> DQ -> Conv 3x3 -> Q. Parts have a
//!   multiple of four channels;
//! - **transition**: Concat -> Mul, Add -> Relu -> AveragePool 2x2 stride 2 -> Q -> DQ -> Conv 1x1 -> Q. The mean
//!   is taken in front of the convolution, which is the same in real numbers and a quarter of the work;
//! - **maximum pooling**: DQ -> MaxPool -> Q with the scale and zero point (0) of its input;
//! - **residual**: DQ + DQ -> Add -> Q;
//! - **end of a backbone**: DQ (or Concat -> Mul, Add -> Relu) -> GlobalAveragePool, float from there on; for the heat
//!   map Concat of what is in front of the GlobalAveragePools, float from there on.
//!
//! What is written otherwise stays with tract's operators, gives the right answer, and is listed with its reason
//! in the [`FusionReport`].
//!
//! # Rounding
//! Sums are exact. A result is `clamp(round_half_even(float(sum) * scale)) + zero point` with one float32
//! multiplication; ONNX Runtime computes the same from dequantised floats, so that a result within float error of
//! the middle between two steps can fall to either side.

mod constant;
mod detached_weights;
mod execute;
mod fused_op;
mod partition;
mod plan;
mod profile;
mod program;
mod program_op;
mod recognise;
mod regions;
mod report;
mod slots;

use std::collections::HashMap;

use tract_core::internal::*;
use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::{Framework, InferenceModelExt};

pub use profile::{StepTime, profile};
pub use report::{FusedKind, FusionReport, UnfusedOp};

use constant::quantiser;
use detached_weights::DetachedWeights;
use fused_op::{FusedOp, OpKind};
use program_op::ProgramOp;
use regions::Regions;

use super::threads::Threads;
use xray_kernels::depthwise::MOST_TAPS;
use xray_kernels::pointwise::WIDEST_ROW;

/// Types the graph of `proto` and replaces what is recognised; faster and smaller than typing first and fusing
/// then. `kernel` names one of [`xray_kernels::available`], `None` takes the fastest that passes its check. The result is not decluttered.
///
/// # Errors
/// What tract says about the graph; or if a recognised region cannot be planned: load the file again and type it
/// without fusing.
pub(crate) fn load(
    proto: &ModelProto,
    kernel: Option<&str>,
    threads: &Arc<Threads>,
) -> TractResult<(TypedModel, FusionReport)> {
    let mut proto = proto.clone();
    let detached = DetachedWeights::detach(&mut proto);
    let inference = tract_onnx::onnx().model_for_proto_model(&proto)?;
    drop(proto);
    fuse_with(inference.into_typed()?, &detached, kernel, threads)
}

/// Replaces what is recognised in a graph that tract has typed but not decluttered; [`load`] is for programs.
///
/// # Errors
/// If a recognised region cannot be planned or patched in; the model is then lost, load it again and leave fusing
/// out.
#[cfg(test)]
pub(crate) fn fuse(model: TypedModel, threads: &Arc<Threads>) -> TractResult<(TypedModel, FusionReport)> {
    fuse_with(model, &DetachedWeights::default(), None, threads)
}

fn fuse_with(
    mut model: TypedModel,
    detached: &DetachedWeights,
    kernel: Option<&str>,
    threads: &Arc<Threads>,
) -> TractResult<(TypedModel, FusionReport)> {
    let (kernel, rejected_kernels) = xray_kernels::choose(kernel);
    let mut report =
        FusionReport { kernel: kernel.name().to_owned(), rejected_kernels, ..FusionReport::default() };
    let ops = recognise_all(&model, detached, &mut report)?;
    let regions = Regions::new(&model, ops)?;
    report.count(&regions.ops);
    if regions.ops.is_empty() {
        detached.reattach(&mut model)?;
        return Ok((model, report));
    }
    let mut patch = TypedModelPatch::new("fused integer operators");
    let mut wires: HashMap<OutletId, OutletId> = HashMap::new();
    for region in 0..=regions.colours.iter().copied().max().unwrap_or(0) {
        let ops: Vec<FusedOp> = regions.of(region);
        if ops.is_empty() {
            continue;
        }
        let (inputs, outputs) = regions.ports(&model, &ops, region)?;
        let program = plan::program(&ops, &inputs, &outputs, kernel, threads)?;
        report.regions += 1;
        report.macs += program.steps.iter().map(|s| s.macs).sum::<u64>();
        report.arena_bytes += program.slots.iter().sum::<usize>();
        let mut taps = tvec!();
        for source in &inputs {
            taps.push(match wires.get(&source.tap) {
                Some(wire) => *wire,
                None => patch.tap_model(&model, source.tap)?,
            });
        }
        let facts =
            outputs.iter().map(|o| Ok(model.outlet_fact(*o)?.without_value())).collect::<TractResult<_>>()?;
        let made = patch.wire_node(format!("fused.{region}"), ProgramOp::new(program, facts), &taps)?;
        for (outlet, wire) in outputs.iter().zip(made) {
            wires.insert(*outlet, wire);
            if regions.read_outside.contains(outlet) {
                patch.shunt_outside(&model, *outlet, wire)?;
            }
        }
    }
    patch.apply(&mut model)?;
    model.compact()?;
    detached.reattach(&mut model)?;
    model.compact()?;
    Ok((model, report))
}

/// Every unit in order of execution; what cannot be taken goes into the report.
fn recognise_all(
    model: &TypedModel,
    detached: &DetachedWeights,
    report: &mut FusionReport,
) -> TractResult<Vec<FusedOp>> {
    let mut ops = Vec::new();
    for id in model.eval_order()? {
        let node = model.node(id);
        let checked = match recognise::fused_op(model, node, detached) {
            None => continue,
            Some(found) => found.and_then(|op| check(model, op)),
        };
        match checked {
            Ok(op) => ops.push(op),
            Err(reason) => {
                let input = model.node(node.inputs[0].node).inputs.is_empty();
                let reason = if input { "input of the net, quantised on the way in" } else { reason };
                report.unfused.push(UnfusedOp { node: node.name.clone(), reason: reason.to_owned() });
            }
        }
    }
    Ok(ops)
}

/// Refuses what the kernels would compute differently.
fn check(model: &TypedModel, op: FusedOp) -> Result<FusedOp, &'static str> {
    for tensor in op.kind.inputs() {
        let made = quantiser(model.node(tensor.outlet.node));
        if made.is_some_and(|made| made.zero != tensor.zero) {
            return Err("DequantizeLinear has another zero point than its QuantizeLinear");
        }
    }
    if let OpKind::MaxPool(tensor, ..) = &op.kind {
        let same =
            tensor.zero == 0 && op.tensor.zero == 0 && (tensor.scale / op.tensor.scale - 1.0).abs() < 1e-6;
        let row = recognise::shape_of(model, tensor.outlet).map_or(usize::MAX, |s| (s.2 + 2 * 8) * 4);
        if !same || row > WIDEST_ROW {
            return Err("maximum pooling that changes the scale, has a zero point or too wide rows");
        }
    }
    if let OpKind::Depthwise(conv) = &op.kind
        && conv.weights.shape[2] * conv.weights.shape[3] > MOST_TAPS
    {
        return Err("depthwise convolution of more than 25 taps");
    }
    if let OpKind::Add(a, b) = &op.kind {
        let same = recognise::shape_of(model, a.outlet) == recognise::shape_of(model, b.outlet);
        if !same {
            return Err("addition that broadcasts");
        }
    }
    Ok(op)
}

#[cfg(test)]
mod tests;
