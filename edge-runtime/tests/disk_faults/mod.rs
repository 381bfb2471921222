//! One step of the disk fails, the first, the second, the third …: the board keeps a whole model, and the same act done again
//! goes on.

use super::{Record, SignedModels};
use crate::simulated_disk::{DiskFault, SimulatedDisk};
use edge_runtime::models::{
    InstallOptions, ModelRefusal, ModelStore, ModelStoreError, TrialLimits, TrialOutcome,
};
use xray_core::package::SignedBytes;

/// Names and numbers on Linux.
const ERRORS: [(&str, i32); 4] = [("ENOSPC", 28), ("EIO", 5), ("EROFS", 30), ("EINTR", 4)];

const OPTIONS: InstallOptions = InstallOptions {
    floor: None,
    watch: TrialLimits { screenings: 2, starts: 2 },
    allow_downgrade: false,
    retry: false,
    dry_run: false,
};

/// What happens on a board, step by step; the last one hands the events to the record.
const ACTS: usize = 9;

fn act(
    at: usize,
    store: &ModelStore<SimulatedDisk>,
    models: &SignedModels,
    record: &mut Record,
) -> Result<(), ModelStoreError> {
    let install = |index: usize| {
        let model = &models.all[index];
        let tested = |signed: SignedBytes| Ok(models.self_test(&signed));
        store.install(model.file.clone(), &model.signature, OPTIONS, tested).map(drop)
    };
    let running = store.state()?.active().map(|active| active.sha256.clone()).unwrap_or_default();
    match at {
        0 => install(0),
        1 => install(1),
        2 | 3 => store.screened(&running, &TrialOutcome::Succeeded).map(drop),
        4 => store.start(|signed| Ok::<_, ModelRefusal>(models.whole(&signed))).map(drop),
        5 => install(2),
        6 => store.settled(&running).map(drop),
        7 => store.screened(&running, &TrialOutcome::Failed("as a test".to_owned())).map(drop),
        _ => store.deliver(record),
    }
}

#[test]
fn a_disk_that_fails_once_at_any_step_leaves_a_whole_model_and_the_board_goes_on() {
    let models = SignedModels::new();
    for (name, errno) in ERRORS {
        for step in 0.. {
            let store = ModelStore::new(SimulatedDisk::new(1, DiskFault::None), models.keys.clone());
            let mut record = Record::default();
            store.disk().fail_at(step, errno);
            for at in 0..ACTS {
                let what = format!("{name} at step {step}, act {at}");
                let Err(error) = act(at, &store, &models, &mut record) else { continue };
                // What the disk says, and not that the store makes no sense.
                assert!(
                    matches!(error, ModelStoreError::Io { .. } | ModelStoreError::Unusable { .. }),
                    "{what}: {error}"
                );
                if let Some(active) = store.state().expect(&what).active() {
                    assert!(models.index(&active.sha256) < 3, "{what}");
                    store.check(|signed| Ok(models.self_test(&signed))).expect(&what);
                }
                act(at, &store, &models, &mut record)
                    .unwrap_or_else(|again| panic!("{what}, again: {again}"));
            }
            let failed = store.disk().has_failed();
            store.disk().fail_at(u32::MAX, errno);
            let state = store.state().expect("a state");
            let active = state.active().map(|active| models.index(&active.sha256));
            // The failure of model 2 takes the board back to model 1; a step that failed may have done so before.
            assert!(matches!(active, Some(0 | 1)), "{name} at step {step}: {active:?}");
            assert_eq!(state.unrecorded().count(), 0, "{name} at step {step}");
            if !failed {
                println!("{name}: {step} steps failed, one after another");
                assert!(step > 50, "only {step} steps");
                break;
            }
        }
    }
}
