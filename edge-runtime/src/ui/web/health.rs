//! `/healthz`: whether the device works.

use rustix::fs::{Access, StatVfs, StatVfsMountFlags, access, statvfs};
use serde::Serialize;

use super::site::DeviceContext;
use crate::status::Health;

/// What `/healthz` says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HealthReport {
    /// `ok`, `starting` or `fault`.
    pub status: &'static str,
    /// What is wrong, for a technician; empty if nothing is.
    pub reasons: Vec<String>,
    /// What the lights show.
    pub signal: String,
    /// Whether the model gave its known answer before the first image; `unchecked` if it holds none.
    pub self_test: &'static str,
    /// Since the loop last finished a cycle, in milliseconds.
    pub heartbeat_age_ms: Option<u64>,
    /// Whether a record could be written now.
    pub store_writable: bool,
    /// Since the program began, in seconds.
    pub uptime_s: u64,
    /// SHA-256 of the model.
    pub model: Option<String>,
}

impl HealthReport {
    /// The health of the device now.
    pub fn of(device: &DeviceContext) -> HealthReport {
        let snapshot = device.status.snapshot();
        let health = device.status.health(&snapshot);
        let store = store_problem(device);
        let mut reasons = Vec::new();
        match &health {
            Health::Healthy => {}
            Health::Starting => reasons.push("the model is being loaded and checked".to_owned()),
            Health::Faulty(words) if words.is_empty() => reasons.push("the lights show a fault".to_owned()),
            Health::Faulty(words) => reasons.push(words.clone()),
            Health::Stalled(age) => {
                reasons.push(format!("the loop has not finished a turn for {} s", age.as_secs()));
            }
        }
        let starting = health == Health::Starting;
        // Before the start is over there may be no store yet.
        reasons.extend(store.clone().filter(|_| !starting));
        let status = match (starting, reasons.is_empty()) {
            (true, _) => "starting",
            (false, true) => "ok",
            (false, false) => "fault",
        };
        let self_test = match &snapshot.model {
            None => "pending",
            Some(model) if model.checked => "passed",
            Some(_) => "unchecked",
        };
        HealthReport {
            status,
            reasons,
            signal: snapshot.shown.signal.to_string(),
            self_test,
            heartbeat_age_ms: snapshot.since_cycle.and_then(|age| u64::try_from(age.as_millis()).ok()),
            store_writable: store.is_none(),
            uptime_s: snapshot.uptime.as_secs(),
            model: snapshot.model.map(|model| model.hash.to_string()),
        }
    }

    /// Whether the device works.
    pub fn is_ok(&self) -> bool {
        self.status == "ok"
    }
}

/// What keeps a record from being written.
fn store_problem(device: &DeviceContext) -> Option<String> {
    let name = device.store.display();
    if let Err(error) = access(&device.store, Access::WRITE_OK | Access::EXEC_OK) {
        return Some(format!("{name}: cannot be written: {error}"));
    }
    let disk = match statvfs(&device.store) {
        Ok(disk) => disk,
        Err(error) => return Some(format!("{name}: the disk does not answer: {error}")),
    };
    if disk.f_flag.contains(StatVfsMountFlags::RDONLY) {
        return Some(format!("{name}: the disk is mounted read-only"));
    }
    let (free, reserve) = (free(&disk), device.limits.reserve);
    (free < reserve).then(|| format!("{name}: {free} bytes are free, {reserve} are to stay free"))
}

/// Bytes that are free for this user.
pub(super) fn free(disk: &StatVfs) -> u64 {
    disk.f_bavail.saturating_mul(disk.f_frsize)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::records::{Hash256, StoreLimits};
    use crate::status::{Counters, ModelFacts, SharedStatus, Signal};
    use crate::ui::lights::Patterns;

    fn device(store: &std::path::Path, reserve: u64) -> DeviceContext {
        DeviceContext {
            store: store.to_owned(),
            limits: StoreLimits { quota: None, keep_days: None, reserve },
            status: Arc::new(SharedStatus::new(Duration::from_secs(60))),
            counters: Arc::new(Counters::default()),
            decoder: Arc::default(),
            patterns: Patterns::default(),
        }
    }

    fn ready(device: &DeviceContext) {
        device.status.ready(ModelFacts {
            hash: Hash256::of(b"m"),
            version: 0,
            file: "m.onnx".into(),
            threshold: 0.5,
            abstain: None,
            engine: "tract",
            random: false,
            checked: true,
        });
    }

    #[test]
    fn it_is_well_only_if_everything_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let well = device(folder.path(), 0);
        assert_eq!(
            (HealthReport::of(&well).status, HealthReport::of(&well).self_test),
            ("starting", "pending")
        );
        ready(&well);
        let health = HealthReport::of(&well);
        assert!(health.is_ok() && health.store_writable && health.reasons.is_empty(), "{health:?}");
        assert_eq!(health.self_test, "passed");
        well.status.show(Signal::Fault);
        assert_eq!(HealthReport::of(&well).reasons, ["the lights show a fault"]);
        well.status.set_error(Some("/srv/x: gone".into()));
        assert_eq!(HealthReport::of(&well).reasons, ["/srv/x: gone"]);

        let full = device(folder.path(), u64::MAX);
        ready(&full);
        let health = HealthReport::of(&full);
        assert!(!health.is_ok() && health.reasons[0].contains("are to stay free"), "{health:?}");
        let gone = device(&folder.path().join("none"), 0);
        ready(&gone);
        let health = HealthReport::of(&gone);
        assert!(!health.store_writable && health.status == "fault", "{health:?}");
    }
}
