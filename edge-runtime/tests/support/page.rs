//! A store with a record of each kind, and the page before it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use edge_runtime::records::{
    Durations, Entry, Hash256, Origin, Outcome, RecordStore, StoreLimits, Timestamp,
};
use edge_runtime::status::{Counters, ModelFacts, SharedStatus, Signal};
use edge_runtime::ui::lights::Patterns;
use edge_runtime::ui::web::{self, DeviceContext, PageOptions};
use xray_core::heat_map::HeatMap;
use xray_core::screening::Screener;

use xray_testkit::model::model_bytes_with_known_answer;

use super::{device, program};

/// A store and its page.
pub struct ServedPage {
    folder: tempfile::TempDir,
    pub store: PathBuf,
    pub status: Arc<SharedStatus>,
    pub counters: Arc<Counters>,
    pub address: SocketAddr,
    /// SHA-256 of the images: suspected, no sign, no image at all.
    pub contents: [String; 3],
}

const LIMITS: StoreLimits = StoreLimits { quota: Some(1_000_000), keep_days: None, reserve: 0 };

impl ServedPage {
    /// On the loopback.
    pub fn filled() -> Self {
        ServedPage::with(|_| PageOptions {
            listen: "127.0.0.1:0".parse().expect("an address"),
            ..PageOptions::default()
        })
    }

    /// As the options say; they are made from the folder of the test.
    pub fn with(options: impl Fn(&Path) -> PageOptions) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("store");
        let model = folder.path().join("model.onnx");
        std::fs::write(&model, model_bytes_with_known_answer(0.0)).expect("written");
        let screener = Screener::load(&model).expect("a model");
        let contents = fill(&store, &screener);
        let status = Arc::new(SharedStatus::new(Duration::from_secs(3600)));
        status.ready(ModelFacts {
            hash: screener.model_sha256().parse().expect("a hash"),
            version: 3,
            file: "model.onnx".into(),
            threshold: screener.contract().threshold,
            abstain: None,
            engine: screener.engine_name(),
            random: false,
            checked: true,
        });
        status.show(Signal::Ready);
        let counters = Arc::new(Counters::default());
        let device = DeviceContext {
            store: store.clone(),
            limits: LIMITS,
            status: status.clone(),
            counters: counters.clone(),
            decoder: program::image_decoder(),
            patterns: Patterns::default(),
        };
        let address = web::start(&options(folder.path()), device).expect("a page");
        ServedPage { folder, store, status, counters, address, contents }
    }

    /// What the page knows of the device.
    pub fn device(&self) -> DeviceContext {
        DeviceContext {
            store: self.store.clone(),
            limits: LIMITS,
            status: self.status.clone(),
            counters: self.counters.clone(),
            decoder: program::image_decoder(),
            patterns: Patterns::default(),
        }
    }

    /// A path in the test's folder.
    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The file of an image.
    pub fn image(&self, at: usize) -> PathBuf {
        let content = &self.contents[at];
        self.store.join("images").join(&content[..2]).join(content)
    }
}

fn fill(folder: &Path, screener: &Screener) -> [String; 3] {
    let mut store = RecordStore::open(folder, LIMITS).expect("a store");
    let images = [device::picture(1), device::picture(2), b"Dear colleague".to_vec()];
    let origins = [Origin::Folder, Origin::Stick, Origin::Folder];
    for (bytes, origin) in images.iter().zip(origins) {
        let content = Hash256::of(bytes);
        let file = store.store_image(&content, bytes).expect("kept");
        let outcome = match screener.screen(&file) {
            Ok(screening) => Outcome::Verdict(screening.verdict.into()),
            Err(error) => Outcome::no_result(error.code()),
        };
        let map = HeatMap::new(2, vec![0.0, 1.0, 0.0, 0.5]).expect("a map");
        let map = matches!(outcome, Outcome::Verdict(_)).then_some(&map);
        let entry = Entry {
            image_id: content,
            bytes: bytes.len() as u64,
            origin,
            recorded: Timestamp { unix_ms: 1_795_459_341_500, trusted: true },
            model: screener.model_sha256().parse().expect("a hash"),
            threshold: screener.contract().threshold,
            outcome,
            durations: Durations::default(),
        };
        store.append(entry, map).expect("appended");
    }
    images.map(|bytes| Hash256::of(&bytes).to_string())
}
