//! Judges heads on images that they were neither trained nor chosen on: a hospital that is left out, and folds of patients.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};

use super::FitOptions;
use crate::data::{DataSet, DataSource, Item, Split, VALIDATION_FRACTION};
use crate::device::ChosenDevice;
use crate::evaluation::OperatingPoint;
use crate::features::{Extractor, FeatureJob, View};
use crate::head::{HeadWeights, Samples, probabilities};
use crate::metrics::Scored;
use crate::pipeline::{Event, HeadFit, PreparedFeatures};
use crate::run::{FoldsRecord, HeldOutFigures, LeftOutSource};

/// A head with its operating point.
pub(super) struct Judge<'a> {
    pub extractor: &'a Extractor,
    pub device: &'a ChosenDevice,
    pub head: &'a HeadWeights,
    pub operating_point: &'a OperatingPoint,
}

impl Judge<'_> {
    /// Figures on images as they are; those that cannot be read are reported.
    ///
    /// # Errors
    /// If features or scores cannot be computed, or no image can be read.
    pub fn figures(
        &self,
        items: &[Item],
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<HeldOutFigures> {
        let jobs: Vec<FeatureJob> = items.iter().map(|item| FeatureJob::new(item, View::Plain)).collect();
        let extraction = self.extractor.run(&jobs, |progress| observe(Event::Features(progress)))?;
        for (path, reason) in &extraction.unreadable {
            observe(Event::Warning(&format!("left out: {}: {reason}", path.display())));
        }
        let mut samples = Samples::default();
        for (item, features) in items.iter().zip(&extraction.features) {
            if let Some(features) = features {
                samples.views.push(vec![features.clone()]);
                samples.labels.push(item.label);
            }
        }
        let probabilities = probabilities(self.head, &samples, &self.device.device)?;
        let calibration = self.operating_point.calibration;
        let scores: Vec<Scored> = (probabilities.iter().map(|p| calibration.apply_to(*p)))
            .zip(samples.labels.iter().copied())
            .collect();
        Ok(HeldOutFigures::new(&scores, self.operating_point.threshold)?)
    }
}

/// What a fit is judged on beside its validation images.
pub(super) struct HeldOut {
    /// A hospital by name, and its training and validation images; its test images stay unread.
    left_out: Option<(String, Vec<Item>)>,
    /// The number of folds, and the fold of each patient.
    folds: Option<(usize, BTreeMap<String, usize>)>,
}

impl HeldOut {
    /// Finds the images, before anything is computed.
    ///
    /// # Errors
    /// If images cannot be listed, or there are too few patients.
    pub fn find(options: &FitOptions, data: &DataSet) -> anyhow::Result<HeldOut> {
        let seed = options.training.seed;
        let images = |source: &DataSource| -> anyhow::Result<(String, Vec<Item>)> {
            let splits = source.splits.as_deref();
            let data = DataSet::load(&source.folder, &options.source.classes, splits, seed)?;
            Ok((source.name.clone(), [data.train, data.validation].concat()))
        };
        let deal = |folds: usize| anyhow::Ok((folds, deal(data, folds, seed)?));
        Ok(HeldOut {
            left_out: options.leave_out.as_ref().map(images).transpose()?,
            folds: options.folds.map(deal).transpose()?,
        })
    }

    /// Judges a head on the hospital that was left out, if one was.
    ///
    /// # Errors
    /// As [`Judge::figures`].
    pub fn left_out(
        &self,
        judge: &Judge<'_>,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<Option<LeftOutSource>> {
        let Some((name, items)) = &self.left_out else { return Ok(None) };
        observe(Event::Note(&format!("judging the head on {} images of {name}", items.len())));
        Ok(Some(LeftOutSource { name: name.clone(), figures: judge.figures(items, observe)? }))
    }

