#![allow(missing_docs, clippy::expect_used, reason = "a test fails by panicking")]
//! Where unsafe code may stand: in the integer kernels and in one matrix product, and nowhere else in a library or program.

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

/// Crates with unsafe code, and the modules that may have some.
const EXCEPTIONS: [(&str, &str, &[&str]); 2] = [
    ("xray-kernels", "src/lib.rs", &["arm", "span", "x86"]),
    ("xray-layers", "src/kernels/mod.rs", &["matmul"]),
];

fn source(member: &str, file: &str) -> String {
    std::fs::read_to_string(root().join(member).join(file)).expect("a source")
}

#[test]
fn every_crate_but_two_forbids_unsafe_code() {
    let members = members();
    assert!(members.len() >= 11, "{members:?}");
    for member in members {
        let there = |file: &&str| root().join(&member).join(file).is_file();
        let files: Vec<_> = ["src/lib.rs", "src/main.rs"].into_iter().filter(there).collect();
        assert!(!files.is_empty(), "{member}");
        let excepted = EXCEPTIONS.iter().any(|(name, ..)| *name == member);
        let word = if excepted { "#![deny(unsafe_code)]" } else { "#![forbid(unsafe_code)]" };
        for file in files {
            assert!(source(&member, file).contains(word), "{member}/{file} lacks {word}");
        }
    }
}

#[test]
fn of_these_two_only_some_modules_may_have_some() {
    for (member, file, modules) in EXCEPTIONS {
        // Without spaces, since attributes may take several lines.
        let text: String = source(member, file).split_whitespace().collect();
        let allowed: Vec<&str> = text.split("allow(unsafe_code").skip(1).collect();
        assert_eq!(allowed.len(), modules.len(), "{member}");
        for (behind, module) in allowed.iter().zip(modules) {
            let name = behind.split_once(")]mod").expect("a module").1;
            assert!(name.starts_with(&format!("{module};")), "{member}: {name}");
        }
    }
}
