//! What was fused, what was not, and why.

use std::collections::BTreeMap;
use std::fmt;

use super::unit::{Unit, Work};

/// Operators of one kind that run as integer code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FusedKind {
    /// What they are, in words.
    pub name: String,
    /// How many.
    pub count: usize,
}

/// An operator with 8-bit output that stays with tract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The node's name in the graph.
    pub node: String,
    /// Why it was not recognised.
    pub reason: String,
}

/// What became of a quantised graph.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FusionReport {
    /// Name of the kernel that runs the fused operators.
    pub kernel: String,
    /// Faster kernels that failed their check on this machine, in words; empty unless something is broken.
    pub distrusted: Vec<String>,
    /// Number of regions; each is one node of the graph.
    pub regions: usize,
    /// Fused operators by kind.
    pub fused: Vec<FusedKind>,
    /// Structures of the nets found among them: dense layers, inverted residuals.
    pub structures: Vec<FusedKind>,
    /// Operators that stay with tract.
    pub kept: Vec<Kept>,
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

    /// Counts kinds and structures of `units`.
    pub(super) fn count(&mut self, units: &[Unit]) {
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for unit in units {
            *kinds.entry(unit.work.name()).or_default() += 1;
        }
        let list = |kinds: BTreeMap<&str, usize>| {
            kinds.into_iter().map(|(name, count)| FusedKind { name: name.to_owned(), count }).collect()
        };
        self.fused = list(kinds);
        let maker = |unit: &Unit| {
            let source = unit.work.inputs().first().map(|e| e.outlet)?;
            units.iter().find(|u| u.output == source)
        };
        let mut structures: BTreeMap<&str, usize> = BTreeMap::new();
        for unit in units {
            let chain = (maker(unit).map(|u| &u.work), maker(unit).and_then(maker).map(|u| &u.work));
            let name = match (&unit.work, chain) {
                (Work::Conv(_), (Some(Work::Conv(_)), Some(Work::Affine(_)))) => "dense layer",
                (Work::Conv(_), (Some(Work::AffinePool(_)), _)) => "transition",
                (Work::Conv(_), (Some(Work::Depthwise(_)), _)) => "inverted residual",
                _ => continue,
            };
            *structures.entry(name).or_default() += 1;
        }
        self.structures = list(structures);
    }
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
        for kernel in &self.distrusted {
            writeln!(f, "  NOT USED: {kernel}")?;
        }
        for kind in &self.structures {
            writeln!(f, "  structure {:<20} {:>4}", kind.name, kind.count)?;
        }
        for kind in &self.fused {
            writeln!(f, "  fused {:<64} {:>4}", kind.name, kind.count)?;
        }
        for kept in &self.kept {
            writeln!(f, "  kept {}: {}", kept.node, kept.reason)?;
        }
        Ok(())
    }
}
