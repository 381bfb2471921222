//! Divides recognised ops into regions, each of which becomes one node of the graph.

use std::collections::{HashMap, HashSet};

use tract_core::internal::*;

use super::constant::{QuantisedTensor, quantiser};
use super::fused_op::FusedOp;
use super::plan::RegionInput;
use super::recognise;

/// How a region gets at `edge`; what tract would quantise (`by_tract`) is quantised on the way in instead.
fn source(model: &TypedModel, tensor: QuantisedTensor, by_tract: bool) -> TractResult<RegionInput> {
    let shape = recognise::shape_of(model, tensor.outlet).context("input of unknown size")?;
    let node = model.node(tensor.outlet.node);
    if by_tract && let Some(made) = quantiser(node) {
        let float = model.outlet_fact(node.inputs[0])?.datum_type == f32::datum_type();
        if float && made.zero == tensor.zero {
            return Ok(RegionInput { tensor, shape, tap: node.inputs[0], scale: Some(made.scale) });
        }
    }
    Ok(RegionInput { tensor, shape, tap: tensor.outlet, scale: None })
}

/// Units by region: two ops of a region have no way from one to the other through an operator of tract.
pub(crate) struct Regions {
    /// In order of execution.
    pub ops: Vec<FusedOp>,
    /// The region of each unit.
    pub colours: Vec<usize>,
    by_output: HashMap<OutletId, usize>,
    /// Outlets of ops that an operator of tract or the caller reads.
    pub read_outside: HashSet<OutletId>,
}

impl Regions {
    /// Divides `ops`, which are in order of execution, and drops those that nothing reads.
    pub fn new(model: &TypedModel, ops: Vec<FusedOp>) -> TractResult<Regions> {
        let by_output: HashMap<_, _> = ops.iter().enumerate().map(|(i, u)| (u.output, i)).collect();
        let mut colours = vec![0; ops.len()];
        let mut depth: HashMap<usize, usize> = HashMap::new();
        for id in model.eval_order()? {
            if let Some(index) = by_output.get(&OutletId::from(id)) {
                colours[*index] = ops[*index]
                    .kind
                    .inputs()
                    .iter()
                    .map(|e| match by_output.get(&e.outlet) {
                        Some(maker) => colours[*maker],
                        None => depth.get(&e.outlet.node).copied().unwrap_or(0),
                    })
                    .max()
                    .unwrap_or(0);
            }
            let reach = model.node(id).inputs.iter().map(|o| match by_output.get(o) {
                Some(maker) => colours[*maker] + 1,
                None => depth.get(&o.node).copied().unwrap_or(0),
            });
            let reach = reach.max().unwrap_or(0);
            depth.insert(id, reach);
        }
        let mut regions = Regions { ops, colours, by_output, read_outside: HashSet::new() };
        regions.drop_dead(model)?;
        Ok(regions)
    }

    /// Follows what is read from the outputs backwards; ops that only other ops absorbed are dropped.
    fn drop_dead(&mut self, model: &TypedModel) -> TractResult<()> {
        let (mut alive, mut seen) = (HashSet::new(), HashSet::new());
        let mut queue: Vec<(OutletId, bool)> = model.output_outlets()?.iter().map(|o| (*o, true)).collect();
        while let Some((outlet, outside)) = queue.pop() {
            let op = self.by_output.get(&outlet).copied();
            if op.is_some() && outside {
                self.read_outside.insert(outlet);
            }
            if !seen.insert(outlet) {
                continue;
            }
            match op {
                Some(index) => {
                    alive.insert(index);
                    queue.extend(self.ops[index].kind.inputs().iter().map(|e| (e.outlet, false)));
                }
                None => queue.extend(model.node(outlet.node).inputs.iter().map(|o| (*o, true))),
            }
        }
        let mut index = 0..;
        let keep: Vec<bool> = self.ops.iter().map(|_| alive.contains(&index.next().unwrap_or(0))).collect();
        let mut flags = keep.iter();
        self.ops.retain(|_| *flags.next().unwrap_or(&false));
        let mut flags = keep.iter();
        self.colours.retain(|_| *flags.next().unwrap_or(&false));
        self.by_output = self.ops.iter().enumerate().map(|(i, u)| (u.output, i)).collect();
        Ok(())
    }

    /// The ops of a region, in order of execution.
    pub fn of(&self, region: usize) -> Vec<FusedOp> {
        let all = self.ops.iter().zip(&self.colours);
        all.filter(|(_, colour)| **colour == region).map(|(op, _)| op.clone()).collect()
    }

    /// What a region reads from outside, and which of its results are read there.
    pub fn ports(
        &self,
        model: &TypedModel,
        ops: &[FusedOp],
        region: usize,
    ) -> TractResult<(Vec<RegionInput>, Vec<OutletId>)> {
        let mut inputs: Vec<RegionInput> = Vec::new();
        let colour = |outlet: &OutletId| self.by_output.get(outlet).map(|i| self.colours[*i]);
        for tensor in ops.iter().flat_map(|u| u.kind.inputs()) {
            let known = inputs.iter().any(|s| s.tensor.outlet == tensor.outlet);
            if colour(&tensor.outlet) != Some(region) && !known {
                inputs.push(source(model, tensor, colour(&tensor.outlet).is_none())?);
            }
        }
        let elsewhere: HashSet<OutletId> = self
            .ops
            .iter()
            .zip(&self.colours)
            .filter(|(_, c)| **c != region)
            .flat_map(|(u, _)| u.kind.inputs())
            .map(|e| e.outlet)
            .collect();
        let outputs = ops.iter().map(|u| u.output);
        Ok((inputs, outputs.filter(|o| self.read_outside.contains(o) || elsewhere.contains(o)).collect()))
    }
}
