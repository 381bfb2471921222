//! A compiled region of the graph: steps over slots of memory that are planned once.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::fused_op::Shape;
use super::partition::{self, Conv, Part};
use crate::kernels::depthwise::Depthwise;
use crate::kernels::layout::{LANES, Layout};
use crate::kernels::pointwise::{Add, Affine, MaxPool, Plane, affine_map, affine_sums, max_pool};
use crate::kernels::weights::Requantisation;
use crate::kernels::{Kernel, conv};
use crate::threads::Threads;

/// An 8-bit tensor of a program.
#[derive(Debug, Clone)]
pub(crate) struct Buffer {
    /// How it lies in its slot.
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
    /// The same, then the sum over the picture into a float output.
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
    slots: Vec<Vec<u8>>,
    floats: Vec<Vec<f32>>,
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

    /// Runs every step; `clock` receives the time of each.
    pub fn run(&self, work: &mut Workspace, clock: Option<&mut Vec<Duration>>) {
        self.threads.within(|| self.run_steps(work, clock));
    }

    fn run_steps(&self, work: &mut Workspace, mut clock: Option<&mut Vec<Duration>>) {
        for step in &self.steps {
            let start = clock.as_ref().map(|_| Instant::now());
            self.step(step, work);
            if let (Some(clock), Some(start)) = (clock.as_deref_mut(), start) {
                clock.push(start.elapsed());
            }
        }
    }

    fn step(&self, step: &Step, work: &mut Workspace) {
        if let Action::AffineSum { sources, job } = &step.action {
            let mut sums = std::mem::take(&mut work.floats[step.target]);
            let all = 0..sums.len() / LANES;
            self.planes(sources, &work.slots, &all, |plane, src| {
                affine_sums(job, plane, src, &mut sums[plane.target * LANES..(plane.target + 1) * LANES]);
            });
            work.floats[step.target] = sums;
            return;
        }
        if let Action::Maps { maps: affines } = &step.action {
            let mut maps = std::mem::take(&mut work.floats[step.target]);
            let pixels = step.shape.1 * step.shape.2;
            let mut first = 0;
            for (sources, job) in affines {
                let all = 0..job.scale.len() / LANES;
                let rest = &mut maps[first * pixels..];
                self.planes(sources, &work.slots, &all, |plane, src| {
                    affine_map(job, plane, src, &mut rest[plane.target * LANES * pixels..]);
                });
                first += sources.iter().map(|index| self.buffers[*index].layout.channels).sum::<usize>();
            }
            work.floats[step.target] = maps;
            return;
        }
        let target = &self.buffers[step.target];
        // The target's slot is taken out, so that sources can be borrowed beside it; it never holds a source.
        let mut slot = std::mem::take(&mut work.slots[target.slot]);
        let dst = &mut slot[..target.layout.bytes()];
        let source = |index: usize| {
            let buffer = &self.buffers[index];
            &work.slots[buffer.slot][..buffer.layout.bytes()]
        };
        match &step.action {
            Action::Conv { source: from, parts } => {
                let src = source(*from);
                self.run_parts(parts, target, dst, |part, dst| {
                    conv(self.kernel, &part.job.0, &part.job.1, src, dst);
                });
            }
            Action::Depthwise { source: from, parts } => {
                let (src, plane) = (source(*from), self.buffers[*from].layout.plane());
                self.run_parts(parts, target, dst, |part, dst| {
                    self.kernel.depthwise(&part.job, &src[part.planes.start * plane..], dst);
                });
            }
            Action::Affine { sources, parts } => self.run_parts(parts, target, dst, |part, dst| {
                self.planes(sources, &work.slots, &part.planes, |plane, src| {
                    self.kernel.affine(&part.job, plane, src, dst);
                });
            }),
            Action::AffinePool { sources, parts } => self.run_parts(parts, target, dst, |part, dst| {
                self.planes(sources, &work.slots, &part.planes, |plane, src| {
                    self.kernel.affine_pool(&part.job, plane, src, dst);
                });
            }),
            Action::MaxPool { source: from, parts } => {
                let (src, plane) = (source(*from), self.buffers[*from].layout.plane());
                self.run_parts(parts, target, dst, |part, dst| {
                    max_pool(&part.job, &src[part.planes.start * plane..], dst);
                });
            }
            Action::Add { sources: (a, b), job } => {
                let (x, y) = (&self.buffers[*a].layout, &self.buffers[*b].layout);
                if x == y && x == &target.layout {
                    self.kernel.add(job, source(*a), source(*b), dst);
                } else {
                    self.add_rows(job, (x, source(*a)), (y, source(*b)), (&target.layout, dst));
                }
            }
            Action::AffineSum { .. } | Action::Maps { .. } => {}
        }
        target.layout.fill_border(dst, target.zero);
        work.slots[target.slot] = slot;
    }

    /// Adds tensors with different borders.
    fn add_rows(&self, job: &Add, a: (&Layout, &[u8]), b: (&Layout, &[u8]), dst: (&Layout, &mut [u8])) {
        let (layout, bytes) = (dst.0, dst.0.width * LANES);
        for plane in 0..layout.planes() {
            for y in 0..layout.height {
                let start = |l: &Layout| plane * l.plane() + l.row_start(y);
                let x = &a.1[start(a.0)..start(a.0) + bytes];
                let z = &b.1[start(b.0)..start(b.0) + bytes];
                self.kernel.add(job, x, z, &mut dst.1[start(layout)..start(layout) + bytes]);
            }
        }
    }

    fn run_parts<J: Sync>(
        &self,
        parts: &[Part<J>],
        target: &Buffer,
        dst: &mut [u8],
        each: impl Fn(&Part<J>, &mut [u8]) + Sync,
    ) {
        partition::run(&self.threads, parts, target.layout.plane(), dst, &each);
    }

    /// Calls `each` for every plane of a concatenation that is in `range`; targets count from its start.
    fn planes(
        &self,
        sources: &[usize],
        slots: &[Vec<u8>],
        range: &Range<usize>,
        mut each: impl FnMut(Plane, &[u8]),
    ) {
        let mut first = 0;
        for index in sources {
            let buffer = &self.buffers[*index];
            let end = first + buffer.layout.planes();
            for at in first.max(range.start)..end.min(range.end) {
                let plane = Plane { from: buffer.layout, source: at - first, target: at - range.start };
                each(plane, &slots[buffer.slot]);
            }
            first = end;
        }
    }
}
