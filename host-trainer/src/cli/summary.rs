//! What a run says of itself.

use xray_core::package::RANDOM_WARNING;

use crate::data::ClassNames;
use crate::pipeline::ThresholdRule;
use crate::run::{ChooseOn, RunRecord, ShiftRecord};

/// A run in words.
pub fn render(record: &RunRecord) -> String {
    let mut lines = Vec::new();
    if record.has_random_backbones() {
        lines.push(RANDOM_WARNING.to_owned());
    }
    for backbone in &record.backbones {
        lines.push(format!("backbone    {}: {}", backbone.kind.name(), backbone.provenance));
    }
    if let Some(base) = &record.base {
        lines.push(format!("base        {} (sha256 {}), kept bit for bit", base.file, base.sha256));
    }
    if let Some(int8) = &record.int8 {
        let images = int8.calibration_images;
        lines.push(format!("features    of the backbones in int8, calibrated on {images} training images"));
    }
    let data = &record.data;
    let [negative, positive] = [&record.labels.negative, &record.labels.positive];
    lines.push(format!(
        "data        train {} {negative} + {} {positive} ({} patients), validation {} + {} ({} patients), left out {}",
        data.train[0],
        data.train[1],
        data.train_patients,
        data.validation[0],
        data.validation[1],
        data.validation_patients,
        data.left_out.len(),
    ));
    lines.push(format!("            fingerprint {}", data.fingerprint));
    lines.push(format!("device      {}", record.device));
    lines.push(format!(
        "head        epoch {} of {} (best by {}), seed {}",
        record.best_epoch,
        record.history.len(),
        record.training.keep,
        record.training.seed
    ));
    if let (Some(how), Some(best)) = (&record.fine_tune, record.fine_tune_best) {
        lines.push(format!(
            "fine-tuned  {}, epoch {best} of {} (best by validation loss{})",
            how.unfreeze,
            record.fine_tune_history.len(),
            if best == 0 { "; as they were before" } else { "" }
        ));
    }
    let on = match record.choose_on {
        ChooseOn::Corrupted if record.shift.is_some() => "validation, changed images included",
        ChooseOn::Corrupted | ChooseOn::Clean => "validation",
    };
    lines.push(match record.threshold_rule.as_str() {
        ThresholdRule::FIXED => format!("threshold   {:.4} (given by hand)", record.threshold),
        rule => format!("threshold   {:.4} ({rule}, chosen on {on})", record.threshold),
    });
    if let Some(temperature) = record.temperature {
        lines.push(format!("temperature {temperature:.3} (log loss on validation)"));
    }
    if let Some(abstain) = &record.abstain {
        let band = abstain.band.map_or_else(
            || "nowhere".to_owned(),
            |band| format!("from {:.4} to under {:.4}", band.low, band.high),
        );
        lines.push(format!("uncertain   {band} ({})", abstain.rule));
    }
    let timings = &record.timings;
    lines.push(format!(
        "seconds     data {:.1}, int8 backbones {:.1}, features {:.1}, training {:.1}",
        timings.data, timings.quantising, timings.features, timings.training
    ));
    if timings.computed > 0 {
        let rate = timings.computed as f64 / timings.features;
        lines.push(format!("features    {} computed, {rate:.1} images/s", timings.computed));
    }
    lines.push(String::new());
    lines.push("Validation (what the threshold was chosen on; judge by `evaluate --split test`):".to_owned());
    let classes = ClassNames { negative: negative.clone(), positive: positive.clone() };
    lines.push(record.validation.render_text(&classes));
    if let Some(shift) = &record.shift {
        lines.extend(shifted(shift));
    }
    lines.join("\n")
}

/// Figures on changed validation images.
fn shifted(shift: &ShiftRecord) -> Vec<String> {
    let rate = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"));
    let head = "Validation images as other hospitals might have taken them";
    let mut lines = vec![
        String::new(),
        format!("{head} (suite {}, {} changes of each):", shift.suite, shift.corruptions),
        format!("{:<14}{:>7}{:>9}{:>13}{:>13}", "", "n", "AUROC", "sensitivity", "specificity"),
    ];
    let mut line = |name: &str, n: u64, figures: [Option<f64>; 3]| {
        let [auroc, sensitivity, specificity] = figures.map(rate);
        lines.push(format!("{name:<14}{n:>7}{auroc:>9}{sensitivity:>13}{specificity:>13}"));
    };
    for kind in &shift.kinds {
        line(&kind.kind, kind.images as u64, [kind.auroc, kind.sensitivity, kind.specificity]);
    }
    let all = &shift.evaluation;
    let figures = [all.auroc, all.sensitivity.value, all.specificity.value];
    line("all", all.confusion.total(), figures);
    lines
}
