//! Two model files judged on the same images.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::ensure;
use serde::Serialize;

use super::evaluate::{JudgedImage, classes_of, judge, load};
use super::{Event, JudgedSet};
use crate::data::ClassNames;
use crate::metrics::{AurocComparison, Evaluation, McNemar, MetricsError, Scored, compare_auroc, mcnemar};

/// One of the two models.
#[derive(Debug, Clone, Serialize)]
pub struct ComparedModel {
    /// The file as it was named.
    pub file: PathBuf,
    /// SHA-256 of the file (hex).
    pub sha256: String,
    /// Whether any backbone has random weights.
    pub random_backbones: bool,
    /// Its figures at its own threshold, on the images that both models read.
    pub evaluation: Evaluation,
}

/// An image that the two models call differently, each at its own threshold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Disagreement {
    /// The file, from the split folder on.
    pub path: String,
    /// Whether it shows the finding.
    pub label: bool,
    /// Probability under A.
    pub a: f64,
    /// Probability under B.
    pub b: f64,
}

/// Two models on the same images.
#[derive(Debug, Clone, Serialize)]
pub struct PairedComparison {
    /// Which split was judged.
    pub split: &'static str,
    /// Names of the classes.
    pub classes: ClassNames,
    /// The first model.
    pub a: ComparedModel,
    /// The second model.
    pub b: ComparedModel,
    /// Whether they are right equally often.
    pub all: McNemar,
    /// The same on the positives: sensitivity.
    pub positives: McNemar,
    /// The same on the negatives: specificity.
    pub negatives: McNemar,
    /// Whether they rank equally well; `None` when only one class occurs.
    pub auroc: Option<AurocComparison>,
    /// What they call differently.
    pub disagreements: Vec<Disagreement>,
    /// Files that have no score, each with the reason. They are in none of the figures.
    pub left_out: BTreeMap<String, String>,
}

/// Judges two models on one split, each at the threshold that was frozen into it; an abstain band is passed over.
///
/// # Errors
/// If a model cannot be loaded, their classes differ and none were named, the split is not there, or no image of
/// it could be read.
pub fn compare_models(
    [a, b]: [&Path; 2],
    set: &JudgedSet,
    observe: &mut dyn FnMut(Event<'_>),
) -> anyhow::Result<PairedComparison> {
    let (first, second) = (load(a, observe)?, load(b, observe)?);
    let classes = match &set.classes {
        Some(classes) => classes.clone(),
        None => {
            let classes = classes_of(first.contract());
            ensure!(
                classes == classes_of(second.contract()),
                "{} and {} were trained on classes of other names; name the folders with --classes",
                a.display(),
                b.display()
            );
            classes
        }
    };
    let items = set.items(&classes)?;
    let (judged_a, judged_b) = (judge(&first, &items, observe), judge(&second, &items, observe));
    let mut left_out = judged_a.without_score();
    left_out.extend(judged_b.without_score());
    let (judged_a, judged_b) = (both(judged_a.images, &left_out), both(judged_b.images, &left_out));
    ensure!(
        !judged_a.is_empty(),
        "{}: none of the {} images has a score by both models",
        set.data.display(),
        items.len()
    );

    let thresholds = [first.contract().threshold, second.contract().threshold];
    let pairs: Vec<Pair> = judged_a.iter().zip(&judged_b).map(|(a, b)| Pair::new(a, b, thresholds)).collect();
    let of = |label: bool| mcnemar(pairs.iter().filter(|pair| pair.label == label).map(Pair::right));
    let paired: Vec<_> = pairs.iter().map(|pair| (pair.scores[0], pair.scores[1], pair.label)).collect();
    let model = |file: &Path, screener: &xray_core::screening::Screener, judged: &[JudgedImage]| {
        let scores: Vec<Scored> = judged.iter().map(JudgedImage::scored).collect();
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
        a: model(a, &first, &judged_a)?,
        b: model(b, &second, &judged_b)?,
        all: mcnemar(pairs.iter().map(Pair::right)),
        positives: of(true),
        negatives: of(false),
        auroc: match compare_auroc(&paired) {
            Err(MetricsError::OneClass { .. }) => None,
            comparison => Some(comparison?),
        },
        disagreements: pairs.iter().filter(|pair| pair.calls[0] != pair.calls[1]).map(Pair::shown).collect(),
        left_out,
    })
}

/// The images that neither model left out.
fn both(mut judged: Vec<JudgedImage>, left_out: &BTreeMap<String, String>) -> Vec<JudgedImage> {
    judged.retain(|image| !left_out.contains_key(&image.path.display().to_string()));
    judged
}

/// One image under both models.
struct Pair<'a> {
    path: &'a str,
    label: bool,
    scores: [f64; 2],
    calls: [bool; 2],
}

impl<'a> Pair<'a> {
    fn new(a: &'a JudgedImage, b: &JudgedImage, thresholds: [f64; 2]) -> Self {
        let scores = [a.probability, b.probability];
        let calls = [0, 1].map(|model| scores[model] >= thresholds[model]);
        Pair { path: &a.relative, label: a.label, scores, calls }
    }

    fn right(&self) -> (bool, bool) {
        (self.calls[0] == self.label, self.calls[1] == self.label)
    }

    fn shown(&self) -> Disagreement {
        Disagreement { path: self.path.to_owned(), label: self.label, a: self.scores[0], b: self.scores[1] }
    }
}
