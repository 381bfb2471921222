//! Writes the first inputs of each fuzz target into `fuzz/corpus`; what fuzzing found stays there beside them.
//!
//!     cargo run --release -p xray-fuzz --example make_corpus

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use image::{ExtendedColorType, ImageEncoder};
use xray_testkit::dicom::{DicomFile, Value};
use xray_testkit::model::{add_heat_map, model_bytes, model_bytes_with_known_answer};

const SIDE: u32 = 64;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn write(target: &str, name: &str, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let folder = root().join("fuzz/corpus").join(target);
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(name), bytes)?)
}

/// A drawn picture without flat parts.
fn levels(channels: u32) -> Vec<u8> {
    (0..SIDE * SIDE * channels).map(|at| (at.wrapping_mul(2_654_435_761) >> 25) as u8 + 60).collect()
}

fn pictures() -> Result<(), Box<dyn Error>> {
    write("picture", "raw.pgm", &[&b"P5 64 64 255\n"[..], &levels(1)].concat())?;
    let numbers: Vec<_> = levels(1).iter().map(ToString::to_string).collect();
    write("picture", "plain.pgm", format!("P2\n# drawn\n64 64\n255\n{}\n", numbers.join(" ")).as_bytes())?;
    let wide: Vec<u8> = levels(1).iter().flat_map(|level| (u16::from(*level) << 8).to_be_bytes()).collect();
    write("picture", "raw-16.pgm", &[&b"P5 64 64 65535\n"[..], &wide].concat())?;
    for (name, colour, bytes) in [
        ("grey", ExtendedColorType::L8, levels(1)),
        ("colour", ExtendedColorType::Rgb8, levels(3)),
        ("alpha", ExtendedColorType::La8, levels(2)),
        ("grey-16", ExtendedColorType::L16, wide),
    ] {
        let mut png = Vec::new();
        image::codecs::png::PngEncoder::new(&mut png).write_image(&bytes, SIDE, SIDE, colour)?;
        write("picture", &format!("{name}.png"), &png)?;
    }
    for (name, colour, channels) in
        [("grey", ExtendedColorType::L8, 1), ("colour", ExtendedColorType::Rgb8, 3)]
    {
        let mut jpeg = Vec::new();
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 80).write_image(
            &levels(channels),
            SIDE,
            SIDE,
            colour,
        )?;
        write("picture", &format!("{name}.jpg"), &jpeg)?;
        write("jpeg", &format!("{name}.jpg"), &jpeg)?;
    }
    let fixtures = root().join("xray-intake/tests/fixtures/pictures");
    for name in ["progressive.jpg", "progressive-restart.jpg", "colour-2.jpg", "scans.jpg", "base.jpg"] {
        write("jpeg", name, &fs::read(fixtures.join(name))?)?;
    }
    Ok(())
}

fn dicom() -> Result<(), Box<dyn Error>> {
    let table: Vec<u8> = (0..1024_u16).flat_map(|v| (v * 64).to_le_bytes()).collect();
    let item = [((0x28, 0x3002), Value::us(&[1024, 0, 16])), ((0x28, 0x3006), Value::new("OW", table))];
    let plain = DicomFile::plain;
    for (name, file) in [
        ("plain", plain()),
        ("window", plain().window("1000", "2000", "LINEAR")),
        ("table", plain().with(0x28, 0x3010, Value::sequence(&[&item]))),
        ("inverse", plain().with(0x28, 4, Value::text("CS", "MONOCHROME1"))),
        ("view", plain().with(0x18, 0x5101, Value::text("CS", "PA"))),
    ] {
        write("dicom", &format!("{name}.dcm"), &file.bytes())?;
    }
    // Coded pixels out of the files that pydicom and dcmtk wrote.
    let mut fixtures: Vec<_> = fs::read_dir(root().join("xray-intake/tests/fixtures/dicom"))?
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "dcm"))
        .collect();
    fixtures.sort();
    for path in fixtures {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = fs::read(&path)?;
        let stream = |magic: &[u8]| {
            let from = bytes.windows(magic.len()).position(|window| window == magic)?;
            let end = bytes.windows(2).rposition(|window| window == [0xff, 0xd9])?;
            bytes.get(from..end + 2)
        };
        if name.ends_with("fragments") {
            continue;
        }
        if let (true, Some(stream)) = (name.starts_with("jpeg"), stream(&[0xff, 0xd8, 0xff])) {
            write("dicom-jpeg", &format!("{name}.jpg"), stream)?;
        }
        if let (true, Some(stream)) = (name.starts_with("j2k"), stream(&[0xff, 0x4f, 0xff, 0x51])) {
            write("dicom-jpeg2000", &format!("{name}.j2k"), stream)?;
        }
    }
    Ok(())
}

