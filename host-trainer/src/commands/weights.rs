//! `weights`: what the store of imported weights holds.

use std::path::PathBuf;

use serde::Serialize;

use crate::architectures::BackboneKind;
use crate::weights::{
    BASE_URL_VARIABLE, Conventions, DEFAULT_BASE_URL, Provenance, StoredWeights, WeightStore,
};

/// One backbone in `weights list --json`.
#[derive(Debug, Serialize)]
pub struct ListedWeights {
    pub backbone: BackboneKind,
    pub path: PathBuf,
    pub provenance: Option<Provenance>,
    pub conventions: Option<Conventions>,
    pub fingerprint: Option<String>,
    pub error: Option<String>,
}

/// Every file of the store; unreadable ones with the reason.
pub fn list_weights(store: &WeightStore) -> Vec<ListedWeights> {
    store.list().into_iter().map(ListedWeights::from).collect()
}

/// The server to download from: `given`, else `$XRAY_EDGE_WEIGHTS_URL`, else torchvision's.
pub fn base_url(given: Option<String>) -> String {
    let from_environment = || std::env::var(BASE_URL_VARIABLE).ok().filter(|url| !url.is_empty());
    given.or_else(from_environment).unwrap_or_else(|| DEFAULT_BASE_URL.to_owned())
}

impl From<StoredWeights> for ListedWeights {
    fn from(StoredWeights { backbone, path, weights }: StoredWeights) -> Self {
        let error = weights.as_ref().err().map(ToString::to_string);
        let set = weights.ok();
        ListedWeights {
            backbone,
            path,
            fingerprint: set.as_ref().map(|set| set.fingerprint()),
            conventions: set.as_ref().map(|set| set.conventions.clone()),
            provenance: set.map(|set| set.provenance),
            error,
        }
    }
}
