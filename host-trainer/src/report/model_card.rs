//! The model card: what a model is, what it was measured to do, and what it is not for.

use std::fmt::Write;
use std::path::Path;

use xray_core::decision::DISCLAIMER;
use xray_core::package::{Contract, Precision, RANDOM_WARNING};
use xray_core::screening::printable;

use super::provenance::{json_name, provenance};
use super::tables::{AGAINST_ALL, GLOSSARY, figures, groups, patients};
use super::{ReportInput, audit};
use crate::audit::AuditRecord;
use crate::data::{DataSource, Split};
use crate::evaluation::ThresholdRule;
use crate::quantise::CALIBRATION_IMAGES;
use crate::run::RunRecord;

/// A fall of AUROC from validation to the evaluated images that the card mentions.
const FALL: f64 = 0.01;

/// Renders the card as Markdown.
pub fn render(input: &ReportInput<'_>) -> String {
    let mut card = String::new();
    // Writing to a String cannot fail.
    let _ = write_card(&mut card, input);
    card
}

fn write_card(card: &mut String, input: &ReportInput<'_>) -> std::fmt::Result {
    let run = input.evaluation;
    let (yes, no) = (&run.classes.positive, &run.classes.negative);
    writeln!(card, "# Model card\n\n**{DISCLAIMER}**\n")?;
    if run.random_backbones {
        writeln!(card, "**{RANDOM_WARNING}**\n")?;
    }
    writeln!(card, "## What it is\n")?;
    table(card, ["", ""], &provenance(input))?;

    writeln!(card, "\n## What it is for\n")?;
    writeln!(
        card,
        "Frontal chest X-rays of people like those it was trained on, where no radiologist is available: it distinguishes {} from \
         {}, so that films with a suspicion are read first. A clinician looks at every film.\n",
        escaped(yes),
        escaped(no)
    )?;
    writeln!(
        card,
        "Not for: deciding alone, ruling disease out, other diseases, lateral films, CT, other patients."
    )?;

    writeln!(card, "\n## What it was measured to do\n")?;
    if let Some(warning) = seen_before(run.split) {
        writeln!(card, "**{warning}**\n")?;
    }
    let e = &run.evaluation;
    writeln!(
        card,
        "On the folder `{}` of `{}`: {} {} and {} {}. {} image(s) could not be read and {} were refused by \
         the quality gate; no figure counts them. The threshold, \
         {:.4}, {}.\n",
        run.split,
        printable(&DataSource::folders(input.sources)),
        e.positive.support,
        escaped(yes),
        e.negative.support,
        escaped(no),
        run.left_out.len(),
        run.refused.len(),
        e.threshold,
        chosen(&run.contract.threshold_rule)
    )?;
    table(card, ["figure", "value", "95% interval", "images"], &figures(run, input.details))?;
    writeln!(card, "\n{GLOSSARY}")?;
    let c = e.confusion;
    writeln!(card, "\n| in truth | called {} | called {} |\n| --- | --- | --- |", escaped(no), escaped(yes))?;
    writeln!(card, "| {} | {} | {} |", escaped(no), c.tn, c.fp)?;
    writeln!(card, "| {} | {} | {} |", escaped(yes), c.fn_, c.tp)?;
    if let Some(abstention) = &input.details.abstention {
        writeln!(
            card,
            "\nFrom {:.4} to under {:.4} the model abstains: {} of the images, {} of the {}. Outside, sensitivity is {} \
             and specificity {}. The figures above call every image at the threshold.",
            abstention.band.low,
            abstention.band.high,
            abstention.uncertain,
            abstention.uncertain_positives,
            escaped(yes),
            abstention.sensitivity,
            abstention.specificity
        )?;
    }
    for (kind, figures) in [("hospital", &input.details.sources), ("group", &input.details.subgroups)] {
        if !figures.is_empty() {
            writeln!(card, "\n### By {kind}\n")?;
            let header = [kind, "positives", "negatives", "sensitivity", "specificity", "AUROC"];
            table(card, header, &groups(figures))?;
            writeln!(card, "\n{AGAINST_ALL}")?;
        }
    }
    let by_prevalence = patients(run, input.details);
    if !by_prevalence.is_empty() {
        writeln!(card, "\n### Of 1000 patients, by how common the finding is\n")?;
        let header = ["share with it", "have it", "found", "missed", "false alarms", "PPV", "NPV"];
        table(card, header, &by_prevalence)?;
    }

    writeln!(card, "\n## Does it look at the lungs?\n")?;
    write_audits(card, input)?;

    writeln!(card, "\n## Limits\n")?;
    limits(input).iter().try_for_each(|limit| writeln!(card, "- {}", escaped(limit)))?;
    writeln!(card, "\n## Making it again\n\n```sh")?;
    commands(input).iter().try_for_each(|command| writeln!(card, "{command}"))?;
    writeln!(card, "```\n")?;
    if let Some(record) = input.training {
        writeln!(
            card,
            "`run.json` of the run holds every option; it was computed on {}. The same seed on the same processor \
             gives the same head.\n",
            escaped(&record.device)
        )?;
    }
    writeln!(card, "Pictures and all thresholds: `report.html`, `plots/`, `thresholds.csv`, `scores.csv`.")
}

