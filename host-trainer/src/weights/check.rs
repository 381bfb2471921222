//! Checks whether tensors fit a backbone.

use super::error::Problems;
use super::{WeightSet, WeightsError};

impl WeightSet {
    /// Whether names, shapes and elements are those that the net needs.
    ///
    /// # Errors
    /// [`WeightsError::Mismatch`], which names every tensor that is missing, too many, wrongly shaped or
    /// not finite.
    pub fn check(&self) -> Result<(), WeightsError> {
        let mut problems = Problems::default();
        let expected = self.backbone.parameters();
        for (name, shape) in &expected {
            match self.tensors.get(name) {
                None => problems.missing.push(name.clone()),
                Some(array)
                    if array.shape != *shape || array.data.len() != shape.iter().product::<usize>() =>
                {
                    problems.misshapen.push((name.clone(), shape.clone(), array.shape.clone()));
                }
                Some(array) if array.data.iter().any(|x| !x.is_finite()) => {
                    problems.not_finite.push(name.clone());
                }
                Some(_) => {}
            }
        }
        let known: std::collections::BTreeSet<_> = expected.iter().map(|(name, _)| name.as_str()).collect();
        problems.extra.extend(self.tensors.keys().filter(|name| !known.contains(name.as_str())).cloned());
        if problems.is_empty() {
            return Ok(());
        }
        Err(WeightsError::Mismatch {
            backbone: self.backbone.name().to_owned(),
            source_name: self.provenance.to_string(),
            problems,
        })
    }
}
