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

fn audited(labels: &[bool], as_they_are: &[f64], frame_alone: &[Option<f64>]) -> Audit {
    let scores = AuditScores {
        labels: labels.to_vec(),
        as_they_are: as_they_are.iter().copied().map(Some).collect(),
        changed: vec![(Transform::FrameAlone, frame_alone.to_vec())],
    };
    Audit::new(&scores, 0.5).unwrap()
}

#[test]
fn figures_and_verdict_by_hand() {
    // One positive falls under one negative: three of four pairs are in order.
    let changed = [0.1, 0.4, 0.3, 0.9].map(Some);
    let audit = audited(&[false, false, true, true], &[0.1, 0.2, 0.8, 0.9], &changed);
    assert_eq!(audit.rows[0].auroc, Some(1.0));
    let frame = audit.row(Transform::FrameAlone).unwrap();
    assert_eq!((frame.auroc, frame.drop, frame.images), (Some(0.75), Some(0.25), 4));
    assert_eq!(frame.sensitivity.value, Some(0.5));
    let limit = |max_frame_auroc| audit.verdict(AuditLimits { max_frame_auroc }).unwrap();
    assert!(matches!(limit(0.65), AuditVerdict::FrameTellsClasses { .. }));
    assert!(matches!(limit(0.75), AuditVerdict::WithinLimits { .. }));
    assert!(limit(0.65).to_string().contains("AUROC 0.750"));
    assert_eq!(audit.row(Transform::MiddleAlone), None);
}

#[test]
fn a_score_below_chance_tells_the_classes_too() {
    let audit = audited(&[false, true], &[0.1, 0.9], &[Some(0.9), Some(0.1)]);
    let verdict = audit.verdict(AuditLimits::default()).unwrap();
    assert_eq!(verdict, AuditVerdict::FrameTellsClasses { frame_auroc: 1.0, limit: 0.65 });
}

#[test]
fn what_was_refused_is_in_no_figure() {
    let audit = audited(&[false, true, true], &[0.1, 0.9, 0.8], &[None, Some(0.1), None]);
    let frame = audit.row(Transform::FrameAlone).unwrap();
    assert_eq!((frame.images, frame.auroc, frame.drop), (1, None, None));
    assert_eq!(audit.verdict(AuditLimits::default()), None);
}