fn write_audits(card: &mut String, input: &ReportInput<'_>) -> std::fmt::Result {
    let audits = audit::audits(input);
    if audits.is_empty() {
        return writeln!(card, "{}", audit::NONE);
    }
    writeln!(card, "{}", audit::EXPLANATION)?;
    for audited in &audits {
        writeln!(card, "\n### {}\n", escaped(&audited.subject))?;
        audited.words.lines().try_for_each(|line| writeln!(card, "- {}", escaped(line)))?;
        for (of, figures) in &audited.tables {
            writeln!(card, "\n{of}:\n")?;
            table(card, audit::HEADER, &audit::rows(figures))?;
            let told = audit::told_rows(figures);
            if !told.is_empty() {
                writeln!(card, "\n{}\n", audit::TOLD)?;
                table(card, audit::TOLD_HEADER, &told)?;
            }
        }
    }
    Ok(())
}

/// What must be said of figures on images that had a part in making the model; nothing of others.
pub fn seen_before(split: &str) -> Option<&'static str> {
    let is = |seen: Split| split == seen.name();
    if is(Split::Train) {
        Some("The model was trained on these images: the figures say nothing of new ones.")
    } else if is(Split::Val) {
        Some(
            "Epoch, temperature, threshold and the limits of the quality gate are chosen on validation images: on new images a model does worse.",
        )
    } else {
        None
    }
}

/// What must be known before the figures are believed.
pub fn limits(input: &ReportInput<'_>) -> Vec<String> {
    let run = input.evaluation;
    let e = &run.evaluation;
    let yes = &run.classes.positive;
    let mut limits = vec![
        format!("It distinguishes {yes} from {} only. “No sign” does not mean healthy.", run.classes.negative),
        "A ResNet-50 with an AUROC of .95 on the public set, children of one to five years from one hospital, fell to \
         .54 on children of another (Xin 2021, doi 10.1007/s10140-021-01954-x). Measure on your own images first."
            .to_owned(),
        format!(
            "{} of the {} evaluated images show {yes}. Where it is rarer, more of the positive calls are false alarms.",
            e.positive.support,
            e.confusion.total()
        ),
        "Intervals count images, not patients: where one patient has several images they are too narrow.".to_owned(),
        "Age, sex, position and machine are not known to this program, so there are no figures by them.".to_owned(),
        match run.contract.temperature {
            1.0 => "Probabilities are as the network gives them: they were not calibrated.",
            _ => {
                "Probabilities were calibrated on the validation images; with other patients or another share of disease \
                 they are off."
            }
        }
        .to_owned(),
    ];
    if let Some(local) = &run.contract.local_calibration {
        limits.push(format!(
            "The operating point was chosen anew on {} images of one place; it is for that place, and figures of the earlier \
             model (sha256 {}) do not hold for this one.",
            local.negatives + local.positives,
            local.of_model
        ));
    } else if let (Some(validation), Some(here)) = (run.contract.validation.get("auroc"), e.auroc)
        && validation - here > FALL
    {
        limits.push(format!(
            "AUROC was {validation:.3} on validation images of the same source as the training images and is {here:.3} \
             here: the images differ, and other images may differ more."
        ));
    }
    if let Some(group) = input.details.subgroups.iter().min_by_key(|group| group.positives + group.negatives)
    {
        let name = group.name.as_deref().unwrap_or("(no group)");
        let n = group.positives + group.negatives;
        limits.push(format!("The smallest group, {name}, has {n} images."));
    }
    limits
}

