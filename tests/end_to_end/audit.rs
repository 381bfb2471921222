//! The audit of a run, of its model, and of its export.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use host_trainer::audit::{AUDIT_SEED, AuditLimits, AuditRecord};
use host_trainer::commands::audit::audit;
use host_trainer::commands::evaluate::{EvaluateOptions, ReportOptions, evaluate, evaluate_with_report};
use host_trainer::commands::export::{AuditRequirement, ExportOptions, QualityGateChoice, export_run};
use host_trainer::commands::fit::fit;
use host_trainer::data::{DataSource, Split, list};
use host_trainer::evaluation::{DetailsOptions, ImageSet};
use host_trainer::pipeline::{Event, RunImages};
use host_trainer::run::{RunDir, RunRecord};
use xray_core::package::Precision;
use xray_edge_tests::OwnFit;

use crate::shared;

/// Limits that nothing is above.
const ANYTHING: AuditLimits = AuditLimits { max_frame_auroc: 1.0, max_other_frame_drop: 1.0 };

/// A limit below every loss.
const NOTHING: AuditLimits = AuditLimits { max_frame_auroc: 1.0, max_other_frame_drop: -2.0 };

/// A splits file that makes every second patient of a folder one of validation.
fn halves(folder: &Path, file: PathBuf) -> Result<PathBuf> {
    let items = list(folder, &shared().options.source.classes)?;
    let train: Vec<_> = items.iter().filter(|item| item.split == Split::Train).collect();
    let mut patients: Vec<&str> = train.iter().map(|item| item.patient.as_str()).collect();
    patients.dedup();
    let mut rows = "path,role,patient\n".to_owned();
    for item in train {
        let place = patients.iter().position(|patient| *patient == item.patient);
        let role = if place.is_some_and(|place| place % 2 == 0) { "val" } else { "train" };
        rows += &format!("{},{role},{}\n", item.relative, item.patient);
    }
    std::fs::write(&file, rows)?;
    Ok(file)
}

/// A fit with an audit on half of the phantoms.
fn audited_fit(limits: AuditLimits) -> Result<(OwnFit, RunRecord, Vec<String>)> {
    let mut own = shared().variant()?;
    let splits = halves(&own.options.source.sources[0].folder, own.path("splits.csv"))?;
    own.options.source.sources[0].splits = Some(splits);
    own.options.audit = Some(limits);
    let mut warnings = Vec::new();
    let record = fit(&own.options, &own.device, &mut |event| {
        if let Event::Warning(text) = event {
            warnings.push(text.to_owned());
        }
    })?;
    Ok((own, record, warnings))
}

fn export_options(own: &OwnFit, record: &RunRecord, out: &Path) -> ExportOptions {
    ExportOptions {
        images: RunImages { sources: record.sources() },
        quality_gate: QualityGateChoice::None,
        ..own.export_source().options(out)
    }
}

#[test]
fn the_audit_of_a_run_is_that_of_its_model() -> Result<()> {
    let (own, record, _) = audited_fit(ANYTHING)?;
    let of_run: &AuditRecord = record.audit.as_ref().context("the run has an audit")?;
    assert_eq!(of_run.images, record.data.validation.iter().sum::<usize>());
    let (read, _) = RunDir::new(&own.options.out).read()?;
    let read = read.audit.context("the audit is in the file")?;
    assert_eq!((read.seed, read.images, read.limits), (AUDIT_SEED, of_run.images, ANYTHING));
    assert_eq!(read.figures.rows.len(), of_run.figures.rows.len());
    assert_eq!(of_run.figures.rows[0].auroc, record.validation.auroc);
    assert_eq!(of_run.figures.rows[0].sensitivity, record.validation.sensitivity);

    let model = own.path("model.onnx");
    export_run(&export_options(&own, &record, &model), Precision::Float32, &mut |_| {})?;
    let set = ImageSet { sources: record.sources(), classes: None, split: Split::Val };
    let of_model = audit(&model, &set, AUDIT_SEED, ANYTHING, &mut |_| {})?;
    // The same partners, the same pixels, and another engine.
    let rows = of_run.figures.rows.iter().zip(&of_model.gate_off.rows);
    for (of_run, of_model) in rows {
        assert_eq!((&of_run.transform, of_run.images), (&of_model.transform, of_model.images));
        let (run, model) = (of_run.auroc.context("both classes")?, of_model.auroc.context("both classes")?);
        assert!((run - model).abs() < 1e-9, "{}: {run} and {model}", of_run.transform);
    }
    assert_eq!(of_model.gate_off.rows.len(), of_run.figures.rows.len());
    assert_eq!(of_run.verdict(), of_model.verdict);
    let options = EvaluateOptions {
        model,
        images: set,
        details: DetailsOptions::default(),
        audit: None,
        report: Some(ReportOptions { folder: own.path("report"), run: Some(own.options.out.clone()) }),
    };
    evaluate_with_report(&options, &mut |_| {})?;
    let card = std::fs::read_to_string(own.path("report/MODEL_CARD.md"))?;
    assert!(card.contains("### The head of the run on 12 validation images"), "{card}");
    assert!(!card.contains("--audit") && !card.contains("--allow-failed-audit"), "{card}");
    // Two images of each class, each as it is and under six changes.
    assert_eq!(of_model.picture.dimensions(), (8 + 7 * (64 + 8), 8 + 4 * (64 + 30 + 8)));
    Ok(())
}

