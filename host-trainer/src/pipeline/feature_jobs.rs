//! Which features a fit needs, and the samples that they become.

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
    /// Names and weights of the hospitals, where there are several.
    sources: Vec<(String, f64)>,
}

impl FeatureJobs {
    pub fn new(data: &DataSet, options: ViewOptions<'_>) -> Self {
        let sources = match options.sources {
            [_] => Vec::new(),
            sources => sources.iter().map(|source| (source.name.clone(), source.weight)).collect(),
        };
        let mut jobs = FeatureJobs { jobs: Vec::new(), starts: vec![0], sources };
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
                if let Some(source) = self.source(item) {
                    samples.groups.push(2 * source + usize::from(item.label));
                }
            }
        }
        // Each hospital's two classes have the same share.
        samples.weights = self.sources.iter().flat_map(|(_, weight)| [*weight; 2]).collect();
        samples
    }

    /// The number of the hospital of an image, where there are several.
    fn source(&self, item: &Item) -> Option<usize> {
        self.sources.iter().position(|(name, _)| *name == item.source)
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
                    side.samples.groups.push(3 * self.source(item).unwrap_or(0) + kind as usize);
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
