//! How many cores one image is computed on.

use std::num::NonZeroUsize;
use std::path::Path;

use super::GraphError;

/// Cores that work on one image together.
#[derive(Debug)]
pub(crate) struct Threads(Option<rayon::ThreadPool>);

impl Threads {
    /// The calling thread alone for 1, else a pool of that many.
    ///
    /// # Errors
    /// [`GraphError::Threads`] if the system gives no more threads.
    pub fn new(count: NonZeroUsize) -> Result<Threads, GraphError> {
        if count.get() == 1 {
            return Ok(Threads(None));
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(count.get())
            .thread_name(|index| format!("engine-{index}"))
            .build()
            .map_err(|error| GraphError::Threads { count: count.get(), reason: error.to_string() })?;
        Ok(Threads(Some(pool)))
    }

    /// Their number.
    pub fn count(&self) -> usize {
        self.0.as_ref().map_or(1, rayon::ThreadPool::current_num_threads)
    }

    /// Runs `work` where [`Threads::join`] has its threads at hand.
    pub fn within<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.0 {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// Does both, at the same time if there are threads for it.
    pub fn join(&self, one: impl FnOnce() + Send, other: impl FnOnce() + Send) {
        if self.0.is_some() {
            rayon::join(one, other);
        } else {
            one();
            other();
        }
    }
}

/// Cores of the fastest kind that this process may use, at least one: on a chip with cores of several kinds, a slow
/// one would hold the others up.
pub fn big_cores() -> NonZeroUsize {
    let usable = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    NonZeroUsize::new(fastest(Path::new("/sys/devices/system/cpu"))).map_or(usable, |fast| fast.min(usable))
}

/// Cores with the largest `cpu_capacity` (Linux, Documentation/ABI/testing/sysfs-devices-system-cpu); 0 where the
/// system does not tell.
fn fastest(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let capacity = |entry: std::fs::DirEntry| -> Option<u32> {
        std::fs::read_to_string(entry.path().join("cpu_capacity")).ok()?.trim().parse().ok()
    };
    let capacities: Vec<u32> = entries.flatten().filter_map(capacity).collect();
    let most = capacities.iter().max();
    capacities.iter().filter(|capacity| Some(*capacity) == most).count()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::fastest;

    #[test]
    fn cores_of_the_fastest_kind_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(fastest(folder.path()), 0);
        for (core, capacity) in [(0, "446"), (1, "446"), (2, "1024"), (3, "1024"), (4, "1024")] {
            let core = folder.path().join(format!("cpu{core}"));
            std::fs::create_dir(&core).unwrap();
            std::fs::write(core.join("cpu_capacity"), format!("{capacity}\n")).unwrap();
        }
        std::fs::create_dir(folder.path().join("cpufreq")).unwrap();
        assert_eq!(fastest(folder.path()), 3);
    }
}
