//! What the trainer exports, the board screens; and which models it does not use.

use anyhow::Result;
use edge_runtime::commands::Outcome;
use host_trainer::commands::evaluate::evaluate;
use host_trainer::data::{DataSet, DataSource, Split};
use host_trainer::evaluation::ImageSet;
use host_trainer::export::BackboneGraph;
use host_trainer::run::RunDir;
use xray_core::engine::{self, EngineChoice};
use xray_core::package::{PackageFile, PackageProblem, Precision};
use xray_edge_tests::bytes;

use crate::device::screened;
use crate::shared;

#[test]
fn what_the_trainer_exports_the_device_screens() -> Result<()> {
    // With images of its own: one is added below.
    let own = shared().variant_with_own_images()?;
    let record = &shared().record;
    let model = shared().export_source().float(Precision::Int8Weights, &own.path("model.onnx"))?;
    let contract = PackageFile::read(&model)?.verify()?.contract().clone();
    // Random backbones do not know X-rays: there is no quality gate unless it is requested.
    assert_eq!(contract.quality_gate, None);
    assert_eq!(contract.threshold, record.threshold);
    assert_eq!(contract.training.data_fingerprint, record.data.fingerprint);
    assert!(contract.backbones.iter().all(|backbone| backbone.weights == "random (seed 5)"));

    std::fs::write(own.test_images().join("NORMAL/not-an-image.jpeg"), "text")?;
    let (rows, outcome) = screened(&model, &[own.test_images()])?;
    assert_eq!((rows.len(), outcome), (9, Outcome::Incomplete));
    let unread: Vec<_> = rows.iter().filter(|row| row["verdict"] == "no-result").collect();
    assert_eq!(unread.len(), 1);
    assert_eq!(unread[0]["reason"], "unknown-format");
    assert!(unread[0].get("probability").is_none());
    for row in rows.iter().filter(|row| row["verdict"] != "no-result") {
        let suspected = row["probability"].as_f64().unwrap() >= record.threshold;
        assert_eq!(row["verdict"], if suspected { "pneumonia-suspected" } else { "no-sign" });
    }

    // The trainer's own evaluation counts what the device says.
    let mut set = ImageSet {
        sources: vec![DataSource::new(own.options.source.sources[0].folder.clone())],
        classes: None,
        split: Split::Test,
    };
    let evaluation = evaluate(&model, &set, &mut |_| {})?;
    assert!(evaluation.random_backbones);
    assert_eq!(evaluation.left_out.len(), 1);
    let suspected = rows.iter().filter(|row| row["verdict"] == "pneumonia-suspected").count() as u64;
    let counts = evaluation.evaluation.confusion;
    assert_eq!(counts.tp + counts.fp, suspected);

    // A splits file overrides the folders: what it calls a training image is not evaluated.
    let divided = DataSet::load(&set.sources[0].folder, &own.options.source.classes, None, 5)?;
    let moved = evaluation.images[0].relative.clone();
    let mut rows = format!("path,role,patient\n{moved},train,moved\n");
    for (role, items) in [("train", &divided.train), ("val", &divided.validation)] {
        items.iter().for_each(|item| rows += &format!("{},{role},{}\n", item.relative, item.patient));
    }
    let splits = own.path("splits.csv");
    std::fs::write(&splits, rows)?;
    set.sources[0].splits = Some(splits);
    let rest = evaluate(&model, &set, &mut |_| {})?;
    assert_eq!(rest.images.len() + 1, evaluation.images.len());
    assert!(rest.images.iter().all(|image| image.relative != moved));
    Ok(())
}

#[test]
fn an_engine_that_gives_another_answer_is_not_used_and_that_is_said() -> Result<()> {
    let model = shared().int8_model()?.path;
    let package = PackageFile::read(&model)?;
    let loaded = engine::load(&package.clone().verify()?, EngineChoice::Auto)?;
    assert_eq!((loaded.engine.name(), loaded.warnings.len()), ("fused", 0));

    let mut contract = package.clone().verify()?.contract().clone();
    contract.known_answer.as_mut().unwrap().features[7] += 100.0;
    let (_, head) = RunDir::new(&shared().options.out).read()?;
    let other = PackageFile::from_bytes(&model, BackboneGraph::of(&package)?.with_head(&head, &contract)?)
        .verify()?;
    let loaded = engine::load(&other, EngineChoice::Auto)?;
    assert_eq!(loaded.engine.name(), "tract");
    assert!(loaded.warnings[0].contains("test pattern is off by"), "{:?}", loaded.warnings);
    Ok(())
}

#[test]
fn a_damaged_model_is_refused() -> Result<()> {
    let model = shared().int8_model()?.path;
    let mut half = bytes(&model)?;
    half.truncate(half.len() / 2);
    let problem = PackageFile::from_bytes(&model, half).verify().unwrap_err().problem;
    assert!(matches!(problem, PackageProblem::NotOnnx { .. }), "{problem:?}");
    Ok(())
}
