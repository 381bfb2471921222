//! A finished run as text.

use xray_core::package::RANDOM_WARNING;

use crate::data::ClassNames;
use crate::evaluation::ThresholdRule;
use crate::metrics::Interval;
use crate::run::{ChooseOn, DomainShiftRecord, RunRecord};

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
        lines.push(format!("features    of int8 backbones, activation ranges of {images} training images"));
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
    if let Some(training) = &record.backbone_training {
        let names: Vec<&str> = training.backbones.iter().map(|trained| trained.kind.name()).collect();
        lines.push(format!(
            "backbones   {} trained from images ({}), passes x pixels {}, {:.1} s",
            names.join(", "),
            training.recipe.unfreeze,
            training.recipe.sizes,
            training.seconds
        ));
    }
    if let (Some(how), Some(best)) = (&record.fine_tune, record.fine_tune_best) {
        lines.push(format!(
            "fine-tuned  {}, epoch {best} of {} (best by validation loss{})",
            how.unfreeze,
            record.fine_tune_history.len(),
            if best == 0 { "; unchanged" } else { "" }
        ));
    }
    let on = match record.choose_on {
        ChooseOn::Corrupted if record.domain_shift.is_some() => "validation, changed images included",
        ChooseOn::Drawn => "validation, drawn images included",
        ChooseOn::Worst => "validation, in every hospital and view",
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
    lines.push("Validation (the threshold was chosen on these images; for unbiased figures use `evaluate --split test`):".to_owned());
    let classes = ClassNames { negative: negative.clone(), positive: positive.clone() };
    lines.push(record.validation.render_text(&classes));
    if let Some(without) = &record.without_mirror {
        lines.push("The same head trained with mirror images and without them, on validation:".to_owned());
        for (name, figures) in [("with", &record.validation), ("without", without)] {
            let auroc = figures.auroc.map_or_else(|| "undefined".to_owned(), |value| format!("{value:.4}"));
            lines.push(format!("{name:<8} AUROC {auroc}  accuracy {}", figures.accuracy));
        }
    }
    if let Some(shift) = &record.domain_shift {
        lines.extend(domain_shift(shift));
    }
    if !record.groups.is_empty() {
        lines.extend(groups(record));
    }
    lines.join("\n")
}

/// Figures by hospital and kind of view, and what would have been chosen on each kind.
fn groups(record: &RunRecord) -> Vec<String> {
    let figure = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
    let mut lines = vec![
        String::new(),
        "Validation by hospital and view:".to_owned(),
        format!("{:<28}{:>6}{:>8}{:>13}{:>13}", "", "n", "AUROC", "sensitivity", "specificity"),
    ];
    for row in &record.groups {
        let name = if row.source.is_empty() {
            row.view.name().to_owned()
        } else {
            format!("{} {}", row.source, row.view.name())
        };
        let [auroc, sensitivity, specificity] =
            [row.auroc, row.sensitivity.value, row.specificity.value].map(figure);
        lines.push(format!("{name:<28}{:>6}{auroc:>8}{sensitivity:>13}{specificity:>13}", row.views));
    }
    lines.push(String::new());
    lines.push("The same rules on other validation images would have chosen:".to_owned());
    for row in &record.selections {
        let [threshold, temperature] = [row.threshold, row.temperature].map(figure);
        let name = match row.choose_on {
            ChooseOn::Clean => "clean",
            ChooseOn::Corrupted => "corrupted",
            ChooseOn::Drawn => "drawn",
            ChooseOn::Worst => "worst",
        };
        let chosen = if row.choose_on == record.choose_on { " (chosen)" } else { "" };
        lines.push(format!("{name:<12}threshold {threshold}, temperature {temperature}{chosen}"));
    }
    lines
}

/// Figures on changed validation images.
fn domain_shift(shift: &DomainShiftRecord) -> Vec<String> {
    let figure = |value: Option<f64>, interval: Option<Interval>| {
        let interval = interval.map_or_else(String::new, |i| format!(" [{:.3}, {:.3}]", i.low, i.high));
        value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}{interval}"))
    };
    let head = "Validation images as other hospitals might have taken them";
    let mut lines = vec![
        String::new(),
        format!("{head} (suite {}, {} changes of each):", shift.suite, shift.corruptions),
        format!("{:<14}{:>6} {:>22}{:>22}{:>22}", "", "n", "AUROC", "sensitivity", "specificity"),
    ];
    let mut line = |name: &str, n: u64, figures: [(Option<f64>, Option<Interval>); 3]| {
        let [auroc, sensitivity, specificity] = figures.map(|(value, interval)| figure(value, interval));
        lines.push(format!("{name:<14}{n:>6} {auroc:>22}{sensitivity:>22}{specificity:>22}"));
    };
    for kind in &shift.kinds {
        let rates = [kind.sensitivity, kind.specificity].map(|rate| (rate.value, rate.interval));
        let figures = [(kind.auroc, kind.auroc_interval), rates[0], rates[1]];
        line(&kind.kind, kind.images as u64, figures);
    }
    let all = &shift.evaluation;
    // Without intervals: views of one image are not independent.
    let figures = [all.auroc, all.sensitivity.value, all.specificity.value].map(|value| (value, None));
    line("all", all.confusion.total(), figures);
    lines
}
