//! A report needs nothing beside it, shows the figures that were measured, and lets nothing from outside in.

use std::path::Path;

use host_trainer::data::{ClassNames, DataSource};
use host_trainer::evaluation::{DetailsOptions, EvaluationDetails, Int8Comparison, ScoredImage, VerdictFlip};
use host_trainer::metrics::Evaluation;
use host_trainer::report::{self, ReportInput, plots};
use xray_core::package::QuantisationRecord;

use crate::report_fixture::evaluation;

fn written(classes: ClassNames) -> (tempfile::TempDir, EvaluationDetails) {
    let folder = tempfile::tempdir().unwrap();
    let evaluation = evaluation(folder.path(), classes);
    let detail = EvaluationDetails::new(&evaluation, &DetailsOptions::default()).unwrap();
    let (model, sources) = (Path::new("models/a b.onnx"), [DataSource::new("chest_xray")]);
    let subject = ReportInput {
        model,
        sources: &sources,
        evaluation: &evaluation,
        details: &detail,
        audit: None,
        training: None,
        quantised: None,
    };
    report::write(&folder.path().join("report"), &subject).unwrap();
    (folder, detail)
}

fn text(folder: &tempfile::TempDir, name: &str) -> String {
    std::fs::read_to_string(folder.path().join("report").join(name)).unwrap()
}

#[test]
fn details_are_those_of_the_images() {
    let (_folder, detail) = written(ClassNames::default());
    let abstention = detail.abstention.unwrap();
    // One of nine negatives and one of eleven positives lie in the band.
    assert_eq!((abstention.uncertain.value, abstention.uncertain.n), (Some(0.1), 20));
    assert_eq!(abstention.uncertain_negatives.value, Some(1.0 / 9.0));
    assert_eq!(abstention.sensitivity.value, Some(8.0 / 10.0));
    assert_eq!(abstention.specificity.value, Some(7.0 / 8.0));
    let groups: Vec<_> =
        detail.subgroups.iter().map(|g| (g.name.as_deref(), g.positives, g.negatives)).collect();
    assert_eq!(groups, [(Some("bacteria"), 5, 0), (Some("virus"), 6, 0), (None, 0, 9)]);
    assert!(detail.uncalibrated.is_some());
    assert_eq!(detail.predictive_values.len(), 4);
}

#[test]
fn the_page_needs_nothing_beside_it_and_lets_nothing_in() {
    let hostile = ClassNames { negative: "<i>clear".to_owned(), positive: "x\" onload=\"y".to_owned() };
    let (folder, _) = written(hostile);
    let page = text(&folder, "report.html");
    for forbidden in [
        "<script",
        "<link",
        "<i>clear",
        "<b>.pgm",
        "<img>.jpeg",
        "<hand>.jpeg",
        "onload=\"y\"",
        "url(",
        "@import",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    // The name of the SVG language is an address, and the only one.
    let addresses = page.matches("http").count();
    assert_eq!(addresses, page.matches("xmlns=\"http://www.w3.org/2000/svg\"").count());
    let sources: Vec<_> = page.split("src=\"").skip(1).collect();
    assert_eq!(sources.len(), 6, "two missed, one false alarm, each with its heat map");
    assert!(sources.iter().all(|source| source.starts_with("data:image/jpeg;base64,")));
    assert_eq!(page.matches("<svg").count(), 5);
}

#[test]
fn the_page_and_the_card_say_what_was_measured() {
    let (folder, _) = written(ClassNames::default());
    let (page, card) = (text(&folder, "report.html"), text(&folder, "MODEL_CARD.md"));
    for words in
        ["not a diagnosis", "RANDOM BACKBONES", "2</b> of 11 PNEUMONIA", "1</b> of 9 NORMAL", "too sure"]
    {
        assert!(page.contains(words), "{words}");
    }
    for words in [
        "not a diagnosis",
        "RANDOM BACKBONES",
        // 9 of 11: Wilson by statsmodels' proportion_confint(9, 11, method="wilson").
        "| sensitivity | 0.818 | 0.523 to 0.949 | 11 |",
        "| NORMAL | 8 | 1 |",
        "| PNEUMONIA | 2 | 9 |",
        "| bacteria | 5 | 0 |",
        "| backbone densenet169 | a\\|b.pth |",
        "AUROC was 0.999 on validation",
        "| quality gate | none is fitted: only the checks of the picture itself apply",
        "host-trainer evaluate --model 'models/a b.onnx' --data chest_xray --split test --report REPORT",
    ] {
        assert!(card.contains(words), "{words} is not in\n{card}");
    }
    assert!(!card.contains("chosen on validation images: on new images"), "these are test images");
    let scores = text(&folder, "scores.csv");
    assert_eq!(scores.lines().count(), 21);
    assert!(scores.contains("test/NORMAL/IM-0007-0001.pgm,0,0.45,"), "{scores}");
    assert_eq!(text(&folder, "thresholds.csv").lines().next().unwrap().split(',').count(), 10);
}

#[test]
fn every_picture_is_there_as_svg_and_as_dots_with_letters() {
    let (folder, _) = written(ClassNames::default());
    for name in ["confusion", "scores", "reliability", "roc", "precision-recall"] {
        let svg = text(&folder, &format!("plots/{name}.svg"));
        let bytes = std::fs::read(folder.path().join(format!("report/plots/{name}.png"))).unwrap();
        let dots = image::load_from_memory(&bytes).unwrap().to_rgb8();
        assert_eq!(dots.dimensions(), (1440, 1080), "{name}");
        assert!(dots.pixels().any(|dot| dot.0 != [255; 3]), "{name}");
        // Without a font the letters would be missing and the rest the same.
        let bare = remove_text(&svg);
        assert_ne!(plots::png(&bare).unwrap(), bytes, "{name}");
        assert_eq!(plots::png(&svg).unwrap(), bytes, "{name}: the same dots again");
    }
}

fn remove_text(svg: &str) -> String {
    let mut parts = svg.split("<text");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |svg, part| svg + part.split_once("</text>").unwrap().1)
}

