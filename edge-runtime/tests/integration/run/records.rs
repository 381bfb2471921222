//! The records that a run leaves, on the command line.

use super::*;

#[test]
fn records_are_listed_shown_exported_and_verified() {
    let device = Device::new();
    device.write("watched/a", &picture(2));
    let mut running = Running::start(&device);
    running.until("lights: no sign");
    device.write("watched/b", b"text");
    running.until("lights: no result");
    // While the daemon runs, too.
    let listed = text(&records(&device, "list"));
    let lines: Vec<_> = listed.lines().collect();
    assert_eq!(lines.len(), 2, "{listed}");
    assert!(lines[0].contains("no sign of pneumonia") && lines[0].contains("folder"), "{listed}");
    assert!(lines[1].contains("NO RESULT") && lines[1].ends_with("unknown-format"), "{listed}");
    running.end();

    let shown = text(&records(&device, "show 1"));
    assert!(shown.contains("not a diagnosis") && shown.contains("no sign of pneumonia"), "{shown}");
    let content = xray_core::sha256_hex(&picture(2));
    assert_eq!(text(&records(&device, &format!("show {content}"))), shown);
    assert!(shown.contains(&format!("images/{}/{content}", &content[..2])), "{shown}");
    let json: serde_json::Value = serde_json::from_str(&text(&records(&device, "show 2 --json"))).unwrap();
    assert_eq!((&json["outcome"], &json["probability"]), (&"no-result".into(), &serde_json::Value::Null));

    let csv = text(&records(&device, "export --csv"));
    let header =
        "sequence,recorded,recorded_ms,time_trusted,outcome,probability,threshold,reasons,origin,content,";
    assert!(csv.starts_with(header), "{csv}");
    assert_eq!(csv.lines().count(), 3);
    assert_eq!(text(&records(&device, "export --json")).lines().count(), 2);
    assert_eq!(text(&records(&device, "export --json --day 1999-12-31")), "");
    assert_eq!(records(&device, "export").status.code(), Some(2));
    assert_eq!(records(&device, "list --day yesterday").status.code(), Some(2));

    assert_eq!(
        text(&records(&device, "mark-reported --up-to 1 --dry-run")),
        "1 records would be marked as reported\n"
    );
    assert_eq!(text(&records(&device, "mark-reported --up-to 1")), "1 records marked as reported\n");
    assert_eq!(text(&records(&device, "mark-reported --up-to 2")), "1 records marked as reported\n");

    let verified = text(&records(&device, "verify"));
    assert!(verified.starts_with("2 records and 2 images looked at\nnewest record 2:"), "{verified}");
    let newest = verified.trim().rsplit(' ').next().unwrap().to_owned();
    text(&records(&device, &format!("verify --holds {newest}")));
    let other = newest.replace("2:", "1:");
    assert_eq!(records(&device, &format!("verify --holds {other}")).status.code(), Some(1));
    std::fs::write(device.store().join("images").join(&content[..2]).join(&content), b"x").unwrap();
    let found = records(&device, "verify");
    assert_eq!(found.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&found.stdout).contains("record 1: its image was changed"));
    text(&records(&device, "verify --chain-only"));
}

/// A device that screened two images and was ended.
fn screened() -> Device {
    let device = Device::new();
    device.write("watched/a", &picture(2));
    let mut running = Running::start(&device);
    running.until("lights: no sign");
    device.write("watched/b", b"text");
    running.until("lights: no result");
    running.end();
    device
}

#[test]
fn a_report_or_an_export_that_was_kept_is_looked_for_in_the_chain() {
    let (device, other) = (screened(), screened());
    let report = |format: &str| {
        let path = device.at(&format!("report.{format}"));
        let mut command = program::edge_runtime();
        command.args(["report", "--record", "1", "--format", format]).arg("--out").arg(&path);
        command.arg("--store").arg(device.store()).arg("--models").arg(device.at("none"));
        assert!(command.output().unwrap().status.success());
        path
    };
    let mut kept = ["html", "sr", "sc"].map(report).to_vec();
    for form in ["csv", "json"] {
        let path = device.at(&format!("export.{form}"));
        std::fs::write(&path, text(&records(&device, &format!("export --{form}")))).unwrap();
        kept.push(path);
    }
    let printed = device.at("verified");
    std::fs::write(&printed, text(&records(&device, "verify"))).unwrap();
    kept.push(printed);
    for path in &kept {
        let path = path.to_str().unwrap();
        let heads = if path.contains("export") { 2 } else { 1 };
        let verified = text(&records(&device, &format!("verify --chain-only --against {path}")));
        assert!(verified.contains(&format!("{heads} heads of the file looked for")), "{path}: {verified}");
        let json = text(&records(&device, &format!("verify --json --against {path}")));
        assert!(json.contains(&format!("\"heads\":{heads},")), "{path}: {json}");
        // Another board's chain, whose records have other times.
        let found = records(&other, &format!("verify --against {path}"));
        assert_eq!(found.status.code(), Some(1), "{path}");
        let said = String::from_utf8_lossy(&found.stdout).into_owned();
        assert!(said.contains("which the file names, is not there"), "{path}: {said}");
    }
    for (name, bytes) in [("empty", &b""[..]), ("letter", b"Dear colleague")] {
        device.write(name, bytes);
        let path = device.at(name);
        let found = records(&device, &format!("verify --against {}", path.display()));
        assert_eq!(found.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&found.stderr).contains("names no record"), "{name}");
    }
}

