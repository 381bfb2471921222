//! The record of a run, `run.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xray_core::package::{AbstainBand, Labels, Precision};
use xray_core::preprocess::Preprocessing;

use crate::architectures::BackboneKind;
use crate::backbone_training::BackboneRecipe;
use crate::data::DataSource;
use crate::data::leaks::LeakCounts;
use crate::features::{View, Views};
use crate::fine_tune::FineTune;
use crate::head::{Epoch, TrainingConfig};
use crate::metrics::{Evaluation, Interval, Rate, Scored};
use crate::weights::Provenance;

/// Version of the `run.json` schema that this build writes and the only one that it reads.
pub const RUN_SCHEMA: u32 = 3;

/// One backbone of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BackboneUse {
    pub kind: BackboneKind,
    pub provenance: Provenance,
    /// SHA-256 (hex) over the tensors.
    pub fingerprint: String,
}

/// The model whose backbones a run kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaseUse {
    /// The file as it was named.
    pub file: String,
    /// SHA-256 (hex) of the file; a copy lies in the run.
    pub sha256: String,
    /// How its numbers are stored.
    pub precision: Precision,
}

/// What epoch, temperature and threshold are chosen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChooseOn {
    /// Validation images as they are, and changes of each from the corruption suite
    Corrupted,
    /// Validation images as they are
    Clean,
    /// Validation images as they are and as the hardening augmentation draws them
    Drawn,
    /// All of these, so that hospital and kind of view in which it does worst decide
    Worst,
}

impl ChooseOn {
    /// Whether views of this kind count.
    pub(crate) fn counts(self, kind: ViewKind) -> bool {
        matches!(
            (self, kind),
            (_, ViewKind::Plain)
                | (ChooseOn::Worst, _)
                | (ChooseOn::Corrupted, ViewKind::Corrupted)
                | (ChooseOn::Drawn, ViewKind::Drawn)
        )
    }
}

/// In which views validation images are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ViewKind {
    /// As they are.
    Plain,
    /// Changed by the corruption suite.
    Corrupted,
    /// Drawn by the hardening augmentation.
    Drawn,
}

impl ViewKind {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            ViewKind::Plain => "plain",
            ViewKind::Corrupted => "corrupted",
            ViewKind::Drawn => "drawn",
        }
    }

    pub(crate) fn of(view: &View) -> ViewKind {
        match view {
            View::Corrupted(_) => ViewKind::Corrupted,
            View::Hardened(_) => ViewKind::Drawn,
            View::Plain | View::Mirror | View::Augmented(_) | View::WrongOrientation(_) => ViewKind::Plain,
        }
    }
}

/// Figures on the validation images of one hospital in one kind of view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupFigures {
    /// The hospital; empty where there is only one.
    pub source: String,
    /// The kind of view.
    pub view: ViewKind,
    /// Views that have a score; several of one image are not independent, so intervals are too narrow then.
    pub views: usize,
    /// Area under the ROC curve; none if they are of one class.
    pub auroc: Option<f64>,
    /// Its 95% interval (DeLong).
    pub auroc_interval: Option<Interval>,
    /// Share of the positive that is called so.
    pub sensitivity: Rate,
    /// Share of the negative that is called so.
    pub specificity: Rate,
}

/// What would have been chosen on other validation images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelectionRecord {
    /// On which.
    pub choose_on: ChooseOn,
    /// The threshold on calibrated probabilities; none if the rule could not be met.
    pub threshold: Option<f64>,
    /// The temperature; none if nothing was chosen.
    pub temperature: Option<f64>,
}

/// The int8 backbones that the features of a run were computed with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Int8Use {
    /// SHA-256 (hex) of the model that holds them; a copy lies in the run.
    pub sha256: String,
    /// Training images that the steps of their activations were chosen on.
    pub calibration_images: usize,
}

/// Figures on one kind of change of the validation images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CorruptionFigures {
    /// The kind, as the corruption suite names it.
    pub kind: String,
    pub images: usize,
    /// Area under the ROC curve; none if they are of one class.
    pub auroc: Option<f64>,
    /// Its 95% interval (DeLong).
    pub auroc_interval: Option<Interval>,
    /// Share of the positive that is called so.
    pub sensitivity: Rate,
    /// Share of the negative that is called so.
    pub specificity: Rate,
}

