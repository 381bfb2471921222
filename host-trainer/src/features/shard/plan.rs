//! The plan of an extraction, which all its shards share.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use xray_core::hex;

use super::super::FeatureJob;
use super::super::View;
use super::ShardNumber;

/// One net of an extraction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardPlanPart {
    /// Its folder in the feature cache: the net's name and a hash over weights, preprocessing and kind of device.
    pub name: String,
    /// Features an image.
    pub features: usize,
}

/// What all shards of one extraction have in common: shards of different plans do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Fingerprint of the data set, with sides and labels.
    pub data: String,
    /// What computed the features (`cpu`, `vulkan`, `fused`, …).
    pub device: String,
    /// The nets, in the order in which features are joined.
    pub parts: Vec<ShardPlanPart>,
    /// How many jobs there are in all shards together.
    pub jobs: usize,
    /// SHA-256 (hex) over the jobs in their order.
    pub order: String,
}

impl Plan {
    pub fn new(data: String, device: &str, parts: Vec<ShardPlanPart>, jobs: &[FeatureJob]) -> Self {
        let mut hash = Sha256::new();
        for job in jobs {
            hash.update(entry_name(&job.sha256, &job.view));
            hash.update("\n");
        }
        Plan { data, device: device.to_owned(), parts, jobs: jobs.len(), order: hex(&hash.finalize()) }
    }

    /// How another plan differs from this one, for people; none if it does not.
    pub fn difference(&self, other: &Plan) -> Option<String> {
        if self.device != other.device {
            return Some(format!(
                "its features were computed on `{}`, not on `{}`; they differ in the last bits, so give the same \
                 --device on all sides",
                other.device, self.device
            ));
        }
        if self.parts != other.parts {
            let names =
                |plan: &Plan| plan.parts.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join(", ");
            return Some(format!(
                "it belongs to other nets, weights or preprocessing: {} instead of {}",
                names(other),
                names(self)
            ));
        }
        if self.data != other.data {
            return Some(format!(
                "it belongs to other images or another split: data fingerprint {} instead of {}; give the same --data, \
                 --splits, --classes and --seed on all sides",
                short(&other.data),
                short(&self.data)
            ));
        }
        (self != other).then(|| {
            format!(
                "it belongs to other views of the images: {} in all instead of {}; give the same options on all sides",
                other.jobs, self.jobs
            )
        })
    }

    /// The names of the entries of a shard, one an image and view; equal images count once.
    pub fn entries(jobs: &[FeatureJob], number: ShardNumber) -> BTreeSet<String> {
        number.select(jobs).map(|job| entry_name(&job.sha256, &job.view)).collect()
    }

    /// Features an image, all nets together.
    pub fn features(&self) -> usize {
        self.parts.iter().map(|part| part.features).sum()
    }
}

/// The name of one view of an image.
pub fn entry_name(sha256: &str, view: &View) -> String {
    format!("{sha256}-{}", view.name())
}

/// The start of a hash, enough for people. Text from a file need not be a hash.
fn short(hash: &str) -> String {
    hash.chars().filter(char::is_ascii_alphanumeric).take(12).collect()
}
