#![allow(missing_docs, clippy::expect_used, reason = "a test fails by panicking")]
//! Where unsafe code may stand: in the kernels of the engine, and nowhere else in a library or program.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folders of the workspace's crates.
fn members() -> Vec<String> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    let list =
        manifest.split_once("members = [").and_then(|(_, rest)| rest.split_once(']')).expect("a list").0;
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_crate_but_the_engine_forbids_unsafe_code() {
    let members = members();
    assert!(members.len() >= 11, "{members:?}");
    for member in members {
        let roots = ["src/lib.rs", "src/main.rs"].map(|file| root().join(&member).join(file));
        let roots: Vec<_> = roots.into_iter().filter(|file| file.is_file()).collect();
        assert!(!roots.is_empty(), "{member}");
        for file in roots {
            let text = std::fs::read_to_string(&file).expect("a source");
            let word =
                if member == "xray-engine" { "#![deny(unsafe_code)]" } else { "#![forbid(unsafe_code)]" };
            assert!(text.contains(word), "{} lacks {word}", file.display());
        }
    }
}

#[test]
fn of_the_engine_only_the_kernels_may_have_some() {
    let text = std::fs::read_to_string(root().join("xray-engine/src/lib.rs")).expect("a source");
    let text: String = text.split_whitespace().collect();
    assert_eq!(text.matches("allow(unsafe_code").count(), 1);
    let behind = text.split_once("allow(unsafe_code").expect("once").1;
    let module = behind.split_once(")]mod").expect("a module").1;
    assert!(module.starts_with("kernels;"), "{module}");
}
