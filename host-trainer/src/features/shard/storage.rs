//! Where shards are stored: a folder, or a bucket of an object store.

use std::collections::BTreeSet;
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::runtime::{Builder, Runtime};

use super::super::FeatureJob;
use super::file::{Unfit, decode, encode, largest};
use super::{Plan, Shard, ShardError, ShardNumber};

/// A folder or bucket for shards.
#[derive(Debug)]
pub struct ShardStorage {
    name: String,
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    runtime: Runtime,
}

impl ShardStorage {
    /// Storage to write to: a folder, which is created, or `s3://BUCKET/PREFIX`.
    ///
    /// # Errors
    /// [`ShardError::Location`], [`ShardError::NotBuilt`].
    pub fn create(place: &str) -> Result<Self, ShardError> {
        if !is_url(place) {
            let made = std::fs::create_dir_all(place);
            made.map_err(|error| ShardError::Location {
                place: place.to_owned(),
                reason: error.to_string(),
            })?;
        }
        Self::open(place)
    }

    /// Storage to read from: a folder, which must exist, or `s3://BUCKET/PREFIX`.
    ///
    /// # Errors
    /// [`ShardError::Location`], [`ShardError::NotBuilt`].
    pub fn open(place: &str) -> Result<Self, ShardError> {
        let wrong = |reason: String| ShardError::Location { place: place.to_owned(), reason };
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|e| wrong(e.to_string()))?;
        let name = place.trim_end_matches('/').to_owned();
        if let Some(address) = place.strip_prefix("s3://") {
            let (bucket, prefix) = address.split_once('/').unwrap_or((address, ""));
            if bucket.is_empty() {
                return Err(wrong("no bucket is named".to_owned()));
            }
            let prefix = Path::parse(prefix.trim_matches('/')).map_err(|error| wrong(error.to_string()))?;
            return Ok(ShardStorage { store: s3(place, bucket)?, name, prefix, runtime });
        }
        if is_url(place) {
            return Err(wrong("only s3:// is known".to_owned()));
        }
        let store = LocalFileSystem::new_with_prefix(place).map_err(|error| wrong(error.to_string()))?;
        // A shard that is there must be there after the power failed as well.
        let store = Arc::new(store.with_fsync(true));
        Ok(ShardStorage { store, name, prefix: Path::default(), runtime })
    }

    /// The full name of a shard's file.
    pub fn file(&self, number: ShardNumber) -> String {
        format!("{}/{}", self.name, number.file_name())
    }

    /// Writes a shard, atomically.
    ///
    /// # Errors
    /// [`ShardError::Store`].
    pub fn write(&self, plan: &Plan, number: ShardNumber, shard: &Shard) -> Result<(), ShardError> {
        let failed = |reason| ShardError::Store { file: self.file(number), action: "write", reason };
        let bytes = encode(plan, number, shard).map_err(failed)?;
        let path = self.path(number);
        let written = self.runtime.block_on(self.store.put(&path, bytes.into()));
        written.map(|_| ()).map_err(|error| failed(error.to_string()))
    }

    /// Reads a shard, if it exists.
    ///
    /// # Errors
    /// [`ShardError::Damaged`] if it is not whole, [`ShardError::Other`] if it belongs to another plan,
    /// [`ShardError::Store`].
    pub fn read(
        &self,
        plan: &Plan,
        jobs: &[FeatureJob],
        number: ShardNumber,
    ) -> Result<Option<Shard>, ShardError> {
        let file = || self.file(number);
        let failed = |error: object_store::Error| ShardError::Store {
            file: file(),
            action: "read",
            reason: error.to_string(),
        };
        let damaged = |reason| ShardError::Damaged { file: file(), shard: number.to_string(), reason };
        let path = self.path(number);
        let entries = Plan::entries(jobs, number);
        let limit = largest(plan, entries.len());
        let bytes = self.runtime.block_on(async {
            let found = match self.store.get(&path).await {
                Ok(found) => found,
                Err(object_store::Error::NotFound { .. }) => return Ok(None),
                Err(error) => return Err(failed(error)),
            };
            if found.meta.size > limit {
                let reason =
                    format!("it holds {} bytes, more than the {limit} that it can need", found.meta.size);
                return Err(damaged(reason));
            }
            found.bytes().await.map(Some).map_err(failed)
        })?;
        let Some(bytes) = bytes else { return Ok(None) };
        let shard = decode(&bytes, plan, number, &entries).map_err(|unfit| match unfit {
            Unfit::Damaged(reason) => damaged(reason),
            Unfit::Other(reason) => ShardError::Other { file: file(), reason },
        })?;
        Ok(Some(shard))
    }

    /// All shards; all must exist.
    ///
    /// # Errors
    /// [`ShardError::Missing`] names those that are not; [`ShardError::Empty`], [`ShardError::Mixed`],
    /// [`ShardError::Store`].
    pub fn complete(&self) -> Result<Vec<ShardNumber>, ShardError> {
        let place = || self.name.clone();
        let listed = self.runtime.block_on(self.store.list_with_delimiter(Some(&self.prefix)));
        let listed = listed.map_err(|error| ShardError::Store {
            file: place(),
            action: "list",
            reason: error.to_string(),
        })?;
        let names = listed.objects.iter().filter_map(|object| object.location.filename());
        let there: BTreeSet<ShardNumber> = names.filter_map(ShardNumber::from_file_name).collect();
        let counts: BTreeSet<usize> = there.iter().map(|number| number.of()).collect();
        let of = match counts.len() {
            0 => return Err(ShardError::Empty { place: place() }),
            1 => counts.iter().sum(),
            _ => return Err(ShardError::Mixed { place: place(), of: counts.into_iter().collect() }),
        };
        let indices: BTreeSet<usize> = there.iter().map(|number| number.index()).collect();
        let missing: Vec<usize> = (1..=of).filter(|index| !indices.contains(index)).collect();
        if !missing.is_empty() {
            return Err(ShardError::Missing { place: place(), missing, of });
        }
        Ok(there.into_iter().collect())
    }

    fn path(&self, number: ShardNumber) -> Path {
        self.prefix.clone().join(number.file_name())
    }
}

