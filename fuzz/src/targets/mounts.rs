//! The kernel's table of mounts, in whose paths a stick's label and a user's folders stand.

use std::os::unix::ffi::OsStrExt;
use std::sync::LazyLock;

use edge_runtime::inputs::mounts::{Mount, MountTable};

use crate::scratch::Scratch;

static FOLDER: LazyLock<Scratch> = LazyLock::new(Scratch::new);

pub(super) fn check(bytes: &[u8]) {
    let read = |bytes: &[u8]| MountTable::at(&FOLDER.write("mountinfo", bytes)).read();
    let Ok(mounts) = read(bytes) else { return };
    let written: Vec<u8> = mounts.iter().flat_map(line).collect();
    assert_eq!(read(&written).as_ref(), Ok(&mounts));
}

/// A line as the kernel writes it (proc_pid_mountinfo(5)).
fn line(mount: &Mount) -> Vec<u8> {
    let option = if mount.read_only { "ro" } else { "rw" };
    let mut out = format!("{} 1 {} / ", mount.id, mount.device).into_bytes();
    out.extend(escaped(mount.point.as_os_str().as_bytes()));
    out.extend(format!(" {option} - vfat ").bytes());
    out.extend(escaped(mount.source.as_bytes()));
    out.extend(format!(" {option}\n").bytes());
    out
}

fn escaped(path: &[u8]) -> Vec<u8> {
    let escape = |byte: &u8| match byte {
        b' ' | b'\\' | b'\n' | b'\t' | b'#' => format!("\\{byte:03o}").into_bytes(),
        other => vec![*other],
    };
    path.iter().flat_map(escape).collect()
}
