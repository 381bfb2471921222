//! What comes in from folders and sticks.

use super::*;

#[test]
fn a_watched_folder_is_screened_and_its_file_names_are_nowhere() {
    let device = Device::new();
    let mut running = Running::start(&device);
    running.until("lights: ready");
    device.write("watched/Amina Yusuf 2019.pgm", &picture(1));
    running.until("lights: pneumonia suspected");
    device.write("watched/Amina Yusuf.txt", b"Dear colleague");
    running.until("lights: no result");
    device.write("watched/copy of Amina Yusuf.pgm", &picture(1));
    running.until("lights: pneumonia suspected");
    let said = running.end();
    assert!(said.iter().all(|line| !line.contains("Amina")), "{said:?}");
    let all = device.records();
    let outcomes: Vec<_> = all.iter().map(|record| record.entry.outcome.code()).collect();
    assert_eq!(outcomes, ["pneumonia-suspected", "no-result"]);
    let probability = all[0].entry.outcome.probability().unwrap();
    // The mean of a picture of 231, of whose last row eight pixels of 239 and eight of 191 spell the number 1:
    // sigmoid(6·mean − 3).
    let others = 4096.0 * f64::from(support::BRIGHT) - 8.0 * (239.0 + 191.0);
    let mean = (others + 15.0 * 5.0 + 250.0) / 4096.0 / 255.0;
    assert!((probability - 1.0 / (1.0 + f64::exp(3.0 - 6.0 * mean))).abs() < 1e-4, "{probability}");
    let database = std::fs::read(device.store().join("records.sqlite")).unwrap();
    assert!(!database.windows(5).any(|bytes| bytes == b"Amina"));
}

#[test]
fn a_stick_is_read_and_may_then_be_pulled() {
    let device = Device::new();
    for (name, at) in [("a", 2), ("b/c/d.txt", 1), ("z", 4)] {
        device.write(&format!("media/stick/{name}"), &picture(at));
    }
    device.write("media/stick/letter.txt", b"Dear colleague");
    let mut running = Running::start(&device);
    running.until("lights: ready");
    device.plug(1);
    running.until("read to its end");
    // Three results, the most urgent of which stands at the end.
    running.until("lights: pneumonia suspected");
    assert_eq!(device.records().len(), 3);
    let signals = running.signals().join(" ");
    assert!(!signals.contains("may be pulled"), "{signals}");
    running.end();
}

#[test]
fn a_hundred_replugs_of_one_stick_are_one_record_a_content() {
    let device = Device::with(&support::model_bytes_with_known_answer(0.0), "");
    for at in 0..5 {
        device.write(&format!("media/stick/{at}"), &picture(at));
    }
    let mut running = Running::start(&device);
    running.until("lights: ready");
    for time in 0..100 {
        device.plug(time);
        running.until("read to its end");
        device.unplug();
        // The next one is not taken for this one: wait for a look at the empty table.
        std::thread::sleep(Duration::from_millis(60));
    }
    running.end();
    assert_eq!(device.records().len(), 5);
}
