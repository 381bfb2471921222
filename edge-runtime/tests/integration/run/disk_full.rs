//! A full disk.

use std::path::Path;

use super::*;

fn mount(store: &Path, arguments: &[&str]) -> bool {
    Command::new("mount").args(arguments).arg(store).output().is_ok_and(|output| output.status.success())
}

/// A device whose store is a disk of this size, of which a megabyte is to stay free; none without the right to mount.
fn with_small_disk(size: &str) -> Option<Device> {
    let device = Device::new();
    std::fs::create_dir(device.store()).unwrap();
    if !mount(&device.store(), &["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]) {
        return None;
    }
    let config = std::fs::read_to_string(device.at("config.toml")).unwrap();
    device.write("config.toml", config.replace("reserve_mb = 0", "reserve_mb = 1").as_bytes());
    Some(device)
}

/// Needs the right to mount; says loudly where it is missing.
#[test]
fn a_full_disk_is_a_fault_and_nothing_is_lost() {
    let Some(device) = with_small_disk("2m") else {
        eprintln!(
            "SKIPPED: a small disk cannot be mounted without root: a_full_disk_is_a_fault_and_nothing_is_lost"
        );
        return;
    };
    let store = device.store();
    // A hundred pictures of 40 KB do not fit.
    for at in 0..100 {
        let mut large = picture(at);
        large.resize(40_000, 0);
        device.write(&format!("watched/{at:03}"), &large);
    }
    let mut running = Running::start(&device);
    running.until("the disk is full");
    running.until("lights: fault");
    let before = device.records().len();
    assert!((1..99).contains(&before), "{before}");
    // More space: everything goes on where it was.
    assert!(mount(&store, &["-o", "remount,size=64m"]));
    let end = Instant::now() + PATIENCE;
    while device.records().len() < 100 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(200));
    }
    let after = device.records();
    running.end();
    drop(Command::new("umount").arg("--lazy").arg(&store).output());
    assert_eq!(after.len(), 100);
}

/// Needs the right to mount; says loudly where it is missing.
#[test]
fn junk_does_not_fill_the_disk() {
    let Some(device) = with_small_disk("12m") else {
        eprintln!("SKIPPED: a small disk cannot be mounted without root: junk_does_not_fill_the_disk");
        return;
    };
    // Three times what there is room for.
    for at in 0..36u8 {
        device.write(&format!("watched/{at:02}.jpg"), &[&[at][..], &[0; 1_000_000]].concat());
    }
    let mut running = Running::start(&device);
    let end = Instant::now() + PATIENCE;
    let recorded = |count: usize| {
        while device.records().len() < count && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(200));
        }
        device.records()
    };
    running.until("ready");
    assert_eq!(recorded(36).len(), 36);
    device.write("watched/film", &picture(2));
    let last = recorded(37).pop().unwrap();
    let said = running.end();
    drop(Command::new("umount").arg("--lazy").arg(device.store()).output());
    assert_eq!(last.entry.outcome.code(), "no-sign");
    assert!(
        !said.iter().any(|line| line.contains("disk is full") || line.contains("lights: fault")),
        "{said:?}"
    );
}
