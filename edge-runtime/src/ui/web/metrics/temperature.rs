//! Temperatures of the board, from the kernel's thermal zones.

use std::fs;
use std::path::Path;

/// As many as are looked at; boards have up to a dozen.
const MOST: usize = 32;

/// Name and degrees Celsius of each zone that can be read, in the order of the kernel's numbers.
pub fn temperatures() -> Vec<(String, f64)> {
    read(Path::new("/sys/class/thermal"))
}

fn read(folder: &Path) -> Vec<(String, f64)> {
    let zone = |number: usize| {
        let at = folder.join(format!("thermal_zone{number}"));
        let text = |name: &str| fs::read_to_string(at.join(name)).ok();
        // In thousandths of a degree (Documentation/ABI/testing/sysfs-class-thermal).
        let thousandths: f64 = text("temp")?.trim().parse().ok()?;
        let name = text("type").map_or_else(String::new, |name| name.trim().to_owned());
        Some((format!("{number}-{name}"), thousandths / 1000.0))
    };
    (0..MOST).filter_map(zone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_read_in_degrees_and_broken_ones_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let zone = |number: usize, temp: &str| {
            let at = folder.path().join(format!("thermal_zone{number}"));
            fs::create_dir(&at).expect("made");
            fs::write(at.join("temp"), temp).expect("written");
            fs::write(at.join("type"), "cpu-thermal\n").expect("written");
        };
        zone(0, "48850\n");
        zone(1, "");
        zone(3, "-1500");
        let read = read(folder.path());
        assert_eq!(read, [("0-cpu-thermal".to_owned(), 48.85), ("3-cpu-thermal".to_owned(), -1.5)]);
    }
}
