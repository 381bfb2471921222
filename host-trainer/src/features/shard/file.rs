//! The bytes of one shard: safetensors, one float32 tensor for each net, image and view, under the name
//! `NET/SHA256-VIEW`, and a label among the metadata.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use xray_core::hex;

use super::{Plan, ShardNumber};

/// Version of the label that this build writes and the only one that it reads.
const SCHEMA: u32 = 1;

/// Key of the label among the metadata. One key, so that the same features give the same bytes.
const LABEL_KEY: &str = "xray_edge.shard";

/// Bytes of the header that a tensor takes beside its data, at most: name, type, shape and place.
const HEADER_A_TENSOR: usize = 320;

/// Bytes of the header for the rest of the label.
const HEADER: usize = 64 * 1024;

/// The features of a shard.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shard {
    /// The joined features of each image and view, by the name of the entry.
    pub features: BTreeMap<String, Vec<f32>>,
    /// Entries whose image could not be read.
    pub unreadable: BTreeSet<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Label {
    schema: u32,
    program: String,
    shard: ShardNumber,
    plan: Plan,
    unreadable: BTreeSet<String>,
    /// SHA-256 (hex) over the rest of the label, and names and data of the tensors.
    check: String,
}

/// Why bytes are not the shard that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// Not whole, or not a shard.
    Damaged(String),
    /// A shard of another plan.
    Other(String),
}

/// No shard of this plan with so many entries is larger, in bytes.
pub(super) fn largest(plan: &Plan, entries: usize) -> u64 {
    let header = plan.parts.len().max(1) * HEADER_A_TENSOR;
    let data = plan.features() * size_of::<f32>();
    (HEADER + entries * (header + data)) as u64
}

/// The bytes of a shard.
///
/// # Errors
/// The reason if an entry has another number of features than the plan says.
pub fn encode(plan: &Plan, number: ShardNumber, shard: &Shard) -> Result<Vec<u8>, String> {
    let mut tensors: BTreeMap<String, (usize, Vec<u8>)> = BTreeMap::new();
    for (entry, features) in &shard.features {
        if features.len() != plan.features() {
            return Err(format!("{entry} has {} features, not {}", features.len(), plan.features()));
        }
        let mut rest = features.as_slice();
        for part in &plan.parts {
            let (own, others) = rest.split_at(part.features);
            rest = others;
            let data = own.iter().flat_map(|value| value.to_le_bytes()).collect();
            tensors.insert(format!("{}/{entry}", part.name), (part.features, data));
        }
    }
    let mut label = Label {
        schema: SCHEMA,
        program: concat!("host-trainer ", env!("CARGO_PKG_VERSION")).to_owned(),
        shard: number,
        plan: plan.clone(),
        unreadable: shard.unreadable.clone(),
        check: String::new(),
    };
    label.check =
        check(&mut label, tensors.iter().map(|(name, (_, data))| (name.as_str(), data.as_slice())))?;
    let json = serde_json::to_string(&label).map_err(|error| error.to_string())?;
    let views = tensors
        .iter()
        .map(|(name, (features, data))| {
            let view =
                TensorView::new(Dtype::F32, vec![*features], data).map_err(|error| error.to_string())?;
            Ok((name.as_str(), view))
        })
        .collect::<Result<Vec<_>, String>>()?;
    serialize(views, Some(HashMap::from([(LABEL_KEY.to_owned(), json)]))).map_err(|error| error.to_string())
}

/// Reads a shard whose entries should be `entries`, no more and no less. Nothing in the bytes is trusted.
///
/// # Errors
/// [`Unfit`] says whether it is a shard of something else or not a whole one.
pub fn decode(
    bytes: &[u8],
    plan: &Plan,
    number: ShardNumber,
    entries: &BTreeSet<String>,
) -> Result<Shard, Unfit> {
    let damaged = |reason: &dyn std::fmt::Display| Unfit::Damaged(reason.to_string());
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| damaged(&error))?;
    let json = header.metadata().as_ref().and_then(|metadata| metadata.get(LABEL_KEY));
    let json = json.ok_or_else(|| damaged(&"it has no label of a shard"))?;
    let mut label: Label = serde_json::from_str(json).map_err(|error| damaged(&error))?;
    if label.schema != SCHEMA {
        let reason = format!("it has schema {}, this program reads {SCHEMA}", label.schema);
        return Err(Unfit::Other(reason));
    }
    if let Some(difference) = plan.difference(&label.plan) {
        return Err(Unfit::Other(difference));
    }
    if label.shard != number {
        return Err(damaged(&format!("it is shard {}, not {number}", label.shard)));
    }
    let file = SafeTensors::deserialize(bytes).map_err(|error| damaged(&error))?;
    let mut tensors: BTreeMap<&str, TensorView<'_>> = file.iter().collect();
    let promised = std::mem::take(&mut label.check);
    if check(&mut label, tensors.iter().map(|(name, view)| (*name, view.data()))).map_err(|e| damaged(&e))?
        != promised
    {
        return Err(damaged(&"its check sum is wrong"));
    }
    let mut shard = Shard { features: BTreeMap::new(), unreadable: label.unreadable };
    for entry in entries.iter().filter(|entry| !shard.unreadable.contains(*entry)) {
        let mut features = Vec::with_capacity(plan.features());
        for part in &plan.parts {
            let name = format!("{}/{entry}", part.name);
            let view = tensors.remove(name.as_str()).ok_or_else(|| damaged(&format!("{name} is missing")))?;
            if view.dtype() != Dtype::F32 || view.shape() != [part.features] {
                return Err(damaged(&format!("{name} is not {} numbers of 32 bits", part.features)));
            }
            features
                .extend(view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])));
        }
        shard.features.insert(entry.clone(), features);
    }
    if !tensors.is_empty() || !shard.unreadable.is_subset(entries) {
        return Err(damaged(&"it holds what does not belong to it"));
    }
    Ok(shard)
}

/// The check sum of a label, whose own is left out, and of the tensors, by name.
fn check<'a>(
    label: &mut Label,
    tensors: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> Result<String, String> {
    label.check.clear();
    let mut hash = Sha256::new();
    hash.update(serde_json::to_vec(label).map_err(|error| error.to_string())?);
    for (name, data) in tensors {
        hash.update(name);
        hash.update("\n");
        hash.update(data);
    }
    Ok(hex(&hash.finalize()))
}
