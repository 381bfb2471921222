//! A patient's name in a picture is found in nothing that `screen` prints. What the daemon leaves: `run/canary.rs`.

use crate::support;
use crate::support::canary::{assert_names_nobody, pictures};
use crate::support::folder::TestFolder;
use crate::support::program;

#[test]
fn no_row_of_a_screening_names_the_patient() {
    let folder = TestFolder::new();
    folder.write("model.onnx", &support::model_bytes(|_| ()));
    let pictures = pictures();
    for (name, bytes) in &pictures {
        folder.write(&format!("x/{name}"), bytes);
    }
    for form in [&["--json"][..], &[]] {
        let mut command = program::edge_runtime();
        command.current_dir(folder.path()).args(["screen", "--model", "model.onnx", "x"]).args(form);
        let output = command.output().expect("the program runs");
        assert_eq!(output.status.code(), Some(3));
        let rows = String::from_utf8(output.stdout.clone()).expect("UTF-8");
        assert_eq!(rows.lines().count(), pictures.len());
        let verdict = |name: &str| {
            let row = rows.lines().find(|row| row.contains(&format!("x/{name}"))).expect("a row");
            !row.contains("NO RESULT") && !row.contains("no-result")
        };
        assert!(verdict("whole.dcm"), "{rows}");
        // These two are read, and then refused for what they show.
        for name in ["x/photo.jpg", "x/scan.png"] {
            let row = rows.lines().find(|row| row.contains(name)).expect("a row");
            assert!(row.contains("not look like a chest X-ray"), "{row}");
        }
        assert!(
            !verdict("cut-12.dcm") && !verdict("read-0008-0060.dcm") && !verdict("cut-photo.jpg"),
            "{rows}"
        );
        assert_names_nobody("stdout", &output.stdout);
        assert_names_nobody("stderr", &output.stderr);
    }
}
