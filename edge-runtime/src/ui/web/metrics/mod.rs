//! `/metrics`: numbers for Prometheus.

mod temperature;
mod text;

use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::statvfs;

use super::health::{HealthReport, free};
use super::site::DeviceContext;
use crate::records::RecordReader;
use temperature::temperatures;
use text::MetricsText;

/// The type of the response (Prometheus' text format).
pub const KIND: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All numbers as they are now. What cannot be read is left out, as is the way there: it is then missing, not zero.
pub fn metrics(device: &DeviceContext) -> String {
    let mut text = MetricsText::default();
    program(&mut text, device);
    counts(&mut text, device);
    store(&mut text, device);
    for (zone, celsius) in temperatures() {
        text.gauge(
            "xray_edge_temperature_celsius",
            "Temperature of a part of the board.",
            &[("zone", &zone)],
            celsius,
        );
    }
    text.end()
}

fn program(text: &mut MetricsText, device: &DeviceContext) {
    let snapshot = device.status.snapshot();
    let health = HealthReport::of(device);
    text.gauge(
        "xray_edge_build_info",
        "The program.",
        &[("version", env!("CARGO_PKG_VERSION")), ("arch", std::env::consts::ARCH)],
        1.0,
    );
    text.gauge("xray_edge_healthy", "1 if /healthz says ok.", &[], f64::from(u8::from(health.is_ok())));
    text.gauge("xray_edge_uptime_seconds", "Since the program began.", &[], snapshot.uptime.as_secs_f64());
    if let Some(age) = snapshot.since_cycle {
        text.gauge(
            "xray_edge_heartbeat_age_seconds",
            "Since the loop last finished a turn.",
            &[],
            age.as_secs_f64(),
        );
    }
    if let Some(model) = snapshot.model {
        let (sha256, version) = (model.hash.to_string(), model.version.to_string());
        let labels = [("sha256", sha256.as_str()), ("version", version.as_str()), ("engine", model.engine)];
        text.gauge("xray_edge_model_info", "The model that screens.", &labels, 1.0);
        text.gauge("xray_edge_model_threshold", "Its threshold, 0..1.", &[], model.threshold);
    }
}

fn counts(text: &mut MetricsText, device: &DeviceContext) {
    let counters = &device.counters;
    let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let verdicts = [
        ("pneumonia-suspected", &counters.suspected),
        ("uncertain", &counters.uncertain),
        ("no-sign", &counters.no_sign),
        ("no-result", &counters.no_result),
    ];
    for (verdict, counter) in verdicts {
        text.counter(
            "xray_edge_records_total",
            "Records since the start, by verdict.",
            &[("verdict", verdict)],
            of(counter),
        );
    }
    let others = [
        ("xray_edge_known_images_total", "Images whose content was recorded before.", &counters.known),
        (
            "xray_edge_unreadable_files_total",
            "Files that could not be read from their source.",
            &counters.unreadable,
        ),
        ("xray_edge_faults_total", "Times that a fault was shown.", &counters.faults),
        ("xray_edge_dropped_images_total", "Image files that were deleted to free space.", &counters.dropped),
    ];
    for (name, help, counter) in others {
        text.counter(name, help, &[], of(counter));
    }
    text.histogram(
        "xray_edge_screening_seconds",
        "From an image's source to its record, less the time for which the result before it was still shown.",
        &counters.screening.snapshot(),
    );
}

fn store(text: &mut MetricsText, device: &DeviceContext) {
    if let Ok(disk) = statvfs(&device.store) {
        let size = disk.f_blocks.saturating_mul(disk.f_frsize);
        text.gauge("xray_edge_disk_free_bytes", "Free on the store's disk.", &[], free(&disk) as f64);
        text.gauge("xray_edge_disk_size_bytes", "Size of the store's disk.", &[], size as f64);
    }
    let reserve = device.limits.reserve as f64;
    text.gauge("xray_edge_store_reserve_bytes", "Stays free whatever comes.", &[], reserve);
    if let Some(quota) = device.limits.quota {
        text.gauge("xray_edge_store_quota_bytes", "Images may take so much.", &[], quota as f64);
    }
    // The store is made at the start; until then there is none.
    if let Ok(reader) = RecordReader::open(&device.store) {
        if let Ok(bytes) = reader.image_bytes() {
            text.gauge("xray_edge_store_image_bytes", "Images take so much.", &[], bytes as f64);
        }
        if let Ok(count) = reader.unreported(u64::MAX) {
            text.gauge(
                "xray_edge_store_unreported_records",
                "Records that were not handed to people.",
                &[],
                count as f64,
            );
        }
    }
}
