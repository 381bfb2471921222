//! Mounting sticks, for machines where nothing else does.
//!
//! It needs the right to mount (root, or CAP_SYS_ADMIN). Where systemd runs, the rule in `packaging/` does it better:
//! then this program needs no right at all.

use std::ffi::CString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use tracing::warn;

use super::file_system::FileSystem;
use super::partitions::{Partition, is_removable, is_usb, partitions};

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

/// Where the kernel lists disks.
const BLOCKS: &str = "/sys/block";

/// Something else mounts sticks, such as the packaged rule for udev. It only sees what is plugged in.
pub struct OtherMounter {
    blocks: PathBuf,
}

impl OtherMounter {
    /// `blocks` is where the kernel lists disks (`/sys/block`).
    pub fn new(blocks: &Path) -> Self {
        OtherMounter { blocks: blocks.to_owned() }
    }
}

impl Mounter for OtherMounter {
    fn partitions(&self) -> io::Result<Vec<Partition>> {
        partitions(&self.blocks, is_usb)
    }

    fn mount(&mut self, _partition: &Partition) -> io::Result<()> {
        Ok(())
    }

    fn unmount(&mut self, _partition: &Partition) -> io::Result<()> {
        Ok(())
    }
}

/// The kernel's mounts and its view of disks.
pub struct KernelMounter {
    blocks: PathBuf,
    devices: PathBuf,
    under: PathBuf,
    file_systems: Vec<FileSystem>,
}

impl KernelMounter {
    /// Mounts each partition that holds one of these file systems in a folder of its own below `under`. What an earlier run
    /// left there is taken away.
    pub fn new(under: &Path, file_systems: &[FileSystem]) -> Self {
        KernelMounter::with(Path::new(BLOCKS), Path::new("/dev"), under, file_systems)
    }

    fn with(blocks: &Path, devices: &Path, under: &Path, file_systems: &[FileSystem]) -> Self {
        let mounter = KernelMounter {
            blocks: blocks.to_owned(),
            devices: devices.to_owned(),
            under: under.to_owned(),
            file_systems: file_systems.to_owned(),
        };
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
        partitions(&self.blocks, is_removable)
    }

    fn mount(&mut self, partition: &Partition) -> io::Result<()> {
        let point = self.point(partition);
        fs::create_dir_all(&point)?;
        let device = self.devices.join(&partition.name);
        let flags = MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        let mut last = io::Error::from(io::ErrorKind::Unsupported);
        set_read_only(&device);
        for file_system in &self.file_systems {
            let options = CString::new(file_system.options())?;
            match mount(&device, &point, file_system.kernel_name(), flags, Some(options.as_c_str())) {
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

/// Tells the kernel to refuse every write to a device, also one of a file system that is mounted read-only. Where that cannot
/// be told, the mount's own flag still holds.
fn set_read_only(device: &Path) {
    let mut command = Command::new("blockdev");
    command.arg("--setro").arg(device).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if !command.status().is_ok_and(|status| status.success()) {
        warn!("{}: blockdev could not set it read-only; it is only mounted so", device.display());
    }
}

#[cfg(test)]
mod tests {
    use super::super::partitions::tests::block;
    use super::*;

    #[test]
    fn the_packaged_rule_mounts_without_a_check_that_writes() {
        let rule = include_str!("../../../packaging/70-xray-stick.rules");
        let runs: Vec<&str> = rule.lines().filter(|line| line.starts_with("RUN")).collect();
        assert_eq!(runs.len(), 2);
        assert!(runs[0].contains("blockdev --setro $devnode"), "{}", runs[0]);
        assert!(runs[1].contains(" --fsck=no --options=%c $devnode "), "{}", runs[1]);
        // The options come from the program; without them nothing is mounted.
        assert!(rule.contains(
            "PROGRAM!=\"/usr/bin/edge-runtime stick-options $env{ID_FS_TYPE} --device $major:$minor\", GOTO="
        ));
    }

    #[test]
    fn a_stick_that_cannot_be_mounted_leaves_nothing_behind() {
        let place = tempfile::tempdir().expect("a folder");
        let under = place.path().join("mnt");
        let mut mounter =
            KernelMounter::with(&place.path().join("block"), place.path(), &under, &FileSystem::ALL);
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
        let mounter = KernelMounter::with(&at("block"), Path::new("/dev"), &at("mnt"), &[FileSystem::Ext]);
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
