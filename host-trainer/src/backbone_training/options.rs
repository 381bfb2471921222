//! Options of the training of backbones.

use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{BackboneTrainingError, Sizes};
use crate::architectures::BackboneKind;
use crate::backbones::TrainedLayers;
use crate::data::augment::Hardening;
use crate::fine_tune::Unfreeze;

/// Options of the training of backbones. The defaults are those of the recipe `hardened`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackboneRecipe {
    /// The layers that are trained.
    pub unfreeze: Unfreeze,
    pub sizes: Sizes,
    /// How every image of every pass is drawn.
    pub hardening: Hardening,
    /// AdamW's largest learning rate for the backbone; its linear outputs learn three times as fast.
    pub learning_rate: f64,
    /// Decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101): each step takes this part times the learning
    /// rate from every weight that is trained.
    pub weight_decay: f64,
    /// Steps in which the learning rate rises.
    pub warm_up: usize,
    /// The largest norm of all gradients together.
    pub clip: f64,
    /// The part of the averaged weights that a step keeps, in the end.
    pub average: f64,
    /// Images per step.
    pub batch_size: usize,
    /// Share of each label that is spread over both classes.
    pub label_smoothing: f64,
    /// Share of the pooled features that dropout sets to zero before the linear outputs.
    pub dropout: f64,
    /// How much telling subclasses weighs beside telling the classes; 0 leaves it out.
    pub subclass_weight: f64,
    /// CSV file that names the subclasses; none: by the file names of the public set.
    pub subclasses: Option<PathBuf>,
    /// A trained backbone whose output and pooled features are targets, too.
    pub teacher: Option<TeacherFile>,
}

impl Default for BackboneRecipe {
    fn default() -> Self {
        BackboneRecipe {
            unfreeze: Unfreeze::All,
            sizes: Sizes::default(),
            hardening: Hardening::default(),
            learning_rate: 6e-4,
            weight_decay: 0.02,
            warm_up: 150,
            clip: 5.0,
            average: 0.997,
            batch_size: 32,
            label_smoothing: 0.06,
            dropout: 0.3,
            subclass_weight: 0.3,
            subclasses: None,
            teacher: None,
        }
    }
}

impl BackboneRecipe {
    /// The layers of each of these nets that are trained. A net that is trained as a whole has its BatchNorm statistics
    /// trained as well.
    ///
    /// # Errors
    /// [`BackboneTrainingError`] names what is not there or out of its range.
    pub fn layers(&self, backbones: &[BackboneKind]) -> Result<Vec<TrainedLayers>, BackboneTrainingError> {
        self.check()?;
        let mut layers = self.unfreeze.layers(backbones)?;
        for (kind, trained) in backbones.iter().zip(&mut layers) {
            trained.statistics = trained.layers.len() == kind.plan().len();
        }
        Ok(layers)
    }

    fn check(&self) -> Result<(), BackboneTrainingError> {
        let within = |name, value: f64, range, is: bool| {
            let error = BackboneTrainingError::Range { name, range, value: value.to_string() };
            if is && value.is_finite() { Ok(()) } else { Err(error) }
        };
        let positive = |name, value: f64| within(name, value, "above 0", value > 0.0);
        let share =
            |name, value: f64| within(name, value, "0 or above and below 1", (0.0..1.0).contains(&value));
        positive("backbone-rate", self.learning_rate)?;
        share("weight-decay", self.weight_decay)?;
        positive("clip", self.clip)?;
        share("weight-average", self.average)?;
        share("backbone-smoothing", self.label_smoothing)?;
        share("backbone-dropout", self.dropout)?;
        within("subclass-weight", self.subclass_weight, "0 or above", self.subclass_weight >= 0.0)?;
        within("backbone-batch", self.batch_size as f64, "2 or above", self.batch_size >= 2)
    }
}

/// A file with the weights of a teacher. As text: `NET=FILE`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeacherFile {
    pub backbone: BackboneKind,
    pub file: PathBuf,
}

impl FromStr for TeacherFile {
    type Err = BackboneTrainingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (net, file) = text.split_once('=')?;
            let backbone = BackboneKind::from_name(net)?;
            (!file.is_empty()).then(|| TeacherFile { backbone, file: file.into() })
        };
        read().ok_or_else(|| BackboneTrainingError::Teacher { given: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const NETS: [BackboneKind; 2] = BackboneKind::DEFAULT_STACK;

    #[test]
    fn statistics_are_trained_with_the_whole_net_only() {
        let layers = |text: &str| {
            let recipe = BackboneRecipe { unfreeze: text.parse().unwrap(), ..BackboneRecipe::default() };
            recipe.layers(&NETS).unwrap()
        };
        assert!(layers("all").iter().all(|trained| trained.statistics));
        let [dense, mobile] = &layers("mobilenet-v2")[..] else { unreachable!() };
        assert!(dense.layers.is_empty() && !dense.statistics && mobile.statistics);
        let [dense, _] = &layers("densenet169:denseblock4..")[..] else { unreachable!() };
        assert!(!dense.layers.is_empty() && !dense.statistics);
    }

    #[test]
    fn numbers_out_of_range_are_named() {
        let refused = |recipe: BackboneRecipe| recipe.layers(&NETS).unwrap_err().to_string();
        let default = BackboneRecipe::default;
        assert!(refused(BackboneRecipe { learning_rate: 0.0, ..default() }).contains("--backbone-rate"));
        assert!(refused(BackboneRecipe { weight_decay: 1.0, ..default() }).contains("--weight-decay"));
        assert!(refused(BackboneRecipe { clip: f64::NAN, ..default() }).contains("--clip"));
        assert!(refused(BackboneRecipe { average: 1.0, ..default() }).contains("--weight-average"));
        assert!(refused(BackboneRecipe { batch_size: 1, ..default() }).contains("--backbone-batch"));
        assert!(refused(BackboneRecipe { subclass_weight: -0.1, ..default() }).contains("--subclass-weight"));
    }

    #[test]
    fn a_teacher_is_a_net_and_a_file() {
        let teacher: TeacherFile = "mobilenet-v2=a=b.safetensors".parse().unwrap();
        assert_eq!((teacher.backbone, teacher.file), (BackboneKind::MobilenetV2, "a=b.safetensors".into()));
        for wrong in ["mobilenet-v2", "mobilenet-v2=", "resnet=a.pth", "a.pth"] {
            assert!(wrong.parse::<TeacherFile>().is_err(), "{wrong}");
        }
    }
}
