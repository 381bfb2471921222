//! Audits a trained head on the validation images, as `audit` does a model file, without the quality gate.

use std::iter::once;

use crate::audit::{AUDIT_SEED, Audit, AuditLimits, AuditRecord, AuditScores, Partners, Transform};
use crate::data::Item;
use crate::device::ChosenDevice;
use crate::evaluation::{NO_VERDICT, OperatingPoint};
use crate::features::{AuditedView, Extraction, Extractor, FeatureJob, View};
use crate::head::{HeadWeights, Samples, probabilities};
use crate::pipeline::{Event, FittedHead, LoadedBackbones, PreparedFeatures};

/// A head with the images that it is audited on.
pub(super) struct HeadAudit<'a> {
    pub device: &'a ChosenDevice,
    pub prepared: &'a PreparedFeatures,
    pub fitted: &'a FittedHead,
    pub operating_point: &'a OperatingPoint,
    pub limits: AuditLimits,
}

impl HeadAudit<'_> {
    /// Scores the validation images as they are and under every change of the audit.
    ///
    /// # Errors
    /// If features cannot be computed or kept, or the head cannot be run.
    pub fn run(&self, observe: &mut dyn FnMut(Event<'_>)) -> anyhow::Result<AuditRecord> {
        let unreadable = &self.fitted.extraction.unreadable;
        let validation = self.prepared.data.validation.iter();
        let items: Vec<&Item> = validation.filter(|item| !unreadable.contains_key(&item.path)).collect();
        observe(Event::Note(&format!(
            "auditing the head on {} validation images, each under {} changes",
            items.len(),
            Transform::ALL.len()
        )));
        let forms = Forms::new(&items);
        let extraction = self.features(&forms.jobs, observe)?;
        let figures = Audit::new(&self.scores(&items, &forms, &extraction)?, self.operating_point.threshold)?;
        let record = AuditRecord {
            seed: AUDIT_SEED,
            images: figures.rows.first().map_or(0, |row| row.images),
            limits: self.limits,
            figures,
        };
        match record.verdict() {
            Some(verdict) if verdict.is_over() => observe(Event::Warning(&format!(
                "{}; `export` refuses this run unless it is told otherwise",
                verdict.exceeded()
            ))),
            Some(_) => {}
            None => observe(Event::Warning(&format!("the audit has {NO_VERDICT}"))),
        }
        Ok(record)
    }

    fn features(
        &self,
        jobs: &[FeatureJob],
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<Extraction> {
        let mut progress = |done, total| observe(Event::Evaluated { done, total });
        match &self.prepared.backbones {
            LoadedBackbones::Weights(sets) if self.fitted.fine_tune_best.is_some_and(|best| best > 0) => {
                // No other fit has these backbones: their features are not kept.
                let scratch = tempfile::tempdir()?;
                let preprocessing = &self.prepared.preprocessing;
                let extractor = Extractor::new(sets, preprocessing, self.device, scratch.path())?;
                Ok(extractor.run(jobs, |features| progress(features.done, features.total))?)
            }
            _ => {
                let extractor = &self.prepared.extractor;
                Ok(extractor.run(jobs, |features| progress(features.done, features.total))?)
            }
        }
    }

    fn scores(&self, items: &[&Item], forms: &Forms, extraction: &Extraction) -> anyhow::Result<AuditScores> {
        let probabilities = self.probabilities(&self.fitted.trained.weights, extraction)?;
        let mut columns = forms.columns.iter().map(|column| -> Vec<Option<f64>> {
            column.iter().map(|job| job.and_then(|job| probabilities.get(job).copied().flatten())).collect()
        });
        Ok(AuditScores {
            labels: items.iter().map(|item| item.label).collect(),
            sources: items.iter().map(|item| item.source.clone()).collect(),
            as_they_are: columns.next().unwrap_or_default(),
            changed: Transform::ALL.into_iter().zip(columns).collect(),
        })
    }

    /// The calibrated probability of each job; none where its image could not be read.
    fn probabilities(&self, head: &HeadWeights, extraction: &Extraction) -> anyhow::Result<Vec<Option<f64>>> {
        let views: Vec<_> = extraction.features.iter().flatten().map(|row| vec![row.clone()]).collect();
        // Scoring looks at no label.
        let samples = Samples { labels: vec![false; views.len()], views, ..Samples::default() };
        let mut scored = probabilities(head, &samples, &self.device.device)?.into_iter();
        let calibration = self.operating_point.calibration;
        let one = |features: &Option<_>| {
            features.as_ref().and_then(|_| scored.next()).map(|probability| calibration.apply_to(probability))
        };
        Ok(extraction.features.iter().map(one).collect())
    }
}

/// The images as they are and under every change.
struct Forms {
    jobs: Vec<FeatureJob>,
    /// For the images as they are and each change, the job of each image; none if no other image can lend it a frame.
    columns: Vec<Vec<Option<usize>>>,
}

impl Forms {
    fn new(items: &[&Item]) -> Forms {
        let labels: Vec<bool> = items.iter().map(|item| item.label).collect();
        let partners = Partners::new(&labels);
        let mut forms = Forms { jobs: Vec::new(), columns: Vec::new() };
        for change in once(None).chain(Transform::ALL.map(Some)) {
            let view = |at| match change {
                None => Some(View::Plain),
                Some(change) => AuditedView::new(change, AUDIT_SEED, items, &partners, at).map(View::Audited),
            };
            let column = (0..items.len()).map(|at| {
                forms.jobs.push(FeatureJob::new(items[at], view(at)?));
                Some(forms.jobs.len() - 1)
            });
            let column = column.collect();
            forms.columns.push(column);
        }
        forms
    }
}