fn is_url(place: &str) -> bool {
    place.contains("://")
}

/// Region, endpoint and credentials come from the usual `AWS_` variables, or from the machine's role.
#[cfg(feature = "s3")]
fn s3(place: &str, bucket: &str) -> Result<Arc<dyn ObjectStore>, ShardError> {
    let builder = object_store::aws::AmazonS3Builder::from_env().with_bucket_name(bucket);
    let built = builder.build();
    let store =
        built.map_err(|error| ShardError::Location { place: place.to_owned(), reason: error.to_string() })?;
    Ok(Arc::new(store))
}

#[cfg(not(feature = "s3"))]
fn s3(place: &str, _bucket: &str) -> Result<Arc<dyn ObjectStore>, ShardError> {
    Err(ShardError::NotBuilt { place: place.to_owned() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::path::PathBuf;

    use object_store::memory::InMemory;

    use super::*;
    use crate::features::View;
    use crate::features::shard::ShardPlanPart;

    /// A bucket's way of keeping things, without a bucket: no folders, a prefix shared with others.
    #[test]
    fn a_store_of_objects_keeps_shards_below_its_prefix() {
        let bucket: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let place = |prefix: &str| ShardStorage {
            name: format!("s3://bucket/{prefix}"),
            store: Arc::clone(&bucket),
            prefix: Path::from(prefix),
            runtime: Builder::new_current_thread().build().unwrap(),
        };
        let job =
            |i: usize| FeatureJob { path: PathBuf::new(), sha256: format!("{i:064x}"), view: View::Plain };
        let jobs: Vec<FeatureJob> = (0..3).map(job).collect();
        let part = ShardPlanPart { name: "a-1".to_owned(), features: 2 };
        let plan = Plan::new("d".repeat(64), "cpu", vec![part], &jobs);
        let (here, numbers) = (place("x-rays/one"), [1, 2].map(|index| ShardNumber::new(index, 2).unwrap()));
        assert!(matches!(here.complete(), Err(ShardError::Empty { .. })));
        let shards = numbers.map(|number| {
            let entry = |(i, name): (usize, String)| (name, vec![i as f32, 0.5]);
            let features = Plan::entries(&jobs, number).into_iter().enumerate().map(entry).collect();
            Shard { features, unreadable: [].into() }
        });
        here.write(&plan, numbers[1], &shards[1]).unwrap();
        assert!(matches!(here.complete(), Err(ShardError::Missing { missing, of: 2, .. }) if missing == [1]));
        assert!(here.read(&plan, &jobs, numbers[0]).unwrap().is_none());
        here.write(&plan, numbers[0], &shards[0]).unwrap();
        assert_eq!(here.complete().unwrap(), numbers);
        for (number, shard) in numbers.into_iter().zip(shards) {
            assert_eq!(here.read(&plan, &jobs, number).unwrap(), Some(shard));
        }
        assert!(matches!(place("x-rays").complete(), Err(ShardError::Empty { .. })));
    }
}
