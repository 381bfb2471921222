//! A full disk.

use super::*;

/// Needs the right to mount; says loudly where it is missing.
#[test]
fn a_full_disk_is_a_fault_and_nothing_is_lost() {
    let device = Device::new();
    let store = device.store();
    std::fs::create_dir(&store).unwrap();
    let mount = |arguments: &[&str]| Command::new("mount").args(arguments).arg(&store).output();
    if !mount(&["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).is_ok_and(|output| output.status.success()) {
        eprintln!(
            "SKIPPED: a small disk cannot be mounted without root: a_full_disk_is_a_fault_and_nothing_is_lost"
        );
        return;
    }
    let config = std::fs::read_to_string(device.at("config.toml")).unwrap();
    device.write("config.toml", config.replace("reserve_mb = 0", "reserve_mb = 1").as_bytes());
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
    assert!(mount(&["-o", "remount,size=64m"]).unwrap().status.success());
    let end = Instant::now() + PATIENCE;
    while device.records().len() < 100 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(200));
    }
    let after = device.records();
    running.end();
    drop(Command::new("umount").arg("--lazy").arg(&store).output());
    assert_eq!(after.len(), 100);
}
