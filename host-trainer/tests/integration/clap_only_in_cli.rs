//! clap is used in `src/cli/` only.

use std::path::Path;

#[test]
fn no_file_outside_of_cli_names_clap() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut outside = Vec::new();
    for entry in walkdir::WalkDir::new(&source) {
        let path = entry.unwrap().into_path();
        let name = path.strip_prefix(&source).unwrap();
        if name.starts_with("cli") || path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        if code.into_iter().any(|line| line.contains("clap")) {
            outside.push(name.to_owned());
        }
    }
    assert!(outside.is_empty(), "clap outside of src/cli: {outside:?}");
}
