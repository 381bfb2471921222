//! Holds what a runner gives against the recorded answers.

use xray_engine::Array;

use super::{Case, CaseRunner, Tolerance};

/// How far an output is from the recorded one, over all samples.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct OutputDifference {
    /// The largest difference of an element.
    pub largest: f32,
    /// The largest share of elements that differ in a sample, 0..1.
    pub share: f64,
}

/// Runs `case` and compares each output.
///
/// # Errors
/// If it cannot be run, or shapes differ.
pub fn compare(case: &Case, runner: &dyn CaseRunner) -> Result<Vec<OutputDifference>, String> {
    let outputs = runner.run(case)?;
    let mut differences = vec![OutputDifference::default(); case.tolerances.len()];
    if outputs.len() != case.samples.len() {
        return Err(format!("{} answers to {} samples", outputs.len(), case.samples.len()));
    }
    for (sample, arrays) in case.samples.iter().zip(&outputs) {
        if arrays.len() != differences.len() || sample.answers.len() != differences.len() {
            return Err(format!("{} outputs where {} were expected", arrays.len(), differences.len()));
        }
        for ((difference, array), answer) in differences.iter_mut().zip(arrays).zip(&sample.answers) {
            difference.add(array, answer)?;
        }
    }
    Ok(differences)
}

/// Runs `case` and checks every output against its tolerance.
///
/// # Panics
/// If one is not met, or it cannot be run.
pub fn assert_agrees(case: &Case, runner: &dyn CaseRunner) {
    let name = format!("{} on {}", case.name, runner.name());
    let differences = compare(case, runner).unwrap_or_else(|error| panic!("{name}: {error}"));
    for (output, (difference, tolerance)) in differences.iter().zip(&case.tolerances).enumerate() {
        let OutputDifference { largest, share } = *difference;
        eprintln!("{name}, output {output}: largest difference {largest:.2e}, share {share:.2e}");
        let met = match *tolerance {
            Tolerance::Exact => share == 0.0,
            Tolerance::Within(most) => largest <= most,
            Tolerance::OneStep { share: most } => largest <= 1.0 && share <= most,
            Tolerance::Reported => true,
        };
        assert!(met, "{name}, output {output}: {difference:?} is not within {tolerance:?}");
    }
}

impl OutputDifference {
    fn add(&mut self, array: &Array, answer: &Array) -> Result<(), String> {
        if array.shape != answer.shape || array.values.len() != answer.values.len() {
            return Err(format!("shape {:?} where {:?} was expected", array.shape, answer.shape));
        }
        let pairs = array.values.iter().zip(&answer.values);
        // Bits, so that a NaN is a difference.
        let differ = pairs.clone().filter(|(a, b)| a.to_bits() != b.to_bits() && a != b).count();
        let distance = |(a, b): (&f32, &f32)| if a == b { 0.0 } else { (a - b).abs() };
        let largest =
            pairs.map(distance).fold(0.0, |most: f32, d| if d > most || d.is_nan() { d } else { most });
        self.largest = if largest.is_nan() { f32::INFINITY } else { self.largest.max(largest) };
        self.share = self.share.max(differ as f64 / array.values.len().max(1) as f64);
        Ok(())
    }
}
