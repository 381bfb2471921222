//! Downloads, against a small server that breaks off in the middle.
// Helpers here are test code too, which clippy only sees in functions marked as tests.
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::backbone_fixture::*;
use host_trainer::architectures::BackboneKind;
use host_trainer::weights::{Provenance, RemoteFile, WeightStore, WeightsError, fetch};
use sha2::{Digest, Sha256};

const KIND: BackboneKind = BackboneKind::MobilenetV2;

/// How the server behaves.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// The first answer stops half-way.
    BreaksOnce,
    /// It knows no ranges.
    WithoutRanges,
    /// It has nothing.
    Empty,
}

/// Serves `content` under any name; returns its URL and the `Range` header of each request.
fn serve(content: Vec<u8>, manner: Manner) -> (String, Arc<Mutex<Vec<Option<String>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/models/", listener.local_addr().unwrap());
    let log = Arc::new(Mutex::new(Vec::new()));
    let seen = log.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap(), &content, manner, &seen);
        }
    });
    (url, log)
}

fn answer(mut stream: TcpStream, content: &[u8], manner: Manner, seen: &Mutex<Vec<Option<String>>>) {
    let mut range = None;
    for line in BufReader::new(stream.try_clone().unwrap()).lines() {
        let line = line.unwrap().to_lowercase();
        if line.is_empty() {
            break;
        }
        range = line.strip_prefix("range: ").map(str::to_owned).or(range);
    }
    let first = seen.lock().unwrap().is_empty();
    seen.lock().unwrap().push(range.clone());
    if manner == Manner::Empty {
        let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
    }
    let start = range
        .filter(|_| manner != Manner::WithoutRanges)
        .map_or(0, |r| r.trim_start_matches("bytes=").trim_end_matches('-').parse::<usize>().unwrap());
    let total = content.len();
    let head = if start == 0 {
        format!("HTTP/1.1 200 OK\r\nContent-Length: {total}\r\nConnection: close\r\n\r\n")
    } else if start >= total {
        format!(
            "HTTP/1.1 416 No\r\nContent-Range: bytes */{total}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
    } else {
        format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {start}-{}/{total}\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            total - 1,
            total - start
        )
    };
    let end = if first && manner == Manner::BreaksOnce { total / 2 } else { total.max(start) };
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(&content[start.min(total)..end]);
}

fn content() -> Vec<u8> {
    std::fs::read(fixture("mobilenet_v2-zip.pth")).unwrap()
}

fn file(content: &[u8]) -> RemoteFile {
    let sha256 = xray_core::hex(&Sha256::digest(content));
    RemoteFile {
        name: format!("mobilenet_v2-{}.pth", &sha256[..8]),
        sha256: Some(sha256),
        backbone: KIND,
        default: true,
    }
}

#[test]
fn a_broken_download_goes_on_where_it_stopped() {
    let (content, folder) = (content(), tempfile::tempdir().unwrap());
    let (url, log) = serve(content.clone(), Manner::BreaksOnce);
    let store = WeightStore::at(folder.path().join("new/store"));
    let mut steps = Vec::new();
    let set = fetch(&url, &file(&content), &store, &mut |done, total| steps.push((done, total))).unwrap();
    assert_eq!(store.load(KIND).unwrap(), set);
    let Provenance::File { name, sha256, .. } = &set.provenance else { panic!() };
    assert_eq!((name, sha256), (&file(&content).name, &xray_core::hex(&Sha256::digest(&content))));
    assert_eq!(*log.lock().unwrap(), [None, Some(format!("bytes={}-", content.len() / 2))]);
    let total = content.len() as u64;
    assert_eq!(*steps.last().unwrap(), (total, Some(total)));
    // Nothing but the imported weights is left.
    assert_eq!(std::fs::read_dir(store.dir()).unwrap().count(), 1);
}

#[test]
fn parts_of_an_earlier_run_are_used() {
    let (content, folder) = (content(), tempfile::tempdir().unwrap());
    let store = WeightStore::at(folder.path());
    let part = folder.path().join(format!("{}.part", file(&content).name));
    // Complete already; a server without ranges sends all of it again; longer than the file.
    for (bytes, manner) in [
        (content.clone(), Manner::BreaksOnce),
        (content[..999].to_vec(), Manner::WithoutRanges),
        ([content.clone(), vec![0]].concat(), Manner::WithoutRanges),
    ] {
        std::fs::write(&part, bytes).unwrap();
        let (url, _) = serve(content.clone(), manner);
        fetch(&url, &file(&content), &store, &mut |_, _| {}).unwrap();
    }
}

#[test]
fn a_wrong_file_is_deleted_and_said_so() {
    let (content, folder) = (content(), tempfile::tempdir().unwrap());
    let store = WeightStore::at(folder.path());
    let mut wrong = content.clone();
    wrong[12_345] ^= 1;
    let (url, _) = serve(wrong, Manner::WithoutRanges);
    let error = fetch(&url, &file(&content), &store, &mut |_, _| {}).unwrap_err();
    assert!(matches!(error, WeightsError::Checksum { .. }), "{error:?}");
    assert!(error.to_string().contains("has been deleted"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn nothing_is_downloaded_without_a_whole_hash() {
    let (content, folder) = (content(), tempfile::tempdir().unwrap());
    let store = WeightStore::at(folder.path());
    let (url, log) = serve(content.clone(), Manner::WithoutRanges);
    let file = file(&content);
    let fetched =
        |sha256: Option<String>| fetch(&url, &RemoteFile { sha256, ..file.clone() }, &store, &mut |_, _| {});
    let error = fetched(None).unwrap_err();
    assert!(
        matches!(error, WeightsError::NoHash { .. }) && error.to_string().contains("--sha256"),
        "{error}"
    );
    let whole = file.sha256.clone().unwrap();
    // The eight digits of the name alone; another file's hash; a digit too few.
    for given in [whole[..8].to_owned(), xray_core::hex(&Sha256::digest(b"x")), whole[..63].to_owned()] {
        assert!(matches!(fetched(Some(given)), Err(WeightsError::OtherHash { .. })));
    }
    assert!(log.lock().unwrap().is_empty());
    // With the digits of the name and another rest, which is what 32 bits would have let through.
    let forged = format!("{}{}", &whole[..8], "0".repeat(56));
    assert!(matches!(fetched(Some(forged)), Err(WeightsError::Checksum { .. })));
    assert!(fetched(Some(whole.to_uppercase())).is_ok());
}

#[test]
fn a_server_without_the_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = WeightStore::at(folder.path());
    let (url, log) = serve(Vec::new(), Manner::Empty);
    let error = fetch(&url, &file(b"x"), &store, &mut |_, _| {}).unwrap_err().to_string();
    assert!(error.contains("404") && error.contains(&url), "{error}");
    assert_eq!(log.lock().unwrap().len(), 1);
    let closed = "http://127.0.0.1:9";
    assert!(matches!(fetch(closed, &file(b"x"), &store, &mut |_, _| {}), Err(WeightsError::Download { .. })));
}
