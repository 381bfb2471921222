#![allow(missing_docs, clippy::expect_used, reason = "a test fails by panicking")]
//! Every input that fuzzing began with or found something with, each read within its bounds.

use std::path::{Path, PathBuf};

use xray_fuzz::TARGETS;

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

#[test]
fn every_input_is_read_within_its_bounds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let djpeg = std::process::Command::new("djpeg").arg("-version").output().is_ok();
    for target in TARGETS {
        let inputs = files(&corpus.join(target.name));
        assert!(inputs.len() >= 3, "{}: {} inputs", target.name, inputs.len());
        if target.name == "jpeg" && !djpeg {
            println!("SKIPPED {}: there is no djpeg (Debian's libjpeg-turbo-progs)", target.name);
            continue;
        }
        for input in inputs {
            // The name is the last thing said before a finding.
            println!("{}", input.display());
            target.run(&std::fs::read(&input).expect("an input"));
        }
    }
}

#[test]
fn no_folder_of_inputs_is_without_a_target() {
    for folder in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")) {
        let name = folder.file_name().and_then(|name| name.to_str()).expect("a name");
        assert!(TARGETS.iter().any(|target| target.name == name), "{name}");
    }
}