#[test]
fn one_class_alone_still_makes_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let mut evaluation = evaluation(folder.path(), ClassNames::default());
    evaluation.images.retain(|image| image.label);
    let scored: Vec<_> = evaluation.images.iter().map(ScoredImage::scored).collect();
    evaluation.evaluation = Evaluation::new(&scored, 0.5).unwrap();
    let detail = EvaluationDetails::new(&evaluation, &DetailsOptions::default()).unwrap();
    let (model, sources) = (Path::new("m.onnx"), [DataSource::new("d")]);
    let subject = ReportInput {
        model,
        sources: &sources,
        evaluation: &evaluation,
        details: &detail,
        audit: None,
        training: None,
        quantised: None,
    };
    report::write(&folder.path().join("report"), &subject).unwrap();
    let page = text(&folder, "report.html");
    assert!(page.contains("undefined") && page.contains("needs images of both classes"));
    assert!(!page.contains("NaN"));
}

#[test]
fn figures_on_images_that_the_model_was_made_with_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut evaluation = evaluation(folder.path(), ClassNames::default());
    let detail = EvaluationDetails::new(&evaluation, &DetailsOptions::default()).unwrap();
    let (model, sources) = (Path::new("m.onnx"), [DataSource::new("d")]);
    for (split, words) in [("val", "on new images a model does worse"), ("train", "say nothing of new ones")]
    {
        evaluation.split = split;
        let subject = ReportInput {
            model,
            sources: &sources,
            evaluation: &evaluation,
            details: &detail,
            audit: None,
            training: None,
            quantised: None,
        };
        report::write(&folder.path().join("report"), &subject).unwrap();
        for name in ["report.html", "MODEL_CARD.md"] {
            assert!(text(&folder, name).contains(words), "{name} {split}");
        }
    }
}

#[test]
fn what_eight_bits_changed_is_listed_image_by_image() {
    let folder = tempfile::tempdir().unwrap();
    let mut evaluation = evaluation(folder.path(), ClassNames::default());
    let flip = VerdictFlip { path: "train/NORMAL/<i>.png".to_owned(), float: 0.4375, int8: 0.625 };
    let comparison = Int8Comparison {
        images: 8,
        float_auroc: Some(1.0),
        int8_auroc: Some(1.0),
        float_accuracy: 1.0,
        int8_accuracy: 0.875,
        difference_p99: 0.1875,
        flips: vec![flip],
    };
    evaluation.contract.quantisation = Some(QuantisationRecord {
        head_on: "int8".to_owned(),
        calibration_images: 64,
        compared_images: 8,
        float_auroc: Some(1.0),
        int8_auroc: Some(1.0),
        float_accuracy: 1.0,
        int8_accuracy: 0.875,
        difference_p99: 0.1875,
        flipped: 1,
    });
    let detail = EvaluationDetails::new(&evaluation, &DetailsOptions::default()).unwrap();
    let (model, sources) = (Path::new("m.onnx"), [DataSource::new("d")]);
    let subject = |quantised| ReportInput {
        model,
        sources: &sources,
        evaluation: &evaluation,
        details: &detail,
        audit: None,
        training: None,
        quantised,
    };
    let page = |subject: &ReportInput<'_>| {
        report::write(&folder.path().join("report"), subject).unwrap();
        text(&folder, "report.html")
    };
    let listed = page(&subject(Some(&comparison)));
    assert!(listed.contains("1 of 8 validation images"));
    assert!(listed.contains("train/NORMAL/&lt;i&gt;.png</td><td>0.4375</td><td>0.6250"), "{listed}");
    let not_there = page(&subject(None));
    assert!(not_there.contains("ends in .comparison.json") && !not_there.contains("0.4375"));
}
