//! From recognised ops to a program: layouts, borders, packed weights, and which tensors part memory.

use std::collections::HashMap;

use tract_core::internal::*;

use super::constant::QuantisedTensor;
use super::fused_op::{AffineOp, ConvOp, FusedOp, OpKind, Shape};
use super::partition;
use super::program::{Action, Buffer, Input, Port, Program, Step};
use super::slots;
use crate::threads::Threads;
use xray_kernels::Kernel;
use xray_kernels::conv_shape::ConvShape;
use xray_kernels::depthwise::Depthwise;
use xray_kernels::layout::{LANES, Layout};
use xray_kernels::pointwise::{Add, Affine, MaxPool};
use xray_kernels::requantise::Requantisation;
use xray_kernels::weights::{ConvWeights, PackedConv};

/// A tensor that a region reads from outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RegionInput {
    /// The 8-bit tensor that the ops read.
    pub tensor: QuantisedTensor,
    /// Its shape.
    pub shape: Shape,
    /// What is tapped: the tensor itself, or the float one that it is quantised from.
    pub tap: OutletId,
    /// Real value of one step if `tap` is float.
    pub scale: Option<f32>,
}

/// Compiles `ops`, which are in order of execution; `inputs` are read from outside, `outputs` are read there.
pub(crate) fn program(
    ops: &[FusedOp],
    inputs: &[RegionInput],
    outputs: &[OutletId],
    kernel: &'static dyn Kernel,
    threads: &Arc<Threads>,
) -> TractResult<Program> {
    let mut planner = Planner::new(ops, inputs);
    let mut steps = Vec::new();
    for op in ops {
        steps.push(planner.step(op, kernel, threads.count())?);
    }
    let ports: Vec<Port> = outputs
        .iter()
        .map(|o| planner.ports.get(o).copied().context("output is made by no op"))
        .collect::<TractResult<_>>()?;
    let Planner { mut buffers, floats, .. } = planner;
    let slots = slots::assign(&mut buffers, &steps, inputs.len(), &ports);
    let inputs = inputs.iter().enumerate().map(|(buffer, s)| Input { buffer, scale: s.scale }).collect();
    Ok(Program {
        kernel,
        threads: Arc::clone(threads),
        buffers,
        slots,
        floats,
        steps,
        inputs,
        outputs: ports,
    })
}

struct Planner {
    buffers: Vec<Buffer>,
    floats: Vec<usize>,
    ports: HashMap<OutletId, Port>,
    borders: HashMap<OutletId, usize>,
}

impl Planner {
    fn new(ops: &[FusedOp], inputs: &[RegionInput]) -> Planner {
        let mut borders = HashMap::new();
        for op in ops {
            for tensor in op.kind.inputs() {
                let border = borders.entry(tensor.outlet).or_insert(0);
                *border = op.kind.border().max(*border);
            }
        }
        let mut planner = Planner { buffers: vec![], floats: vec![], ports: HashMap::new(), borders };
        for source in inputs {
            planner.buffer(&source.tensor, source.shape);
        }
        planner
    }

    fn buffer(&mut self, tensor: &QuantisedTensor, (channels, height, width): Shape) -> usize {
        let border = self.borders.get(&tensor.outlet).copied().unwrap_or(0);
        let layout = Layout { channels, height, width, border };
        let flip = if tensor.signed { 0x80 } else { 0 };
        self.buffers.push(Buffer { layout, slot: 0, zero: tensor.zero, flip });
        let index = self.buffers.len() - 1;
        self.ports.insert(tensor.outlet, Port::Buffer(index));
        index
    }

    fn find(&self, tensor: &QuantisedTensor) -> TractResult<usize> {
        match self.ports.get(&tensor.outlet) {
            Some(Port::Buffer(index)) => Ok(*index),
            _ => bail!("a fused operator reads {:?}, which nothing made", tensor.outlet),
        }
    }

