//! The record of a finished fit.

use std::collections::BTreeMap;

use super::FitOptions;
use crate::data::Item;
use crate::data::leaks::LeakCounts;
use crate::device::ChosenDevice;
use crate::evaluation::{OperatingPoint, calibrated, domain_shift, group_figures, split_by_corruption};
use crate::metrics::Evaluation;
use crate::pipeline::{
    BackboneSource, BaseModel, FittedHead, Int8Backbones, PreparedFeatures, patient_count,
};
use crate::run::{BackboneTrainingRecord, DataRecord, RUN_SCHEMA, RunRecord, Timings, Versions, scored};

/// Everything that a record is made from.
pub(super) struct FinishedFit<'a> {
    pub options: &'a FitOptions,
    pub device: &'a ChosenDevice,
    pub prepared: &'a PreparedFeatures,
    pub leaks: LeakCounts,
    pub fitted: &'a FittedHead,
    pub operating_point: &'a OperatingPoint,
    pub without_mirror: Option<Evaluation>,
    pub backbone_training: Option<BackboneTrainingRecord>,
}

impl FinishedFit<'_> {
    /// # Errors
    /// If this build does not know a backbone of the base model, or a score is no probability.
    pub fn record(self) -> anyhow::Result<RunRecord> {
        let data = self.data_record();
        let FinishedFit { options, device, prepared, fitted, operating_point, .. } = self;
        let threshold = operating_point.threshold;
        let calibrated = calibrated(&fitted.scores, operating_point.calibration);
        let (plain, corrupted) = split_by_corruption(&calibrated);
        let several = options.source.sources.len() > 1 || options.source.views.hardening.is_some();
        let trained = &fitted.trained;
        Ok(RunRecord {
            schema: RUN_SCHEMA,
            program: concat!("host-trainer ", env!("CARGO_PKG_VERSION")).to_owned(),
            versions: Versions::current(),
            command: options.command.clone(),
            device: device.description(),
            preprocessing: prepared.preprocessing.clone(),
            labels: options.source.labels(),
            backbones: prepared.backbones.uses()?,
            weights_dir: match &options.source.backbones {
                BackboneSource::Stored { store, .. } => {
                    Some(std::path::absolute(store.dir())?.display().to_string())
                }
                BackboneSource::Random { .. } | BackboneSource::Base { .. } => None,
            },
            base: prepared.backbones.base().map(BaseModel::record),
            int8: prepared.int8.as_ref().map(Int8Backbones::record),
            data,
            views: options.source.views,
            training: options.training,
            head: trained.weights.fingerprint(),
            best_epoch: trained.best_epoch,
            history: trained.history.clone(),
            backbone_training: self.backbone_training,
            fine_tune: options.fine_tune.clone(),
            fine_tune_history: fitted.fine_tune_history.clone(),
            fine_tune_best: fitted.fine_tune_best,
            choose_on: options.source.choose_on,
            threshold,
            threshold_rule: options.decision.threshold.name(),
            temperature: options.decision.calibrate.then_some(operating_point.calibration.temperature()),
            abstain: operating_point.abstain_record(&options.decision),
            validation: Evaluation::new(&scored(&plain), threshold)?,
            without_mirror: self.without_mirror,
            domain_shift: domain_shift(&corrupted, options.source.corruptions, threshold)?,
            groups: if several { group_figures(&calibrated, threshold) } else { Vec::new() },
            selections: if several { options.decision.selections(&fitted.scores) } else { Vec::new() },
            timings: Timings {
                data: prepared.data_seconds,
                quantising: prepared.quantising_seconds,
                features: fitted.feature_seconds,
                computed: fitted.extraction.features.len() - fitted.extraction.cached,
                training: fitted.training_seconds,
            },
        })
    }

    fn data_record(&self) -> DataRecord {
        let (source, data) = (&self.options.source, &self.prepared.data);
        let first = source.sources.first();
        let unreadable = &self.fitted.extraction.unreadable;
        let by_label = |items: &[Item]| {
            let used = || items.iter().filter(|item| !unreadable.contains_key(&item.path));
            let positives = used().filter(|item| item.label).count();
            [used().count() - positives, positives]
        };
        // By paths below the data folder: the folder may lie elsewhere when the run is exported.
        let left_out: BTreeMap<String, String> = data
            .train
            .iter()
            .chain(&data.validation)
            .filter_map(|item| Some((item.relative.clone(), unreadable.get(&item.path)?.clone())))
            .collect();
        DataRecord {
            folder: first.map(|first| first.folder.display().to_string()).unwrap_or_default(),
            splits: first.and_then(|first| first.splits.as_ref()).map(|path| path.display().to_string()),
            sources: if source.sources.len() > 1 { source.sources.clone() } else { Vec::new() },
            fingerprint: data.fingerprint(),
            shards: self.options.shards.clone(),
            train: by_label(&data.train),
            validation: by_label(&data.validation),
            train_patients: patient_count(&data.train),
            validation_patients: patient_count(&data.validation),
            leaks: self.leaks,
            left_out,
        }
    }
}
