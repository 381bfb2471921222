//! Manual pages and completions of the program.

use std::process::Command;

#[test]
fn every_command_has_a_manual_page_and_every_shell_completions() {
    let folder = tempfile::tempdir().unwrap();
    let program = || Command::new(env!("CARGO_BIN_EXE_host-trainer"));
    assert!(program().arg("documents").arg(folder.path()).status().unwrap().success());
    for page in
        ["host-trainer.1", "host-trainer-fit.1", "host-trainer-export.1", "host-trainer-weights-fetch.1"]
    {
        let text = std::fs::read_to_string(folder.path().join("man").join(page)).unwrap();
        assert!(text.contains(".SH SYNOPSIS"), "{page}");
    }
    for file in ["bash/host-trainer", "zsh/_host-trainer", "fish/host-trainer.fish"] {
        let text = std::fs::read_to_string(folder.path().join("completions").join(file)).unwrap();
        assert!(text.contains("evaluate"), "{file}");
    }
    // An existing file in the place of the folder.
    let taken = folder.path().join("man/host-trainer.1");
    let output = program().arg("documents").arg(&taken).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("check the folder"));
}
