//! The bytes of a shard: read back as they were written, and never trusted.

use std::collections::BTreeSet;
use std::path::PathBuf;

use host_trainer::features::shard::{
    Plan, Shard, ShardNumber, ShardPlanPart, Unfit, decode, encode, entry_name,
};
use host_trainer::features::{FeatureJob, View};
use proptest::prelude::*;

fn jobs(count: usize) -> Vec<FeatureJob> {
    let job = |i: usize| FeatureJob {
        path: PathBuf::from(format!("{i}.png")),
        sha256: format!("{:064x}", i / 2),
        view: if i.is_multiple_of(2) { View::Plain } else { View::Mirror },
    };
    (0..count).map(job).collect()
}

fn plan(jobs: &[FeatureJob]) -> Plan {
    let part = |name: &str, features| ShardPlanPart { name: name.to_owned(), features };
    Plan::new("d".repeat(64), "cpu", vec![part("a-1", 3), part("b-2", 2)], jobs)
}

/// Shard 2 of 3 of ten jobs: the second, fifth and eighth, the last of which could not be read.
fn sample(values: &[f32; 10]) -> (Plan, ShardNumber, BTreeSet<String>, Shard) {
    let jobs = jobs(10);
    let number = ShardNumber::new(2, 3).unwrap();
    let name = |i: usize| entry_name(&jobs[i].sha256, &jobs[i].view);
    let shard = Shard {
        features: [(name(1), values[..5].to_vec()), (name(4), values[5..].to_vec())].into(),
        unreadable: [name(7)].into(),
    };
    (plan(&jobs), number, Plan::entries(&jobs, number), shard)
}

#[test]
fn the_file_is_plain_safetensors() {
    let (plan, number, _, shard) = sample(&[1.0, 2.0, 3.0, 4.0, 5.0, -1.0, -2.0, -3.0, -4.0, -5.0]);
    let bytes = encode(&plan, number, &shard).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut names = file.names();
    names.sort_unstable();
    let zeros = "0".repeat(63);
    let expected: Vec<String> = ["a-1/", "b-2/"]
        .iter()
        .flat_map(|net| [format!("{net}{zeros}0-mirror"), format!("{net}{zeros}2-plain")])
        .collect();
    assert_eq!(names, expected);
    let own = file.tensor(&format!("b-2/{zeros}0-mirror")).unwrap();
    assert_eq!(own.data(), [4.0_f32, 5.0].map(f32::to_le_bytes).concat());
}

#[test]
fn a_shard_of_something_else_is_told_apart() {
    let (plan, number, entries, shard) = sample(&[0.5; 10]);
    let bytes = encode(&plan, number, &shard).unwrap();
    let other = |change: &dyn Fn(&mut Plan)| {
        let mut other = plan.clone();
        change(&mut other);
        match decode(&bytes, &other, number, &entries) {
            Err(Unfit::Other(reason)) => reason,
            result => panic!("{result:?}"),
        }
    };
    assert!(other(&|plan| plan.device = "vulkan".to_owned()).contains("`cpu`, not on `vulkan`"));
    assert!(other(&|plan| plan.parts[0].name = "a-9".to_owned()).contains("a-1, b-2 instead of a-9, b-2"));
    assert!(other(&|plan| plan.data = "e".repeat(64)).contains("dddddddddddd instead of eeeeeeeeeeee"));
    assert!(other(&|plan| plan.jobs = 11).contains("10 in all instead of 11"));
    let third = ShardNumber::new(3, 3).unwrap();
    assert_eq!(
        decode(&bytes, &plan, third, &entries),
        Err(Unfit::Damaged("it is shard 2/3, not 3/3".to_owned()))
    );
}

#[test]
fn entries_that_lack_or_do_not_belong_are_refused() {
    let (plan, number, entries, shard) = sample(&[0.5; 10]);
    let jobs = jobs(10);
    let mut lacking = shard.clone();
    lacking.features.pop_first();
    let bytes = encode(&plan, number, &lacking).unwrap();
    assert!(
        matches!(decode(&bytes, &plan, number, &entries), Err(Unfit::Damaged(why)) if why.contains("is missing"))
    );
    for foreign in [entry_name(&jobs[0].sha256, &jobs[0].view), "../../etc/passwd".to_owned()] {
        let mut more = shard.clone();
        more.features.insert(foreign.clone(), vec![0.0; 5]);
        let bytes = encode(&plan, number, &more).unwrap();
        assert!(
            matches!(decode(&bytes, &plan, number, &entries), Err(Unfit::Damaged(why)) if why.contains("belong"))
        );
        let mut more = shard.clone();
        more.unreadable.insert(foreign);
        let bytes = encode(&plan, number, &more).unwrap();
        assert!(
            matches!(decode(&bytes, &plan, number, &entries), Err(Unfit::Damaged(why)) if why.contains("belong"))
        );
    }
    let mut short = shard;
    short.features.insert(entry_name(&jobs[1].sha256, &jobs[1].view), vec![0.0; 4]);
    assert!(encode(&plan, number, &short).is_err());
}

proptest! {
    #[test]
    fn features_are_read_back_bit_for_bit(values in prop::array::uniform10(any::<u32>())) {
        let (plan, number, entries, shard) = sample(&values.map(f32::from_bits));
        let bytes = encode(&plan, number, &shard).unwrap();
        prop_assert_eq!(&bytes, &encode(&plan, number, &shard).unwrap());
        let back = decode(&bytes, &plan, number, &entries).unwrap();
        let bits = |shard: &Shard| -> Vec<(String, Vec<u32>)> {
            shard.features.iter().map(|(k, v)| (k.clone(), v.iter().map(|x| x.to_bits()).collect())).collect()
        };
        prop_assert_eq!(bits(&back), bits(&shard));
        prop_assert_eq!(back.unreadable, shard.unreadable);
    }

    #[test]
    fn a_changed_file_is_refused_or_means_the_same(place in any::<prop::sample::Index>(), mask in 1u8..) {
        let (plan, number, entries, shard) = sample(&[0.5; 10]);
        let mut bytes = encode(&plan, number, &shard).unwrap();
        let place = place.index(bytes.len());
        bytes[place] ^= mask;
        // Some bytes, such as the spaces that fill up the header, have no meaning.
        if let Ok(back) = decode(&bytes, &plan, number, &entries) {
            prop_assert_eq!(back, shard);
        }
    }

    #[test]
    fn a_cut_file_is_refused(place in any::<prop::sample::Index>()) {
        let (plan, number, entries, shard) = sample(&[0.5; 10]);
        let bytes = encode(&plan, number, &shard).unwrap();
        let cut = &bytes[..place.index(bytes.len())];
        prop_assert!(matches!(decode(cut, &plan, number, &entries), Err(Unfit::Damaged(_))));
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (plan, number, entries, _) = sample(&[0.5; 10]);
        prop_assert!(decode(&bytes, &plan, number, &entries).is_err());
    }
}
