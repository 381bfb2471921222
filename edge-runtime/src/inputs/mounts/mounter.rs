//! Mounting sticks, for machines where nothing else does.
//!
//! It needs the right to mount (root, or CAP_SYS_ADMIN). Where systemd runs, the rule in `packaging/` does it better:
//! then this program needs no right at all.

use std::ffi::CStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

/// The file systems that are tried, with options that keep even a journal from being written.
const KINDS: [(&str, Option<&CStr>); 5] =
    [("vfat", None), ("exfat", None), ("ntfs3", None), ("ext4", Some(c"noload")), ("iso9660", None)];

/// A partition of a removable disk, or the disk itself where it has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its name, such as `sda1`.
    pub name: String,
    /// Major and minor number, such as `8:1`.
    pub device: String,
}

/// What mounts sticks.
pub trait Mounter: Send {
    /// The partitions of all removable disks that are plugged in.
    ///
    /// # Errors
    /// If they cannot be listed.
    fn partitions(&self) -> io::Result<Vec<Partition>>;

    /// Mounts one so that nothing can be written to it or run from it.
    ///
    /// # Errors
    /// If it holds no file system that is known, or this user may not.
    fn mount(&mut self, partition: &Partition) -> io::Result<()>;

    /// Takes it away again; what still reads from it is not waited for.
    ///
    /// # Errors
    /// If it is not mounted.
    fn unmount(&mut self, partition: &Partition) -> io::Result<()>;
}

/// The kernel's mounts and its view of disks.
pub struct KernelMounter {
    blocks: PathBuf,
    devices: PathBuf,
    under: PathBuf,
}

impl KernelMounter {
    /// Mounts each partition in a folder of its own below `under`. What an earlier run left there is taken away.
    pub fn new(under: &Path) -> Self {
        KernelMounter::with(Path::new("/sys/block"), Path::new("/dev"), under)
    }

    fn with(blocks: &Path, devices: &Path, under: &Path) -> Self {
        let mounter =
            KernelMounter { blocks: blocks.to_owned(), devices: devices.to_owned(), under: under.to_owned() };
        for left in fs::read_dir(under).into_iter().flatten().flatten() {
            let _ = unmount(left.path(), UnmountFlags::DETACH | UnmountFlags::NOFOLLOW);
            let _ = fs::remove_dir(left.path());
        }
        mounter
    }

    fn point(&self, partition: &Partition) -> PathBuf {
        self.under.join(&partition.name)
    }
}

impl Mounter for KernelMounter {
    fn partitions(&self) -> io::Result<Vec<Partition>> {
        let mut all = Vec::new();
        for disk in fs::read_dir(&self.blocks)? {
            let disk = disk?.path();
            if !is_removable(&disk) {
                continue;
            }
            let inside = fs::read_dir(&disk)?.flatten().map(|entry| entry.path());
            let mut parts: Vec<_> = inside.filter(|path| path.join("partition").exists()).collect();
            parts.sort_unstable();
            if parts.is_empty() {
                parts.push(disk);
            }
            all.extend(parts.iter().filter_map(|path| {
                let name = path.file_name()?.to_str()?.to_owned();
                let device = fs::read_to_string(path.join("dev")).ok()?.trim().to_owned();
                Some(Partition { name, device })
            }));
        }
        Ok(all)
    }

    fn mount(&mut self, partition: &Partition) -> io::Result<()> {
        let point = self.point(partition);
        fs::create_dir_all(&point)?;
        let device = self.devices.join(&partition.name);
        let flags = MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        let mut last = io::Error::from(io::ErrorKind::Unsupported);
        for (kind, data) in KINDS {
            match mount(&device, &point, kind, flags, data) {
                Ok(()) => return Ok(()),
                // EINVAL: not this file system; ENODEV: the kernel does not know it.
                Err(error) => last = error.into(),
            }
            if last.kind() == io::ErrorKind::PermissionDenied {
                break;
            }
        }
        let _ = fs::remove_dir(&point);
        Err(last)
    }

    fn unmount(&mut self, partition: &Partition) -> io::Result<()> {
        let point = self.point(partition);
        unmount(&point, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW)?;
        fs::remove_dir(&point)
    }
}

