//! Runs the steps of a program.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::partition::{self, Part};
use super::program::{Action, Buffer, Program, Step, Workspace};
use xray_kernels::conv;
use xray_kernels::layout::{LANES, Layout};
use xray_kernels::pointwise::{Add, Plane, affine_map, affine_sums, max_pool};

impl Program {
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
