//! Which layers of the backbones are trained.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::FineTuneError;
use crate::architectures::BackboneKind;
use crate::backbones::TrainedLayers;

/// Which layers of the backbones are trained. As text: `all`, or nets with commas between, each whole
/// (`mobilenet-v2`) or from a stage on (`densenet169:denseblock4..`; the dots may be left out).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unfreeze {
    /// Every layer of every net, BatchNorm's statistics included.
    All,
    /// Of these nets the layers from a stage on; none: the whole net.
    From(Vec<(BackboneKind, Option<String>)>),
}

impl FromStr for Unfreeze {
    type Err = FineTuneError;

    fn from_str(text: &str) -> Result<Self, FineTuneError> {
        if text == "all" {
            return Ok(Unfreeze::All);
        }
        let wrong = || FineTuneError::Rule { given: text.to_owned() };
        let parts = text.split(',').map(|part| {
            let (net, stage) = match part.split_once(':') {
                Some((net, stage)) => (net, Some(stage.trim_end_matches("..").to_owned())),
                None => (part, None),
            };
            let kind = BackboneKind::from_name(net.trim()).ok_or_else(wrong)?;
            if stage.as_deref() == Some("") { Err(wrong()) } else { Ok((kind, stage)) }
        });
        Ok(Unfreeze::From(parts.collect::<Result<_, _>>()?))
    }
}

impl std::fmt::Display for Unfreeze {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Unfreeze::From(parts) = self else { return f.write_str("all") };
        let words = parts.iter().map(|(kind, stage)| match stage {
            Some(stage) => format!("{}:{stage}..", kind.name()),
            None => kind.name().to_owned(),
        });
        f.write_str(&words.collect::<Vec<_>>().join(","))
    }
}

impl Unfreeze {
    /// The layers of each of these nets that are trained.
    ///
    /// # Errors
    /// [`FineTuneError::NotInModel`] and [`FineTuneError::Stage`] for names that are not there.
    pub fn layers(&self, backbones: &[BackboneKind]) -> Result<Vec<TrainedLayers>, FineTuneError> {
        if let Unfreeze::From(parts) = self
            && let Some((kind, _)) = parts.iter().find(|(kind, _)| !backbones.contains(kind))
        {
            return Err(FineTuneError::NotInModel { backbone: kind.name() });
        }
        backbones.iter().map(|kind| self.of_net(*kind)).collect()
    }

    fn of_net(&self, kind: BackboneKind) -> Result<TrainedLayers, FineTuneError> {
        let names: Vec<String> = kind.plan().into_iter().map(|layer| layer.name).collect();
        let first = match self {
            Unfreeze::All => Some(0),
            Unfreeze::From(parts) => match parts.iter().find(|(named, _)| *named == kind) {
                None => None,
                Some((_, None)) => Some(0),
                Some((_, Some(stage))) => Some(first_of(kind, &names, stage)?),
            },
        };
        let layers = first.map(|first| names[first..].iter().cloned().collect()).unwrap_or_default();
        Ok(TrainedLayers { layers, statistics: *self == Unfreeze::All })
    }
}

/// The stage of a layer: `denseblock4` of `features.denseblock4.denselayer1.norm1`.
fn stage_of(layer: &str) -> &str {
    layer.split('.').nth(1).unwrap_or(layer)
}

fn first_of(kind: BackboneKind, names: &[String], stage: &str) -> Result<usize, FineTuneError> {
    names.iter().position(|name| stage_of(name) == stage).ok_or_else(|| {
        let mut stages: Vec<&str> = names.iter().map(|name| stage_of(name)).collect();
        stages.dedup();
        FineTuneError::Stage { backbone: kind.name(), stage: stage.to_owned(), stages: stages.join(", ") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: [BackboneKind; 2] = BackboneKind::DEFAULT_STACK;

    fn layers(text: &str) -> Vec<TrainedLayers> {
        text.parse::<Unfreeze>().unwrap().layers(&MODEL).unwrap()
    }

    #[test]
    fn from_a_stage_to_the_end() {
        let [dense, mobile] = &layers("densenet169:denseblock4,mobilenet-v2:17..")[..] else { panic!() };
        // 32 dense layers of two norms and two convolutions, and norm5.
        assert_eq!(dense.layers.len(), 32 * 4 + 1);
        assert!(dense.layers.contains("features.norm5"));
        assert!(!dense.layers.contains("features.transition3.conv"));
        // Block 17: three convolutions with their norms; features.18: one.
        assert_eq!(mobile.layers.len(), 6 + 2);
        assert!(!dense.statistics && !mobile.statistics);
    }

    #[test]
    fn a_net_that_is_not_named_stays_frozen() {
        let [dense, mobile] = &layers("mobilenet-v2")[..] else { panic!() };
        assert!(dense.layers.is_empty());
        assert_eq!(mobile.layers.len(), BackboneKind::MobilenetV2.plan().len());
        assert!(layers("all").iter().all(|trained| trained.statistics && !trained.layers.is_empty()));
    }

    #[test]
    fn what_is_not_there_is_named() {
        let error = |text: &str| text.parse::<Unfreeze>().and_then(|rule| rule.layers(&MODEL)).unwrap_err();
        assert!(matches!(error("resnet:4"), FineTuneError::Rule { .. }));
        assert!(matches!(error("densenet169:"), FineTuneError::Rule { .. }));
        assert!(matches!(error("densenet121"), FineTuneError::NotInModel { .. }));
        let FineTuneError::Stage { stages, .. } = error("densenet169:denseblock5") else { panic!() };
        assert!(stages.starts_with("conv0, norm0, denseblock1, transition1"), "{stages}");
    }

    #[test]
    fn text_and_back() {
        for text in ["all", "densenet169:denseblock4..,mobilenet-v2"] {
            assert_eq!(text.parse::<Unfreeze>().unwrap().to_string(), text);
        }
    }
}
