//! USB sticks: every file system that appears under the folders where sticks are mounted.
//!
//! A stick is only ever read. By default one that is mounted for writing is refused, since the mere mount can have
//! written to it. Sticks that were known before are read again when they return: only the content tells whether an
//! image is new.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::content::{self, Unread};
use super::mounter::{Mounter, Partition};
use super::tree::{MOST, Step, Tree};
use super::{Arrival, Medium, Mount, MountTable, News, Refusal, Source, SourceError};
use crate::model_store::{self, OnStick};
use crate::record::Origin;

/// Files that are looked at in one [`Source::poll`].
const A_TURN: usize = 64;

/// How sticks are watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StickOptions {
    /// File systems below these folders are sticks.
    pub under: Vec<PathBuf>,
    /// From one look at the table of mounts to the next.
    pub every: Duration,
    /// Whether a stick that is mounted for writing is read all the same.
    pub writable: bool,
    /// The table, in the form of `/proc/self/mountinfo`.
    pub table: PathBuf,
    /// Where the kernel lists block devices by number (`/sys/dev/block`): one that is not there was pulled, even
    /// while its file system is still mounted.
    pub devices: PathBuf,
}

enum State {
    Reading(Box<Tree>),
    Read,
    /// Pulled, though still mounted.
    Broken,
    /// Mounted for writing.
    Refused,
}

struct Inserted {
    mount: Mount,
    state: State,
    /// Signed models on it that were not told of yet.
    models: Option<OnStick>,
    images: u64,
    passed_over: u64,
}

/// Watches for sticks.
pub struct Stick {
    options: StickOptions,
    table: MountTable,
    mounter: Option<Box<dyn Mounter>>,
    /// Partitions that were tried, so that one that cannot be mounted is tried once.
    tried: Vec<Partition>,
    inserted: HashMap<(u64, String), Inserted>,
    looked: Option<Instant>,
}

impl Stick {
    /// Watches for sticks that something else mounts, or `mounter`.
    pub fn new(options: StickOptions, mounter: Option<Box<dyn Mounter>>) -> Self {
        let table = MountTable::at(&options.table);
        Stick { options, table, mounter, tried: Vec::new(), inserted: HashMap::new(), looked: None }
    }

    /// Mounts what was plugged in; gives a refusal for what cannot be.
    fn mount_new(&mut self) -> Option<Refusal> {
        let mounter = self.mounter.as_mut()?;
        let there = mounter.partitions().unwrap_or_default();
        for gone in self.tried.extract_if(.., |tried| !there.contains(tried)) {
            // It is not mounted any more, or never was.
            let _ = mounter.unmount(&gone);
        }
        let new = there.into_iter().find(|partition| !self.tried.contains(partition))?;
        self.tried.push(new.clone());
        let error = mounter.mount(&new).err()?;
        let reason =
            format!("{}: the stick cannot be mounted: {error}; format it as FAT32 or exFAT", new.name);
        Some(Refusal { code: "unreadable", reason })
    }

    /// Compares the table with what was there; gives what is to be said of it.
    fn look(&mut self) -> Result<Option<News>, SourceError> {
        let refusal = self.mount_new();
        let mounts = self.table.read()?;
        let under = |mount: &Mount| self.options.under.iter().any(|root| mount.point.starts_with(root));
        let now: HashMap<_, _> =
            mounts.into_iter().filter(under).map(|mount| ((mount.id, mount.device.clone()), mount)).collect();
        let mut news = refusal.map(News::Unreadable);
        self.inserted.retain(|key, stick| {
            let there = now.contains_key(key);
            if let (false, State::Reading(_)) = (there, &stick.state) {
                news = Some(News::Pulled { images: stick.images });
            }
            there
        });
        for (key, mount) in now {
            let refused = !mount.read_only && !self.options.writable;
            self.inserted.entry(key).or_insert_with(|| {
                let state = if refused {
                    let reason = format!(
                        "{}: the stick is mounted for writing; mount it with ro, or set `writable = true`",
                        mount.source
                    );
                    news = Some(News::Unreadable(Refusal { code: "writable", reason }));
                    State::Refused
                } else {
                    State::Reading(Box::new(Tree::new(&mount.point)))
                };
                // What cannot be listed here cannot be listed for its images either, which is said.
                let models = (!refused).then(|| model_store::look(&mount.point).ok()).flatten();
                let models = models.filter(|found| *found != OnStick::Nothing);
                Inserted { mount, state, models, images: 0, passed_over: 0 }
            });
        }
        Ok(news)
    }

    fn is_plugged_in(&self, mount: &Mount) -> bool {
        self.options.devices.join(&mount.device).exists()
    }

    /// Takes the next step on a stick that is being read.
    fn read(&mut self) -> Option<News> {
        let reading = |stick: &&mut Inserted| matches!(stick.state, State::Reading(_));
        let devices = self.options.devices.clone();
        let stick = self.inserted.values_mut().find(reading)?;
        let gone = |mount: &Mount| !devices.join(&mount.device).exists();
        Some(stick.step(gone))
    }
}

impl Inserted {
    fn step(&mut self, gone: impl Fn(&Mount) -> bool) -> News {
        if let Some(models) = self.models.take() {
            return News::Model(models);
        }
        for _ in 0..A_TURN {
            let State::Reading(tree) = &mut self.state else { return News::Nothing };
            let began = Instant::now();
            let failed = match tree.step() {
                Step::Other => continue,
                Step::Failed(error) => error,
                Step::TooMany => {
                    self.state = State::Read;
                    let reason = format!("the stick holds more than {MOST} files; only those were looked at");
                    return News::Unreadable(Refusal { code: "too-many-files", reason });
                }
                // The kernel can give an empty listing of a device that is gone.
                Step::End if gone(&self.mount) => io::ErrorKind::NotFound.into(),
                Step::End => {
                    self.state = State::Read;
                    return News::Finished { images: self.images, passed_over: self.passed_over };
                }
                Step::File(path) => {
                    match content::look(&path).map(|picture| picture.map(|_| content::read(&path))) {
                        Ok(None) => {
                            self.passed_over += 1;
                            continue;
                        }
                        Ok(Some(Ok(bytes))) => {
                            self.images += 1;
                            return News::Image(Arrival { bytes, awaited: true, began });
                        }
                        Ok(Some(Err(Unread::Refused(refusal)))) => return News::Unreadable(refusal),
                        Ok(Some(Err(Unread::Io(error)))) | Err(error) => error,
                    }
                }
            };
            if gone(&self.mount) {
                self.state = State::Broken;
                return News::Pulled { images: self.images };
            }
            return News::Unreadable(content::unreadable(&failed));
        }
        News::Searching
    }
}

impl Source for Stick {
    fn origin(&self) -> Origin {
        Origin::Stick
    }

    fn poll(&mut self, now: Instant) -> Result<News, SourceError> {
        if self.looked.is_none_or(|looked| now.duration_since(looked) >= self.options.every) {
            self.looked = Some(now);
            if let Some(news) = self.look()? {
                return Ok(news);
            }
        }
        Ok(self.read().unwrap_or(News::Nothing))
    }

    fn medium(&self) -> Medium {
        let of = |stick: &Inserted| match stick.state {
            State::Reading(_) => Medium::InUse,
            State::Read | State::Refused if self.is_plugged_in(&stick.mount) => Medium::MayBePulled,
            State::Read | State::Refused | State::Broken => Medium::Absent,
        };
        self.inserted.values().map(of).max().unwrap_or(Medium::Absent)
    }
}
