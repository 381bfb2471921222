//! `evaluate`: a model on one split of a data set, as the device screens it, with a report if asked for.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use xray_core::package::PackageFile;

use super::audit::audit;
use crate::audit::{AUDIT_SEED, AuditLimits};
use crate::evaluation::{
    DetailsOptions, EvaluationDetails, ImageSet, Int8Comparison, ModelAudit, ModelEvaluation, ScoredImage,
};
use crate::metrics::{Evaluation, Scored};
use crate::pipeline::{Event, ScreenedImages, class_names, load_screener, screen_images};
use crate::report::{self, ReportInput};
use crate::run::{RunDir, RunRecord};

/// Where a report is written, and what it shows beside the evaluation.
#[derive(Debug, Clone)]
pub struct ReportOptions {
    /// The folder; files of an earlier report there are replaced.
    pub folder: PathBuf,
    /// The run that the model was made from, for the training curves.
    pub run: Option<PathBuf>,
}

/// What is evaluated, and on what.
#[derive(Debug, Clone)]
pub struct EvaluateOptions {
    pub model: PathBuf,
    pub images: ImageSet,
    pub details: DetailsOptions,
    /// The limits of an audit on the same images; none: there is no audit.
    pub audit: Option<AuditLimits>,
    pub report: Option<ReportOptions>,
}

/// An evaluation with all details, and with the audit if there was one.
#[derive(Debug, Clone)]
pub struct FullEvaluation {
    pub evaluation: ModelEvaluation,
    pub details: EvaluationDetails,
    pub audit: Option<ModelAudit>,
}

/// Evaluates a model with all details, audits it if asked to, and writes the report if there shall be one.
///
/// # Errors
/// As [`evaluate`] and [`audit`]; if the run is not that of the model, or the report cannot be written.
pub fn evaluate_with_report(
    options: &EvaluateOptions,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<FullEvaluation> {
    // A run that cannot be read, or is another's, is reported before hundreds of images are screened.
    let run = options.report.as_ref().and_then(|report| report.run.as_deref());
    let training = run.map(|run| run_of_model(run, &options.model)).transpose()?;
    let evaluation = evaluate(&options.model, &options.images, observe)?;
    let details = EvaluationDetails::new(&evaluation, &options.details)?;
    let audit = match options.audit {
        Some(limits) => {
            observe(Event::Note("auditing the model on the same images"));
            Some(audit(&options.model, &options.images, AUDIT_SEED, limits, observe)?)
        }
        None => None,
    };
    if let Some(report) = &options.report {
        let quantised = int8_comparison(&options.model, &evaluation, observe);
        let input = ReportInput {
            model: &options.model,
            sources: &options.images.sources,
            evaluation: &evaluation,
            details: &details,
            audit: audit.as_ref(),
            training: training.as_ref(),
            quantised: quantised.as_ref(),
        };
        report::write(&report.folder, &input)?;
        let written = format!("report written to {}", report.folder.join("report.html").display());
        observe(Event::Note(&written));
    }
    Ok(FullEvaluation { evaluation, details, audit })
}

fn run_of_model(run: &Path, model: &Path) -> anyhow::Result<RunRecord> {
    let (record, _) = RunDir::new(run).read()?;
    let package = PackageFile::read(model)?.verify()?;
    ensure!(
        report::is_of(&record, package.contract()),
        "{}: {} was not made from this run; name the one that it was exported from",
        run.display(),
        model.display()
    );
    Ok(record)
}

/// The comparison beside a quantised model. Without it the report is shorter: a fault is reported only.
fn int8_comparison(
    model: &Path,
    evaluation: &ModelEvaluation,
    observe: &mut dyn FnMut(Event<'_>),
) -> Option<Int8Comparison> {
    evaluation.contract.quantisation.as_ref()?;
    Int8Comparison::read_beside(model, &evaluation.model).unwrap_or_else(|error| {
        observe(Event::Warning(&error.to_string()));
        None
    })
}

/// Evaluates a model on one split of a data set, at the threshold in the model.
///
/// # Errors
/// If the model cannot be loaded, the split is missing, or no image of it has a score.
pub fn evaluate(
    model: &Path,
    images: &ImageSet,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<ModelEvaluation> {
    let screener = load_screener(model, observe)?;
    let contract = screener.contract().clone();
    let classes = images.classes.clone().unwrap_or_else(|| class_names(&contract));
    let items = images.items(&classes)?;
    let ScreenedImages { images: scored, left_out, refused } = screen_images(&screener, &items, observe);
    ensure!(
        !scored.is_empty(),
        "{}: none of the {} images has a score: {} could not be read, the quality gate refused {}",
        images.folders(),
        items.len(),
        left_out.len(),
        refused.len()
    );
    let scores: Vec<Scored> = scored.iter().map(ScoredImage::scored).collect();
    Ok(ModelEvaluation {
        model: screener.model_sha256().to_owned(),
        split: images.split.name(),
        classes,
        random_backbones: contract.has_random_backbones(),
        evaluation: Evaluation::new(&scores, contract.threshold)?,
        left_out,
        refused,
        images: scored,
        contract,
    })
}
