//! USB sticks: every file system that appears under the folders where sticks are mounted.
//!
//! A stick is only ever read. By default one that is mounted for writing is refused, since the mere mount can have
//! written to it. Sticks that were known before are read again when they return: only the content tells whether an
//! image is new.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::content::{self, ReadFailure};
use super::mounts::{Mount, MountTable, Mounter, Partition, disk_of, is_own_disk};
use super::tree::{Tree, TreeStep};
use super::{IncomingImage, Input, InputError, InputEvent, InputRefusal, MediaState, Progress};
use crate::models::{self, ModelsOnStick};
use crate::records::Origin;

/// Files that are read in one [`Input::poll`].
const FILES_PER_POLL: usize = 64;

/// Files and folders of a stick that are looked at. A damaged file system can seem to have no end.
const MAX_ENTRIES: usize = 100_000;

/// So many files of a stick may be refused by intake before the rest of it is left: each costs the time of a decoder and a
/// record.
const MAX_REFUSED: u64 = 500;

/// A stick that cannot be mounted.
const UNMOUNTABLE: &str = "stick-unreadable";
/// Something else has so long to mount what was plugged in.
const MOUNT_TIME: Duration = Duration::from_secs(8);
/// A stick that is mounted for writing.
const WRITABLE: &str = "writable";

/// A stick on which nothing is an image.
const NO_IMAGES: &str = "no-images";

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
    /// Read to its end.
    Read,
    /// Pulled, though still mounted.
    Broken,
    /// Mounted for writing, and not read.
    Refused,
}

struct InsertedStick {
    mount: Mount,
    state: State,
    /// Signed models on it that were not reported yet.
    models: Option<ModelsOnStick>,
    /// Whether it carries any.
    carries_models: bool,
    images: u64,
    /// Files that were not read, and images that intake refused.
    refused: u64,
    passed_over: u64,
    /// Why something on it was not read: the first reason.
    unread: Option<&'static str>,
}

/// Watches for sticks.
pub struct StickInput {
    options: StickOptions,
    table: MountTable,
    mounter: Option<Box<dyn Mounter>>,
    /// Partitions that were tried, so that one that cannot be mounted is tried once, and when.
    tried: Vec<(Partition, Instant)>,
    /// Those of them that could not be.
    unmountable: Vec<Partition>,
    inserted: HashMap<(u64, String), InsertedStick>,
    polled: Option<Instant>,
    progress: Progress,
    /// Which stick gave the last image.
    last: Option<(u64, String)>,
}

impl StickInput {
    /// Watches for sticks that something else mounts, or `mounter`.
    pub fn new(options: StickOptions, mounter: Option<Box<dyn Mounter>>) -> Self {
        let table = MountTable::at(&options.table);
        let (tried, unmountable) = (Vec::new(), Vec::new());
        StickInput {
            options,
            table,
            mounter,
            tried,
            unmountable,
            inserted: HashMap::new(),
            polled: None,
            progress: Progress::default(),
            last: None,
        }
    }

    /// Mounts what was plugged in; gives a refusal for what cannot be.
    fn mount_new(&mut self, mounts: &[Mount], now: Instant) -> Option<InputRefusal> {
        let mounter = self.mounter.as_mut()?;
        let there = mounter.partitions().unwrap_or_default();
        for (gone, _) in self.tried.extract_if(.., |(tried, _)| !there.contains(tried)) {
            // It is not mounted any more, or never was.
            let _ = mounter.unmount(&gone);
        }
        self.unmountable.retain(|tried| there.contains(tried));
        let is_new = |partition: &Partition| {
            self.tried.iter().all(|(tried, _)| tried != partition)
                && !is_own_disk(mounts, &self.options.under, &partition.device)
        };
        let new = there.into_iter().find(is_new)?;
        self.tried.push((new.clone(), now));
        let error = mounter.mount(&new).err()?;
        Some(self.refuse_unmountable(new, &format!("the stick cannot be mounted: {error}")))
    }

    fn refuse_unmountable(&mut self, partition: Partition, what: &str) -> InputRefusal {
        let reason = format!(
            "{}: {what}; format it as FAT32 or exFAT, or allow its file system by `file_systems` under `[stick]`",
            partition.name
        );
        self.unmountable.push(partition);
        InputRefusal { code: UNMOUNTABLE, reason }
    }

