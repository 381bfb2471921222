//! Partitions of sticks that are plugged in, as the kernel lists them (`/sys/block`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A partition of a removable disk, or the disk itself where it has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its name, such as `sda1`.
    pub name: String,
    /// Major and minor number, such as `8:1`.
    pub device: String,
}

/// What a drive without a disc gives as its size, beside 0: the kernel's default.
const NO_DISC: &str = "2097151";

/// The partitions of all disks of a kind below `blocks`. A card reader or a drive without a medium has none.
///
/// # Errors
/// If the disks cannot be listed.
pub(super) fn partitions(blocks: &Path, wanted: impl Fn(&Path) -> bool) -> io::Result<Vec<Partition>> {
    let mut all = Vec::new();
    for disk in fs::read_dir(blocks)? {
        let disk = disk?.path();
        if !wanted(&disk) || is_empty(&disk) {
            continue;
        }
        let inside = fs::read_dir(&disk)?.flatten().map(|entry| entry.path());
        let mut parts: Vec<_> = inside.filter(|path| path.join("partition").exists()).collect();
        parts.sort_unstable();
        if parts.is_empty() {
            parts.push(disk);
        }
        all.extend(parts.iter().filter(|path| !is_in_use(path)).filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            let device = fs::read_to_string(path.join("dev")).ok()?.trim().to_owned();
            Some(Partition { name, device })
        }));
    }
    Ok(all)
}

/// A USB disk that calls itself fixed is removable, too.
pub(super) fn is_removable(disk: &Path) -> bool {
    fs::read_to_string(disk.join("removable")).is_ok_and(|text| text.trim() == "1") || is_usb(disk)
}

pub(super) fn is_usb(disk: &Path) -> bool {
    let path = fs::canonicalize(disk).unwrap_or_else(|_| PathBuf::new());
    path.components().any(|part| part.as_os_str().to_string_lossy().starts_with("usb"))
}

fn is_empty(disk: &Path) -> bool {
    fs::read_to_string(disk.join("size")).is_ok_and(|size| ["0", NO_DISC].contains(&size.trim()))
}

/// Whether another device, such as an encrypted one, is built on it.
fn is_in_use(partition: &Path) -> bool {
    fs::read_dir(partition.join("holders")).is_ok_and(|mut holders| holders.next().is_some())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A disk as the kernel shows it.
    pub(in super::super) fn block(blocks: &Path, name: &str, removable: &str, device: &str) -> PathBuf {
        let path = blocks.join(name);
        fs::create_dir_all(&path).expect("made");
        fs::write(path.join("removable"), format!("{removable}\n")).expect("written");
        fs::write(path.join("dev"), format!("{device}\n")).expect("written");
        path
    }

    #[test]
    fn partitions_of_removable_disks_are_found() {
        let place = tempfile::tempdir().expect("a folder");
        let blocks = place.path().join("block");
        block(&blocks, "mmcblk0", "0", "179:0");
        block(&blocks, "sda", "1", "8:0");
        for (name, device) in [("sda2", "8:2"), ("sda1", "8:1"), ("sda3", "8:3")] {
            let path = block(&blocks.join("sda"), name, "1", device);
            fs::write(path.join("partition"), "1\n").expect("written");
        }
        fs::create_dir_all(blocks.join("sda/sda3/holders/dm-0")).expect("made");
        // A stick without a partition table, a reader without a card and a drive without a disc.
        block(&blocks, "sdb", "1", "8:16");
        for (name, size) in [("sdc", "0"), ("sr0", "2097151")] {
            fs::write(block(&blocks, name, "1", "11:0").join("size"), format!("{size}\n")).expect("written");
        }
        let mut found = partitions(&blocks, is_removable).expect("listed");
        found.sort_by(|a, b| a.name.cmp(&b.name));
        let names: Vec<_> = found.iter().map(|part| (part.name.as_str(), part.device.as_str())).collect();
        assert_eq!(names, [("sda1", "8:1"), ("sda2", "8:2"), ("sdb", "8:16")]);
        assert_eq!(partitions(&blocks, is_usb).expect("listed"), [], "none of them is below a USB port");
    }

    #[test]
    fn a_disk_below_a_usb_port_is_one_whatever_it_says() {
        let place = tempfile::tempdir().expect("a folder");
        let blocks = place.path().join("devices/usb1/1-1/block");
        block(&blocks, "sda", "0", "8:0");
        assert_eq!(partitions(&blocks, is_usb).expect("listed").len(), 1);
    }
}
