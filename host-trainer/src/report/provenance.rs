//! The provenance of a model, as table rows.

use xray_core::package::{Contract, QualityGateRecord};

use super::ReportInput;
use crate::data::leaks::LeakCounts;
use crate::metrics::Rate;
use crate::quality_gate::VIEWS_PER_IMAGE;
use crate::run::RunRecord;

/// Whether `export` trained a head of its own for the int8 backbones, so that curves, temperature and threshold of the run
/// are not quite those of the model.
pub fn head_was_trained_again(record: &RunRecord, contract: &Contract) -> bool {
    let quantised = contract.quantisation.as_ref();
    record.int8.is_none() && record.base.is_none() && quantised.is_some_and(|made| made.head_on == "int8")
}

/// Whether a model can have been exported from a run: the same images and seed, and the same threshold where its head is
/// that of the run. This distinguishes two runs on the same images.
pub fn is_of(record: &RunRecord, contract: &Contract) -> bool {
    let made = &contract.training;
    record.data.fingerprint == made.data_fingerprint
        && record.training.seed == made.seed
        && (head_was_trained_again(record, contract) || (record.threshold - contract.threshold).abs() < 1e-9)
}

/// Where a model comes from: name and value.
pub fn provenance(input: &ReportInput<'_>) -> Vec<[String; 2]> {
    let contract = &input.evaluation.contract;
    let (pre, made) = (&contract.preprocessing, &contract.training);
    let mut rows: Vec<[String; 2]> = Vec::new();
    let mut row = |name: &str, value: String| rows.push([name.to_owned(), value]);
    row("file", input.model.display().to_string());
    row("SHA-256", input.evaluation.model.clone());
    row("precision", json_name(&contract.precision));
    row("input", as_text(pre));
    for backbone in &contract.backbones {
        row(&format!("backbone {}", backbone.name), backbone.weights.clone());
        row("its tensors (SHA-256)", backbone.fingerprint.clone());
    }
    row(
        "classes",
        format!("{} (negative), {} (positive)", contract.labels.negative, contract.labels.positive),
    );
    row("threshold", format!("{:.6} ({})", contract.threshold, contract.threshold_rule));
    row("temperature", format!("{:.4}", contract.temperature));
    if let Some(band) = contract.abstain {
        row("abstains", format!("from {:.4} to under {:.4}", band.low, band.high));
    }
    row("trained by", made.program.clone());
    let classes = |counts: [usize; 2]| {
        let labels = &contract.labels;
        format!(" ({} {}, {} {})", counts[0], labels.negative, counts[1], labels.positive)
    };
    let [train, validation] = input.training.map_or([const { String::new() }; 2], |record| {
        [record.data.train, record.data.validation].map(classes)
    });
    row(
        "training images",
        format!("{}{train}, {} epochs, seed {}", made.train_images, made.epochs, made.seed),
    );
    row("validation images", format!("{}{validation}", made.validation_images));
    row("training data (SHA-256)", made.data_fingerprint.clone());
    let on_validation: Vec<String> = contract
        .validation
        .iter()
        .filter(|(name, _)| *name != "images")
        .map(|(name, value)| format!("{} {value:.4}", name.replace('_', " ")))
        .collect();
    row("figures on validation", on_validation.join(", "));
    if let Some(cost) = &contract.quantisation {
        row(
            "cost of 8 bits",
            format!(
                "AUROC {} to {}, accuracy {:.4} to {:.4}, {} of {} validation images called differently, 99% of the \
                 probabilities within {:.4}; the head was trained on {} features",
                area(cost.float_auroc),
                area(cost.int8_auroc),
                cost.float_accuracy,
                cost.int8_accuracy,
                cost.flipped,
                cost.compared_images,
                cost.difference_p99,
                cost.head_on
            ),
        );
    }
    row(
        "quality gate",
        contract.quality_gate.as_ref().map_or_else(|| NO_QUALITY_GATE.to_owned(), quality_gate),
    );
    if let Some(record) = input.training {
        let data = &record.data;
        row("data folder", data.folder.clone());
        if let Some(splits) = &data.splits {
            row("splits file", splits.clone());
        }
        row(
            "patients",
            format!("{} in training, {} in validation", data.train_patients, data.validation_patients),
        );
        let LeakCounts { pairs, patients } = &data.leaks;
        row(
            "on two sides of training, validation and test",
            format!("{pairs} pair(s) of near-duplicate images, {patients} patient(s)"),
        );
        row("left out of training", format!("{} unreadable file(s)", data.left_out.len()));
        let views = match record.views.of_image().len() {
            1 => "each image as it is".to_owned(),
            count => format!("{count} views of each image: {}", as_text(&record.views.augmentation)),
        };
        row("trained on", views);
        row("options", as_text(&record.training));
    }
    rows
}

const NO_QUALITY_GATE: &str = "none is fitted: only the checks of the picture itself apply, which accept rotated, inverted and other \
                       pictures";

/// What the quality gate was fitted on, and how many validation images it refuses.
fn quality_gate(gate: &QualityGateRecord) -> String {
    let refused = Rate::new(gate.fit.refused as u64, gate.fit.validation as u64);
    format!(
        "fitted on {} training images, each unchanged and changed ({} views); refuses {} of {} such views of validation \
         images ({refused})",
        gate.fit.fitted_on / VIEWS_PER_IMAGE,
        gate.fit.fitted_on,
        gate.fit.refused,
        gate.fit.validation
    )
}

fn area(value: Option<f64>) -> String {
    value.map_or_else(|| "undefined".to_owned(), |value| format!("{value:.4}"))
}

/// The name of a value in JSON.
pub fn json_name(value: &impl serde::Serialize) -> String {
    as_text(value).trim_matches('"').to_owned()
}

/// A record in a line: `name value, name value`. Fields that a later release adds are listed, too.
fn as_text(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::Object(fields)) => {
            let one = |(name, value): (&String, &serde_json::Value)| {
                format!("{} {}", name.replace('_', " "), plain(value))
            };
            fields.iter().map(one).collect::<Vec<_>>().join(", ")
        }
        Ok(value) => plain(&value),
        Err(error) => format!("not known: {error}"),
    }
}

/// A value without the punctuation of JSON.
fn plain(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(plain).collect::<Vec<_>>().join(" and "),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| format!("{name} {}", plain(value)))
            .collect::<Vec<_>>()
            .join(" "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_written_without_its_punctuation() {
        assert_eq!(
            as_text(&serde_json::json!({"batch_size": 16, "kind": "adam"})),
            "batch size 16, kind adam"
        );
        let nested = serde_json::json!({"keep": {"best": "val-loss"}, "hidden": [256, 128], "stop": null});
        assert_eq!(as_text(&nested), "hidden 256 and 128, keep best val-loss, stop none");
    }
}
