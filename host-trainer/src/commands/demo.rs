//! `demo`: phantoms, fit, export and evaluation in one folder, on random backbones.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use xray_core::preprocess::{Preprocessing, Scaling};

use super::evaluate::evaluate;
use super::export::{
    ExportOptions, ExportedModel, QualityGateChoice, QuantisationOptions, export_quantised_run,
};
use super::fit::{FitOptions, fit};
use crate::architectures::BackboneKind;
use crate::cancel::CancelToken;
use crate::data::augment::Preset;
use crate::data::phantom::{Counts, write_data_set};
use crate::data::{ClassNames, DataSource, Split};
use crate::device::ChosenDevice;
use crate::evaluation::{DecisionRules, DetailsOptions, EvaluationDetails, ImageSet, ModelEvaluation};
use crate::features::Views;
use crate::head::TrainingConfig;
use crate::pipeline::{BackboneSource, Event, FeaturePrecision, FeatureSource, RunImages};
use crate::run::{ChooseOn, RunRecord};
use crate::weights::WeightStore;

/// Phantoms of each class for training and for the test.
const COUNTS: Counts = Counts { train: 70, test: 16 };

/// Random features say less than trained ones, and there are few samples: a larger rate than for X-rays.
const LEARNING_RATE: f64 = 1e-3;

/// Phantoms that activation ranges are measured on.
const CALIBRATION_IMAGES: usize = 24;

/// Phantoms that are screened at the end.
const SCREENED: usize = 8;

/// The folders and files of a demo.
#[derive(Debug, Clone)]
pub struct Demo {
    out: PathBuf,
    seed: u64,
}

impl Demo {
    /// `seed` draws the phantoms, the backbones and the head.
    pub fn new(out: PathBuf, seed: u64) -> Self {
        Demo { out, seed }
    }

    pub fn phantoms(&self) -> PathBuf {
        self.out.join("phantoms")
    }

    pub fn run(&self) -> PathBuf {
        self.out.join("run")
    }

    pub fn model(&self) -> PathBuf {
        self.out.join("model.onnx")
    }

    fn cache(&self) -> PathBuf {
        self.out.join("cache")
    }

    /// Draws the phantoms; those of an earlier demo are replaced.
    ///
    /// # Errors
    /// If the folder was not made by a demo, or cannot be written.
    pub fn draw(&self) -> anyhow::Result<()> {
        let phantoms = self.phantoms();
        clear(&self.out, &phantoms)?;
        write_data_set(&phantoms, COUNTS, self.seed)?;
        Ok(())
    }

    /// # Errors
    /// As [`fit`].
    pub fn fit(
        &self,
        device: &ChosenDevice,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<RunRecord> {
        fit(&self.fit_options(), device, observe)
    }

    fn fit_options(&self) -> FitOptions {
        FitOptions {
            source: FeatureSource {
                sources: vec![DataSource::new(self.phantoms())],
                classes: ClassNames::default(),
                backbones: BackboneSource::Random {
                    kinds: BackboneKind::DEFAULT_STACK.to_vec(),
                    seed: self.seed,
                },
                feature_precision: FeaturePrecision::Auto,
                calibration_images: CALIBRATION_IMAGES,
                preprocessing: Preprocessing::new(Scaling::Imagenet),
                views: Views::new(Preset::Article),
                corruptions: 0,
                choose_on: ChooseOn::Clean,
                cache: self.cache(),
            },
            shards: None,
            training: TrainingConfig {
                seed: self.seed,
                learning_rate: LEARNING_RATE,
                ..TrainingConfig::default()
            },
            backbone_recipe: None,
            fine_tune: None,
            decision: DecisionRules::default(),
            strict: false,
            out: self.run(),
            resume: false,
            cancel: CancelToken::default(),
            command: None,
        }
    }

    /// # Errors
    /// As [`export_quantised_run`].
    pub fn export(
        &self,
        device: &ChosenDevice,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<ExportedModel> {
        let options = ExportOptions {
            run: self.run(),
            // Random backbones are drawn again from their seed: the store is not used.
            store: WeightStore::at(self.out.join("weights")),
            images: RunImages { sources: vec![DataSource::new(self.phantoms())] },
            cache: self.cache(),
            quality_gate: QualityGateChoice::IfEnoughImages,
            out: self.model(),
        };
        let quantisation = QuantisationOptions {
            calibration_images: CALIBRATION_IMAGES,
            // One flipped verdict among a handful of phantoms exceeds any budget that is fit for X-rays.
            budget: None,
            ..QuantisationOptions::default()
        };
        export_quantised_run(&options, &quantisation, device, observe)
    }

    /// # Errors
    /// As [`evaluate`].
    pub fn evaluate(
        &self,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<(ModelEvaluation, EvaluationDetails)> {
        let images = ImageSet { data: self.phantoms(), classes: None, split: Split::Test, splits: None };
        let evaluation = evaluate(&self.model(), &images, observe)?;
        let details = EvaluationDetails::new(&evaluation, &DetailsOptions::default())?;
        Ok((evaluation, details))
    }

    /// Test phantoms, as many of each class.
    ///
    /// # Errors
    /// If a folder cannot be listed.
    pub fn test_sample(&self) -> anyhow::Result<Vec<PathBuf>> {
        let mut chosen = Vec::new();
        for class in ["NORMAL", "PNEUMONIA"] {
            let files = xray_intake::list_images(&self.phantoms().join("test").join(class))?;
            chosen.extend(files.into_iter().take(SCREENED / 2));
        }
        Ok(chosen)
    }
}

/// Removes the phantoms of an earlier demo. The mark is made before the first phantom is drawn, so a folder
/// without the mark was not made by a demo and stays.
fn clear(out: &Path, phantoms: &Path) -> anyhow::Result<()> {
    let mark = out.join("made-by-host-trainer-demo");
    if phantoms.exists() {
        ensure!(
            mark.exists(),
            "{} was not made by the demo; name another folder with --out",
            phantoms.display()
        );
        fs::remove_dir_all(phantoms)
            .with_context(|| format!("{}: could not be removed", phantoms.display()))?;
    }
    fs::create_dir_all(out)
        .and_then(|()| fs::write(&mark, ""))
        .with_context(|| format!("{}: could not be written; name another folder with --out", out.display()))
}
