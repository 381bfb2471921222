//! From recognised units to a program: layouts, borders, packed weights, and which tensors share memory.

use std::collections::HashMap;

use tract_core::internal::*;

use super::constant::Edge;
use super::program::{Action, Buffer, Input, Port, Program, Step};
use super::shares;
use super::unit::{AffineUnit, ConvUnit, Shape, Unit, Work};
use crate::kernels::Kernel;
use crate::kernels::depthwise::Depthwise;
use crate::kernels::layout::{LANES, Layout};
use crate::kernels::pack::{ConvShape, ConvWeights, Output, PackedConv};
use crate::kernels::pointwise::{Add, Affine, MaxPool};
use crate::threads::Threads;

/// A tensor that a region reads from outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source {
    /// The 8-bit tensor that the units read.
    pub edge: Edge,
    /// Its shape.
    pub shape: Shape,
    /// What is tapped: the tensor itself, or the float one that it is quantised from.
    pub tap: OutletId,
    /// Real value of one step if `tap` is float.
    pub scale: Option<f32>,
}

/// Compiles `units`, which are in order of execution; `inputs` are read from outside, `outputs` are read there.
pub(crate) fn program(
    units: &[Unit],
    inputs: &[Source],
    outputs: &[OutletId],
    kernel: &'static dyn Kernel,
    threads: &Arc<Threads>,
) -> TractResult<Program> {
    let mut planner = Planner::new(units, inputs);
    let mut steps = Vec::new();
    for unit in units {
        steps.push(planner.step(unit, kernel, threads.count())?);
    }
    let ports: Vec<Port> = outputs
        .iter()
        .map(|o| planner.ports.get(o).copied().context("output is made by no unit"))
        .collect::<TractResult<_>>()?;
    let slots = planner.assign_slots(&steps, inputs.len(), &ports);
    let Planner { buffers, floats, .. } = planner;
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
    fn new(units: &[Unit], inputs: &[Source]) -> Planner {
        let mut borders = HashMap::new();
        for unit in units {
            for edge in unit.work.inputs() {
                let border = borders.entry(edge.outlet).or_insert(0);
                *border = unit.work.border().max(*border);
            }
        }
        let mut planner = Planner { buffers: vec![], floats: vec![], ports: HashMap::new(), borders };
        for source in inputs {
            planner.buffer(&source.edge, source.shape);
        }
        planner
    }

    fn buffer(&mut self, edge: &Edge, (channels, height, width): Shape) -> usize {
        let border = self.borders.get(&edge.outlet).copied().unwrap_or(0);
        let layout = Layout { channels, height, width, border };
        let flip = if edge.signed { 0x80 } else { 0 };
        self.buffers.push(Buffer { layout, slot: 0, zero: edge.zero, flip });
        let index = self.buffers.len() - 1;
        self.ports.insert(edge.outlet, Port::Buffer(index));
        index
    }

    fn find(&self, edge: &Edge) -> TractResult<usize> {
        match self.ports.get(&edge.outlet) {
            Some(Port::Buffer(index)) => Ok(*index),
            _ => bail!("a fused operator reads {:?}, which nothing made", edge.outlet),
        }
    }

    fn step(&mut self, unit: &Unit, kernel: &'static dyn Kernel, threads: usize) -> TractResult<Step> {
        let name = unit.work.name();
        let sources: Vec<usize> =
            unit.work.inputs().iter().map(|e| self.find(e)).collect::<TractResult<_>>()?;
        if let Work::AffineSum(affine) = &unit.work {
            let job =
                affine_job(affine, self.buffers[sources[0]].layout, 1.0, output(unit, f32::NEG_INFINITY));
            let target = self.float_output(unit, unit.shape.0);
            return Ok(Step {
                name,
                macs: 0,
                shape: unit.shape,
                action: Action::AffineSum { sources, job },
                target,
            });
        }
        if let Work::Maps(all) = &unit.work {
            let mut parts = Vec::new();
            for affine in all {
                let sources: Vec<usize> =
                    affine.inputs.iter().map(|e| self.find(e)).collect::<TractResult<_>>()?;
                let layout = self.buffers[sources[0]].layout;
                parts.push((sources, affine_job(affine, layout, 1.0, output(unit, f32::NEG_INFINITY))));
            }
            let (channels, height, width) = unit.shape;
            let target = self.float_output(unit, channels * height * width);
            return Ok(Step { name, macs: 0, shape: unit.shape, action: Action::Maps { parts }, target });
        }
        let target = self.buffer(&unit.edge, unit.shape);
        let to = self.buffers[target].layout;
        let from = self.buffers[sources[0]].layout;
        let source = sources[0];
        let mut macs = 0;
        let step_of_output = unit.edge.scale;
        let action = match &unit.work {
            Work::Conv(c) => {
                macs =
                    (to.channels * to.height * to.width * c.weights.values.len() / c.weights.shape[0]) as u64;
                let (bias, scale) = requantiser(c, unit.edge.scale);
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
                let out = clipped_output(unit, c.clip);
                let packed = PackedConv::new(&plain, &shape, out, kernel.appetite());
                Action::Conv { source, shares: shares::of_conv(packed, &shape, macs, threads) }
            }
            Work::Depthwise(c) => {
                macs = (to.height * to.width * c.weights.values.len()) as u64;
                let (bias, scale) = requantiser(c, unit.edge.scale);
                let (shape, out) = (conv_shape(c, from, to)?, clipped_output(unit, c.clip));
                let job = Depthwise::new(shape, &c.weights.values, &bias, &scale, c.input.zero, out);
                Action::Depthwise { source, shares: shares::of_depthwise(&job, threads) }
            }
            Work::Affine(a) => {
                let job = affine_job(a, to, step_of_output, output(unit, f32::NEG_INFINITY));
                Action::Affine { sources, shares: shares::of_affine(&job, threads) }
            }
            Work::AffinePool(a) => {
                let job = affine_job(a, to, step_of_output, output(unit, f32::NEG_INFINITY));
                Action::AffinePool { sources, shares: shares::of_affine(&job, threads) }
            }
            Work::MaxPool(_, size, stride, pad) => {
                let job = MaxPool { source: from, target: to, kernel: *size, stride: *stride, pad: *pad };
                Action::MaxPool { source, shares: shares::of_max_pool(&job, threads) }
            }
            Work::Add(a, b) => {
                let (scale_a, scale_b) = (a.scale / step_of_output, b.scale / step_of_output);
                let shift = -(scale_a * f32::from(a.zero) + scale_b * f32::from(b.zero));
                let job = Add { scale_a, scale_b, shift, output: output(unit, f32::NEG_INFINITY) };
                Action::Add { sources: (source, sources[1]), job }
            }
            Work::AffineSum(_) | Work::Maps(_) => bail!("a float output is no 8-bit one"),
        };
        Ok(Step { name, macs, shape: unit.shape, action, target })
    }

    /// Room for a float output.
    fn float_output(&mut self, unit: &Unit, length: usize) -> usize {
        self.floats.push(length);
        let target = self.floats.len() - 1;
        self.ports.insert(unit.output, Port::Floats(target));
        target
    }

    /// Gives each buffer a slot; buffers whose lives do not overlap share one. Returns the slots' sizes.
    fn assign_slots(&mut self, steps: &[Step], inputs: usize, outputs: &[Port]) -> Vec<usize> {
        let mut last = vec![0; self.buffers.len()];
        for (at, step) in steps.iter().enumerate() {
            for source in sources(&step.action) {
                last[source] = at;
            }
        }
        for port in outputs {
            if let Port::Buffer(index) = port {
                last[*index] = steps.len();
            }
        }
        let (mut slots, mut free): (Vec<usize>, Vec<usize>) = (vec![], vec![]);
        let place = |buffer: &mut Buffer, slots: &mut Vec<usize>, free: &mut Vec<usize>| {
            let bytes = buffer.layout.bytes();
            // The smallest free slot that is large enough, else the largest, which then grows.
            let best = (0..free.len()).min_by_key(|i| {
                let size = slots[free[*i]];
                if size >= bytes { (0, size) } else { (1, usize::MAX - size) }
            });
            buffer.slot = match best {
                Some(i) => free.swap_remove(i),
                None => {
                    slots.push(0);
                    slots.len() - 1
                }
            };
            slots[buffer.slot] = slots[buffer.slot].max(bytes);
        };
        for buffer in &mut self.buffers[..inputs] {
            place(buffer, &mut slots, &mut free);
        }
        for (at, step) in steps.iter().enumerate() {
            if !matches!(step.action, Action::AffineSum { .. } | Action::Maps { .. }) {
                place(&mut self.buffers[step.target], &mut slots, &mut free);
            }
            let mut done = sources(&step.action);
            done.sort_unstable();
            done.dedup();
            free.extend(done.into_iter().filter(|s| last[*s] == at).map(|s| self.buffers[s].slot));
        }
        slots
    }
}

