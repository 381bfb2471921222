//! Resource limits of a child, set by itself.

use std::io;

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::decoder::DecodeLimits;

/// Standard input, output and error: none may be added.
const DESCRIPTORS: u64 = 3;

/// Bounds memory and CPU time, and forbids to write files. Where memory runs out, the kernel ends this process and not
/// the one that started it.
/// Gives whether all of it holds; on Linux, what does not is an error.
pub(super) fn bound(limits: DecodeLimits) -> io::Result<bool> {
    // It may be raised by anybody; where there is no such file, nothing is lost but that preference.
    #[cfg(target_os = "linux")]
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    for (resource, most) in [
        (Resource::As, limits.memory),
        (Resource::Cpu, limits.deadline.as_secs()),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
    ] {
        let set = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
        match set {
            Ok(()) => {}
            // Others do not know all of them.
            Err(_) if !cfg!(target_os = "linux") => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}

/// Forbids to open anything.
pub(super) fn no_more_descriptors() -> io::Result<()> {
    let most = Some(DESCRIPTORS);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most })?)
}
