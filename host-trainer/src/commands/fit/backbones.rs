//! Trains backbones from images before the head.

use std::time::Instant;

use rayon::prelude::*;

use super::FitOptions;
use crate::backbone_training::{
    BackboneCheckpoint, BackboneImages, BackboneJob, BackboneRecipe, Clock, GroupShares, Speed, Subclasses,
    Teacher, TrainedBackbone, in_words, train_backbone,
};
use crate::backbones::TrainedLayers;
use crate::data::{Groups, Item};
use crate::decoding;
use crate::device::ChosenDevice;
use crate::features::{Extractor, FeatureJob, View};
use crate::head::{TrainingEvent, class_weights};
use crate::pipeline::{Checkpointing, Event, ImageShares, LoadedSource, TrainingTarget};
use crate::run::{BackboneHistory, BackboneTrainingRecord};
use crate::weights::{Provenance, WeightSet, import};

/// Backbones after their training.
pub(super) struct FittedBackbones {
    /// As many as before, in the same order.
    pub sets: Vec<WeightSet>,
    pub record: BackboneTrainingRecord,
}

/// Trains the backbones of a fit.
pub(super) struct BackbonesFit<'a> {
    pub recipe: &'a BackboneRecipe,
    pub sets: &'a [WeightSet],
    pub loaded: &'a LoadedSource,
    pub options: &'a FitOptions,
    pub device: &'a ChosenDevice,
    pub checkpointing: &'a Checkpointing<'a>,
}

/// The teacher and where its weights came from.
struct LoadedTeacher {
    teacher: Teacher,
    provenance: Provenance,
}

