//! By hand, and against a sparse solver (scripts/oracle/hardened.py made the numbers).

use serde::Deserialize;
use xray_intake::Radiograph;

use super::inpaint::inpaint;
use super::*;

#[derive(Deserialize)]
struct Corners {
    side: usize,
    levels: Vec<f64>,
}

#[test]
fn corners_are_filled_as_a_solver_fills_them() {
    let cases: Vec<Corners> =
        serde_json::from_str(include_str!("../../tests/fixtures/audit/corners.json")).unwrap();
    for Corners { side, levels } in cases {
        let (width, height) = (24, 20);
        let place = |at: usize| (at % width, at / width);
        let mut found: Vec<f64> = (0..width * height)
            .map(|at| {
                let (x, y) = place(at);
                ((x * 37 + y * 59 + x * y * 3) % 256) as f64
            })
            .collect();
        let region: Vec<bool> = (0..width * height)
            .map(|at| {
                let (x, y) = place(at);
                (x < side || x + side >= width) && (y < side || y + side >= height)
            })
            .collect();
        inpaint(&mut found, &region, width);
        for (found, expected) in found.iter().step_by(3).zip(&levels) {
            assert!((found - expected).abs() < 0.05, "{found} is not {expected}");
        }
    }
}

fn uniform(level: u8) -> Radiograph {
    Radiograph::from_grey(224, 224, vec![level; 224 * 224]).unwrap()
}

fn changed(transform: Transform, image: &Radiograph, partner: Option<&Radiograph>) -> Vec<u8> {
    let changed = transform.apply(image, partner, &mut audit_rng(1, "ab", transform));
    changed.pixels().grey().into_owned()
}

const MIDDLE: usize = 112 * 224 + 112;

#[test]
fn frame_and_middle_come_from_where_they_should() {
    let (image, partner) = (uniform(200), uniform(40));
    for transform in [Transform::FrameOfSameClass, Transform::FrameOfOtherClass] {
        let levels = changed(transform, &image, Some(&partner));
        // Half of each at the edge of the box, between columns 29 and 30.
        let edge = (i32::from(levels[112 * 224 + 29]) + i32::from(levels[112 * 224 + 30])) / 2;
        assert_eq!((levels[0], levels[MIDDLE], edge), (40, 200, 120));
    }
    let levels = changed(Transform::FrameAlone, &image, None);
    assert_eq!((levels[0], levels[MIDDLE]), (200, 128));
    let levels = changed(Transform::MiddleAlone, &image, None);
    assert_eq!((levels[0], levels[MIDDLE]), (0, 200));
}

#[test]
fn shuffled_blocks_hold_the_same_levels() {
    let image = Radiograph::from_grey(224, 224, (0..224 * 224).map(|at| (at % 251) as u8).collect()).unwrap();
    let before = image.pixels().grey().into_owned();
    let after = changed(Transform::ShuffledPixels, &image, None);
    assert_ne!(before, after);
    let block = |levels: &[u8]| {
        let mut block: Vec<u8> = (0..256).map(|at| levels[(32 + at / 16) * 224 + 48 + at % 16]).collect();
        block.sort_unstable();
        block
    };
    assert_eq!(block(&before), block(&after));
    assert_eq!(after, changed(Transform::ShuffledPixels, &image, None));
    let other =
        Transform::ShuffledPixels.apply(&image, None, &mut audit_rng(2, "ab", Transform::ShuffledPixels));
    assert_ne!(after, *other.pixels().grey());
}

#[test]
fn a_marker_in_a_corner_is_gone() {
    let marked = (0..224 * 224).map(|at| if at % 224 < 30 && at / 224 < 30 { 255 } else { 60 }).collect();
    let marked = Radiograph::from_grey(224, 224, marked).unwrap();
    assert!(changed(Transform::CornersInpainted, &marked, None).iter().all(|level| *level == 60));
}

#[test]
fn partners_are_others_of_the_class() {
    let labels = [false, true, true, false, true];
    let partners = Partners::new(&labels);
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let mut rng = audit_rng(seed, "ab", Transform::FrameOfSameClass);
        let partner = partners.draw(true, 2, &mut rng).unwrap();
        assert!(labels[partner] && partner != 2);
        seen.insert(partner);
        assert!(!labels[partners.draw(false, 2, &mut rng).unwrap()]);
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [1, 4]);
    assert_eq!(Partners::new(&[true]).draw(true, 0, &mut audit_rng(1, "a", Transform::FrameAlone)), None);
}

/// An audit of images as they are, with the frame alone and with the frame of the other class.
fn audited(
    labels: &[bool],
    as_they_are: &[f64],
    frame_alone: &[Option<f64>],
    other_frame: &[Option<f64>],
) -> Audit {
    let scores = AuditScores {
        labels: labels.to_vec(),
        sources: vec![String::new(); labels.len()],
        as_they_are: as_they_are.iter().copied().map(Some).collect(),
        changed: vec![
            (Transform::FrameAlone, frame_alone.to_vec()),
            (Transform::FrameOfOtherClass, other_frame.to_vec()),
        ],
    };
    Audit::new(&scores, 0.5).unwrap()
}

fn limits(max_frame_auroc: f64, max_other_frame_drop: f64) -> AuditLimits {
    AuditLimits { max_frame_auroc, max_other_frame_drop }
}

