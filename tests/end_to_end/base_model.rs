//! A new head on the backbones of an exported model, and the quality gate that goes with them.

use std::num::NonZeroUsize;

use anyhow::Result;
use edge_runtime::commands::Outcome;
use host_trainer::commands::export::{ExportOptions, HeadTrainedOn, QualityGateChoice, export_quantised_run};
use host_trainer::data::ood::OodPicture;
use host_trainer::data::{Split, WrongOrientation, of_split};
use host_trainer::export::BackboneGraph;
use host_trainer::pipeline::BackboneSource;
use host_trainer::run::RunDir;
use xray_core::engine::{Engine, FusedEngine};
use xray_core::package::{PackageFile, Precision};
use xray_core::preprocess::prepare;
use xray_core::quality_gate::RejectionReason;
use xray_edge_tests::{FitOutcome, head_probability, quantisation};
use xray_intake::read_file;

use crate::device::screened;
use crate::shared;

#[test]
fn a_new_head_on_a_base_keeps_its_backbones_bit_for_bit() -> Result<()> {
    let mut own = shared().variant()?;
    let base = own.path("base.onnx");
    shared().export_source().int8(&quantisation(HeadTrainedOn::Int8), &base)?;
    let first = PackageFile::read(&base)?;

    own.options.source.backbones = BackboneSource::Base { model: base.clone() };
    own.options.out = own.path("clinic");
    own.options.training.learning_rate = 2e-3;
    let FitOutcome { record, cached, total } = own.run()?;
    // The export trained its head on the same features.
    assert_eq!(cached, total);
    assert_eq!(record.base.as_ref().map(|base| base.sha256.as_str()), Some(first.sha256()));
    assert!(record.has_random_backbones());
    // The run holds a copy: the base may go.
    std::fs::remove_file(&base)?;
    let second = PackageFile::read(&own.export_source().float(Precision::Int8, &own.path("clinic.onnx"))?)?;
    assert_eq!(BackboneGraph::of(&second)?.fingerprint(), BackboneGraph::of(&first)?.fingerprint());
    assert_ne!(second.sha256(), first.sha256());
    // The quantisation record of the base was measured with its own head.
    assert!(first.clone().verify()?.contract().quantisation.is_some());
    assert!(second.clone().verify()?.contract().quantisation.is_none());

    // The head of the second run scores the features of the first's backbones.
    let (_, head) = RunDir::new(&own.options.out).read()?;
    let (first, second) = (first.verify()?, second.verify()?);
    assert_eq!(second.contract().precision, Precision::Int8);
    let (old, new) =
        (FusedEngine::load(&first, NonZeroUsize::MIN)?, FusedEngine::load(&second, NonZeroUsize::MIN)?);
    for item in of_split(&own.options.source.sources[0].folder, &own.options.source.classes, Split::Test)? {
        let tensor = prepare(&read_file(&item.path)?, &own.options.source.preprocessing)?;
        let (old, new) = (old.run(&tensor)?, new.run(&tensor)?);
        assert_eq!(old.features(), new.features());
        // Its weights are int8 in the file.
        let expected = head_probability(new.features(), &head);
        assert!((new.probability().value() - expected).abs() < 0.02, "{new:?} against {expected}");
    }
    Ok(())
}

#[test]
fn a_picture_that_the_quality_gate_refuses_has_no_score_anywhere() -> Result<()> {
    let mut own = shared().variant()?;
    let model = own.path("gated.onnx");
    let options = ExportOptions {
        quality_gate: QualityGateChoice::Images(20),
        ..shared().export_source().options(&model)
    };
    export_quantised_run(&options, &quantisation(HeadTrainedOn::Float), &own.device, &mut |_| {})?;
    let contract = PackageFile::read(&model)?.verify()?.contract().clone();
    let gate = contract.quality_gate.unwrap();
    assert_eq!((gate.fit.fitted_on, gate.fit.validation), (80, 16));

    // Limits chosen on four phantoms are narrow, and random backbones say little about orientation: most pictures are
    // handled correctly, not all. What is refused has a reason and no score.
    let upright = of_split(&own.options.source.sources[0].folder, &own.options.source.classes, Split::Test)?;
    let mut wrong = Vec::new();
    for (item, orientation) in upright.iter().zip(WrongOrientation::ALL.into_iter().cycle()) {
        wrong.push((orientation.name(), orientation.apply(&read_file(&item.path)?)));
    }
    wrong.push(("grain", OodPicture::Grain.draw(224, 9, 0)?));
    wrong.push(("page", OodPicture::Page.draw(224, 9, 0)?));
    let folder = own.path("wrong");
    std::fs::create_dir(&folder)?;
    for (at, (name, picture)) in wrong.iter().enumerate() {
        let mut bytes = format!("P5 {} {} 255\n", picture.width(), picture.height()).into_bytes();
        bytes.extend_from_slice(&picture.pixels().grey());
        std::fs::write(folder.join(format!("{at:02}-{name}.pgm")), bytes)?;
    }
    let (rows, _) = screened(&model, &[own.test_images()])?;
    let accepted = rows.iter().filter(|row| row["verdict"] != "no-result").count();
    assert!(accepted > rows.len() / 2, "{accepted} of 8: {rows:?}");
    let (rows, outcome) = screened(&model, &[folder])?;
    assert_eq!((rows.len(), outcome), (10, Outcome::Incomplete));
    let refused: Vec<_> = rows.iter().filter(|row| row["verdict"] == "no-result").collect();
    assert!(refused.len() >= 5, "{} of 10: {rows:?}", refused.len());
    for row in refused {
        let text = row.to_string();
        let reasons: Vec<_> =
            row["reasons"].as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
        assert!(
            !reasons.is_empty() && reasons.iter().all(|code| RejectionReason::from_code(code).is_some()),
            "{text}"
        );
        assert!(row.get("probability").is_none(), "{text}");
    }

    // A clinic trains its own head on too few images for a quality gate: that of the base stays.
    own.options.source.backbones = BackboneSource::Base { model };
    own.options.out = own.path("clinic");
    own.run()?;
    let clinic = own.export_source().float(Precision::Int8, &own.path("clinic.onnx"))?;
    let clinic = PackageFile::read(&clinic)?.verify()?;
    assert_eq!(clinic.contract().quality_gate, Some(gate));
    Ok(())
}
