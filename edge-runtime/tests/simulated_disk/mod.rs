//! A folder whose power can go at every step, and which then keeps no more than a real disk must; or one step of which fails.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use edge_runtime::models::Disk;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What the disk reports and does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFault {
    /// It does what it reports.
    None,
    /// Contents that were reported as synced are not.
    Contents,
    /// Names that were reported as synced are not.
    Names,
}

struct Content {
    bytes: Vec<u8>,
    safe: bool,
}

enum Change {
    Set(String, usize),
    Rename(String, String, usize),
    Remove(String),
}

struct Inner {
    rng: ChaCha8Rng,
    fault: DiskFault,
    contents: Vec<Content>,
    /// As programs see them.
    names: BTreeMap<String, usize>,
    /// As they are on the disk for certain.
    safe: BTreeMap<String, usize>,
    /// Made since; the disk may have done any of them already.
    pending: Vec<Change>,
    /// Steps until everything stops.
    steps: Option<u32>,
    stopped: bool,
    /// Steps until one fails, and its error.
    fails: Option<(u32, i32)>,
    failed: bool,
}

/// The folder.
pub struct SimulatedDisk(RefCell<Inner>);

impl SimulatedDisk {
    /// An empty folder; `seed` decides what survives.
    pub fn new(seed: u64, fault: DiskFault) -> Self {
        SimulatedDisk(RefCell::new(Inner {
            rng: ChaCha8Rng::seed_from_u64(seed),
            fault,
            contents: Vec::new(),
            names: BTreeMap::new(),
            safe: BTreeMap::new(),
            pending: Vec::new(),
            steps: None,
            stopped: false,
            fails: None,
            failed: false,
        }))
    }

    /// Everything fails after this many steps, until [`SimulatedDisk::power_on`] or [`SimulatedDisk::go_on`].
    pub fn stop_after(&self, steps: u32) {
        self.0.borrow_mut().steps = Some(steps);
    }

    /// One step fails, after this many; reading and locking are steps, too.
    pub fn fail_at(&self, step: u32, errno: i32) {
        self.0.borrow_mut().fails = Some((step, errno));
    }

    /// Whether it did.
    pub fn has_failed(&self) -> bool {
        self.0.borrow().failed
    }

    /// Whether everything stopped. Nothing stops after this call.
    pub fn stopped(&self) -> bool {
        let mut inner = self.0.borrow_mut();
        inner.steps = None;
        inner.stopped
    }

    /// The program was killed and another one runs: it sees what the first one did.
    pub fn go_on(&self) {
        let mut inner = self.0.borrow_mut();
        (inner.steps, inner.stopped) = (None, false);
    }

    /// The power was off and is on again: of what was not safe, some is there, some is not, and some is rubbish.
    pub fn power_on(&self) {
        self.go_on();
        let inner = &mut *self.0.borrow_mut();
        let in_order = inner.rng.random_bool(0.5);
        let mut lost = false;
        for change in inner.pending.drain(..) {
            lost |= inner.rng.random_bool(0.4);
            if lost && (in_order || inner.rng.random_bool(0.5)) {
                continue;
            }
            // A rename that was torn: the file has both names.
            if let Change::Rename(_, to, content) = &change
                && inner.rng.random_bool(0.1)
            {
                inner.safe.insert(to.clone(), *content);
                continue;
            }
            change.apply(&mut inner.safe);
        }
        inner.names = inner.safe.clone();
        for content in inner.contents.iter_mut().filter(|content| !content.safe) {
            let length = content.bytes.len();
            match inner.rng.random_range(0..5) {
                0 => {}
                1 => content.bytes.truncate(inner.rng.random_range(0..=length)),
                2 => content.bytes.clear(),
                3 => content.bytes.fill(0),
                _ => inner.rng.fill_bytes(&mut content.bytes),
            }
            content.safe = true;
        }
    }
}

impl Change {
    fn apply(self, names: &mut BTreeMap<String, usize>) {
        match self {
            Change::Set(name, content) => {
                names.insert(name, content);
            }
            Change::Rename(from, to, content) => {
                names.remove(&from);
                names.insert(to, content);
            }
            Change::Remove(name) => {
                names.remove(&name);
            }
        }
    }
}

impl Inner {
    fn fail(&mut self) -> io::Result<()> {
        match self.fails.take() {
            Some((0, errno)) => {
                self.failed = true;
                Err(io::Error::from_raw_os_error(errno))
            }
            other => {
                self.fails = other.map(|(steps, errno)| (steps - 1, errno));
                Ok(())
            }
        }
    }

    fn step(&mut self) -> io::Result<()> {
        self.fail()?;
        if self.steps == Some(0) {
            self.stopped = true;
        }
        if self.stopped {
            return Err(io::Error::other("no power"));
        }
        self.steps = self.steps.map(|steps| steps - 1);
        Ok(())
    }

    fn change(&mut self, change: Change, again: Change) {
        change.apply(&mut self.names);
        self.pending.push(again);
    }
}

impl Disk for SimulatedDisk {
    type Lock = ();

    fn lock(&self) -> io::Result<()> {
        self.0.borrow_mut().fail()
    }

    fn read(&self, name: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        self.0.borrow_mut().fail()?;
        let inner = self.0.borrow();
        if inner.stopped {
            return Err(io::Error::other("no power"));
        }
        let limit = usize::try_from(limit).expect("small") + 1;
        let bytes = |content: &usize| &inner.contents[*content].bytes;
        Ok(inner.names.get(name).map(bytes).map(|bytes| bytes[..bytes.len().min(limit)].to_vec()))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.remove(name)?;
        let inner = &mut *self.0.borrow_mut();
        inner.step()?;
        let content = inner.contents.len();
        inner.contents.push(Content { bytes: Vec::new(), safe: false });
        let set = || Change::Set(name.to_owned(), content);
        inner.change(set(), set());
        for part in [bytes.len() / 2, bytes.len()] {
            inner.step()?;
            inner.contents[content].bytes = bytes[..part].to_vec();
        }
        inner.step()?;
        inner.contents[content].safe = inner.fault != DiskFault::Contents;
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let inner = &mut *self.0.borrow_mut();
        inner.step()?;
        let content = *inner.names.get(from).ok_or(io::ErrorKind::NotFound)?;
        let rename = || Change::Rename(from.to_owned(), to.to_owned(), content);
        inner.change(rename(), rename());
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let inner = &mut *self.0.borrow_mut();
        inner.step()?;
        if inner.fault != DiskFault::Names {
            for change in inner.pending.drain(..) {
                change.apply(&mut inner.safe);
            }
        }
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let inner = &mut *self.0.borrow_mut();
        inner.step()?;
        if inner.names.contains_key(name) {
            let remove = || Change::Remove(name.to_owned());
            inner.change(remove(), remove());
        }
        Ok(())
    }

    fn names(&self) -> io::Result<Vec<String>> {
        self.0.borrow_mut().fail()?;
        let inner = self.0.borrow();
        if inner.stopped {
            return Err(io::Error::other("no power"));
        }
        Ok(inner.names.keys().cloned().collect())
    }

    fn path(&self, name: &str) -> PathBuf {
        name.into()
    }
}