impl BackbonesFit<'_> {
    /// Trains those backbones of which the recipe names layers, one after the other, on the images that can be read.
    ///
    /// # Errors
    /// What is wrong with the subclasses or the teacher; as [`train_backbone`].
    pub fn run(&self, observe: &mut dyn FnMut(Event<'_>)) -> anyhow::Result<FittedBackbones> {
        let start = Instant::now();
        let data = &self.loaded.data;
        let (train, validation) = (readable(&data.train, observe), readable(&data.validation, observe));
        let subclasses = self.subclasses(&train, observe)?;
        let teacher = self.teacher(&train, observe)?;
        let shares = ImageShares::new(&self.options.source.sources);
        let groups: Vec<usize> = train.iter().filter_map(|item| shares.group(item)).collect();
        let weights = shares.weights();
        let images = BackboneImages {
            train: &train,
            validation: &validation,
            shares: GroupShares { groups: &groups, weights: &weights },
            subclasses: &subclasses,
            draw_seed: self.options.source.views.seed,
            preprocessing: &self.loaded.preprocessing,
        };
        let kinds: Vec<_> = self.sets.iter().map(|set| set.backbone).collect();
        let (mut sets, mut histories) = (Vec::new(), Vec::new());
        for (set, layers) in self.sets.iter().zip(self.recipe.layers(&kinds)?) {
            if layers.layers.is_empty() {
                sets.push(set.clone());
                continue;
            }
            let trained = self.train(set, &layers, images, teacher.as_ref(), observe)?;
            sets.push(trained.set);
            histories.push(BackboneHistory { kind: set.backbone, passes: trained.history });
        }
        let record = BackboneTrainingRecord {
            recipe: self.recipe.clone(),
            subclasses: subclasses.names().to_vec(),
            teacher: teacher.map(|teacher| teacher.provenance),
            backbones: histories,
            seconds: start.elapsed().as_secs_f64(),
        };
        Ok(FittedBackbones { sets, record })
    }

    fn subclasses(&self, train: &[Item], observe: &mut dyn FnMut(Event<'_>)) -> anyhow::Result<Subclasses> {
        let groups = self.recipe.subclasses.as_deref().map_or(Ok(Groups::ByName), Groups::read)?;
        let subclasses = Subclasses::new(train, &groups);
        match (subclasses.names(), &self.recipe.subclasses) {
            ([], Some(file)) => anyhow::bail!(
                "{}: fewer than two groups of training images with the finding are named there, so that there are no \
                 subclasses to tell; check its paths (as `train/PNEUMONIA/1.jpeg`), or leave --subclasses out",
                file.display()
            ),
            ([], None) => {}
            (names, _) if self.recipe.subclass_weight > 0.0 => {
                observe(Event::Note(&format!("a further output learns to tell {}", names.join(", "))));
            }
            _ => {}
        }
        Ok(subclasses)
    }

    /// The teacher, with an output fitted on its features of the training images; these are cached.
    fn teacher(
        &self,
        train: &[Item],
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<Option<LoadedTeacher>> {
        let Some(file) = &self.recipe.teacher else { return Ok(None) };
        let set = import(&file.file, file.backbone)?;
        observe(Event::Note(&format!("the teacher is {}: {}", set.backbone.name(), set.provenance)));
        let extractor = Extractor::new(
            std::slice::from_ref(&set),
            &self.loaded.preprocessing,
            self.device,
            &self.options.source.cache,
        )?;
        let jobs: Vec<FeatureJob> = train.iter().map(|item| FeatureJob::new(item, View::Plain)).collect();
        let extraction = extractor.run(&jobs, |progress| observe(Event::Features(progress)))?;
        let known = train.iter().zip(extraction.features);
        let (labels, features): (Vec<bool>, Vec<_>) =
            known.filter_map(|(item, features)| Some((item.label, features?))).unzip();
        let teacher = Teacher::new(&set, &features, &labels, &self.device.device)?;
        Ok(Some(LoadedTeacher { teacher, provenance: set.provenance }))
    }

    fn train(
        &self,
        set: &WeightSet,
        layers: &TrainedLayers,
        images: BackboneImages<'_>,
        teacher: Option<&LoadedTeacher>,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> anyhow::Result<TrainedBackbone> {
        let training = &self.options.training;
        let positives = images.train.iter().filter(|item| item.label).count();
        let job = BackboneJob {
            set,
            layers,
            images,
            recipe: self.recipe,
            seed: training.seed,
            // Where groups have shares of a pass, these say how much a class counts.
            class_weights: match images.shares.groups {
                [] => class_weights(training, images.train.len(), positives),
                _ => None,
            },
            teacher: teacher.map(|loaded| &loaded.teacher),
            device: &self.device.device,
        };
        let Checkpointing { run, resume, cancel } = self.checkpointing;
        let file = run.backbone_checkpoint_path(set.backbone);
        let resume = if *resume { BackboneCheckpoint::load(&file)? } else { None };
        let finished = resume.as_ref().map_or(&[][..], BackboneCheckpoint::history).to_vec();
        let sides = self.recipe.sizes.of_passes();
        let name = set.backbone.name();
        observe(Event::Note(&format!(
            "training {name} ({}) from images, passes x pixels {}{}",
            self.recipe.unfreeze,
            self.recipe.sizes,
            if self.device.is_cpu() { "; how long that takes on this CPU is measured first" } else { "" }
        )));
        let (epochs, left) = (sides.len(), sides.get(finished.len()..).unwrap_or_default().to_vec());
        let measured = self.device.is_cpu();
        let (mut clock, mut begun) = (Clock::default(), false);
        let trained = train_backbone(job, resume, |event| {
            if let (true, TrainingEvent::Step(step), Some(side)) = (measured, &event, left.first())
                && let Some(images_a_second) = clock.after(step)
            {
                let speed = Speed { images_a_second, side: *side };
                observe(Event::Note(&duration_note(name, speed, step.total, &left)));
            }
            // A dashboard shows no notes: it opens when it is known how long the training takes.
            if !begun && (!measured || clock.has_stopped() || matches!(event, TrainingEvent::Epoch(..))) {
                let target = TrainingTarget::Backbone;
                observe(Event::TrainingBegins { target, epochs, finished: &finished });
                begun = true;
            }
            match event {
                TrainingEvent::Step(step) => observe(Event::Step(step)),
                TrainingEvent::Epoch(epoch, state) => {
                    run.write_progress(state.history())?;
                    state.save(&file)?;
                    observe(Event::Epoch { epoch, epochs });
                }
            }
            cancel.check()?;
            anyhow::Ok(())
        })?;
        observe(Event::TrainingEnds);
        Ok(trained)
    }
}

/// The images that can be read; how many cannot is reported. The computing of features names and records them.
fn readable(items: &[Item], observe: &mut dyn FnMut(Event<'_>)) -> Vec<Item> {
    let readable: Vec<Item> =
        items.par_iter().filter(|item| decoding::read_file(&item.path).is_ok()).cloned().collect();
    let left_out = items.len() - readable.len();
    if left_out > 0 {
        observe(Event::Warning(&format!(
            "{left_out} image(s) cannot be read and are left out of the training of the backbones; `fit` names them \
             when it computes features"
        )));
    }
    readable
}

fn duration_note(backbone: &str, speed: Speed, images: usize, passes: &[usize]) -> String {
    format!(
        "{backbone}: {:.1} images/s at {} x {} pixels, so that {} passes over {images} images take about {} on this CPU. \
         Ready backbones need none of it: `host-trainer weights import FILE --as {backbone}`, then `fit --draws` without \
         --recipe hardened. Stopped now, --resume continues after the last finished pass",
        speed.images_a_second,
        speed.side,
        speed.side,
        passes.len(),
        in_words(speed.seconds(images, passes)),
    )
}