    /// What was plugged in a while ago and was mounted by nobody; a disk of which another partition is mounted is left.
    fn refuse_unmounted(&mut self, mounts: &[Mount], now: Instant) -> Option<InputRefusal> {
        let mounted =
            |partition: &Partition| mounts.iter().any(|mount| mount.disk() == disk_of(&partition.device));
        let waited = |since: &Instant| now.saturating_duration_since(*since) >= MOUNT_TIME;
        let unmounted = |(partition, since): &&(Partition, Instant)| {
            waited(since) && !mounted(partition) && !self.unmountable.contains(partition)
        };
        let (found, _) = self.tried.iter().find(unmounted)?.clone();
        Some(self.refuse_unmountable(found, "nothing mounted the stick"))
    }

    /// Compares the table of mounts with the last one; gives the event that follows.
    fn compare_mounts(&mut self, now: Instant) -> Result<Option<InputEvent>, InputError> {
        // What was mounted before tells the disks of this device from sticks.
        let before = self.table.read()?;
        let refusal = self.mount_new(&before, now);
        let mounts = self.table.read()?;
        let refusal = refusal.or_else(|| self.refuse_unmounted(&mounts, now));
        let under = |mount: &Mount| self.options.under.iter().any(|root| mount.point.starts_with(root));
        let now: HashMap<_, _> =
            mounts.into_iter().filter(under).map(|mount| ((mount.id, mount.device.clone()), mount)).collect();
        let mut news = refusal.map(InputEvent::Unreadable);
        self.inserted.retain(|key, stick| {
            let there = now.contains_key(key);
            if let (false, State::Reading(_)) = (there, &stick.state) {
                news = Some(InputEvent::Pulled { images: stick.images });
            }
            there
        });
        let progress = self.progress.clone();
        for (key, mount) in now {
            let refused = !mount.read_only && !self.options.writable;
            self.inserted.entry(key).or_insert_with(|| {
                let state = if refused {
                    let reason = format!(
                        "{}: the stick is mounted for writing; mount it with ro, or set `writable = true`",
                        mount.source
                    );
                    news = Some(InputEvent::Unreadable(InputRefusal { code: WRITABLE, reason }));
                    State::Refused
                } else {
                    State::Reading(Box::new(Tree::new(&mount.point, MAX_ENTRIES, &progress)))
                };
                // A folder that cannot be listed here cannot be listed for its images either, which is an error.
                let models = (!refused).then(|| models::find_models(&mount.point).ok()).flatten();
                let models = models.filter(|found| *found != ModelsOnStick::Nothing);
                let carries_models = models.is_some();
                InsertedStick {
                    mount,
                    state,
                    models,
                    carries_models,
                    images: 0,
                    refused: 0,
                    passed_over: 0,
                    unread: None,
                }
            });
        }
        Ok(news)
    }

    /// Whether an image came from a disk.
    fn gave_images(&self, disk: (u32, u32)) -> bool {
        self.inserted.values().any(|stick| stick.mount.disk() == disk && stick.images > 0)
    }

    fn is_plugged_in(&self, mount: &Mount) -> bool {
        self.options.devices.join(&mount.device).exists()
    }

    /// Takes the next step on a stick that is being read.
    fn read_next(&mut self) -> Option<InputEvent> {
        let reading = |stick: &InsertedStick| matches!(stick.state, State::Reading(_));
        let devices = self.options.devices.clone();
        let disks: Vec<_> =
            self.inserted.values().map(|stick| (stick.mount.disk(), stick.may_give_images())).collect();
        let (key, stick) = self.inserted.iter_mut().find(|(_, stick)| reading(stick))?;
        self.last = Some(key.clone());
        let gone = |mount: &Mount| !devices.join(&mount.device).exists();
        // It is among them itself.
        let disk = stick.mount.disk();
        let alone = disks.iter().filter(|(of, may_give_images)| *of == disk && *may_give_images).count() < 2;
        Some(stick.step(gone, alone, &self.progress))
    }
}

impl InsertedStick {
    /// Whether images came from it, or still may.
    fn may_give_images(&self) -> bool {
        self.images > 0 || matches!(self.state, State::Reading(_))
    }

