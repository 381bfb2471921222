//! Checks whether tensors fit a backbone.

use super::error::Problems;
use super::{WeightSet, WeightsError};

/// Beginnings of names in timm's nets, which torchvision calls `features.…`.
const OF_TIMM: [&str; 4] = ["conv_stem.", "blocks.", "conv_head.", "stages."];

/// What names that the net does not know say about their file.
fn hint(extra: &[String]) -> Option<String> {
    if extra.iter().any(|name| OF_TIMM.iter().any(|start| name.starts_with(start))) {
        return Some(
            "these are the names of timm's nets; torchvision's net of the same name is needed".to_owned(),
        );
    }
    let (prefix, _) = extra.first()?.split_once('.')?;
    let shared = extra.iter().all(|name| name.split_once('.').is_some_and(|(first, _)| first == prefix));
    (shared && prefix != "features").then(|| {
        format!(
            "every name begins with `{prefix}.`; save the state dict of the net itself, without what wraps it"
        )
    })
}

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
        problems.hint = hint(&problems.extra);
        Err(WeightsError::Mismatch {
            backbone: self.backbone.name().to_owned(),
            source_name: self.provenance.to_string(),
            problems,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_names_are_explained() {
        let of = |names: &[&str]| hint(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert!(of(&["bn1.weight", "conv_stem.weight"]).is_some_and(|hint| hint.contains("timm")));
        let wrapped = of(&["teacher.features.0.weight", "teacher.features.1.weight"]);
        assert!(wrapped.is_some_and(|hint| hint.contains("begins with `teacher.`")));
        assert_eq!(of(&["features.99.weight"]), None);
        assert_eq!(of(&["a.b", "c.d"]), None);
        assert_eq!(of(&[]), None);
    }
}