#[test]
fn a_record_that_was_erased_says_so_and_the_chain_holds() {
    let device = screened();
    let image = xray_core::sha256_hex(&picture(2));
    let path = device.store().join("images").join(&image[..2]).join(&image);
    let said = text(&records(&device, "erase 1 --dry-run"));
    assert!(said.contains("no sign of pneumonia") && said.contains("would be erased"), "{said}");
    assert_eq!(records(&device, "erase 9 --yes").status.code(), Some(1));
    // A test has no terminal.
    assert_eq!(records(&device, "erase 1").status.code(), Some(1));
    assert!(path.exists());
    assert!(
        text(&records(&device, &format!("erase {image} --yes"))).contains("were erased; the records stay")
    );
    assert!(!path.exists());
    let verified = text(&records(&device, "verify"));
    assert!(
        verified.starts_with("2 records and 1 images looked at\nrecord 1: image and heat map were erased"),
        "{verified}"
    );
    assert!(text(&records(&device, "verify --json")).contains("\"erased\":[1]"));
    assert!(text(&records(&device, "show 1")).contains("erased on request at 2"));
    let json = text(&records(&device, "erase 1 --yes --json"));
    assert_eq!(json, "{\"outcome\":\"erased\",\"records\":[1]}\n");
    // The image comes again: it is known, and not stored.
    device.write("watched/c", &picture(2));
    let mut running = Running::start(&device);
    running.until("lights: ready");
    device.write("watched/d", b"another text");
    running.until("lights: no result");
    running.end();
    assert!(!path.exists());
    assert_eq!(device.records().len(), 3);
}

#[test]
fn a_board_that_leaves_the_house_keeps_neither_patients_nor_secrets() {
    let device = screened();
    let at = |name: &str| device.at(name);
    for name in ["page.token", "tls/key.pem", "tls/certificate.pem", "keys/2026.pub", "keys/README"] {
        device.write(name, b"secret");
    }
    let hash = "0".repeat(64);
    for name in [format!("models/{hash}.onnx"), "models/state.json".to_owned(), "models/notes".to_owned()] {
        device.write(&name, b"{}");
    }
    let config = std::fs::read_to_string(at("config.toml")).unwrap();
    let root = at("").display().to_string();
    let model = format!("[model]\nkeys = '{root}keys'\nstore = '{root}models'\n");
    let page =
        format!("[page]\nlisten = '0.0.0.0:1'\ntoken_file = '{root}page.token'\ntls_folder = '{root}tls'\n");
    let config = config.replace("[model]\n", &model) + &page;
    device.write("config.toml", config.as_bytes());
    let newest = text(&records(&device, "verify"));
    let newest = newest.trim().rsplit(' ').next().unwrap();
    let run = |arguments: &[&str]| command(&device, "decommission").args(arguments).output().unwrap();
    let told = text(&run(&["--dry-run"]));
    assert!(told.contains(newest) && told.contains("nothing was removed"), "{told}");
    assert_eq!(run(&[]).status.code(), Some(1), "nobody can be asked");
    assert!(at("page.token").exists() && device.store().join("records.sqlite").exists());
    let told = text(&run(&["--yes", "--json"]));
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["outcome"], &told["newest"]), (&"removed".into(), &newest.into()));
    assert_eq!(told["files"].as_array().unwrap().len(), 4);
    let left = |name: &str| -> Vec<String> {
        let entries = std::fs::read_dir(at(name)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!((left("store"), left("tls")), (vec![], vec![]));
    assert_eq!((left("keys"), left("models")), (vec!["README".to_owned()], vec!["notes".to_owned()]));
    assert!(!at("page.token").exists() && at("config.toml").exists());
    assert!(text(&run(&["--yes"])).contains("removed"), "again, as after an interruption");
}

#[test]
fn what_was_refused_without_a_record_is_listed() {
    let device = Device::new();
    device.write("media/stick/letter.txt", b"Dear colleague");
    device.plug(1);
    let mut running = Running::start(&device);
    running.until("lights: no result");
    // While the daemon runs, too.
    let listed = text(&records(&device, "refusals"));
    let words = "after record 0: stick: no-images: no image was found on the stick; 1 files are none\n";
    assert!(listed.starts_with("     1  2") && listed.ends_with(words), "{listed}");
    running.end();
    assert_eq!(text(&records(&device, "list")), "");
    let csv = text(&records(&device, "refusals --csv"));
    let (header, row) = csv.split_once('\n').unwrap();
    assert_eq!(header, "sequence,recorded,time_trusted,after_record,origin,code,reason");
    assert!(row.starts_with("1,2") && row.contains(",true,0,stick,no-images,no image was found"), "{row}");
    let json: serde_json::Value = serde_json::from_str(&text(&records(&device, "refusals --json"))).unwrap();
    assert_eq!((&json["code"], &json["after_record"]), (&"no-images".into(), &0.into()));
    assert_eq!(text(&records(&device, "refusals --csv --day 1999-12-31")), format!("{header}\n"));
    assert_eq!(records(&device, "refusals --csv --json").status.code(), Some(2));
}

#[test]
fn a_store_that_is_not_there_is_said() {
    let device = Device::new();
    let output = records(&device, "list");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no store is there"));
}
