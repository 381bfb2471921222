//! What a run says of itself.

use xray_core::package::RANDOM_WARNING;

use crate::data::ClassNames;
use crate::run::RunRecord;

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
            "fine-tuned  {}, epoch {best} of {} (best by validation loss)",
            how.unfreeze,
            record.fine_tune_history.len()
        ));
    }
    lines.push(format!(
        "threshold   {:.4} ({}, chosen on validation)",
        record.threshold, record.threshold_rule
    ));
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
        "seconds     data {:.1}, features {:.1}, training {:.1}",
        timings.data, timings.features, timings.training
    ));
    if timings.computed > 0 {
        let rate = timings.computed as f64 / timings.features;
        lines.push(format!("features    {} computed, {rate:.1} images/s", timings.computed));
    }
    lines.push(String::new());
    lines.push("Validation (what the threshold was chosen on; judge by `evaluate --split test`):".to_owned());
    let classes = ClassNames { negative: negative.clone(), positive: positive.clone() };
    lines.push(record.validation.render_text(&classes));
    lines.join("\n")
}
