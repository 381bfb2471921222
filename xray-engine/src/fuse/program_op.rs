//! A program as an operator of tract's graph.

use std::sync::{Mutex, PoisonError};

use tract_core::internal::*;

use super::program::{Port, Program, Workspace};

/// Integer operators of one region of the graph, run as one node.
#[derive(Debug, Clone)]
pub(crate) struct ProgramOp {
    program: Arc<Program>,
    facts: TVec<TypedFact>,
    /// Memory of runs that are over; as many as ever ran at the same time.
    idle: Arc<Mutex<Vec<Workspace>>>,
}

impl PartialEq for ProgramOp {
    fn eq(&self, other: &ProgramOp) -> bool {
        Arc::ptr_eq(&self.program, &other.program)
    }
}

impl Eq for ProgramOp {}

impl ProgramOp {
    /// `facts` are those of the outlets that the program's outputs replace.
    pub fn new(program: Program, facts: TVec<TypedFact>) -> ProgramOp {
        ProgramOp { program: Arc::new(program), facts, idle: Arc::default() }
    }

    /// What it runs.
    pub fn program(&self) -> &Program {
        &self.program
    }

    fn run(&self, inputs: &[TValue], work: &mut Workspace) -> TractResult<TVec<TValue>> {
        let program = &self.program;
        for (index, input) in inputs.iter().enumerate() {
            let port = program.inputs[index];
            let layout = &program.buffers[port.buffer].layout;
            let expected = layout.channels * layout.height * layout.width;
            ensure!(input.len() == expected, "input of another size");
            let plain = input.try_as_plain_ram()?;
            match port.scale {
                Some(scale) => program.import_floats(index, scale, plain.as_slice::<f32>()?, work),
                None => {
                    ensure!(input.datum_type().size_of() == 1, "input is not 8-bit");
                    program.import(index, plain.as_bytes(), work);
                }
            }
        }
        program.run(work, None);
        let mut outputs = tvec!();
        for (port, fact) in program.outputs.iter().zip(&self.facts) {
            let shape = fact.shape.as_concrete().context("fused outputs have known sizes")?;
            let mut tensor = Tensor::zero_dt(fact.datum_type, shape)?;
            match port {
                Port::Buffer(index) => {
                    program.export(*index, tensor.try_as_plain_ram_mut()?.as_bytes_mut(), work);
                }
                Port::Floats(index) => tensor
                    .try_as_plain_ram_mut()?
                    .as_slice_mut::<f32>()?
                    .copy_from_slice(program.floats(*index, work)),
            }
            outputs.push(tensor.into_tvalue());
        }
        Ok(outputs)
    }
}

impl Op for ProgramOp {
    fn name(&self) -> StaticName {
        "FusedInt8".into()
    }

    fn info(&self) -> TractResult<Vec<String>> {
        Ok(vec![format!("{} steps on {}", self.program.steps.len(), self.program.kernel.name())])
    }

    op_as_typed_op!();
}

impl EvalOp for ProgramOp {
    op_out_of_plan!();

    fn eval(&self, _ctx: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let taken = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut work = taken.unwrap_or_else(|| Workspace::new(&self.program));
        let outputs = self.run(&inputs, &mut work);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(work);
        outputs
    }
}

impl TypedOp for ProgramOp {
    fn output_facts(&self, _inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(self.facts.clone())
    }

    as_op!();
}
