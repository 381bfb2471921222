//! Notes on what the images of a data set look like, and on what tells its classes apart but the pictures.

use std::collections::BTreeMap;

use super::look::Look;
use crate::data::notes::{DataNote, NoteKind};
use crate::data::{ClassNames, Item};

/// From this share on, of both classes alike, a property tells the class.
const TELLS: f64 = 0.9;
/// Fewer images of a class say nothing.
const LEAST_IMAGES: usize = 4;

/// `looks` are those of `items`.
pub(super) fn notes(
    items: &[&Item],
    looks: &[Result<Look, &'static str>],
    classes: &ClassNames,
) -> Vec<DataNote> {
    let read: Vec<(&Item, &Look)> =
        items.iter().zip(looks).filter_map(|(item, look)| Some((*item, look.as_ref().ok()?))).collect();
    let names = |which: fn(&Look) -> bool| -> Vec<String> {
        read.iter().filter(|(_, look)| which(look)).map(|(item, _)| item.relative.clone()).collect()
    };
    let refused = |code: &'static str| {
        let pairs = items.iter().zip(looks).filter(move |(_, look)| look.as_ref().err() == Some(&code));
        pairs.map(|(item, _)| item.relative.clone())
    };
    let mut quarter = names(Look::is_quarter_range);
    quarter.extend(refused("value-range"));
    [
        DataNote::of(NoteKind::Blank, names(Look::is_blank), "images are blank: all of one grey level; remove them"),
        DataNote::of(
            NoteKind::QuarterRange,
            quarter,
            "images use less than a quarter of the grey levels, as 12 or 14 bits stored in 16 do; export them with their \
             values scaled to the whole range",
        ),
        DataNote::of(
            NoteKind::TwoLevels,
            names(|look| look.two_levels),
            "images have two grey levels, as masks do, which are no X-rays; move them out of the class folders",
        ),
        tells_class(&read, classes, NoteKind::FormatTellsClass, "format", |look| look.format.name().to_owned()),
        tells_class(&read, classes, NoteKind::BitDepthTellsClass, "bit depth", |look| match look.bits {
            0 => "unknown".to_owned(),
            bits => format!("{bits} bits"),
        }),
        size_tells_class(&read, classes),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A note if a property with few values tells the class: by the class that most images of each value have, both classes
/// weighing the same.
fn tells_class(
    read: &[(&Item, &Look)],
    classes: &ClassNames,
    kind: NoteKind,
    what: &str,
    value: impl Fn(&Look) -> String,
) -> Option<DataNote> {
    let mut counts: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    for (item, look) in read {
        counts.entry(value(look)).or_default()[usize::from(item.label)] += 1;
    }
    let totals = counts.values().fold([0, 0], |sum, count| [sum[0] + count[0], sum[1] + count[1]]);
    if counts.len() < 2 || totals.iter().any(|total| *total < LEAST_IMAGES) {
        return None;
    }
    let share = |count: &[usize; 2], label: usize| count[label] as f64 / totals[label] as f64;
    // Half of the sum of each class's share that is told: the mean of sensitivity and specificity.
    let told = counts.values().map(|count| share(count, 0).max(share(count, 1))).sum::<f64>() / 2.0;
    let first = [false, true].map(|label| {
        let of_label = counts.iter().filter(|(_, count)| count[usize::from(label)] > 0);
        let parts: Vec<String> =
            of_label.map(|(value, count)| format!("{value} {}", count[usize::from(label)])).collect();
        format!("{} {}", classes.name(label), parts.join(" + "))
    });
    (told >= TELLS).then(|| DataNote {
        kind,
        count: read.len(),
        first: first.to_vec(),
        text: format!(
            "images are told apart by their {what} alone ({:.0}% of each class), so that a model may learn where they come \
             from and not the disease; bring both classes into one {what} in the same way",
            100.0 * told
        ),
    })
}

/// A note if the number of pixels orders the classes.
fn size_tells_class(read: &[(&Item, &Look)], classes: &ClassNames) -> Option<DataNote> {
    let of = |label: bool| -> Vec<u64> {
        let own = read.iter().filter(|(item, _)| item.label == label);
        let mut sizes: Vec<u64> =
            own.map(|(_, look)| u64::from(look.width) * u64::from(look.height)).collect();
        sizes.sort_unstable();
        sizes
    };
    let (negatives, positives) = (of(false), of(true));
    if negatives.len() < LEAST_IMAGES || positives.len() < LEAST_IMAGES {
        return None;
    }
    // Twice the number of pairs in which the positive is larger; equal ones count half.
    let larger: usize = positives
        .iter()
        .map(|size| {
            let below = negatives.partition_point(|negative| negative < size);
            below + negatives.partition_point(|negative| negative <= size)
        })
        .sum();
    let area = larger as f64 / (2 * negatives.len() * positives.len()) as f64;
    let area = area.max(1.0 - area);
    let median = |sizes: &[u64]| sizes[sizes.len() / 2];
    let first = [(false, &negatives), (true, &positives)]
        .map(|(label, sizes)| format!("{} median {} pixels", classes.name(label), median(sizes)));
    (area >= TELLS).then(|| DataNote {
        kind: NoteKind::SizeTellsClass,
        count: read.len(),
        first: first.to_vec(),
        text: format!(
            "images are told apart by their number of pixels alone (AUROC {area:.2}), so that a model may learn how sharp \
             they are and not the disease; bring both classes to one size in the same way"
        ),
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use xray_intake::Radiograph;

    use super::super::hash::PictureHash;
    use super::*;
    use crate::data::{ImageFormat, Split};

    fn look(format: ImageFormat, width: u32, bits: u8) -> Look {
        let image = Radiograph::from_grey(64, 64, (0..4096).map(|at| (at % 256) as u8).collect()).unwrap();
        let hash = PictureHash::of(&image).unwrap();
        Look { hash, span: 251, two_levels: false, width, height: 100, format, bits }
    }

    fn item(label: bool, at: usize) -> Item {
        Item {
            path: PathBuf::new(),
            relative: format!("train/{label}/{at}.png"),
            label,
            split: Split::Train,
            patient: String::new(),
            source: String::new(),
            sha256: String::new(),
        }
    }

    fn kinds(looks: Vec<Look>) -> Vec<(NoteKind, String)> {
        let items: Vec<Item> = (0..looks.len()).map(|at| item(at % 2 == 1, at)).collect();
        let items: Vec<&Item> = items.iter().collect();
        let looks: Vec<Result<Look, &'static str>> = looks.into_iter().map(Ok).collect();
        let notes = notes(&items, &looks, &ClassNames::default());
        notes.into_iter().map(|note| (note.kind, note.to_string())).collect()
    }

    #[test]
    fn what_tells_the_classes_is_named() {
        // Even images are negative.
        let formats = |at: usize| if at.is_multiple_of(2) { ImageFormat::Jpeg } else { ImageFormat::Dicom };
        let told = kinds((0..12).map(|at| look(formats(at), 100, 8)).collect());
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].0, NoteKind::FormatTellsClass);
        let words = "12 images are told apart by their format alone (100% of each class)";
        assert!(told[0].1.starts_with(words), "{}", told[0].1);
        assert!(told[0].1.ends_with("NORMAL JPEG 6, PNEUMONIA DICOM 6"), "{}", told[0].1);
        // Sizes 0, 1, 2, ... with the classes alternating: 15 + 6 / 2 ... of 36 pairs, far from 0.9.
        let sizes = |at: usize| 100 + 10 * at as u32;
        assert!(kinds((0..12).map(|at| look(ImageFormat::Png, sizes(at), 8)).collect()).is_empty());
        let apart = |at: usize| if at.is_multiple_of(2) { 100 + at as u32 } else { 200 + at as u32 };
        let told = kinds((0..12).map(|at| look(ImageFormat::Png, apart(at), 8)).collect());
        assert_eq!(told[0].0, NoteKind::SizeTellsClass);
        assert!(told[0].1.contains("AUROC 1.00"), "{}", told[0].1);
        let bits = |at: usize| if at.is_multiple_of(2) { 8 } else { 16 };
        let told = kinds((0..12).map(|at| look(ImageFormat::Png, 100, bits(at))).collect());
        assert_eq!(told[0].0, NoteKind::BitDepthTellsClass);
        // Three images of a class say nothing.
        assert!(kinds((0..6).map(|at| look(formats(at), apart(at), bits(at))).collect()).is_empty());
    }

    #[test]
    fn pictures_that_are_none_are_named() {
        let usual = look(ImageFormat::Png, 100, 8);
        let looks = vec![
            Ok(Look { span: 3, ..usual }),
            Ok(Look { span: 60, ..usual }),
            Ok(Look { two_levels: true, ..usual }),
            Err("value-range"),
            Err("damaged"),
            Ok(usual),
        ];
        let items: Vec<Item> = (0..looks.len()).map(|at| item(false, at)).collect();
        let items: Vec<&Item> = items.iter().collect();
        let notes = notes(&items, &looks, &ClassNames::default());
        let found: Vec<_> = notes.iter().map(|note| (note.kind, note.first.clone())).collect();
        let name = |at: usize| format!("train/false/{at}.png");
        assert_eq!(
            found,
            [
                (NoteKind::Blank, vec![name(0)]),
                (NoteKind::QuarterRange, vec![name(1), name(3)]),
                (NoteKind::TwoLevels, vec![name(2)]),
            ]
        );
    }
}
