//! What a child takes from itself before it reads a byte: memory, time, files, system calls.

#[cfg(unix)]
mod limits;
#[cfg(target_os = "linux")]
mod paths;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod system_calls;

use std::fmt;

use crate::decoder::DecodeLimits;

/// What a child could do to limit itself. It depends on the kernel, and on who started the program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Confinement {
    /// Memory, CPU time, descriptors and file sizes are bounded (`setrlimit`).
    pub limits: bool,
    /// No path can be opened (Landlock).
    pub paths: bool,
    /// All of Landlock that this program asks for, such as its rules for the network, is known to the kernel.
    pub all_of_landlock: bool,
    /// Only the system calls that decoding takes can be made (seccomp).
    pub system_calls: bool,
}

impl Confinement {
    /// Applies it to this process. What the kernel does not know is left out.
    ///
    /// # Errors
    /// If a limit cannot be set. Nothing may be decoded then.
    pub(crate) fn apply(limits: DecodeLimits) -> std::io::Result<Confinement> {
        #[allow(unused_mut, reason = "other systems have none of it")]
        let mut confinement = Confinement::default();
        #[cfg(unix)]
        {
            confinement.limits = limits::bound(limits)?;
        }
        #[cfg(target_os = "linux")]
        {
            (confinement.paths, confinement.all_of_landlock) = paths::forbid();
        }
        #[cfg(unix)]
        limits::no_more_descriptors()?;
        #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
        {
            confinement.system_calls = system_calls::forbid_others();
        }
        let _ = limits;
        Ok(confinement)
    }

    pub(crate) fn to_byte(self) -> u8 {
        let Confinement { limits, paths, all_of_landlock, system_calls } = self;
        [limits, paths, all_of_landlock, system_calls]
            .iter()
            .enumerate()
            .fold(0, |byte, (bit, on)| byte | u8::from(*on) << bit)
    }

    pub(crate) fn from_byte(byte: u8) -> Confinement {
        let [limits, paths, all_of_landlock, system_calls] = [0, 1, 2, 3].map(|bit| byte >> bit & 1 == 1);
        Confinement { limits, paths, all_of_landlock, system_calls }
    }

    /// Whether nothing is missing.
    pub fn is_complete(self) -> bool {
        self.limits && self.paths && self.all_of_landlock && self.system_calls
    }
}

/// What is missing, for people.
impl fmt::Display for Confinement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let landlock = match (self.paths, self.all_of_landlock) {
            (true, true) => None,
            (true, false) => Some("the newer part of Landlock (network, signals)"),
            (false, _) => Some("Landlock (paths)"),
        };
        let all = [
            (!self.limits).then_some("resource limits"),
            landlock,
            (!self.system_calls).then_some("seccomp (system calls)"),
        ];
        let missing: Vec<&str> = all.into_iter().flatten().collect();
        match missing.is_empty() {
            true => write!(f, "image decoders are confined by resource limits, Landlock and seccomp"),
            false => write!(
                f,
                "image decoders run without {}, which this system does not have",
                missing.join(" and ")
            ),
        }
    }
}
