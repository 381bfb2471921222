//! Runs that are made again from their `run.toml`, and heads that are judged on what they were not trained on.

use std::path::PathBuf;
use std::process::{Command, Output};

use host_trainer::data::phantom::{Counts, write_data_set};
use serde_json::Value;

struct World {
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> World {
        let world = World { folder: tempfile::tempdir().unwrap() };
        for (name, seed) in [("one", 5), ("two", 6)] {
            write_data_set(&world.path(name), Counts { train: 12, test: 2 }, seed).unwrap();
        }
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn fit(&self, run: &str, options: &[&str]) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_host-trainer"));
        program.args(["fit", "--json", "--quiet", "--out", run]).args(options);
        program.current_dir(self.folder.path()).output().unwrap()
    }

    fn run(&self, run: &str, options: &[&str]) -> Value {
        let output = self.fit(run, options);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn file(&self, run: &str, name: &str) -> Vec<u8> {
        std::fs::read(self.path(run).join(name)).unwrap()
    }
}

const FITTED: [&str; 13] = [
    "--data=one",
    "--backbones=mobilenet-v2,random",
    "--device=cpu",
    "--cache=cache",
    "--calibrate-on=4",
    "--recipe=article",
    "--epochs=2",
    "--batch-size=8",
    "--learning-rate=0.001",
    "--seed=3",
    "--threshold=0.4",
    "--augment=none",
    "--hidden=16,8",
];

#[test]
fn a_run_is_made_again_from_its_options() {
    crate::decoder::ready();
    let world = World::new();
    world.run("first", &FITTED);
    let again = world.run("again", &["--config", "first/run.toml"]);
    assert_eq!(world.file("first", "head.safetensors"), world.file("again", "head.safetensors"));
    assert_eq!(world.file("first", "events.out.tfevents.0"), world.file("again", "events.out.tfevents.0"));
    assert_eq!(world.file("first", "run.toml"), world.file("again", "run.toml"));
    assert_eq!((&again["threshold"], &again["training"]["epochs"]), (&0.4.into(), &2.into()));
    // One option is replaced, the others stay.
    let shorter = world.run("shorter", &["--config=first/run.toml", "--epochs", "1"]);
    assert_eq!(shorter["history"].as_array().unwrap().len(), 1);
    assert_eq!(shorter["history"][0], again["history"][0]);
    let output = world.fit("no", &["--config", "first/run.json"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("these are no options of a fit") && !world.path("no").exists(), "{error}");
}

#[test]
fn heads_are_judged_on_what_was_left_out() {
    crate::decoder::ready();
    let world = World::new();
    let options = ["--data=a=one", "--data=b=two", "--leave-out=b", "--folds=3"];
    let record = world.run("out", &[&options[..], &FITTED[1..]].concat());
    let alone = world.run("alone", &FITTED);
    // The head is that of the first source alone.
    assert_eq!(world.file("out", "head.safetensors"), world.file("alone", "head.safetensors"));
    assert_eq!(record["data"]["fingerprint"], alone["data"]["fingerprint"]);
    let left = &record["left_out"];
    // Every image of train of the second source, none of test.
    let images = ["NORMAL", "PNEUMONIA"]
        .map(|class| std::fs::read_dir(world.path("two/train").join(class)).unwrap().count() as u64);
    assert_eq!((&left["name"], &left["figures"]["images"]), (&"b".into(), &images.to_vec().into()));
    let folds = record["folds"]["folds"].as_array().unwrap();
    // Each image of train is held out once.
    let held: u64 =
        folds.iter().flat_map(|fold| fold["images"].as_array().unwrap()).map(|n| n.as_u64().unwrap()).sum();
    let all = ["train", "validation"].iter().flat_map(|side| alone["data"][side].as_array().unwrap());
    assert_eq!((folds.len(), held), (3, all.map(|n| n.as_u64().unwrap()).sum()));
    let areas: Vec<f64> = folds.iter().map(|fold| fold["auroc"].as_f64().unwrap()).collect();
    let mean = record["folds"]["auroc"]["mean"].as_f64().unwrap();
    assert!((mean - areas.iter().sum::<f64>() / 3.0).abs() < 1e-12);
    for (options, expected) in [
        (&["--data=a=one", "--data=b=two", "--leave-out=c"][..], "names the source `c`"),
        (&["--data=a=one", "--leave-out=a"], "it is the only source"),
        (&["--data=one", "--folds=1"], "--folds"),
        (&["--data=one", "--folds=13"], "13 folds need as many patients"),
    ] {
        let output = world.fit("no", &[options, &FITTED[1..]].concat());
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(expected), "{error}");
    }
}
