//! Which features a fit needs, and the samples that they become.

use super::ImageShares;
use crate::data::{DataSet, DataSource, Item};
use crate::features::{Extraction, FeatureJob, View, Views, validation_views};
use crate::head::Samples;
use crate::run::{ChooseOn, ValidationScore, ViewKind};

/// In which views images are used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ViewOptions<'a> {
    /// Views of a training image.
    pub training: &'a Views,
    /// Changes of the corruption suite that a validation image is scored under, beside the image itself.
    pub corruptions: u32,
    /// Whether these changes count when the best epoch is chosen.
    pub choose_on: ChooseOn,
    /// The hospitals; where there are several, each has its share of an epoch.
    pub sources: &'a [DataSource],
}

/// The score of one view of a validation image.
pub(crate) fn validation_score(item: &Item, view: &View, probability: f64) -> ValidationScore {
    ValidationScore {
        path: item.relative.clone(),
        sha256: item.sha256.clone(),
        corruption: match view {
            View::Corrupted(corruption) => Some(corruption.to_string()),
            _ => None,
        },
        draw: match view {
            View::Hardened(view) => Some(view.index),
            _ => None,
        },
        source: item.source.clone(),
        label: item.label,
        probability,
    }
}

/// The features that a data set needs: training images first, then validation images.
pub(crate) struct FeatureJobs {
    jobs: Vec<FeatureJob>,
    /// Where the jobs of each image begin, and at the end their number.
    starts: Vec<usize>,
    shares: ImageShares,
}

impl FeatureJobs {
    pub fn new(data: &DataSet, options: ViewOptions<'_>) -> Self {
        let shares = ImageShares::new(options.sources);
        let mut jobs = FeatureJobs { jobs: Vec::new(), starts: vec![0], shares };
        let mut views = options.training.of_image();
        // Frames and amplitudes come from images of the same side: no training image is seen in validation.
        views.extend(options.training.hardened(&data.train));
        for item in &data.train {
            jobs.add(item, &views);
        }
        let hardened = options.training.hardened(&data.validation);
        for item in &data.validation {
            let mut views = validation_views(&item.sha256, options.corruptions);
            views.extend(hardened.iter().cloned());
            jobs.add(item, &views);
        }
        jobs
    }

    pub fn as_slice(&self) -> &[FeatureJob] {
        &self.jobs
    }

    fn add(&mut self, item: &Item, views: &[View]) {
        self.jobs.extend(views.iter().map(|view| FeatureJob::new(item, view.clone())));
        self.starts.push(self.jobs.len());
    }

    /// One sample for each training image, with those of its views that `wanted` accepts.
    pub fn training(
        &self,
        extraction: &Extraction,
        items: &[Item],
        wanted: impl Fn(&View) -> bool,
    ) -> Samples {
        let mut samples = Samples::default();
        for (item, ends) in items.iter().zip(self.starts.windows(2)) {
            let jobs = (ends[0]..ends[1]).filter(|job| wanted(&self.jobs[*job].view));
            let views: Vec<_> = jobs.filter_map(|job| extraction.features[job].clone()).collect();
            if !views.is_empty() {
                samples.views.push(views);
                samples.labels.push(item.label);
                samples.groups.extend(self.shares.group(item));
            }
        }
        samples.weights = self.shares.weights();
        samples
    }

    /// The views of the validation images of `data` that could be read.
    pub fn validation<'a>(
        &'a self,
        extraction: &Extraction,
        data: &'a DataSet,
        choose_on: ChooseOn,
    ) -> ValidationSamples<'a> {
        let mut samples = ValidationSamples::default();
        for (item, ends) in data.validation.iter().zip(self.starts[data.train.len()..].windows(2)) {
            for job in ends[0]..ends[1] {
                let Some(features) = &extraction.features[job] else { continue };
                let view = &self.jobs[job].view;
                let kind = ViewKind::of(view);
                let side = if choose_on.counts(kind) { &mut samples.monitored } else { &mut samples.others };
                side.samples.views.push(vec![features.clone()]);
                side.samples.labels.push(item.label);
                if choose_on == ChooseOn::Worst {
                    side.samples.groups.push(3 * self.shares.source(item).unwrap_or(0) + kind as usize);
                }
                side.sources.push((item, view));
            }
        }
        samples
    }
}

