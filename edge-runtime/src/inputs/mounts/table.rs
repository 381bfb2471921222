//! What is mounted where, as the kernel tells it (`/proc/self/mountinfo`).
//!
//! The table is read again and again rather than udev being listened to: what matters is that a file system can be
//! read, not that a device was plugged in; it needs no permission; and a message cannot be missed.

use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// A table with thousands of mounts has less.
const MAX_TABLE_BYTES: u64 = 4 * 1024 * 1024;

/// One mounted file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The kernel's number; unique among what is mounted now.
    pub id: u64,
    /// Major and minor number of the device, such as `8:1`.
    pub device: String,
    /// Where it is mounted.
    pub point: PathBuf,
    /// What is mounted, such as `/dev/sda1`.
    pub source: String,
    /// Whether nothing can be written through it.
    pub read_only: bool,
}

impl Mount {
    /// The disk that it is on, as far as the number says: the kernel gives each USB disk sixteen minor numbers.
    pub(in crate::inputs) fn disk(&self) -> (u32, u32) {
        disk_of(&self.device)
    }
}

/// The disk of a device such as `8:17`, as far as its number says.
pub(in crate::inputs) fn disk_of(device: &str) -> (u32, u32) {
    let (major, minor) = device.split_once(':').unwrap_or((device, "0"));
    let number = |text: &str| text.parse().unwrap_or(u32::MAX);
    (number(major), number(minor) / 16)
}

/// Whether a device such as `8:17` is on a disk of which something is mounted elsewhere than sticks are, such as the disk that
/// the system started from.
pub fn is_own_disk(mounts: &[Mount], under: &[PathBuf], device: &str) -> bool {
    let elsewhere = |mount: &Mount| !under.iter().any(|root| mount.point.starts_with(root));
    mounts.iter().any(|mount| mount.disk() == disk_of(device) && elsewhere(mount))
}

/// The table cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: the table of mounts cannot be read: {reason}; sticks cannot be seen without it")]
pub struct MountTableError {
    pub file: String,
    pub reason: String,
}

/// Where the table is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountTable {
    file: PathBuf,
}

impl MountTable {
    /// A table in the form of `/proc/self/mountinfo`.
    pub fn at(file: &Path) -> Self {
        MountTable { file: file.to_owned() }
    }

    /// What is mounted now.
    ///
    /// # Errors
    /// [`MountTableError`] if the file cannot be read or a line is not in its form.
    pub fn read(&self) -> Result<Vec<Mount>, MountTableError> {
        let failed = |reason: String| MountTableError { file: self.file.display().to_string(), reason };
        let mut bytes = Vec::new();
        let file = fs::File::open(&self.file).map_err(|error| failed(error.to_string()))?;
        file.take(MAX_TABLE_BYTES).read_to_end(&mut bytes).map_err(|error| failed(error.to_string()))?;
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let parsed = lines.map(|line| {
            parse(line).ok_or_else(|| failed(format!("the line {:?}", String::from_utf8_lossy(line))))
        });
        parsed.collect()
    }
}

/// `id parent major:minor root point options [fields] - type source super-options`; see proc_pid_mountinfo(5).
fn parse(line: &[u8]) -> Option<Mount> {
    let mut words = line.split(|byte| *byte == b' ');
    let text = |word: &[u8]| String::from_utf8(word.to_vec()).ok();
    let id = text(words.next()?)?.parse().ok()?;
    let device = text(words.nth(1)?)?;
    let point = PathBuf::from(std::ffi::OsString::from_vec(unescape(words.nth(1)?)));
    let options = text(words.next()?)?;
    words.find(|word| *word == b"-")?;
    let source = String::from_utf8_lossy(&unescape(words.nth(1)?)).into_owned();
    let super_options = text(words.next()?)?;
    let read_only = [options, super_options].iter().any(|all| all.split(',').any(|option| option == "ro"));
    Some(Mount { id, device, point, source, read_only })
}

/// Blanks and backslashes are written as `\040` and the like.
fn unescape(word: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((first, behind)) = rest.split_first() {
        let octal = behind.get(..3).filter(|_| *first == b'\\').and_then(|digits| {
            digits.iter().try_fold(0u8, |value, digit| match digit {
                b'0'..=b'7' => value.checked_mul(8)?.checked_add(digit - b'0'),
                _ => None,
            })
        });
        out.push(octal.unwrap_or(*first));
        rest = if octal.is_some() { &behind[3..] } else { behind };
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_table_is_read() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let table = "36 35 98:0 / /mnt1 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue\n\
                     61 27 8:1 / /media/A\\040B\\134C ro,nosuid,nodev,noexec - vfat /dev/sda1 ro,utf8\n\
                     62 27 8:2 / /media/x rw,nosuid - ext4 /dev/sda2 ro\n";
        fs::write(file.path(), table).expect("written");
        let read = MountTable::at(file.path()).read().expect("a table");
        let mount = |id, device: &str, point: &str, source: &str, read_only| Mount {
            id,
            device: device.into(),
            point: point.into(),
            source: source.into(),
            read_only,
        };
        let expected = [
            mount(36, "98:0", "/mnt1", "/dev/root", false),
            mount(61, "8:1", "/media/A B\\C", "/dev/sda1", true),
            mount(62, "8:2", "/media/x", "/dev/sda2", true),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn the_disk_that_the_system_started_from_is_no_stick() {
        let mount = |device: &str, point: &str| Mount {
            id: 1,
            device: device.into(),
            point: point.into(),
            source: "x".into(),
            read_only: true,
        };
        let mounts = [mount("8:2", "/"), mount("8:17", "/run/media/xray/sdb1"), mount("0:22", "/proc")];
        let own = |device| is_own_disk(&mounts, &["/run/media".into()], device);
        assert_eq!(["8:1", "8:2", "8:17", "8:18", "8:33"].map(own), [true, true, false, false, false]);
    }

    #[test]
    fn this_machine_has_a_table() {
        let all = MountTable::at(Path::new("/proc/self/mountinfo")).read().expect("a table");
        assert!(all.iter().any(|mount| mount.point == Path::new("/")), "{all:?}");
    }

    #[test]
    fn what_is_no_table_is_said() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), "61 27 8:1 / /media/x rw\n").expect("written");
        let error = MountTable::at(file.path()).read().expect_err("no table");
        assert!(error.to_string().contains("the line \"61 27"), "{error}");
        assert!(MountTable::at(Path::new("/none")).read().is_err());
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line: Vec<u8>) {
            parse(&line);
        }

        #[test]
        fn what_was_escaped_is_read_back(path: Vec<u8>) {
            let escaped: Vec<u8> = path
                .iter()
                .flat_map(|byte| match byte {
                    b' ' | b'\\' | b'\n' | b'\t' | b'#' => format!("\\{byte:03o}").into_bytes(),
                    other => vec![*other],
                })
                .collect();
            prop_assert_eq!(unescape(&escaped), path);
        }
    }
}