    fn step(&mut self, op: &FusedOp, kernel: &'static dyn Kernel, threads: usize) -> TractResult<Step> {
        let name = op.kind.name();
        let sources: Vec<usize> =
            op.kind.inputs().iter().map(|e| self.find(e)).collect::<TractResult<_>>()?;
        if let OpKind::AffineSum(affine) = &op.kind {
            let job = affine_job(affine, self.buffers[sources[0]].layout, 1.0, output(op, f32::NEG_INFINITY));
            let target = self.float_output(op, op.shape.0);
            return Ok(Step {
                name,
                macs: 0,
                shape: op.shape,
                action: Action::AffineSum { sources, job },
                target,
            });
        }
        if let OpKind::Maps(all) = &op.kind {
            let mut maps = Vec::new();
            for affine in all {
                let sources: Vec<usize> =
                    affine.inputs.iter().map(|e| self.find(e)).collect::<TractResult<_>>()?;
                let layout = self.buffers[sources[0]].layout;
                maps.push((sources, affine_job(affine, layout, 1.0, output(op, f32::NEG_INFINITY))));
            }
            let (channels, height, width) = op.shape;
            let target = self.float_output(op, channels * height * width);
            return Ok(Step { name, macs: 0, shape: op.shape, action: Action::Maps { maps }, target });
        }
        let target = self.buffer(&op.tensor, op.shape);
        let to = self.buffers[target].layout;
        let from = self.buffers[sources[0]].layout;
        let source = sources[0];
        let mut macs = 0;
        let step_of_output = op.tensor.scale;
        let action = match &op.kind {
            OpKind::Conv(c) => {
                macs =
                    (to.channels * to.height * to.width * c.weights.values.len() / c.weights.shape[0]) as u64;
                let (bias, scale) = requantiser(c, op.tensor.scale);
                let plain = ConvWeights {
                    weights: &c.weights.values,
                    outputs: to.channels,
                    inputs: from.channels,
                    taps: c.weights.shape[2] * c.weights.shape[3],
                    bias: &bias,
                    scale: &scale,
                    input_zero: c.input.zero,
                };
                let shape = conv_shape(c, from, to)?;
                let out = clipped_output(op, c.clip);
                let packed = PackedConv::new(&plain, &shape, out, kernel.weight_layout());
                Action::Conv { source, parts: partition::of_conv(packed, &shape, macs, threads) }
            }
            OpKind::Depthwise(c) => {
                macs = (to.height * to.width * c.weights.values.len()) as u64;
                let (bias, scale) = requantiser(c, op.tensor.scale);
                let (shape, out) = (conv_shape(c, from, to)?, clipped_output(op, c.clip));
                let job = Depthwise::new(shape, &c.weights.values, &bias, &scale, c.input.zero, out);
                Action::Depthwise { source, parts: partition::of_depthwise(&job, threads) }
            }
            OpKind::Affine(a) => {
                let job = affine_job(a, to, step_of_output, output(op, f32::NEG_INFINITY));
                Action::Affine { sources, parts: partition::of_affine(&job, threads) }
            }
            OpKind::AffinePool(a) => {
                let job = affine_job(a, to, step_of_output, output(op, f32::NEG_INFINITY));
                Action::AffinePool { sources, parts: partition::of_affine(&job, threads) }
            }
            OpKind::MaxPool(_, size, stride, pad) => {
                let job = MaxPool { source: from, target: to, kernel: *size, stride: *stride, pad: *pad };
                Action::MaxPool { source, parts: partition::of_max_pool(&job, threads) }
            }
            OpKind::Add(a, b) => {
                let (scale_a, scale_b) = (a.scale / step_of_output, b.scale / step_of_output);
                let shift = -(scale_a * f32::from(a.zero) + scale_b * f32::from(b.zero));
                let job = Add { scale_a, scale_b, shift, output: output(op, f32::NEG_INFINITY) };
                Action::Add { sources: (source, sources[1]), job }
            }
            OpKind::AffineSum(_) | OpKind::Maps(_) => bail!("a float output is no 8-bit one"),
        };
        Ok(Step { name, macs, shape: op.shape, action, target })
    }

    /// Memory for a float output.
    fn float_output(&mut self, op: &FusedOp, length: usize) -> usize {
        self.floats.push(length);
        let target = self.floats.len() - 1;
        self.ports.insert(op.output, Port::Floats(target));
        target
    }
}

fn conv_shape(c: &ConvOp, from: Layout, to: Layout) -> TractResult<ConvShape> {
    let kernel = (c.weights.shape[2], c.weights.shape[3]);
    ConvShape::new(from, to, kernel, c.stride, c.pad).context("padding is larger than the planned border")
}

/// Rounding of a unit whose least real value is `floor`.
fn output(op: &FusedOp, floor: f32) -> Requantisation {
    clipped_output(op, (floor, f32::INFINITY))
}

fn clipped_output(op: &FusedOp, clip: (f32, f32)) -> Requantisation {
    let zero = f32::from(op.tensor.zero);
    let steps = |real: f32| (real / op.tensor.scale).round_ties_even();
    Requantisation {
        zero: op.tensor.zero,
        lo: steps(clip.0).clamp(-zero, 255.0 - zero),
        hi: steps(clip.1).clamp(-zero, 255.0 - zero),
    }
}

/// Bias in ops of input scale times weight scale, and the factor to steps of the output.
fn requantiser(c: &ConvOp, output_scale: f32) -> (Vec<i32>, Vec<f32>) {
    let op = |w: &f32| f64::from(c.input.scale) * f64::from(*w);
    let limit = f64::from(1 << 30);
    let bias = c.weights.scale.iter().zip(&c.bias).map(|(w, b)| {
        let steps = (f64::from(*b) / op(w)).round_ties_even();
        steps.clamp(-limit, limit) as i32
    });
    let scale = c.weights.scale.iter().map(|w| (op(w) / f64::from(output_scale)) as f32);
    (bias.collect(), scale.collect())
}

/// Folds each input's scale and zero point into factor and summand.
fn affine_job(a: &AffineOp, target: Layout, output_scale: f32, output: Requantisation) -> Affine {
    let padded = a.factor.len().div_ceil(LANES) * LANES;
    let (mut scale, mut shift) = (vec![0.0; padded], vec![0.0; padded]);
    let inputs = a.inputs.iter().zip(&a.channels).flat_map(|(e, n)| std::iter::repeat_n(e, *n));
    for (c, tensor) in inputs.enumerate() {
        let step = f64::from(output_scale);
        let factor = f64::from(tensor.scale) * f64::from(a.factor[c]) / step;
        scale[c] = factor as f32;
        shift[c] = (f64::from(a.summand[c]) / step - factor * f64::from(tensor.zero)) as f32;
    }
    let floor = if a.relu { 0.0 } else { f32::NEG_INFINITY };
    Affine { target, scale, shift, floor, output }
}
