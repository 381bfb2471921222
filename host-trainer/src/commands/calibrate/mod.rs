//! `calibrate`: a new operating point for an exported model, from labelled images of the place where it is used.

mod advice;
mod contract;
mod gate;
mod images;
mod result;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::ensure;
use xray_core::decision::ProbabilityCalibration;
use xray_core::package::{Contract, PackageFile, VerifiedPackage, signature_of};

use self::advice::{advice, overlap};
use self::contract::recalibrated;
use self::gate::refit_gate;
use self::images::{LocalScores, Scorer};
pub use self::result::{CalibrationResult, JudgedElsewhere, WrittenModel};
use crate::calibration::{
    ClassCounts, Draw, Judged, LocalRules, LocalScore, RecordingModel, draw, fingerprint, held_out,
    local_items, read_readings,
};
use crate::commands::export::write_model;
use crate::data::ClassNames;
use crate::evaluation::OperatingPoint;
use crate::metrics::{
    ExpectedWidths, MetricsError, OfThousand, Prices, Scored, ThresholdRow, of_thousand, threshold_table,
};
use crate::pipeline::{Event, class_names};

/// The labelled images of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalData {
    /// A folder with the two class folders.
    Images {
        folder: PathBuf,
        /// None: all images.
        draw: Option<Draw>,
    },
    /// The device's records with the readings of a clinician.
    Readings { file: PathBuf },
}

/// What is calibrated, on what, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrateOptions {
    pub model: PathBuf,
    pub data: LocalData,
    /// Names of the class folders; if none, those in the model.
    pub classes: Option<ClassNames>,
    /// A folder of other labelled images that both operating points are judged on.
    pub judge: Option<PathBuf>,
    pub rules: LocalRules,
    /// Whether the quality gate is fitted anew, too; needs images.
    pub refit_gate: bool,
    /// Folder of the feature cache, for the quality gate.
    pub cache: PathBuf,
    /// Share of people with the finding for the table, 0..1.
    pub prevalence: f64,
    pub prices: Option<Prices>,
    /// None: nothing is written.
    pub out: Option<PathBuf>,
}

/// With fewer images of a class no model is written.
const FEWEST_OF_CLASS: usize = 10;

/// Chooses a new operating point, and writes the model with it if there shall be one.
///
/// # Errors
/// If model or images cannot be read, a rule cannot be met, or there are too few images for what is asked.
pub fn calibrate(
    options: &CalibrateOptions,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<CalibrationResult> {
    check(options)?;
    let file = PackageFile::read(&options.model)?;
    let package = file.clone().verify()?;
    let contract = package.contract();
    let classes = options.classes.clone().unwrap_or_else(|| class_names(contract));
    let scorer = Scorer::new(&package, observe)?;
    let mut warnings = Vec::new();
    let mut items = Vec::new();
    let local = match &options.data {
        LocalData::Images { folder, draw: drawn } => {
            items = local_items(folder, &classes)?;
            if let Some(drawn) = drawn {
                items = draw(items, &classes, *drawn)?;
            }
            scorer.scores(folder, &items, observe)?
        }
        LocalData::Readings { file } => readings(file, &package, &classes, &mut warnings)?,
    };
    let scored: Vec<Scored> = local.scores.iter().map(LocalScore::scored).collect();
    let mut chosen = options.rules.choose(&scored, contract.temperature)?;
    warnings.append(&mut chosen.warnings);
    warnings.extend(advice(options, contract, &local));
    let points =
        OperatingPoints { earlier: contract, calibration: ProbabilityCalibration::of(&package), chosen };
    let judged = match &options.judge {
        Some(folder) => {
            let others = local_items(folder, &classes)?;
            warnings.extend(overlap(&local.scores, &others));
            Some(points.elsewhere(scorer.scores(folder, &others, observe)?)?)
        }
        None => None,
    };
    let quality_gate = match options.refit_gate {
        true => Some(refit_gate(&file, &items, &classes, options, observe)?),
        false => None,
    };
    let (before, after) = points.judged(&scored)?;
    let calibrated = points.calibrated(&scored);
    let [sensitivity, specificity] =
        [&after.sensitivity, &after.specificity].map(|rate| rate.value.unwrap_or(1.0));
    let mut result = CalibrationResult {
        model: package.sha256().to_owned(),
        images: ClassCounts::of(&local.scores),
        data_fingerprint: fingerprint(&local.scores),
        refused_by_gate: local.refused,
        held_out: held_out(&options.rules, &local.scores, contract.temperature),
        left_out: local.left_out,
        rule: options.rules.threshold.to_string(),
        before,
        after,
        judged,
        prevalence: options.prevalence,
        prices: options.prices,
        thresholds: table(&calibrated, options)?,
        enough: ExpectedWidths::IMAGES.map(|n| ExpectedWidths::new(n, sensitivity, specificity)).to_vec(),
        warnings,
        written: None,
    };
    if let Some(out) = &options.out {
        let contract = recalibrated(contract, options, &result, &calibrated, quality_gate)?;
        let model = package.with_contract(&contract)?;
        let written = write_model(model.bytes().to_vec(), contract.precision, None, out)?;
        result.written = Some(WrittenModel { path: written.path, sha256: written.sha256 });
        if signature_of(out).exists() {
            let signature = signature_of(out).display().to_string();
            result
                .warnings
                .push(format!("{signature}: this signature is of an earlier file; sign the new one"));
        }
    }
    result.warnings.iter().for_each(|warning| observe(Event::Warning(warning)));
    Ok(result)
}

/// The operating point of the model and the new one.
struct OperatingPoints<'a> {
    earlier: &'a Contract,
    /// That of the earlier one.
    calibration: ProbabilityCalibration,
    chosen: OperatingPoint,
}

