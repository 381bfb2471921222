//! What a run folder holds, and what happens when its files or images have changed.

use std::path::{Path, PathBuf};

use anyhow::Result;
use host_trainer::commands::export::{ExportOptions, HeadTrainedOn, export_quantised_run};
use host_trainer::commands::fit::fit;
use host_trainer::data::{DataSet, DataSource};
use host_trainer::pipeline::{Event, RunImages};
use host_trainer::run::RunDir;
use xray_edge_tests::quantisation;

use crate::shared;

#[test]
fn a_record_of_another_schema_is_refused_whatever_else_it_holds() -> Result<()> {
    let own = shared().variant_with_run()?;
    let path = own.options.out.join("run.json");
    std::fs::write(&path, r#"{"schema": 2, "shift": "of another form"}"#)?;
    let error = RunDir::new(&own.options.out).read().unwrap_err().to_string();
    assert!(error.contains("run.json") && error.contains("it has schema 2, this program reads 3"), "{error}");
    Ok(())
}

#[test]
fn images_that_lie_elsewhere_at_the_export_are_the_same_images() -> Result<()> {
    let own = shared().variant_with_own_images()?;
    let source = &own.options.source;
    let seed = own.options.training.seed;
    // A validation image that cannot be read is left out by its path below the folder, wherever the folder is.
    let set = DataSet::load(&source.sources[0].folder, &source.classes, None, seed)?;
    std::fs::write(&set.validation[0].path, "text")?;
    let set = DataSet::load(&source.sources[0].folder, &source.classes, None, seed)?;
    let record = own.run()?.record;
    let left_out: Vec<&String> = record.data.left_out.keys().collect();
    let broken = set.train.iter().chain(&set.validation).find(|item| *item.relative == **left_out[0]);
    assert_eq!((left_out.len(), std::fs::read(&broken.unwrap().path)?), (1, b"text".to_vec()));

    let moved = own.path("moved");
    std::fs::rename(&source.sources[0].folder, &moved)?;
    let model = own.path("model.onnx");
    let images = RunImages { sources: vec![DataSource::new(moved)] };
    let options = ExportOptions { images, ..own.export_source().options(&model) };
    let quantisation = quantisation(HeadTrainedOn::Float);
    let exported = export_quantised_run(&options, &quantisation, &own.device, &mut |_| {})?;
    let scored = record.data.validation.iter().sum::<usize>();
    assert_eq!(exported.comparison.map(|comparison| comparison.images), Some(scored));
    Ok(())
}

#[test]
fn a_record_is_not_read_with_the_head_of_another_run() -> Result<()> {
    let mut own = shared().variant_with_run()?;
    let head = own.options.out.join("head.safetensors");
    let first = std::fs::read(&head)?;
    own.options.training.seed = 6;
    own.run()?;
    RunDir::new(&own.options.out).read()?;
    std::fs::write(&head, first)?;
    let error = RunDir::new(&own.options.out).read().unwrap_err().to_string();
    assert!(error.contains("the head beside it is that of another run"), "{error}");
    Ok(())
}

#[test]
fn an_earlier_run_stays_whole_until_the_new_one_is_finished() -> Result<()> {
    let mut own = shared().variant_with_run()?;
    let before = files(&own.options.out)?;
    own.options.training.seed = 6;
    let (cancel, mut epochs) = (own.options.cancel.clone(), 0);
    let error = fit(&own.options, &own.device, &mut |event| {
        if let Event::Epoch { .. } = event {
            epochs += 1;
            cancel.cancel();
        }
    });
    assert!(error.is_err() && epochs == 1);
    let now = files(&own.options.out)?;
    assert!(before.iter().all(|file| now.contains(file)));
    RunDir::new(&own.options.out).read()?;
    Ok(())
}

#[test]
fn what_an_earlier_run_left_in_the_folder_goes() -> Result<()> {
    let mut own = shared().variant()?;
    std::fs::create_dir_all(own.options.out.join("fine-tuned"))?;
    for name in ["base.onnx", "fine-tune-metrics.csv", "fine-tuned/densenet169.safetensors"] {
        std::fs::write(own.options.out.join(name), "of an earlier run")?;
    }
    own.options.training.epochs = 1;
    own.run()?;
    let now: Vec<PathBuf> = files(&own.options.out)?.into_iter().map(|(path, _)| path).collect();
    assert!(now.iter().all(|path| !path.ends_with("base.onnx") && !path.ends_with("fine-tune-metrics.csv")));
    assert!(!own.options.out.join("fine-tuned").exists());
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        all.push((path.clone(), std::fs::read(path)?));
    }
    Ok(all)
}
