//! What was fused, what was not, and why.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use tract_core::internal::TypedModel;

use super::fused_op::{FusedOp, OpKind};
use super::program_op::ProgramOp;

/// Operators of one kind that run as integer code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FusedKind {
    /// What they are, in words.
    pub name: String,
    /// How many.
    pub count: usize,
}

/// An operator with 8-bit output that stays with tract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnfusedOp {
    /// The node's name in the graph.
    pub node: String,
    /// Why it was not recognised.
    pub reason: String,
}

/// What became of a quantised graph.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct FusionReport {
    /// Name of the kernel that runs the fused operators.
    pub kernel: String,
    /// Faster kernels that failed their check on this machine, in words; empty unless something is broken.
    #[serde(rename = "distrusted")]
    pub rejected_kernels: Vec<String>,
    /// Number of regions; each is one node of the graph.
    pub regions: usize,
    /// Fused operators by kind.
    pub fused: Vec<FusedKind>,
    /// Structures of the nets found among them: dense layers, inverted residuals.
    pub structures: Vec<FusedKind>,
    /// Operators that stay with tract though their result has 8 bits.
    #[serde(rename = "kept")]
    pub unfused: Vec<UnfusedOp>,
    /// All operators that tract runs beside the fused ones, after its own optimisation, by kind: those of `unfused`, and
    /// those that are in float in the file, such as the head.
    pub by_tract: Vec<FusedKind>,
    /// Multiplications per image in fused operators.
    pub macs: u64,
    /// Bytes of activations that one run works in.
    pub arena_bytes: usize,
}

impl FusionReport {
    /// True if at least one operator was fused.
    pub fn any(&self) -> bool {
        !self.fused.is_empty()
    }

    /// Counts what tract runs itself in the graph that is run.
    pub(crate) fn count_rest(&mut self, model: &TypedModel) {
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        let names: Vec<_> = model.nodes().iter().map(|node| node.op.name()).collect();
        for (node, name) in model.nodes().iter().zip(&names) {
            // What is read and what is constant is no work.
            let work = !node.inputs.is_empty() && node.op_as::<ProgramOp>().is_none();
            if work {
                *kinds.entry(name.as_ref()).or_default() += 1;
            }
        }
        self.by_tract = list(kinds);
    }

    /// Counts kinds and structures of `ops`.
    pub(super) fn count(&mut self, ops: &[FusedOp]) {
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for op in ops {
            *kinds.entry(op.kind.name()).or_default() += 1;
        }
        self.fused = list(kinds);
        let maker = |op: &FusedOp| {
            let source = op.kind.inputs().first().map(|e| e.outlet)?;
            ops.iter().find(|u| u.output == source)
        };
        let mut structures: BTreeMap<&str, usize> = BTreeMap::new();
        for op in ops {
            let chain = (maker(op).map(|u| &u.kind), maker(op).and_then(maker).map(|u| &u.kind));
            let name = match (&op.kind, chain) {
                (OpKind::Conv(_), (Some(OpKind::Conv(_)), Some(OpKind::Affine(_)))) => "dense layer",
                (OpKind::Conv(_), (Some(OpKind::AffinePool(_)), _)) => "transition",
                (OpKind::Conv(_), (Some(OpKind::Depthwise(_)), _)) => "inverted residual",
                _ => continue,
            };
            *structures.entry(name).or_default() += 1;
        }
        self.structures = list(structures);
    }
}

fn list(kinds: BTreeMap<&str, usize>) -> Vec<FusedKind> {
    kinds.into_iter().map(|(name, count)| FusedKind { name: name.to_owned(), count }).collect()
}

impl fmt::Display for FusionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.any() {
            writeln!(f, "no integer operators were fused; everything runs on tract's own")?;
        } else {
            writeln!(
                f,
                "{} region(s) of fused integer operators on {}: {:.3} G multiplications an image, {:.1} MB of activations",
                self.regions,
                self.kernel,
                self.macs as f64 / 1e9,
                self.arena_bytes as f64 / 1e6
            )?;
        }
        for kernel in &self.rejected_kernels {
            writeln!(f, "  NOT USED: {kernel}")?;
        }
        for kind in &self.structures {
            writeln!(f, "  structure {:<20} {:>4}", kind.name, kind.count)?;
        }
        for kind in &self.fused {
            writeln!(f, "  fused {:<64} {:>4}", kind.name, kind.count)?;
        }
        for op in &self.unfused {
            writeln!(f, "  kept {}: {}", op.node, op.reason)?;
        }
        for kind in &self.by_tract {
            writeln!(f, "  tract {:<64} {:>4}", kind.name, kind.count)?;
        }
        if self.any() && !self.by_tract.is_empty() {
            writeln!(
                f,
                "What tract runs is kept for the reason given, or is in float in the file: the head, the heat map."
            )?;
        }
        Ok(())
    }
}
