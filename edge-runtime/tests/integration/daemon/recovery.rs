//! Images that an earlier run did not finish.

use super::*;
use crate::support::runner;
use Signal::{Busy, NoResult};
use edge_runtime::records::Hash256;

#[test]
fn an_image_that_changed_in_the_store_is_not_screened() {
    let bench = Bench::new();
    bench.run(vec![], healthy);
    let limits = StoreLimits { quota: None, keep_days: None, reserve: 0 };
    let store = RecordStore::open(&bench.store(), limits).unwrap();
    let content = Hash256::of(&device::picture(2));
    let path = store.store_image(&content, &device::picture(2)).unwrap();
    std::fs::write(path, device::picture(4)).unwrap();
    drop(store);
    let seen = bench.run(vec![], healthy);
    assert_eq!(seen.outcomes, []);
    assert_eq!(seen.signals()[..2], [Busy, NoResult]);
    let refusals = RecordReader::open(&bench.store()).unwrap().refusals().unwrap();
    assert_eq!((refusals[0].origin.as_str(), refusals[0].code.as_str()), ("recovered", "damaged"));
}

/// Run as a process of its own by the test below: it ends while it screens.
#[test]
fn a_program_that_ends_while_it_screens() {
    let Some(folder) = std::env::var_os("XRAY_EDGE_ENDS_IN") else { return };
    let aborts: ScreenFn = |_, _| std::process::abort();
    // The store outlives the process: it is that of the test that started this one.
    let (bench, store) = (Bench::new(), PathBuf::from(&folder).join("store"));
    std::fs::create_dir_all(&store).unwrap();
    std::os::unix::fs::symlink(store, bench.store()).unwrap();
    bench.run(vec![picture(2)], aborts);
}

#[test]
fn an_image_that_ends_the_program_each_time_gets_a_record_without_a_result() {
    let bench = Bench::new();
    let run = || {
        runner::started(&std::env::current_exe().unwrap())
            .args([
                "--exact",
                concat!(module_path!(), "::a_program_that_ends_while_it_screens").split_once("::").unwrap().1,
            ])
            .env("XRAY_EDGE_ENDS_IN", bench.folder.path())
            .env("TMPDIR", bench.folder.path())
            .output()
            .unwrap()
            .status
            .success()
    };
    // Three times it ends; the fourth it says so and goes on.
    assert_eq!([run(), run(), run()], [false; 3]);
    assert_eq!(device::records(&bench.store()), []);
    assert!(run());
    let seen = bench.run(vec![picture(4)], healthy);
    let expected =
        [("no-result", vec!["ended-the-program".to_owned()], "recovered"), ("no-sign", Vec::new(), "stick")];
    assert_eq!(seen.outcomes, expected);
}