    /// Cross-validates the fit by patient on its training and validation images, if that was asked for. For each fold a head is
    /// trained on the other patients, of which a tenth chooses its epoch and operating point, and judged on the fold.
    ///
    /// # Errors
    /// If there are too few patients, or as the fit itself.
    pub fn cross_validate(
        &self,
        prepared: &PreparedFeatures,
        options: &FitOptions,
        device: &ChosenDevice,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<Option<FoldsRecord>> {
        let Some((folds, of_patient)) = &self.folds else { return Ok(None) };
        let (source, seed, extractor) = (&options.source, options.training.seed, &prepared.extractor);
        let both = prepared.data.train.iter().chain(&prepared.data.validation);
        // The fold decides, not the folder.
        let items: Vec<Item> = both.map(|item| Item { split: Split::Train, ..item.clone() }).collect();
        let mut figures = Vec::with_capacity(*folds);
        for fold in 0..*folds {
            options.cancel.check()?;
            observe(Event::Note(&format!("fold {} of {folds}", fold + 1)));
            let is_held = |item: &Item| of_patient.get(&item.patient) == Some(&fold);
            let (held, others): (Vec<Item>, Vec<Item>) = items.iter().cloned().partition(is_held);
            let data = DataSet::carve(others, &source.classes, VALIDATION_FRACTION, seed)
                .with_context(|| format!("the patients outside of fold {} of {folds}", fold + 1))?;
            let fit = HeadFit {
                data: &data,
                extractor,
                views: source.view_options(),
                training: &options.training,
                device,
                checkpointing: None,
            };
            let fitted = fit.run(observe)?;
            let operating_point = options.decision.choose_on(
                &fitted.scores,
                source.choose_on,
                source.choose_source.as_deref(),
            )?;
            let head = &fitted.trained.weights;
            let judge = Judge { extractor, device, head, operating_point: &operating_point };
            figures.push(judge.figures(&held, observe)?);
        }
        Ok(Some(FoldsRecord::new(figures)))
    }
}

/// The fold of each patient: the patients of each class are dealt in the order of a hash of seed and name.
fn deal(data: &DataSet, folds: usize, seed: u64) -> anyhow::Result<BTreeMap<String, usize>> {
    let mut patients: BTreeMap<&str, bool> = BTreeMap::new();
    for item in data.train.iter().chain(&data.validation) {
        *patients.entry(&item.patient).or_default() |= item.label;
    }
    let mut dealt = BTreeMap::new();
    for label in [false, true] {
        let mut class: Vec<&str> =
            patients.iter().filter(|(_, positive)| **positive == label).map(|(name, _)| *name).collect();
        ensure!(
            class.len() >= folds,
            "{folds} folds need as many patients of each class, and one class has {}; give less with --folds",
            class.len()
        );
        class.sort_by_cached_key(|patient| {
            let mut hash = Sha256::new();
            hash.update(b"fold");
            hash.update(seed.to_le_bytes());
            hash.update(patient);
            <[u8; 32]>::from(hash.finalize())
        });
        dealt.extend(class.into_iter().enumerate().map(|(at, patient)| (patient.to_owned(), at % folds)));
    }
    Ok(dealt)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn patients_of_each_class_are_dealt_evenly() {
        let item = |n: usize| Item {
            path: format!("{n}.png").into(),
            relative: format!("train/{n}.png"),
            label: n.is_multiple_of(2),
            split: Split::Train,
            // Two images a patient.
            patient: format!("p{}", n / 4 * 2 + n % 2),
            source: String::new(),
            sha256: n.to_string(),
        };
        let data = DataSet {
            train: (0..30).map(item).collect(),
            validation: (30..40).map(item).collect(),
            test: (40..60).map(item).collect(),
            ..DataSet::default()
        };
        let dealt = deal(&data, 5, 1).unwrap();
        assert_eq!(dealt.len(), 20);
        for fold in 0..5 {
            let of_fold: Vec<_> = dealt.iter().filter(|(_, of)| **of == fold).collect();
            let even = of_fold
                .iter()
                .filter(|(name, _)| name[1..].parse::<usize>().unwrap().is_multiple_of(2))
                .count();
            assert_eq!((of_fold.len(), even), (4, 2));
        }
        assert_eq!(dealt, deal(&data, 5, 1).unwrap());
        assert_ne!(dealt, deal(&data, 5, 2).unwrap());
        assert!(deal(&data, 11, 1).unwrap_err().to_string().contains("one class has 10"));
    }
}
