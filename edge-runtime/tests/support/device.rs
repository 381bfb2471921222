//! A device in a folder of its own: model, configuration, store.

use std::path::{Path, PathBuf};

use edge_runtime::records::{Record, RecordReader, RecordStoreError, VerifyDepth};
use xray_testkit::images::{BRIGHT, DARK, blocks_pgm};
use xray_testkit::model::model_bytes_with_known_answer;

/// A picture like no other: bright if `at` is odd, dark if it is even.
pub fn picture(at: u16) -> Vec<u8> {
    let mut bytes = blocks_pgm(if at % 2 == 1 { BRIGHT } else { DARK });
    let end = bytes.len();
    for bit in 0..16 {
        bytes[end - 1 - bit] = if at >> bit & 1 == 1 { 250 } else { 5 };
    }
    bytes
}

/// A device.
pub struct Device {
    folder: tempfile::TempDir,
}

impl Device {
    /// With a model, and a configuration without waiting.
    pub fn new() -> Self {
        Device::with(&model_bytes_with_known_answer(0.0), "")
    }

    /// With another model, and more in the configuration.
    pub fn with(model: &[u8], more: &str) -> Self {
        let device = Device { folder: tempfile::tempdir().expect("a folder") };
        for folder in ["watched", "media", "devices"] {
            std::fs::create_dir(device.at(folder)).expect("a folder");
        }
        device.write("model.onnx", model);
        device.write("table", b"");
        let root = device.folder.path().display();
        let config = format!(
            "[model]\nfile = '{root}/model.onnx'\nthreads = 1\n\
             [record]\nfolder = '{root}/store'\nreserve_mb = 0\n\
             [lights]\nboard = 'sim'\nat_least_s = 0\nfault_s = 0\n\
             [[folder]]\npath = '{root}/watched'\nsettle_s = 0\nevery_s = 0.05\n\
             [stick]\nunder = ['{root}/media']\nevery_s = 0.02\ntable = '{root}/table'\ndevices = '{root}/devices'\n\
             {more}"
        );
        device.write("config.toml", config.as_bytes());
        device
    }

    /// A path in the folder.
    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file whole: under another name first, as a careful program does.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        let (path, part) = (self.at(name), self.at(".part"));
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        std::fs::write(&part, bytes).expect("written");
        std::fs::rename(part, path).expect("renamed");
    }

    /// Puts a stick in whose files are in `media/stick`; it is the `time`-th.
    pub fn plug(&self, time: usize) {
        std::fs::write(self.at("devices/8:1"), "").expect("written");
        let point = self.at("media/stick");
        let line = format!("{} 27 8:1 / {} ro - vfat /dev/sda1 ro\n", 60 + time, point.display());
        self.write("table", line.as_bytes());
    }

    /// Pulls the stick.
    pub fn unplug(&self) {
        std::fs::remove_file(self.at("devices/8:1")).expect("removed");
        self.write("table", b"");
    }

    /// The store.
    pub fn store(&self) -> PathBuf {
        self.at("store")
    }

    /// All records, after the store was verified to the last image.
    pub fn records(&self) -> Vec<Record> {
        records(&self.store())
    }
}

/// All records of a store, after it was verified to the last image.
pub fn records(store: &Path) -> Vec<Record> {
    let reader = RecordReader::open(store).expect("a store");
    let verified = reader.verify(VerifyDepth::Images, None).expect("verified");
    assert_eq!(verified.problems, []);
    let mut all = Vec::new();
    let read: Result<(), RecordStoreError> = reader.walk(|record| {
        all.push(record);
        Ok(())
    });
    read.expect("read");
    all
}