#[test]
fn figures_and_verdict_by_hand() {
    // One positive falls under one negative: three of four pairs are in order.
    let three_of_four = [0.1, 0.4, 0.3, 0.9].map(Some);
    // Both negatives are above one positive: two of four pairs.
    let two_of_four = [0.4, 0.5, 0.3, 0.9].map(Some);
    let labels = [false, false, true, true];
    let audit = audited(&labels, &[0.1, 0.2, 0.8, 0.9], &three_of_four, &two_of_four);
    assert_eq!(audit.rows[0].auroc, Some(1.0));
    let frame = audit.row(Transform::FrameAlone).unwrap();
    assert_eq!((frame.auroc, frame.drop, frame.images), (Some(0.75), Some(0.25), 4));
    assert_eq!(frame.sensitivity.value, Some(0.5));
    assert_eq!(frame.described(), "frame alone, middle grey");
    assert_eq!(audit.row(Transform::MiddleAlone), None);
    assert!(audit.by_source.is_empty() && audit.source_told.is_empty());

    let verdict = |limits| audit.verdict(limits).unwrap();
    let values: Vec<_> = verdict(limits(0.75, 0.5)).checks.iter().map(|check| check.value).collect();
    assert_eq!(values, [0.75, 0.5]);
    // At the limit is within it.
    assert_eq!(verdict(limits(0.75, 0.5)).verdict, Outcome::WithinLimits);
    assert_eq!(verdict(limits(0.75, 0.5)).exceeded(), "");
    let over = verdict(limits(0.65, 0.5));
    assert!(over.is_over());
    assert!(over.exceeded().contains("AUROC 0.750, at most 0.650"), "{}", over.exceeded());
    assert!(!over.exceeded().contains("other class"), "{}", over.exceeded());
    let over = verdict(AuditLimits::default());
    assert!(over.exceeded().contains("AUROC falls by 0.500, at most 0.050"), "{}", over.exceeded());
    assert!(over.to_string().ends_with("several hospitals"), "{over}");
}

#[test]
fn a_score_below_chance_tells_the_classes_too() {
    let audit = audited(&[false, true], &[0.1, 0.9], &[Some(0.9), Some(0.1)], &[Some(0.1), Some(0.9)]);
    let verdict = audit.verdict(AuditLimits::default()).unwrap();
    let frame = verdict.checks[0];
    assert_eq!((frame.figure, frame.value, frame.within), (AuditedFigure::FrameAuroc, 1.0, false));
    assert!(verdict.checks[1].within);
}

#[test]
fn what_was_refused_is_in_no_figure() {
    let all = [0.1, 0.9, 0.8].map(Some);
    let audit = audited(&[false, true, true], &[0.1, 0.9, 0.8], &[None, Some(0.1), None], &all);
    let frame = audit.row(Transform::FrameAlone).unwrap();
    assert_eq!((frame.images, frame.auroc, frame.drop), (1, None, None));
    assert_eq!(audit.verdict(AuditLimits::default()), None);
}

/// Three hospitals. Without the finding: a has .1 and .3, b .2 and .4, c nothing; with it: a .5, b .6 and .7, c .9.
fn of_three_hospitals() -> AuditScores {
    let images = [
        ("a", false, 0.1),
        ("a", false, 0.3),
        ("b", false, 0.2),
        ("b", false, 0.4),
        ("a", true, 0.5),
        ("b", true, 0.6),
        ("b", true, 0.7),
        ("c", true, 0.9),
    ];
    let scores: Vec<Option<f64>> = images.iter().map(|(_, _, score)| Some(*score)).collect();
    AuditScores {
        labels: images.iter().map(|(_, label, _)| *label).collect(),
        sources: images.iter().map(|(source, _, _)| (*source).to_owned()).collect(),
        changed: vec![
            (Transform::FrameAlone, vec![Some(0.5); images.len()]),
            (Transform::FrameOfOtherClass, scores.clone()),
        ],
        as_they_are: scores,
    }
}

#[test]
fn a_hospital_is_told_within_a_class() {
    let audit = Audit::new(&of_three_hospitals(), 0.45).unwrap();
    let told: Vec<_> = audit
        .source_told
        .iter()
        .map(|told| (told.label, told.sources[0].as_str(), told.sources[1].as_str(), told.images, told.auroc))
        .collect();
    // Without: of b against a, .2 > .1, .4 > .1 and .4 > .3, three of four pairs. With: every pair is in order.
    let expected = [
        (false, "a", "b", [2, 2], 0.75),
        (true, "a", "b", [1, 2], 1.0),
        (true, "a", "c", [1, 1], 1.0),
        (true, "b", "c", [2, 1], 1.0),
    ];
    assert_eq!(told, expected);
    assert!(audit.source_told[0].auroc_interval.is_some());
    assert_eq!(audit.source_told[1].auroc_interval, None);
    let verdict = audit.verdict(AuditLimits::default()).unwrap();
    assert_eq!(verdict.verdict, Outcome::WithinLimits);
    assert!(verdict.to_string().contains("with the finding the score tells"), "{verdict}");
    let words = audit.source_told[0].to_string();
    assert!(words.contains("without the finding the score tells b from a with AUROC 0.750 ["), "{words}");
    assert!(words.contains("(n = 2 and 2; 0.5 is chance)"), "{words}");
}

#[test]
fn each_hospital_has_figures_of_its_own() {
    let audit = Audit::new(&of_three_hospitals(), 0.45).unwrap();
    let row = |source: &str| {
        let of_source = audit.by_source.iter().find(|rows| rows.source == source).unwrap();
        let plain = &of_source.rows[0];
        (of_source.rows.len(), plain.images, plain.auroc, plain.specificity.value)
    };
    assert_eq!(row("a"), (3, 3, Some(1.0), Some(1.0)));
    assert_eq!(row("b"), (3, 4, Some(1.0), Some(1.0)));
    assert_eq!(row("c"), (3, 1, None, None));
    assert_eq!(audit.rows[0].images, 8);
    let json = serde_json::to_string(&audit).unwrap();
    assert_eq!(serde_json::from_str::<Audit>(&json).unwrap(), audit);
}