fn sources(action: &Action) -> Vec<usize> {
    match action {
        Action::Conv { source, .. } | Action::Depthwise { source, .. } | Action::MaxPool { source, .. } => {
            vec![*source]
        }
        Action::Affine { sources, .. }
        | Action::AffinePool { sources, .. }
        | Action::AffineSum { sources, .. } => sources.clone(),
        Action::Maps { parts } => parts.iter().flat_map(|(sources, _)| sources.clone()).collect(),
        Action::Add { sources: (a, b), .. } => vec![*a, *b],
    }
}

fn conv_shape(c: &ConvUnit, from: Layout, to: Layout) -> TractResult<ConvShape> {
    let kernel = (c.weights.shape[2], c.weights.shape[3]);
    ConvShape::new(from, to, kernel, c.stride, c.pad).context("padding is larger than the planned border")
}

/// Rounding of a unit whose least real value is `floor`.
fn output(unit: &Unit, floor: f32) -> Output {
    clipped_output(unit, (floor, f32::INFINITY))
}

fn clipped_output(unit: &Unit, clip: (f32, f32)) -> Output {
    let zero = f32::from(unit.edge.zero);
    let steps = |real: f32| (real / unit.edge.scale).round_ties_even();
    Output {
        zero: unit.edge.zero,
        lo: steps(clip.0).clamp(-zero, 255.0 - zero),
        hi: steps(clip.1).clamp(-zero, 255.0 - zero),
    }
}

