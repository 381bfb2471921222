//! A compiled region of the graph: steps over slots of memory that are planned once.

use std::sync::Arc;

use super::fused_op::Shape;
use super::partition::{Conv, Part};
use crate::threads::Threads;
use xray_kernels::Kernel;
use xray_kernels::depthwise::Depthwise;
use xray_kernels::layout::{LANES, Layout};
use xray_kernels::pointwise::{Add, Affine, MaxPool};
use xray_kernels::requantise::Requantisation;

/// An 8-bit tensor of a program.
#[derive(Debug, Clone)]
pub(crate) struct Buffer {
    /// Its layout in its slot.
    pub layout: Layout,
    /// Which piece of memory it uses while it lives.
    pub slot: usize,
    /// Byte in the border.
    pub zero: u8,
    /// 0x80 if the graph outside holds it as int8, else 0.
    pub flip: u8,
}

/// What one step does; sources and target are indices of buffers.
#[derive(Debug)]
pub(crate) enum Action {
    /// Convolution over all channels.
    Conv { source: usize, parts: Vec<Part<Conv>> },
    /// Convolution of each channel with itself.
    Depthwise { source: usize, parts: Vec<Part<Depthwise>> },
    /// Scale and shift of a concatenation.
    Affine { sources: Vec<usize>, parts: Vec<Part<Affine>> },
    /// The same, then the mean of two by two.
    AffinePool { sources: Vec<usize>, parts: Vec<Part<Affine>> },
    /// The same, then the sum over the feature map into a float output.
    AffineSum { sources: Vec<usize>, job: Affine },
    /// Several of the same side by side as a float output: sources and scale and shift of each.
    Maps { maps: Vec<(Vec<usize>, Affine)> },
    /// Maximum over windows.
    MaxPool { source: usize, parts: Vec<Part<MaxPool>> },
    /// Sum of two tensors of one layout.
    Add { sources: (usize, usize), job: Add },
}

/// One step.
#[derive(Debug)]
pub(crate) struct Step {
    /// What the report calls it.
    pub name: &'static str,
    /// Multiplications.
    pub macs: u64,
    /// Channels, rows and columns of what it gives.
    pub shape: Shape,
    /// What it does.
    pub action: Action,
    /// Index of the buffer that it writes, or of the float output.
    pub target: usize,
}

/// Where an output of the program comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    /// An 8-bit tensor.
    Buffer(usize),
    /// A float tensor.
    Floats(usize),
}

/// A tensor that is filled from outside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Input {
    /// Where it goes.
    pub buffer: usize,
    /// Real value of one step if it arrives as float and is quantised on the way in; 8-bit otherwise.
    pub scale: Option<f32>,
}

/// Steps in order of execution, and their memory.
#[derive(Debug)]
pub(crate) struct Program {
    /// Runs the steps.
    pub kernel: &'static dyn Kernel,
    /// Do the parts of a step.
    pub threads: Arc<Threads>,
    /// 8-bit tensors.
    pub buffers: Vec<Buffer>,
    /// Bytes of each slot.
    pub slots: Vec<usize>,
    /// Elements of each float output.
    pub floats: Vec<usize>,
    /// In order of execution.
    pub steps: Vec<Step>,
    /// What is filled from outside.
    pub inputs: Vec<Input>,
    /// What is handed out.
    pub outputs: Vec<Port>,
}

/// The memory of one run, used again by the next.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    pub slots: Vec<Vec<u8>>,
    pub floats: Vec<Vec<f32>>,
}

impl Workspace {
    /// Memory for `program`.
    pub fn new(program: &Program) -> Workspace {
        Workspace {
            slots: program.slots.iter().map(|bytes| vec![0; *bytes]).collect(),
            // A sum writes whole planes.
            floats: program.floats.iter().map(|length| vec![0.0; length.next_multiple_of(LANES)]).collect(),
        }
    }
}

impl Program {
    /// Fills input number `index` from `[channels, height, width]` bytes.
    pub fn import(&self, index: usize, source: &[u8], work: &mut Workspace) {
        let buffer = &self.buffers[self.inputs[index].buffer];
        buffer.layout.import(source, buffer.flip, buffer.zero, &mut work.slots[buffer.slot]);
    }

    /// Quantises input number `index` from `[channels, height, width]` floats; `scale` is one step.
    pub fn import_floats(&self, index: usize, scale: f32, source: &[f32], work: &mut Workspace) {
        let buffer = &self.buffers[self.inputs[index].buffer];
        let (layout, zero) = (&buffer.layout, f32::from(buffer.zero));
        let output = Requantisation { zero: buffer.zero, lo: -zero, hi: 255.0 - zero };
        let data = &mut work.slots[buffer.slot];
        layout.fill_border(data, buffer.zero);
        for (line, source) in source.chunks_exact(layout.width).enumerate() {
            let (c, y) = (line / layout.height, line % layout.height);
            let at = (c / LANES) * layout.plane() + layout.row_start(y);
            let row = &mut data[at..at + layout.width * LANES];
            for (pixel, value) in row.chunks_exact_mut(LANES).zip(source) {
                pixel[c % LANES] = output.quantise(value / scale);
            }
        }
    }

    /// Writes an 8-bit output as `[channels, height, width]` bytes.
    pub fn export(&self, index: usize, target: &mut [u8], work: &Workspace) {
        let buffer = &self.buffers[index];
        buffer.layout.export(&work.slots[buffer.slot], buffer.flip, target);
    }

    /// A float output.
    pub fn floats<'a>(&self, index: usize, work: &'a Workspace) -> &'a [f32] {
        &work.floats[index][..self.floats[index]]
    }
}