#[test]
fn a_run_that_failed_its_audit_is_not_exported() -> Result<()> {
    let (own, record, warnings) = audited_fit(NOTHING)?;
    assert!(warnings.iter().any(|text| text.contains("`export` refuses this run")), "{warnings:?}");
    let model = own.path("model.onnx");
    let exported = |audit: AuditRequirement| {
        let mut warnings = Vec::new();
        let options = ExportOptions { audit, ..export_options(&own, &record, &model) };
        let result = export_run(&options, Precision::Float32, &mut |event| {
            if let Event::Warning(text) = event {
                warnings.push(text.to_owned());
            }
        });
        result.map(|_| warnings)
    };
    let error = exported(AuditRequirement::default()).unwrap_err().to_string();
    for words in [
        "not written",
        "failed: the frame of an image of the other class",
        "at most -2.000",
        "--allow-failed-audit",
    ] {
        assert!(error.contains(words), "{words} is not in {error}");
    }
    assert!(!error.contains("the frame alone"), "{error}");
    assert!(!model.exists());

    let allowed = exported(AuditRequirement { limits: None, allow_failed: true })?;
    assert!(allowed[0].contains("on 12 validation images failed"), "{allowed:?}");
    assert!(model.exists());
    let within = exported(AuditRequirement { limits: Some(ANYTHING), allow_failed: false })?;
    assert_eq!(within, Vec::<String>::new());
    Ok(())
}

#[test]
fn a_run_without_an_audit_is_exported_with_a_warning() -> Result<()> {
    let own = shared().variant_with_run()?;
    assert_eq!(shared().record.audit, None);
    let options = ExportOptions {
        quality_gate: QualityGateChoice::None,
        ..own.export_source().options(&own.path("model.onnx"))
    };
    let mut warnings = Vec::new();
    export_run(&options, Precision::Float32, &mut |event| {
        if let Event::Warning(text) = event {
            warnings.push(text.to_owned());
        }
    })?;
    assert!(warnings[0].contains("was not audited"), "{warnings:?}");
    Ok(())
}

#[test]
fn hospitals_have_rows_of_their_own() -> Result<()> {
    let own = shared().variant_with_run()?;
    let model = own.export_source().float(Precision::Int8Weights, &own.path("model.onnx"))?;
    let folder = own.options.source.sources[0].folder.clone();
    let source = |name: &str| DataSource { name: name.to_owned(), ..DataSource::new(&folder) };
    let set = |sources| ImageSet { sources, classes: None, split: Split::Test };
    let alone = evaluate(&model, &set(vec![source("")]), &mut |_| {})?;
    let options = EvaluateOptions {
        model: model.clone(),
        images: set(vec![source("b"), source("a")]),
        details: DetailsOptions::default(),
        audit: Some(ANYTHING),
        report: Some(ReportOptions { folder: own.path("report"), run: None }),
    };
    let both = evaluate_with_report(&options, &mut |_| {})?;
    assert_eq!(both.evaluation.images.len(), 2 * alone.images.len());
    let first = &both.evaluation.images[0];
    assert_eq!(
        (first.source.as_str(), first.relative.as_str()),
        ("a", format!("a/{}", alone.images[0].relative).as_str())
    );
    let names: Vec<_> = both.details.sources.iter().map(|row| row.name.as_deref()).collect();
    assert_eq!(names, [Some("a"), Some("b")]);
    for row in &both.details.sources {
        assert_eq!((row.auroc, row.sensitivity), (alone.evaluation.auroc, alone.evaluation.sensitivity));
        assert_eq!(row.specificity, alone.evaluation.specificity);
    }
    // The same images in both: the score cannot tell them.
    let audit = both.audit.context("there is an audit")?;
    let told: Vec<_> = audit.gate_off.source_told.iter().map(|told| (told.label, told.auroc)).collect();
    assert_eq!(told, [(false, 0.5), (true, 0.5)]);
    assert_eq!(audit.gate_off.by_source.len(), 2);

    let report = |name: &str| std::fs::read_to_string(own.path("report").join(name));
    let (page, card) = (report("report.html")?, report("MODEL_CARD.md")?);
    for words in
        ["### By hospital", "| b: frame alone, middle grey |", "| with the finding | b | a | 4 and 4 | 0.500"]
    {
        assert!(card.contains(words), "{words} is not in\n{card}");
    }
    assert!(card.contains("--data b=") && card.contains("--split test --audit --report REPORT"), "{card}");
    for words in ["Does it look at the lungs?", "By hospital", "class=\"wide\" src=\"data:image/jpeg;base64,"]
    {
        assert!(page.contains(words), "{words} is not in the page");
    }
    Ok(())
}
