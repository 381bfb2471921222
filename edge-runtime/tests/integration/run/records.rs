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
