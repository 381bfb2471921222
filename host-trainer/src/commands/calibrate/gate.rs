//! A new quality gate from the images of a place.

use anyhow::{Context, ensure};
use xray_core::package::{PackageFile, QualityGateRecord};

use super::CalibrateOptions;
use crate::data::{ClassNames, DataSet, Item};
use crate::pipeline::{BaseModel, Event, QualityGateFitting};

/// Part of the patients whose images the limits of a new quality gate are chosen on.
const GATE_VALIDATION: f64 = 0.25;

/// Seeds which patients these are, and the variation of the images.
const GATE_SEED: u64 = 1;

/// Fits a quality gate on the images of the place.
pub(super) fn refit_gate(
    file: &PackageFile,
    items: &[Item],
    classes: &ClassNames,
    options: &CalibrateOptions,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<QualityGateRecord> {
    let (least, least_validation) =
        (QualityGateFitting::FEWEST_TRAINING, QualityGateFitting::FEWEST_VALIDATION);
    let data = DataSet::carve(items.to_vec(), classes, GATE_VALIDATION, GATE_SEED)?;
    ensure!(
        data.train.len() >= least && data.validation.len() >= least_validation,
        "a quality gate needs {least} images to fit and {least_validation} more to choose its limits on, and three quarters of \
         the patients give {}, the others {}; give more images, or leave --refit-gate out",
        data.train.len(),
        data.validation.len()
    );
    let model = BaseModel::new(file.clone())?;
    let extractor = model.extractor(&options.cache, observe)?;
    let [train, validation]: [Vec<&Item>; 2] =
        [&data.train, &data.validation].map(|side| side.iter().collect());
    let size = model.contract().preprocessing.size;
    let fitting = QualityGateFitting {
        extractor: &extractor,
        size,
        train: &train,
        validation: &validation,
        seed: GATE_SEED,
    };
    fitting.run(observe).with_context(|| options.model.display().to_string())
}
