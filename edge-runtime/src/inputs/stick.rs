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
use super::mounts::{Mount, MountTable, Mounter, Partition};
use super::tree::{MAX_ENTRIES, Tree, TreeStep};
use super::{IncomingImage, Input, InputError, InputEvent, InputRefusal, MediaState};
use crate::models::{self, ModelsOnStick};
use crate::records::Origin;

/// Files that are read in one [`Input::poll`].
const FILES_PER_POLL: usize = 64;

/// A stick that cannot be mounted.
const UNMOUNTABLE: &str = "unreadable";
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
    passed_over: u64,
    /// Why something on it was not read: the first reason.
    unread: Option<&'static str>,
}

/// Watches for sticks.
pub struct StickInput {
    options: StickOptions,
    table: MountTable,
    mounter: Option<Box<dyn Mounter>>,
    /// Partitions that were tried, so that one that cannot be mounted is tried once.
    tried: Vec<Partition>,
    /// Those of them that could not be.
    unmountable: Vec<Partition>,
    inserted: HashMap<(u64, String), InsertedStick>,
    polled: Option<Instant>,
}

impl StickInput {
    /// Watches for sticks that something else mounts, or `mounter`.
    pub fn new(options: StickOptions, mounter: Option<Box<dyn Mounter>>) -> Self {
        let table = MountTable::at(&options.table);
        let (tried, unmountable) = (Vec::new(), Vec::new());
        StickInput { options, table, mounter, tried, unmountable, inserted: HashMap::new(), polled: None }
    }

    /// Mounts what was plugged in; gives a refusal for what cannot be.
    fn mount_new(&mut self) -> Option<InputRefusal> {
        let mounter = self.mounter.as_mut()?;
        let there = mounter.partitions().unwrap_or_default();
        for gone in self.tried.extract_if(.., |tried| !there.contains(tried)) {
            // It is not mounted any more, or never was.
            let _ = mounter.unmount(&gone);
        }
        self.unmountable.retain(|tried| there.contains(tried));
        let new = there.into_iter().find(|partition| !self.tried.contains(partition))?;
        self.tried.push(new.clone());
        let error = mounter.mount(&new).err()?;
        self.unmountable.push(new.clone());
        let reason =
            format!("{}: the stick cannot be mounted: {error}; format it as FAT32 or exFAT", new.name);
        Some(InputRefusal { code: UNMOUNTABLE, reason })
    }

    /// Compares the table of mounts with the last one; gives the event that follows.
    fn compare_mounts(&mut self) -> Result<Option<InputEvent>, InputError> {
        let refusal = self.mount_new();
        let mounts = self.table.read()?;
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
                    State::Reading(Box::new(Tree::new(&mount.point)))
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
        let reading = |stick: &&mut InsertedStick| matches!(stick.state, State::Reading(_));
        let devices = self.options.devices.clone();
        let disks: Vec<_> =
            self.inserted.values().map(|stick| (stick.mount.disk(), stick.may_give_images())).collect();
        let stick = self.inserted.values_mut().find(reading)?;
        let gone = |mount: &Mount| !devices.join(&mount.device).exists();
        // It is among them itself.
        let disk = stick.mount.disk();
        let alone = disks.iter().filter(|(of, may_give_images)| *of == disk && *may_give_images).count() < 2;
        Some(stick.step(gone, alone))
    }
}

impl InsertedStick {
    /// Whether images came from it, or still may.
    fn may_give_images(&self) -> bool {
        self.images > 0 || matches!(self.state, State::Reading(_))
    }

    /// `alone`: no other partition of its disk gave an image or still may.
    fn step(&mut self, gone: impl Fn(&Mount) -> bool, alone: bool) -> InputEvent {
        if let Some(models) = self.models.take() {
            return InputEvent::Model(models);
        }
        for _ in 0..FILES_PER_POLL {
            let State::Reading(tree) = &mut self.state else { return InputEvent::Nothing };
            let began = Instant::now();
            let failed = match tree.step() {
                TreeStep::Other => continue,
                TreeStep::Failed(error) => error,
                TreeStep::TooMany => {
                    let reason =
                        format!("the stick holds more than {MAX_ENTRIES} files; only those were polled at");
                    let news = self.note_unread(InputRefusal { code: "too-many-files", reason });
                    self.state = State::Read;
                    return news;
                }
                // The kernel can give an empty listing of a device that is gone.
                TreeStep::End if gone(&self.mount) => io::ErrorKind::NotFound.into(),
                TreeStep::End => return self.end(alone),
                TreeStep::File(path) => {
                    match content::may_be_image(&path).map(|picture| picture.then(|| content::read(&path))) {
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
        InputEvent::Unreadable(refusal)
    }
}

impl Input for StickInput {
    fn origin(&self) -> Origin {
        Origin::Stick
    }

    fn poll(&mut self, now: Instant) -> Result<InputEvent, InputError> {
        if self.polled.is_none_or(|polled| now.duration_since(polled) >= self.options.every) {
            self.polled = Some(now);
            if let Some(news) = self.compare_mounts()? {
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
        let unmountable = self.unmountable.iter().map(|_| MediaState::Refused(UNMOUNTABLE));
        self.inserted.values().map(of).chain(unmountable).max().unwrap_or(MediaState::Absent)
    }
}
