//! Features in shards by the program itself: four processes, one of them killed, against one process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use host_trainer::data::phantom::{Counts, write_data_set};
use serde_json::Value;
use tempfile::TempDir;

struct World {
    folder: TempDir,
    /// How features are computed.
    by: &'static [&'static str],
}

const FLOAT: &[&str] = &["--features-by", "float"];
const INT8: &[&str] = &["--features-by", "int8", "--calibrate-on", "4"];

impl World {
    fn new(by: &'static [&'static str]) -> World {
        let folder = tempfile::tempdir().unwrap();
        write_data_set(&folder.path().join("phantoms"), Counts { train: 20, test: 4 }, 5).unwrap();
        World { folder, by }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command on the phantoms with a random MobileNetV2, the smaller of the nets, and a cache of its own.
    fn command(&self, name: &str, cache: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_host-trainer"));
        command.arg(name).arg("--data").arg(self.path("phantoms"));
        command.args(["--backbones", "mobilenet-v2,random", "--device", "cpu", "--json", "--quiet"]);
        command.args(["--recipe", "article"]).args(self.by);
        command.arg("--cache").arg(self.path(cache));
        command
    }

    fn shard(&self, index: usize) -> Command {
        let mut command = self.command("features", &format!("cache-{index}"));
        command.args(["--shard", &format!("{index}/4")]).arg("--out").arg(self.path("shards"));
        command
    }

    fn fit(&self, cache: &str, run: &str) -> Command {
        let mut command = self.command("fit", cache);
        command.args(["--epochs", "2", "--no-audit"]).arg("--out").arg(self.path(run));
        command
    }

    fn merge(&self, cache: &str, run: &str) -> Command {
        let mut command = self.fit(cache, run);
        command.arg("--shards").arg(self.path("shards"));
        command
    }
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Every file below a folder with its bytes; temporary files of a process that was killed are left out.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok) {
        if entry.file_type().is_file() && entry.path().extension().is_some_and(|extension| extension == "f32")
        {
            let name = entry.path().strip_prefix(folder).unwrap().to_owned();
            found.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
    found
}

#[test]
fn four_shards_one_of_them_killed_give_what_one_process_gives() {
    let world = World::new(FLOAT);
    let whole = json(&world.fit("cache", "whole").output().unwrap());
    let jobs = whole["timings"]["computed"].as_u64().unwrap();
    // 40 phantoms of 20 patients for training, of which a tenth (2 patients, one of each class at the least) are
    // watched: 36 with their mirror images and 4 without.
    assert_eq!(jobs, 36 * 2 + 4);

    // Killed with SIGKILL as soon as the first feature is in its cache.
    let mut killed = world.shard(3).stdout(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while files(&world.path("cache-3")).is_empty() {
        assert!(start.elapsed() < Duration::from_secs(120), "no feature was computed");
        std::thread::sleep(Duration::from_millis(1));
    }
    killed.kill().unwrap();
    assert!(!killed.wait().unwrap().success(), "it was done before it was killed");
    let before = files(&world.path("cache-3")).len() as u64;
    assert!((1..19).contains(&before), "{before} features of 19");

    let others: Vec<_> =
        [1, 2].map(|index| world.shard(index).stdout(Stdio::piped()).spawn().unwrap()).into();
    for child in others {
        let record = json(&child.wait_with_output().unwrap());
        assert_eq!((&record["jobs"], &record["computed"]), (&19.into(), &19.into()));
    }
    let missing = refusal(&world.merge("cache-merged", "merged").output().unwrap());
    assert!(missing.contains("2 of 4 shards missing: 3, 4"), "{missing}");

    let restarted = json(&world.shard(3).output().unwrap());
    assert_eq!(restarted["jobs"], 19);
    assert_eq!(restarted["computed"].as_u64().unwrap(), 19 - before);
    assert_eq!(restarted["finished_before"], false);
    json(&world.shard(4).output().unwrap());
    let again = json(&world.shard(4).output().unwrap());
    assert_eq!((&again["finished_before"], &again["computed"]), (&true.into(), &0.into()));

    let merged = json(&world.merge("cache-merged", "merged").output().unwrap());
    assert_eq!(merged["timings"]["computed"], 0);
    let (one, four) = (files(&world.path("cache")), files(&world.path("cache-merged")));
    assert_eq!(one.len() as u64, jobs);
    assert!(one == four, "the features differ");
    let head = |run: &str| std::fs::read(world.path(run).join("head.safetensors")).unwrap();
    assert!(head("whole") == head("merged"), "the heads differ");
    assert_eq!(whole["validation"], merged["validation"]);

    // Shards of something else are refused, each with the reason.
    for (option, reason) in [
        (["--augment", "none"], "other views"),
        (["--seed", "7"], "other nets"),
        (["--preprocessing", "unit"], "other nets"),
    ] {
        let told = refusal(&world.merge("cache-other", "other").args(option).output().unwrap());
        assert!(told.contains(reason) && told.contains("shard-00001-of-00004"), "{told}");
    }

    // A shard that is not whole is refused by the fit and written anew by `features`.
    let file = world.path("shards").join("shard-00002-of-00004.safetensors");
    let good = std::fs::read(&file).unwrap();
    let mut bad = good.clone();
    let last = bad.len() - 1;
    bad[last] ^= 1;
    std::fs::write(&file, &bad).unwrap();
    let told = refusal(&world.merge("cache-other", "other").output().unwrap());
    assert!(told.contains("not a whole shard") && told.contains("--shard 2/4"), "{told}");
    std::fs::write(&file, vec![0; 4_000_000]).unwrap();
    let told = refusal(&world.merge("cache-other", "other").output().unwrap());
    assert!(told.contains("more than the"), "{told}");
    let rewritten = json(&world.shard(2).output().unwrap());
    assert_eq!((&rewritten["finished_before"], &rewritten["computed"]), (&false.into(), &0.into()));
    assert!(std::fs::read(&file).unwrap() == good, "another shard was written");
}

/// Each machine quantises the backbones for itself, on the same images: they must come out the same.
#[test]
fn shards_of_int8_features_give_what_one_process_gives() {
    let world = World::new(INT8);
    let whole = json(&world.fit("cache", "whole").output().unwrap());
    for index in ["1/2", "2/2"] {
        let mut shard = world.command("features", &format!("cache-{}", &index[..1]));
        let record =
            json(&shard.args(["--shard", index, "--out"]).arg(world.path("shards")).output().unwrap());
        assert_eq!((&record["jobs"], &record["computed"]), (&38.into(), &38.into()));
    }
    let merged = json(&world.merge("cache-merged", "merged").output().unwrap());
    assert_eq!(merged["timings"]["computed"], 0);
    assert_eq!(whole["int8"], merged["int8"]);
    assert!(files(&world.path("cache")) == files(&world.path("cache-merged")), "the features differ");
    let head = |run: &str| std::fs::read(world.path(run).join("head.safetensors")).unwrap();
    assert!(head("whole") == head("merged"), "the heads differ");
}

#[test]
fn what_cannot_be_a_place_or_a_shard_is_refused() {
    let world = World::new(FLOAT);
    let told = refusal(&world.fit("cache", "run").args(["--shards", "/no/such/folder"]).output().unwrap());
    assert!(told.contains("/no/such/folder"), "{told}");
    std::fs::create_dir(world.path("shards")).unwrap();
    let told = refusal(&world.merge("cache", "run").output().unwrap());
    assert!(told.contains("holds no shard"), "{told}");
    std::fs::write(world.path("shards").join("shard-00001-of-00002.safetensors"), "").unwrap();
    std::fs::write(world.path("shards").join("shard-00001-of-00003.safetensors"), "").unwrap();
    let told = refusal(&world.merge("cache", "run").output().unwrap());
    assert!(told.contains("extractions into 2, 3"), "{told}");
    let wrong = world.command("features", "cache").args(["--shard", "5/4", "--out", "x"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    if cfg!(not(feature = "s3")) {
        let out = ["--shard", "1/1", "--out", "s3://bucket/prefix"];
        let told = refusal(&world.command("features", "cache").args(out).output().unwrap());
        assert!(told.contains("--features s3"), "{told}");
    }
}
