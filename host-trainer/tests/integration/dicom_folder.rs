//! A folder of DICOM files: patients and groups from the files, pixels as on a board, nothing of a person in what is written.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use host_trainer::data::{ClassNames, DataSet, phantom};
use host_trainer::decoding;
use serde_json::Value as Json;
use xray_testkit::dicom::{DicomFile, Value};

/// A phantom of 12 bits in 16, with what a hospital's files say.
fn dicom(patient: u64, exposure: u64, sick: bool) -> DicomFile {
    let picture = phantom::draw(7, patient, exposure, sick);
    let pixels = picture.as_raw().iter().flat_map(|level| (u16::from(*level) * 16).to_le_bytes()).collect();
    DicomFile::plain()
        .with(0x28, 0x10, Value::us(&[picture.height() as u16]))
        .with(0x28, 0x11, Value::us(&[picture.width() as u16]))
        .with(0x7fe0, 0x10, Value::new("OW", pixels))
        .with(0x10, 0x20, Value::text("LO", &format!("SECRET-{patient}")))
        .with(0x10, 0x1010, Value::text("AS", if patient % 4 < 2 { "003Y" } else { "041Y" }))
        .with(0x10, 0x40, Value::text("CS", "F"))
        .with(8, 0x20, Value::text("DA", "20230517"))
        .with(0x18, 0x5101, Value::text("CS", "AP"))
        .window("2040", "4080", "LINEAR")
}

/// Two exposures of each of six patients of a class, called after nothing.
fn write(root: &Path) {
    for (class, sick) in [("NORMAL", false), ("PNEUMONIA", true)] {
        let folder = root.join("train").join(class);
        std::fs::create_dir_all(&folder).unwrap();
        for at in 0..12_u64 {
            let patient = at / 2 + if sick { 100 } else { 0 };
            let bytes = dicom(patient, at % 2, sick).bytes();
            std::fs::write(folder.join(format!("{:03}", 500 - at)), bytes).unwrap();
        }
    }
}

fn program(arguments: &[&str], root: &Path) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-trainer"));
    let output = command.args(arguments).arg("--data").arg(root.join("data")).output().unwrap();
    let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(output.status.success(), "{stderr}");
    (stdout, stderr)
}

#[test]
fn patients_and_groups_are_those_of_the_files() {
    crate::decoder::ready();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    write(&data);
    let set = DataSet::load(&data, &ClassNames::default(), None, 1).unwrap();
    assert!(set.notes.is_empty(), "{:?}", set.notes);
    // One of six patients of each class is kept, with both exposures.
    assert_eq!((set.train.len(), set.validation.len()), (20, 4));
    let patients: BTreeSet<&str> = set.images().map(|(_, item)| item.patient.as_str()).collect();
    assert_eq!(patients.len(), 12);
    // printf '\0SECRET-100' | sha256sum
    assert!(patients.contains("dicom:38ab85de8c2bb0f7"), "{patients:?}");
    for (_, item) in set.images() {
        let bytes = std::fs::read(&item.path).unwrap();
        assert_eq!(decoding::read_file(&item.path).unwrap(), xray_intake::decode(&bytes).unwrap());
    }

    let (csv, _) = program(&["list", "--group", "age"], folder.path());
    let lines: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines[0].join(","), "path,role,patient,label,group,view,sex,age,study_year,sha256");
    assert_eq!(lines.len(), 25);
    let of = |path: &str| lines.iter().find(|line| line[0] == path).unwrap()[3..9].join(",");
    assert_eq!(of("train/NORMAL/500"), "NORMAL,1 to 5 years,AP,F,3,2023");
    assert_eq!(of("train/NORMAL/496"), "NORMAL,18 to 64 years,AP,F,41,2023");
    assert!(!csv.contains("SECRET") && !csv.contains("Secret"), "{csv}");
    // It is a splits file.
    let file = folder.path().join("splits.csv");
    std::fs::write(&file, &csv).unwrap();
    let again = DataSet::load(&data, &ClassNames::default(), Some(&file), 9).unwrap();
    assert_eq!(
        again.fingerprint(),
        DataSet::load(&data, &ClassNames::default(), None, 42).unwrap().fingerprint()
    );
}

#[test]
fn a_head_is_trained_on_them_and_nothing_of_a_person_is_written() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("data"));
    let (out, cache) = (folder.path().join("run"), folder.path().join("cache"));
    let fit = [
        "fit",
        "--backbones",
        "mobilenet-v2,random",
        "--device",
        "cpu",
        "--recipe",
        "article",
        "--epochs",
        "1",
    ];
    let more =
        ["--calibrate-on", "4", "--json", "--out", out.to_str().unwrap(), "--cache", cache.to_str().unwrap()];
    let (stdout, stderr) = program(&[&fit[..], &more[..]].concat(), folder.path());
    let record: Json = serde_json::from_str(&stdout).unwrap();
    assert_eq!(record["data"]["train"], serde_json::json!([10, 10]), "{record}");
    assert_eq!(record["data"]["train_patients"], 10);
    let mut written = stdout + &stderr;
    for entry in
        walkdir::WalkDir::new(&out).into_iter().filter_map(Result::ok).filter(|e| e.file_type().is_file())
    {
        written += &String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap());
    }
    for secret in ["SECRET", "Secret^Patient"] {
        assert!(!written.contains(secret), "{secret}");
    }
}

#[test]
fn a_damaged_file_is_named_and_the_next_is_read() {
    crate::decoder::ready();
    let folder = tempfile::tempdir().unwrap();
    let whole = dicom(1, 0, false).bytes();
    let (good, bad) = (folder.path().join("good"), folder.path().join("bad.dcm"));
    std::fs::write(&good, &whole).unwrap();
    std::fs::write(&bad, &whole[..whole.len() / 2]).unwrap();
    for _ in 0..3 {
        let error = decoding::read_file(&bad).unwrap_err();
        assert!(error.to_string().contains("bad.dcm"), "{error}");
        assert_eq!(error.problem.code(), xray_intake::decode(&whole[..whole.len() / 2]).unwrap_err().code());
        assert_eq!(decoding::read_file(&good).unwrap(), xray_intake::decode(&whole).unwrap());
    }
}