/// A USB disk that calls itself fixed is removable, too.
fn is_removable(disk: &Path) -> bool {
    let says = fs::read_to_string(disk.join("removable")).is_ok_and(|text| text.trim() == "1");
    let path = fs::canonicalize(disk).unwrap_or_default();
    says || path.components().any(|part| part.as_os_str().to_string_lossy().starts_with("usb"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(blocks: &Path, name: &str, removable: &str, device: &str) -> PathBuf {
        let path = blocks.join(name);
        fs::create_dir_all(&path).expect("made");
        fs::write(path.join("removable"), format!("{removable}\n")).expect("written");
        fs::write(path.join("dev"), format!("{device}\n")).expect("written");
        path
    }

    #[test]
    fn the_packaged_rule_mounts_without_a_check_that_writes() {
        let rule = include_str!("../../../packaging/70-xray-stick.rules");
        let mounts: Vec<&str> = rule.lines().filter(|line| line.contains("systemd-mount")).collect();
        assert_eq!(mounts.len(), 2);
        for mount in mounts {
            assert!(
                mount.contains(" --fsck=no ") && mount.contains("--options=ro,nosuid,nodev,noexec,"),
                "{mount}"
            );
        }
    }

    #[test]
    fn partitions_of_removable_disks_are_found() {
        let place = tempfile::tempdir().expect("a folder");
        let (blocks, under) = (place.path().join("block"), place.path().join("mnt"));
        block(&blocks, "mmcblk0", "0", "179:0");
        block(&blocks, "sda", "1", "8:0");
        for (name, device) in [("sda2", "8:2"), ("sda1", "8:1")] {
            let path = block(&blocks.join("sda"), name, "1", device);
            fs::write(path.join("partition"), "1\n").expect("written");
        }
        // A stick without a partition table.
        block(&blocks, "sdb", "1", "8:16");
        let mounter = KernelMounter::with(&blocks, Path::new("/dev"), &under);
        let mut found = mounter.partitions().expect("listed");
        found.sort_by(|a, b| a.name.cmp(&b.name));
        let names: Vec<_> = found.iter().map(|part| (part.name.as_str(), part.device.as_str())).collect();
        assert_eq!(names, [("sda1", "8:1"), ("sda2", "8:2"), ("sdb", "8:16")]);
    }

    #[test]
    fn a_stick_that_cannot_be_mounted_leaves_nothing_behind() {
        let place = tempfile::tempdir().expect("a folder");
        let under = place.path().join("mnt");
        let mut mounter = KernelMounter::with(&place.path().join("block"), place.path(), &under);
        let partition = Partition { name: "sda1".into(), device: "8:1".into() };
        assert!(mounter.mount(&partition).is_err());
        assert_eq!(fs::read_dir(&under).expect("listed").count(), 0);
    }

    /// A file system in a file, behind a loop device; gone when it is dropped.
    struct Loop {
        name: String,
        image: PathBuf,
    }

    impl Loop {
        fn with(files: &Path, image: PathBuf) -> Option<Loop> {
            let run = |program: &str, arguments: &[&std::ffi::OsStr]| {
                let output = std::process::Command::new(program).args(arguments).output().ok()?;
                output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
            };
            fs::File::create(&image).and_then(|file| file.set_len(8 << 20)).expect("a sparse file");
            run("mkfs.ext4", &["-q".as_ref(), "-d".as_ref(), files.as_ref(), image.as_ref()])?;
            let device = run("losetup", &["--find".as_ref(), "--show".as_ref(), image.as_ref()])?;
            Some(Loop { name: device.strip_prefix("/dev/")?.to_owned(), image })
        }
    }

    impl Drop for Loop {
        fn drop(&mut self) {
            let device = format!("/dev/{}", self.name);
            let _ = std::process::Command::new("losetup").args(["--detach", &device]).status();
        }
    }

    /// Needs the right to mount; says loudly where it is missing.
    #[test]
    fn a_real_file_system_is_mounted_read_and_not_changed_by_a_bit() {
        use crate::inputs::{Input, InputEvent, MediaState, StickInput, StickOptions};
        use std::time::{Duration, Instant};

        let place = tempfile::tempdir().expect("a folder");
        let at = |name: &str| place.path().join(name);
        fs::create_dir_all(at("files/deep")).expect("made");
        fs::write(at("files/deep/film"), b"P5 2 2 255\n\x01\x02\x03\x04").expect("written");
        let Some(stick) = Loop::with(&at("files"), at("stick.img")) else {
            eprintln!(
                "SKIPPED: no loop device for this user: a_real_file_system_is_mounted_read_and_not_changed_by_a_bit"
            );
            return;
        };
        let bytes = |path: &Path| xray_core::sha256_hex(&fs::read(path).expect("the image"));
        let before = bytes(&stick.image);
        let device =
            fs::read_to_string(Path::new("/sys/block").join(&stick.name).join("dev")).expect("a device");
        block(&at("block"), &stick.name, "1", device.trim());
        let mounter = KernelMounter::with(&at("block"), Path::new("/dev"), &at("mnt"));
        let options = StickOptions {
            under: vec![at("mnt")],
            every: Duration::ZERO,
            writable: false,
            table: "/proc/self/mountinfo".into(),
            devices: "/sys/dev/block".into(),
        };
        let mut source = StickInput::new(options, Some(Box::new(mounter)));
        let InputEvent::Image(film) = source.poll(Instant::now()).expect("polled") else { panic!("no film") };
        assert!(film.bytes.starts_with(b"P5 2 2"));
        let table = fs::read_to_string("/proc/self/mountinfo").expect("a table");
        let point = at("mnt").join(&stick.name).display().to_string();
        let line = table.lines().find(|line| line.contains(&point)).expect("mounted");
        assert!(line.contains(" ro,nosuid,nodev,noexec,"), "{line}");
        assert_eq!(source.poll(Instant::now()), Ok(InputEvent::Finished { images: 1, passed_over: 0 }));
        assert_eq!(source.media_state(), MediaState::MayBePulled);
        // Pulled: the mount goes too.
        fs::remove_dir_all(at("block").join(&stick.name)).expect("removed");
        assert_eq!(source.poll(Instant::now()), Ok(InputEvent::Nothing));
        let table = fs::read_to_string("/proc/self/mountinfo").expect("a table");
        assert!(!table.contains(&point), "{table}");
        assert_eq!(bytes(&stick.image), before);
    }
}
