//! What the packaged rule for udev asks before it mounts a stick.

use crate::support::folder::TestFolder;
use crate::support::program;

/// Status, and what was printed.
fn asked(folder: &TestFolder, words: &[&str]) -> (bool, String) {
    let config = folder.at("config.toml");
    let output =
        program::edge_runtime().arg("stick-options").args(words).arg("--config").arg(config).output();
    let output = output.unwrap();
    let said = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.success(), String::from_utf8(said).unwrap())
}

fn configured(more: &str) -> TestFolder {
    let folder = TestFolder::new();
    let table =
        "30 1 8:2 / / rw - ext4 /dev/sda2 rw\n31 30 8:17 / /run/media/xray/sdb1 ro - vfat /dev/sdb1 ro\n";
    folder.write("table", table.as_bytes());
    let table = folder.at("table");
    let text = format!("[model]\nfile = 'm.onnx'\n[stick]\ntable = '{}'\n{more}", table.display());
    folder.write("config.toml", text.as_bytes());
    folder
}

#[test]
fn fat_and_exfat_alone_are_mounted_unless_others_are_named() {
    let folder = configured("");
    let options = "ro,nosuid,nodev,noexec,errors=continue,umask=0222\n".to_owned();
    assert_eq!(asked(&folder, &["vfat"]), (true, options.clone()));
    assert_eq!(asked(&folder, &["exfat", "--device", "8:18"]), (true, options));
    for other in ["ext4", "ntfs", "iso9660", "udf", "btrfs", ""] {
        let (mounted, said) = asked(&folder, &[other]);
        assert!(!mounted && said.contains("not among `file_systems`"), "{other}: {said}");
    }
    let folder = configured("file_systems = ['vfat', 'ext', 'iso9660']\n");
    let ext = "ro,nosuid,nodev,noexec,errors=continue,noload\n".to_owned();
    assert_eq!(asked(&folder, &["ext4"]), (true, ext));
    assert!(asked(&folder, &["iso9660"]).0 && !asked(&folder, &["exfat"]).0);
}

#[test]
fn a_disk_of_the_system_is_never_mounted_as_a_stick() {
    let folder = configured("");
    let (mounted, said) = asked(&folder, &["vfat", "--device", "8:1"]);
    assert!(!mounted && said.contains("8:1: a disk that this system uses is no stick"), "{said}");
    assert!(asked(&folder, &["vfat", "--device", "8:17"]).0, "a reader that says once more what is in it");
}