/// Figures on validation images as another hospital might have taken them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DomainShiftRecord {
    /// Version of the corruption suite.
    pub suite: u32,
    /// Number of changes for each image, beside the image itself.
    pub corruptions: u32,
    /// Figures on the changed images at the threshold. Its intervals treat views of one image as independent images:
    /// they are too narrow.
    pub evaluation: Evaluation,
    pub kinds: Vec<CorruptionFigures>,
}

/// The abstain band, where the model must not decide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AbstainRecord {
    /// The rules for both ends.
    pub rule: String,
    /// On calibrated probabilities; none if no band satisfies the rules.
    pub band: Option<AbstainBand>,
}

/// The software and hardware that made a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    pub burn: String,
    pub tract: String,
    /// Operating system and architecture, such as `linux x86_64`.
    pub platform: String,
    /// The name of the processor, where the system knows it: int8 backbones are bit-equal only on the same kind.
    pub processor: Option<String>,
}

impl Versions {
    pub fn current() -> Self {
        Versions {
            burn: BURN.to_owned(),
            tract: TRACT.to_owned(),
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            processor: processor(),
        }
    }
}

/// The first `model name` of Linux's `/proc/cpuinfo` (proc(5)).
fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("model name"))?;
    Some(line.trim_start_matches([' ', '\t', ':']).to_owned())
}

/// A test compares this with `Cargo.lock`.
const BURN: &str = "0.22.1";
/// As [`BURN`].
const TRACT: &str = "0.23.9";

/// How backbones were trained before the head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BackboneTrainingRecord {
    pub recipe: BackboneRecipe,
    /// The subclasses that a further output learnt to tell, beside images without the finding; none if there was none.
    pub subclasses: Vec<String>,
    /// The weights of the teacher, if there was one.
    pub teacher: Option<Provenance>,
    /// Those that were trained.
    pub backbones: Vec<BackboneHistory>,
    /// Wall-clock time of it all.
    pub seconds: f64,
}

/// The passes of the training of one backbone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BackboneHistory {
    pub kind: BackboneKind,
    /// Training figures are of the weights as they were in the pass, validation figures of the averaged ones after it.
    pub passes: Vec<Epoch>,
}

/// The data of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataRecord {
    pub folder: String,
    /// The splits file as it was named, if there was one.
    pub splits: Option<String>,
    /// All hospitals, where there are several; `folder` and `splits` are those of the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<DataSource>,
    /// SHA-256 (hex) over the sorted content hashes, roles and labels.
    pub fingerprint: String,
    /// Where the features came from, if others had computed them.
    pub shards: Option<String>,
    /// Training images that were used, by label (negative, positive).
    pub train: [usize; 2],
    /// Validation images that were used, by label (negative, positive).
    pub validation: [usize; 2],
    /// Patients on the training side.
    pub train_patients: usize,
    /// Patients on the validation side.
    pub validation_patients: usize,
    /// Near-duplicates and patients on two sides.
    pub leaks: LeakCounts,
    /// Files, below the data folder, that could not be read and were left out, each with the reason.
    pub left_out: BTreeMap<String, String>,
}

/// The score of one view of a validation image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValidationScore {
    pub path: String,
    /// SHA-256 (hex) of its content.
    pub sha256: String,
    /// Under which change of the corruption suite it was seen; none as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corruption: Option<String>,
    /// The number of the draw of the hardening augmentation that it was seen as; none for other forms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draw: Option<u32>,
    /// The hospital that it is from; empty where there is only one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// `true` for the positive class.
    pub label: bool,
    /// Probability of the positive class under the head that was kept, not calibrated.
    pub probability: f64,
}

impl ValidationScore {
    /// In which kind of view it was seen.
    pub fn kind(&self) -> ViewKind {
        match (&self.corruption, self.draw) {
            (Some(_), _) => ViewKind::Corrupted,
            (None, Some(_)) => ViewKind::Drawn,
            (None, None) => ViewKind::Plain,
        }
    }
}

