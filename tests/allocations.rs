//! What one image costs in memory once the engine is warm.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use anyhow::Result;
use host_trainer::commands::export::{
    ExportOptions, HeadTrainedOn, QualityGateChoice, QuantisationOptions, export_quantised_run,
};
use xray_core::engine::{Engine, FusedEngine};
use xray_core::package::PackageFile;
use xray_core::preprocess::InputTensor;
use xray_edge_tests::{OwnFit, quantisation};

struct Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);
static LARGEST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: passes everything to the system allocator and only counts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Relaxed);
        LARGEST.fetch_max(layout.size(), Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The operators' memory is planned once. What is left is the plan around them: the input, which is copied in, what
/// the last pooling, the head and the heat map hand on, and the answer.
#[test]
fn an_image_after_the_first_takes_no_more_than_its_input_the_head_and_the_heat_map() -> Result<()> {
    let own = OwnFit::new()?;
    own.run()?;
    let model = own.path("model.onnx");
    let options =
        ExportOptions { quality_gate: QualityGateChoice::None, ..own.export_source().options(&model) };
    let quantisation = QuantisationOptions { calibration_images: 4, ..quantisation(HeadTrainedOn::Float) };
    export_quantised_run(&options, &quantisation, &own.device, &mut |_| {})?;
    let package = PackageFile::read(&model)?.verify()?;
    for threads in [1, 2] {
        let engine = FusedEngine::load(&package, NonZeroUsize::new(threads).unwrap())?;
        let pattern = InputTensor::test_pattern(64);
        engine.run(&pattern)?;
        engine.run(&pattern)?;
        BYTES.store(0, Relaxed);
        LARGEST.store(0, Relaxed);
        engine.run(&pattern)?;
        let (bytes, largest) = (BYTES.load(Relaxed), LARGEST.load(Relaxed));
        let input = 3 * 64 * 64 * size_of::<f32>();
        eprintln!(
            "{threads} threads: {bytes} bytes an image, the largest piece {largest}; the input has {input}"
        );
        // The heat map's sum over the last maps is tract's, which packs them in columns of 64 floats first.
        let packed = package.contract().features * 64 * size_of::<f32>() + 4096;
        assert!(
            largest <= input.max(packed) && bytes <= 4 * input + 2 * packed,
            "{bytes} bytes, {largest} at once"
        );
    }
    Ok(())
}