    /// `alone`: no other partition of its disk gave an image or still may.
    fn step(&mut self, gone: impl Fn(&Mount) -> bool, alone: bool, progress: &Progress) -> InputEvent {
        if let Some(models) = self.models.take() {
            return InputEvent::Model(models);
        }
        if self.refused > MAX_REFUSED {
            let reason = format!(
                "more than {MAX_REFUSED} files on the stick are no X-rays that can be read, and the rest was left; use a \
                 stick that holds the X-rays alone"
            );
            self.state = State::Read;
            return self.note_unread(InputRefusal { code: "too-many-refused", reason });
        }
        for _ in 0..FILES_PER_POLL {
            let State::Reading(tree) = &mut self.state else { return InputEvent::Nothing };
            let began = Instant::now();
            let failed = match tree.step() {
                TreeStep::Other => continue,
                TreeStep::Failed(error) => error,
                TreeStep::TooMany => {
                    let reason = format!(
                        "the stick holds more than {MAX_ENTRIES} files and folders, and only those were looked at; \
                         use one that holds the X-rays alone"
                    );
                    let news = self.note_unread(InputRefusal { code: "too-many-files", reason });
                    self.state = State::Read;
                    return news;
                }
                // The kernel can give an empty listing of a device that is gone.
                TreeStep::End if gone(&self.mount) => io::ErrorKind::NotFound.into(),
                TreeStep::End => return self.end(alone),
                TreeStep::File(path) => {
                    match content::may_be_image(&path)
                        .map(|picture| picture.then(|| content::read(&path, progress)))
                    {
                        Ok(None) => {
                            self.passed_over += 1;
                            continue;
                        }
                        Ok(Some(Ok(bytes))) => {
                            self.images += 1;
                            return InputEvent::Image(IncomingImage { bytes, awaited: true, began });
                        }
                        Ok(Some(Err(ReadFailure::Refused(refusal)))) => return self.note_unread(refusal),
                        Ok(Some(Err(ReadFailure::Io(error)))) | Err(error) => error,
                    }
                }
            };
            if gone(&self.mount) {
                self.state = State::Broken;
                return InputEvent::Pulled { images: self.images };
            }
            return self.note_unread(content::unreadable(&failed));
        }
        InputEvent::Searching
    }

    /// It was read to its end. One on which no image was found says so: people put it in to have an X-ray read. Some
    /// systems put a small partition of their own before the one that people see.
    fn end(&mut self, alone: bool) -> InputEvent {
        let nothing = alone && self.images == 0 && self.unread.is_none() && !self.carries_models;
        let news = if nothing {
            let reason = format!("no image was found on the stick; {} files are none", self.passed_over);
            self.note_unread(InputRefusal { code: NO_IMAGES, reason })
        } else {
            InputEvent::Finished { images: self.images, passed_over: self.passed_over }
        };
        self.state = State::Read;
        news
    }

    fn note_unread(&mut self, refusal: InputRefusal) -> InputEvent {
        self.unread.get_or_insert(refusal.code);
        self.refused += 1;
        InputEvent::Unreadable(refusal)
    }
}

impl Input for StickInput {
    fn origin(&self) -> Origin {
        Origin::Stick
    }

    fn report_progress_to(&mut self, progress: Progress) {
        self.progress = progress;
    }

    fn refused(&mut self) {
        if let Some(stick) = self.last.as_ref().and_then(|key| self.inserted.get_mut(key)) {
            stick.refused += 1;
        }
    }

    fn poll(&mut self, now: Instant) -> Result<InputEvent, InputError> {
        if self.polled.is_none_or(|polled| now.duration_since(polled) >= self.options.every) {
            self.polled = Some(now);
            if let Some(news) = self.compare_mounts(now)? {
                return Ok(news);
            }
        }
        Ok(self.read_next().unwrap_or(InputEvent::Nothing))
    }

    fn media_state(&self) -> MediaState {
        let of = |stick: &InsertedStick| match stick.state {
            State::Reading(_) => MediaState::InUse,
            State::Broken => MediaState::Absent,
            _ if !self.is_plugged_in(&stick.mount) => MediaState::Absent,
            State::Refused => MediaState::Refused(WRITABLE),
            State::Read => match stick.unread {
                Some(NO_IMAGES) if self.gave_images(stick.mount.disk()) => MediaState::MayBePulled,
                Some(code) => MediaState::Refused(code),
                None => MediaState::MayBePulled,
            },
        };
        let gave_none = |partition: &&Partition| !self.gave_images(disk_of(&partition.device));
        let unmountable = self.unmountable.iter().filter(gave_none).map(|_| MediaState::Refused(UNMOUNTABLE));
        self.inserted.values().map(of).chain(unmountable).max().unwrap_or(MediaState::Absent)
    }
}
