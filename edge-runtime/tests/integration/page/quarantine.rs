//! Images that nothing may open, and images whose decoder is stopped.

use edge_runtime::records::{
    Durations, ENDED_THE_PROGRAM, Entry, Hash256, Origin, Outcome, RecordStore, StoreLimits, Timestamp,
};

use super::*;
use crate::support::program::Decoy;

/// A page whose newest record has this outcome, and the number of the record.
fn served_with(outcome: Outcome, decoy: &Decoy) -> (ServedPage, std::net::SocketAddr) {
    let served = ServedPage::filled();
    let limits = StoreLimits { quota: None, keep_days: None, reserve: 0 };
    let mut store = RecordStore::open(&served.store, limits).unwrap();
    let bytes = device::picture(6);
    let image_id = Hash256::of(&bytes);
    store.store_image(&image_id, &bytes).unwrap();
    let entry = Entry {
        image_id,
        bytes: bytes.len() as u64,
        origin: Origin::Stick,
        recorded: Timestamp { unix_ms: 1_795_459_341_500, trusted: true },
        model: Hash256::of(b"model"),
        threshold: 0.5,
        outcome,
        durations: Durations::default(),
    };
    store.append(entry, None).unwrap();
    drop(store);
    let options = PageOptions { listen: "127.0.0.1:0".parse().unwrap(), ..PageOptions::default() };
    let decoder = decoy.image_decoder(Duration::from_secs(3));
    let address = web::start(&options, DeviceContext { decoder, ..served.device() }).unwrap();
    (served, address)
}

fn ask(address: std::net::SocketAddr, path: &str) -> Answer {
    local(address, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
}

#[test]
fn an_image_that_ended_the_program_is_shown_without_its_picture_and_why() {
    let decoy = Decoy::always("kill -ABRT $$");
    let (_served, address) = served_with(Outcome::no_result(ENDED_THE_PROGRAM), &decoy);
    for path in ["/", "/records/4", "/records/4/report"] {
        let answer = ask(address, path);
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.text().contains("nothing opens it again"), "{path}: {}", answer.text());
    }
    for path in ["/records/4/image.jpg", "/records/4/heat.png"] {
        assert_eq!(ask(address, path).status, 404, "{path}");
    }
    ask(address, "/records/4/report.dcm");
    ask(address, "/records/4/image.dcm");
    assert_eq!(decoy.started(), 0);
}

#[test]
fn a_decoder_that_is_stopped_leaves_the_page_and_is_not_started_for_that_picture_again() {
    let decoy = Decoy::always("ls -l /proc/self/fd >\"$here/descriptors\"; kill -ABRT $$");
    let (_served, address) = served_with(Outcome::no_result("blurred"), &decoy);
    for _ in 0..3 {
        let answer = ask(address, "/");
        assert_eq!(answer.status, 200);
        assert!(answer.text().contains("decoder crashed"), "{}", answer.text());
    }
    assert_eq!(decoy.started(), 1);
    assert_eq!(ask(address, "/records/3").status, 200, "the page goes on");
    let inherited = decoy.file("descriptors");
    assert!(inherited.contains("pipe:"), "{inherited}");
    for own in ["socket:", "sqlite", "eventpoll"] {
        assert!(!inherited.contains(own), "a decoder inherits what the page has open: {inherited}");
    }
}
