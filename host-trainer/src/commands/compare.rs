//! `compare`: two model files on the same images.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::ensure;
use xray_core::screening::Screener;

use crate::evaluation::{ComparedModel, Disagreement, ImageSet, PairedComparison, ScoredImage};
use crate::metrics::{Evaluation, MetricsError, Scored, compare_auroc, mcnemar};
use crate::pipeline::{Event, class_names, load_screener, screen_images};

/// Which models are compared, and on what.
#[derive(Debug, Clone)]
pub struct CompareOptions {
    pub a: PathBuf,
    pub b: PathBuf,
    pub images: ImageSet,
}

/// Evaluates two models on one split, each at its own threshold; abstain bands are ignored.
///
/// # Errors
/// If a model cannot be loaded, their classes differ and none were named, the split is not there, or no image of
/// it could be read.
pub fn compare_models(
    options: &CompareOptions,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<PairedComparison> {
    let CompareOptions { a, b, images: set } = options;
    let (first, second) = (load_screener(a, observe)?, load_screener(b, observe)?);
    let classes = match &set.classes {
        Some(classes) => classes.clone(),
        None => {
            let classes = class_names(first.contract());
            ensure!(
                classes == class_names(second.contract()),
                "{} and {} were trained on classes of other names; name the folders with --classes",
                a.display(),
                b.display()
            );
            classes
        }
    };
    let items = set.items(&classes)?;
    let (screened_a, screened_b) =
        (screen_images(&first, &items, observe), screen_images(&second, &items, observe));
    let mut left_out = screened_a.without_score();
    left_out.extend(screened_b.without_score());
    let (scored_a, scored_b) =
        (scored_by_both(screened_a.images, &left_out), scored_by_both(screened_b.images, &left_out));
    ensure!(
        !scored_a.is_empty(),
        "{}: none of the {} images has a score by both models",
        set.folders(),
        items.len()
    );

    let thresholds = [first.contract().threshold, second.contract().threshold];
    let pairs: Vec<Pair> = scored_a.iter().zip(&scored_b).map(|(a, b)| Pair::new(a, b, thresholds)).collect();
    let of = |label: bool| mcnemar(pairs.iter().filter(|pair| pair.label == label).map(Pair::correct));
    let paired: Vec<_> = pairs.iter().map(|pair| (pair.scores[0], pair.scores[1], pair.label)).collect();
    let model = |file: &Path, screener: &Screener, images: &[ScoredImage]| {
        let scores: Vec<Scored> = images.iter().map(ScoredImage::scored).collect();
        anyhow::Ok(ComparedModel {
            file: file.to_owned(),
            sha256: screener.model_sha256().to_owned(),
            random_backbones: screener.contract().has_random_backbones(),
            evaluation: Evaluation::new(&scores, screener.contract().threshold)?,
        })
    };
    Ok(PairedComparison {
        split: set.split.name(),
        classes,
        a: model(a, &first, &scored_a)?,
        b: model(b, &second, &scored_b)?,
        all: mcnemar(pairs.iter().map(Pair::correct)),
        positives: of(true),
        negatives: of(false),
        auroc: match compare_auroc(&paired) {
            Err(MetricsError::OneClass { .. }) => None,
            comparison => Some(comparison?),
        },
        disagreements: pairs
            .iter()
            .filter(|pair| pair.verdicts[0] != pair.verdicts[1])
            .map(Pair::disagreement)
            .collect(),
        left_out,
    })
}

/// The images that both models scored.
fn scored_by_both(mut images: Vec<ScoredImage>, left_out: &BTreeMap<String, String>) -> Vec<ScoredImage> {
    images.retain(|image| !left_out.contains_key(&image.path.display().to_string()));
    images
}

/// One image under both models.
struct Pair<'a> {
    path: &'a str,
    label: bool,
    scores: [f64; 2],
    verdicts: [bool; 2],
}

impl<'a> Pair<'a> {
    fn new(a: &'a ScoredImage, b: &ScoredImage, thresholds: [f64; 2]) -> Self {
        let scores = [a.probability, b.probability];
        let verdicts = [0, 1].map(|model| scores[model] >= thresholds[model]);
        Pair { path: &a.relative, label: a.label, scores, verdicts }
    }

    fn correct(&self) -> (bool, bool) {
        (self.verdicts[0] == self.label, self.verdicts[1] == self.label)
    }

    fn disagreement(&self) -> Disagreement {
        Disagreement { path: self.path.to_owned(), label: self.label, a: self.scores[0], b: self.scores[1] }
    }
}