/// Probabilities with labels, as the metrics take them.
pub(crate) fn scored(scores: &[ValidationScore]) -> Vec<Scored> {
    scores.iter().map(|score| (score.probability, score.label)).collect()
}

/// Wall-clock seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    /// Listing, hashing and splitting the images.
    pub data: f64,
    /// Making the int8 backbones that features are computed with.
    pub quantising: f64,
    /// Computing or loading features.
    pub features: f64,
    /// Images and views whose features were computed, not loaded.
    pub computed: usize,
    /// Training the head.
    pub training: f64,
}

/// A finished run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// [`RUN_SCHEMA`].
    pub schema: u32,
    pub program: String,
    pub versions: Versions,
    /// The command line, where there was one.
    pub command: Option<Vec<String>>,
    /// Where it was computed, and why there.
    pub device: String,
    pub preprocessing: Preprocessing,
    pub labels: Labels,
    /// The backbones in the order in which features are joined.
    pub backbones: Vec<BackboneUse>,
    /// The folder that their weights were read from, if they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights_dir: Option<String>,
    /// The model that the backbones were kept from, if they were.
    pub base: Option<BaseUse>,
    /// The int8 backbones that features were computed with; none if they were computed with float ones or with those of
    /// a base model.
    pub int8: Option<Int8Use>,
    pub data: DataRecord,
    /// The views of a training image.
    pub views: Views,
    pub training: TrainingConfig,
    /// SHA-256 (hex) over the head's numbers.
    pub head: String,
    /// The epoch whose weights were kept.
    pub best_epoch: usize,
    pub history: Vec<Epoch>,
    /// How backbones were trained before the head, if they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backbone_training: Option<BackboneTrainingRecord>,
    /// How layers of the backbones were trained after the head, if they were.
    pub fine_tune: Option<FineTune>,
    /// The epochs of the fine-tuning; the one with the lowest validation loss was kept.
    pub fine_tune_history: Vec<Epoch>,
    /// That epoch, counted from 1; 0 if none was better than the layers before fine-tuning, which were then kept.
    pub fine_tune_best: Option<usize>,
    /// What epoch, temperature and threshold were chosen on.
    pub choose_on: ChooseOn,
    /// Calibrated probability (0..1) from which on the positive label is suspected.
    pub threshold: f64,
    /// The rule by which the threshold was chosen on the validation images.
    pub threshold_rule: String,
    /// The temperature that was fitted on the validation images; none if none was asked for.
    pub temperature: Option<f64>,
    /// The abstain band, if one was asked for.
    pub abstain: Option<AbstainRecord>,
    /// Figures on the validation images as they are, at the threshold.
    pub validation: Evaluation,
    /// The same of a head that was trained on no mirror images, where there were any.
    pub without_mirror: Option<Evaluation>,
    /// Figures on changed validation images, if there were any.
    #[serde(rename = "shift")]
    pub domain_shift: Option<DomainShiftRecord>,
    /// Figures by hospital and kind of view, where there is more than one of either.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupFigures>,
    /// What would have been chosen on other validation images, where images are drawn or of several hospitals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub selections: Vec<SelectionRecord>,
    pub timings: Timings,
}

impl RunRecord {
    /// The folders of its images, each with its splits file.
    pub fn sources(&self) -> Vec<DataSource> {
        if self.data.sources.is_empty() {
            let splits = self.data.splits.as_ref().map(Into::into);
            return vec![DataSource { splits, ..DataSource::new(&self.data.folder) }];
        }
        self.data.sources.clone()
    }

    /// Whether the run trained backbones and kept them: then they are in its folder.
    pub fn has_trained_backbones(&self) -> bool {
        self.backbone_training.is_some() || self.fine_tune_best.is_some_and(|best| best > 0)
    }

    /// Whether any backbone has random weights, so that the figures prove the program and nothing else.
    pub fn has_random_backbones(&self) -> bool {
        self.backbones.iter().any(|backbone| backbone.provenance.is_random())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_that_are_built() {
        let lock = include_str!("../../../Cargo.lock");
        let has = |name: &str, version: &str| {
            lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"\n"))
        };
        assert!(has("burn", BURN) && has("tract-core", TRACT));
    }
}