/// Bias in units of input scale times weight scale, and the factor to steps of the output.
fn requantiser(c: &ConvUnit, output_scale: f32) -> (Vec<i32>, Vec<f32>) {
    let unit = |w: &f32| f64::from(c.input.scale) * f64::from(*w);
    let limit = f64::from(1 << 30);
    let bias = c.weights.scale.iter().zip(&c.bias).map(|(w, b)| {
        let steps = (f64::from(*b) / unit(w)).round_ties_even();
        steps.clamp(-limit, limit) as i32
    });
    let scale = c.weights.scale.iter().map(|w| (unit(w) / f64::from(output_scale)) as f32);
    (bias.collect(), scale.collect())
}

/// Folds each input's scale and zero point into factor and summand.
fn affine_job(a: &AffineUnit, target: Layout, output_scale: f32, output: Output) -> Affine {
    let padded = a.factor.len().div_ceil(LANES) * LANES;
    let (mut scale, mut shift) = (vec![0.0; padded], vec![0.0; padded]);
    let inputs = a.inputs.iter().zip(&a.channels).flat_map(|(e, n)| std::iter::repeat_n(e, *n));
    for (c, edge) in inputs.enumerate() {
        let step = f64::from(output_scale);
        let factor = f64::from(edge.scale) * f64::from(a.factor[c]) / step;
        scale[c] = factor as f32;
        shift[c] = (f64::from(a.summand[c]) / step - factor * f64::from(edge.zero)) as f32;
    }
    let floor = if a.relu { 0.0 } else { f32::NEG_INFINITY };
    Affine { target, scale, shift, floor, output }
}