/// Validation samples by their use in training.
#[derive(Default)]
pub(crate) struct ValidationSamples<'a> {
    /// The best epoch is chosen on these.
    pub monitored: LabelledViews<'a>,
    /// These are scored after the training.
    pub others: LabelledViews<'a>,
}

/// Samples with the image and the view that each is of.
#[derive(Default)]
pub(crate) struct LabelledViews<'a> {
    pub samples: Samples,
    sources: Vec<(&'a Item, &'a View)>,
}

impl LabelledViews<'_> {
    pub fn scores(&self, probabilities: &[f64]) -> Vec<ValidationScore> {
        let pairs = self.sources.iter().zip(probabilities);
        pairs.map(|((item, view), probability)| validation_score(item, view, *probability)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::data::Split;
    use crate::data::augment::{Hardening, Preset};

    fn item(source: &str, label: bool, number: usize) -> Item {
        Item {
            path: PathBuf::from(format!("/{source}/{number}.png")),
            relative: format!("{source}/train/{number}.png"),
            label,
            split: Split::Train,
            patient: format!("{source}/{number}"),
            source: source.to_owned(),
            sha256: format!("{source}{number}"),
        }
    }

    fn data() -> DataSet {
        let side = |from: usize| {
            let item = |(at, source)| item(source, at % 2 == 1, from + at);
            ["a", "a", "a", "a", "b", "b"].into_iter().enumerate().map(item).collect()
        };
        DataSet { train: side(0), validation: side(100), ..DataSet::default() }
    }

    fn sources() -> Vec<DataSource> {
        let source =
            |name: &str, weight| DataSource { name: name.to_owned(), weight, ..DataSource::new(name) };
        vec![source("a", 1.0), source("b", 0.5)]
    }

    fn extraction(jobs: &FeatureJobs) -> Extraction {
        Extraction { features: vec![Some([0.5].into()); jobs.as_slice().len()], ..Extraction::default() }
    }

    #[test]
    fn every_image_is_drawn_with_others_of_its_side() {
        let views = Views { count: 3, hardening: Some(Hardening::default()), ..Views::new(Preset::None) };
        let (data, sources) = (data(), sources());
        let options =
            ViewOptions { training: &views, corruptions: 2, choose_on: ChooseOn::Drawn, sources: &sources };
        let jobs = FeatureJobs::new(&data, options);
        // Itself and three draws; of a validation image two corruptions, too.
        assert_eq!(jobs.as_slice().len(), 6 * 4 + 6 * 6);
        let names: std::collections::BTreeSet<String> = jobs
            .as_slice()
            .iter()
            .map(|job| job.view.name())
            .filter(|name| name.starts_with("hardened"))
            .collect();
        assert_eq!(names.len(), 6, "the donors of both sides differ: {names:?}");
        let validation = jobs.validation(&extraction(&jobs), &data, ChooseOn::Drawn);
        assert_eq!(validation.monitored.samples.labels.len(), 6 * 4);
        assert_eq!(validation.others.samples.labels.len(), 6 * 2);
        assert_eq!(validation.monitored.samples.groups, Vec::<usize>::new());
    }

    #[test]
    fn hospitals_have_their_shares_and_the_worst_group_decides() {
        let views = Views { count: 1, hardening: Some(Hardening::default()), ..Views::new(Preset::None) };
        let (data, sources) = (data(), sources());
        let of =
            |sources| ViewOptions { training: &views, corruptions: 0, choose_on: ChooseOn::Worst, sources };
        let jobs = FeatureJobs::new(&data, of(&sources));
        let training = jobs.training(&extraction(&jobs), &data.train, |_| true);
        assert_eq!(training.groups, [0, 1, 0, 1, 2, 3]);
        assert_eq!(training.weights, [1.0, 1.0, 0.5, 0.5]);
        let validation = jobs.validation(&extraction(&jobs), &data, ChooseOn::Worst).monitored.samples;
        assert_eq!(validation.groups, [0, 2, 0, 2, 0, 2, 0, 2, 3, 5, 3, 5]);
        let one = FeatureJobs::new(&data, of(&sources[..1]));
        let training = one.training(&extraction(&one), &data.train, |_| true);
        assert!(training.groups.is_empty() && training.weights.is_empty());
    }
}