impl OperatingPoints<'_> {
    /// The figures of both on uncalibrated scores.
    fn judged(&self, scored: &[Scored]) -> Result<(Judged, Judged), MetricsError> {
        let OperatingPoints { earlier, calibration, chosen } = self;
        Ok((
            Judged::new(scored, *calibration, earlier.threshold, earlier.abstain)?,
            Judged::new(scored, chosen.calibration, chosen.threshold, chosen.abstain)?,
        ))
    }

    fn elsewhere(&self, others: LocalScores) -> Result<JudgedElsewhere, MetricsError> {
        let LocalScores { scores, refused, left_out } = others;
        let scored: Vec<Scored> = scores.iter().map(LocalScore::scored).collect();
        let (before, after) = self.judged(&scored)?;
        let images = ClassCounts::of(&scores);
        Ok(JudgedElsewhere { images, refused_by_gate: refused, left_out, before, after })
    }

    /// Scores at the new temperature.
    fn calibrated(&self, scored: &[Scored]) -> Vec<Scored> {
        scored.iter().map(|(p, label)| (self.chosen.calibration.apply_to(*p), *label)).collect()
    }
}

/// Finds what would fail after the images were scored.
fn check(options: &CalibrateOptions) -> anyhow::Result<()> {
    ensure!(
        (0.0..=1.0).contains(&options.prevalence),
        "the prevalence {} is not a number from 0 to 1; give another",
        options.prevalence
    );
    options.prices.as_ref().map_or(Ok(()), Prices::check)?;
    ensure!(
        !options.refit_gate || matches!(options.data, LocalData::Images { .. }),
        "a quality gate is fitted on images, and readings have none; give --data, or leave --refit-gate out"
    );
    if let Some(out) = &options.out {
        let same = std::fs::canonicalize(out).ok().zip(std::fs::canonicalize(&options.model).ok());
        ensure!(
            same.is_none_or(|(out, model)| out != model),
            "{}: this is the model that is calibrated; write to another file with --out, to be able to go back",
            out.display()
        );
    }
    Ok(())
}

/// The scores in a table of readings.
fn readings(
    file: &Path,
    package: &VerifiedPackage,
    classes: &ClassNames,
    warnings: &mut Vec<String>,
) -> anyhow::Result<LocalScores> {
    let temperature = package.contract().temperature;
    let found = read_readings(file, RecordingModel { sha256: package.sha256(), temperature, classes })?;
    for (count, what) in [
        (found.unread, "without a reading"),
        (found.no_result, "with a reading of an image that has no result"),
        (found.other_model, "of records that another model made"),
    ] {
        if count > 0 {
            warnings.push(format!("{}: {count} line(s) {what} were left out", file.display()));
        }
    }
    Ok(LocalScores { scores: found.scores, refused: 0, left_out: BTreeMap::new() })
}

/// Every threshold, from the highest down.
fn table(calibrated: &[Scored], options: &CalibrateOptions) -> anyhow::Result<Vec<OfThousand>> {
    let rows = threshold_table(calibrated)?;
    let row = |ThresholdRow { threshold, confusion }: &ThresholdRow| {
        of_thousand(*threshold, confusion, options.prevalence, options.prices.as_ref()).transpose()
    };
    Ok(rows.iter().filter_map(row).collect::<Result<_, _>>()?)
}