fn models() -> Result<(), Box<dyn Error>> {
    write("model", "plain.onnx", &model_bytes(|_| {}))?;
    write("model", "heat-map.onnx", &model_bytes(add_heat_map))?;
    write("model", "known-answer.onnx", &model_bytes_with_known_answer(0.0))?;
    for name in ["first", "second", "legacy"] {
        let file = root().join(format!("xray-core/tests/fixtures/signature/message.{name}.minisig"));
        write("signature", name, &fs::read(file)?)?;
    }
    Ok(())
}

fn texts() -> Result<(), Box<dyn Error>> {
    let packaged = fs::read_to_string(root().join("edge-runtime/packaging/config.toml"))?;
    write("configuration", "packaged.toml", packaged.as_bytes())?;
    // The examples in its comments, too.
    let lines = packaged.lines().map(|line| line.strip_prefix("# ").unwrap_or(line));
    let is_key = |line: &str| line.starts_with('[') || line.contains(" = ");
    let all: Vec<_> = lines.filter(|line| is_key(line) && !line.starts_with("file")).collect();
    write("configuration", "all-keys.toml", all.join("\n").as_bytes())?;
    let smallest = "[model]\nfile = 'm.onnx'\n[[folder]]\npath = '/srv/x'\n";
    write("configuration", "smallest.toml", smallest.as_bytes())?;

    for board in ["pi4", "jetson-orin-nano", "sim"] {
        let file = root().join(format!("edge-runtime/boards/{board}.toml"));
        write("board-file", &format!("{board}.toml"), &fs::read(file)?)?;
    }
    let patterns = "name = 'x'\n[lines]\nred = { line = 'a', active = 'low' }\nyellow = { line = 'b', active = 'high' }\n\
                    green = { line = 'c:1', active = 'high' }\n[patterns.busy]\nyellow = 'on'\n";
    write("board-file", "patterns.toml", patterns.as_bytes())?;

    let stick = "61 27 8:1 / /media/A\\040B\\134C ro,nosuid,nodev,noexec - vfat /dev/sda1 ro,utf8\n";
    let root_line = "36 35 98:0 / /mnt1 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue\n";
    write("mounts", "stick", stick.as_bytes())?;
    write("mounts", "root", root_line.as_bytes())?;
    write("mounts", "both", format!("{root_line}{stick}").as_bytes())?;

    let rows = "train/NORMAL/a.png,train,p1\ntrain/NORMAL/b.png,val,p2\n\
                train/PNEUMONIA/c.png,train,p3\ntrain/PNEUMONIA/d.png,val,p4\n";
    write("splits", "plain.csv", format!("path,role,patient\n{rows}").as_bytes())?;
    write("splits", "windows.csv", format!("path,role,patient\n{rows}").replace('/', "\\").as_bytes())?;
    let quoted = rows.replace("p1", "\"p, \"\"1\"\"\"");
    write("splits", "quoted.csv", format!("path,role,patient\n{quoted}").as_bytes())?;

    // Changes of a good row: column, kind, length, value.
    write("record", "none", &[])?;
    write("record", "verdict", b"\x08\x03\x07no-sign\x09\x02\x08\0\0\0\0\0\0\xd0\x3f\x0a\x03\x02[]")?;
    write("record", "contradiction", b"\x08\x03\x07no-sign\x0a\x03\x09[\"empty\"]")?;
    write("record", "kinds", b"\x00\x04\x01x\x02\x01\x08\xff\xff\xff\xff\xff\xff\xff\xff")?;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    pictures()?;
    dicom()?;
    models()?;
    texts()
}