/// The commands that lead to the same model and the same figures.
fn commands(input: &ReportInput<'_>) -> Vec<String> {
    let mut commands = Vec::new();
    if let Some(record) = input.training {
        commands.push(match &record.command {
            // Wherever the program lay.
            Some(words) => {
                words.iter().skip(1).fold("host-trainer".to_owned(), |line, word| line + " " + &quoted(word))
            }
            None => "# the command was not recorded; `run.json` has its options".to_owned(),
        });
        commands.push(export_command(&input.evaluation.contract, record));
    }
    let images: Vec<String> = input.sources.iter().map(source_options).collect();
    commands.push(format!(
        "host-trainer evaluate --model {} {} --split {}{} --report REPORT",
        quoted_path(input.model),
        images.join(" "),
        input.evaluation.split,
        if input.audit.is_some() { " --audit" } else { "" }
    ));
    commands
}

/// The options of one folder of images, with the name of the hospital if it has one.
fn source_options(source: &DataSource) -> String {
    let named = |path: &Path| match source.name.as_str() {
        "" => quoted_path(path),
        name => quoted(&format!("{name}={}", path.display())),
    };
    let mut options = format!("--data {}", named(&source.folder));
    if let Some(splits) = &source.splits {
        options += &format!(" --splits {}", named(splits));
    }
    options
}

/// The export, as far as the model records its options; the run folder is that of the command before.
fn export_command(contract: &Contract, record: &RunRecord) -> String {
    let mut command = "host-trainer export --run RUN --out MODEL.onnx".to_owned();
    if contract.precision != Precision::Int8 && record.base.is_none() {
        command += &format!(" --precision {}", json_name(&contract.precision));
    }
    if contract.quantisation.as_ref().is_some_and(|made| made.head_on == "float") {
        command += " --head-on float";
    }
    // A run on int8 backbones or on a model calibrates nothing at its export.
    let calibrated =
        contract.quantisation.as_ref().filter(|_| record.int8.is_none() && record.base.is_none());
    if let Some(made) = calibrated.filter(|made| made.calibration_images != CALIBRATION_IMAGES) {
        command += &format!(" --calibration-images {}", made.calibration_images);
    }
    if contract.quality_gate.is_none() {
        command += " --no-gate";
    }
    if record.audit.as_ref().and_then(AuditRecord::verdict).is_some_and(|verdict| verdict.is_over()) {
        command += " --allow-failed-audit";
    }
    command
}

/// How the threshold came about.
pub fn chosen(rule: &str) -> String {
    match rule {
        ThresholdRule::FIXED => "was given by hand".to_owned(),
        rule => format!("was chosen on validation images by the rule `{rule}`"),
    }
}

fn table<const N: usize>(card: &mut String, header: [&str; N], rows: &[[String; N]]) -> std::fmt::Result {
    writeln!(card, "| {} |\n|{}", header.join(" | "), " --- |".repeat(N))?;
    rows.iter().try_for_each(|row| {
        let cells: Vec<String> = row.iter().map(|cell| escaped(cell)).collect();
        writeln!(card, "| {} |", cells.join(" | "))
    })
}

/// Nothing from outside may end a cell or begin a tag.
fn escaped(text: &str) -> String {
    printable(text).replace('|', "\\|").replace('<', "&lt;")
}

/// An argument for a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", printable(word).replace('\'', "'\\''")),
    }
}

fn quoted_path(path: &Path) -> String {
    quoted(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_stays_in_its_cell() {
        assert_eq!(escaped("a|b\n<script>"), "a\\|b\\n&lt;script>");
        assert_eq!(quoted("runs/first-1"), "runs/first-1");
        assert_eq!(quoted("it's; rm"), "'it'\\''s; rm'");
    }
}
