//! Phantoms are the same each time, differ where they should, and do not tell the class by brightness.

use std::collections::BTreeSet;

use host_trainer::data::phantom::{Counts, PhantomError, draw, write_data_set};
use host_trainer::data::{ClassNames, DataSet};
use host_trainer::metrics::auroc;

#[test]
fn a_phantom_follows_from_its_seed() {
    let first = draw(7, 3, 0, true);
    assert_eq!(first.dimensions(), (512, 448));
    assert_eq!(first, draw(7, 3, 0, true));
    for other in [draw(8, 3, 0, true), draw(7, 4, 0, true), draw(7, 3, 1, true), draw(7, 3, 0, false)] {
        assert_ne!(first, other);
    }
}

#[test]
fn a_set_divides_by_patient_and_is_not_written_over_another() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("phantoms");
    assert_eq!(write_data_set(&out, Counts { train: 8, test: 3 }, 5).unwrap(), 22);
    let set = DataSet::load(&out, &ClassNames::default(), None, 0).unwrap();
    assert_eq!((set.train.len(), set.validation.len(), set.test.len()), (12, 4, 6));
    let patients: BTreeSet<_> = set.train.iter().chain(&set.validation).map(|item| &item.patient).collect();
    assert_eq!(patients.len(), 8);
    let error = write_data_set(&out, Counts { train: 8, test: 3 }, 5).unwrap_err();
    assert!(matches!(error, PhantomError::NotEmpty { .. }), "{error}");
}

#[test]
fn brightness_alone_does_not_tell_the_class() {
    let scored: Vec<(f64, bool)> = (0..120)
        .map(|n| {
            let picture = draw(11, n, 0, n % 2 == 1);
            let sum: u64 = picture.iter().map(|p| u64::from(*p)).sum();
            (sum as f64 / (255.0 * picture.len() as f64), n % 2 == 1)
        })
        .collect();
    let area = auroc(&scored).unwrap();
    assert!((0.3..0.75).contains(&area), "mean grey separates the classes with AUROC {area}");
}
