//! Downloads one file over HTTP and continues interrupted downloads.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use ureq::http::{StatusCode, header};

use super::WeightsError;

/// Attempts in a row that may bring nothing before it is given up.
const FRUITLESS_ATTEMPTS: u32 = 3;

/// Pause after the first fruitless attempt; twice as long after each further one.
const PAUSE: Duration = Duration::from_millis(500);

/// How long a server may stay silent, in the middle of a file too.
const SILENCE: Duration = Duration::from_secs(60);

/// Downloads `url` to `part`, at most `limit` bytes. Bytes that are in `part` already are not asked for
/// again. `progress` gets the number of bytes so far and, once known, in all.
///
/// # Errors
/// [`WeightsError::Download`] and [`WeightsError::Io`]; `part` then holds what has come so far.
/// [`WeightsError::TooLarge`].
pub(crate) fn download(
    url: &str,
    part: &Path,
    limit: u64,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<(), WeightsError> {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(SILENCE))
        .timeout_per_read(Some(SILENCE))
        .user_agent(concat!("xray-edge/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent();
    let mut fruitless = 0;
    loop {
        let before = length(part)?;
        let reason = match attempt(&agent, url, part, limit, progress)? {
            Attempt::Complete => return Ok(()),
            Attempt::Refused(reason) => return Err(WeightsError::Download { url: url.to_owned(), reason }),
            Attempt::Broken(reason) => reason,
        };
        fruitless = if length(part)? > before { 0 } else { fruitless + 1 };
        if fruitless == FRUITLESS_ATTEMPTS {
            return Err(WeightsError::Download { url: url.to_owned(), reason });
        }
        std::thread::sleep(PAUSE * (1 << fruitless));
    }
}

enum Attempt {
    Complete,
    /// It makes no sense to ask again.
    Refused(String),
    /// It does.
    Broken(String),
}

fn attempt(
    agent: &ureq::Agent,
    url: &str,
    part: &Path,
    limit: u64,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<Attempt, WeightsError> {
    let have = length(part)?;
    let mut request = agent.get(url);
    if have > 0 {
        request = request.header(header::RANGE, format!("bytes={have}-"));
    }
    let response = match request.call() {
        Ok(response) => response,
        Err(error @ (ureq::Error::BadUri(_) | ureq::Error::Http(_))) => {
            return Ok(Attempt::Refused(error.to_string()));
        }
        Err(error) => return Ok(Attempt::Broken(error.to_string())),
    };
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let range = text(header::CONTENT_RANGE).and_then(|value| value.strip_prefix("bytes "));
    let (start, total) = match response.status() {
        StatusCode::OK => (0, text(header::CONTENT_LENGTH).and_then(|value| value.parse().ok())),
        StatusCode::PARTIAL_CONTENT => {
            let total = range.and_then(|range| range.rsplit_once('/')).and_then(|(_, n)| n.parse().ok());
            if !range.is_some_and(|range| range.starts_with(&format!("{have}-"))) {
                return Ok(Attempt::Refused(
                    "the server sent another part than the one asked for".to_owned(),
                ));
            }
            (have, total)
        }
        StatusCode::RANGE_NOT_SATISFIABLE if range == Some(&format!("*/{have}")) => {
            return Ok(Attempt::Complete);
        }
        // What is there is longer than the file, so it is not a part of it.
        StatusCode::RANGE_NOT_SATISFIABLE if have > 0 => {
            File::create(part).map_err(|e| WeightsError::io("write", part, &e))?;
            return Ok(Attempt::Broken("what was there is not a part of the file".to_owned()));
        }
        status if status.is_server_error() => {
            return Ok(Attempt::Broken(format!("the server answered {status}")));
        }
        status => return Ok(Attempt::Refused(format!("the server answered {status}"))),
    };
    let too_large = |bytes| WeightsError::TooLarge { path: part.to_owned(), bytes, limit };
    if let Some(total) = total
        && total > limit
    {
        return Err(too_large(total));
    }
    let io = |e| WeightsError::io("write", part, &e);
    let mut file = OpenOptions::new().create(true).write(true).truncate(false).open(part).map_err(io)?;
    file.set_len(start).map_err(io)?;
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(start)).map_err(io)?;
    let mut body = response.into_body().into_with_config().limit(limit + 1).reader();
    let mut done = start;
    let mut buffer = vec![0; 64 << 10];
    loop {
        progress(done, total);
        let read = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) => return Ok(Attempt::Broken(error.to_string())),
        };
        done += read as u64;
        if done > limit {
            return Err(too_large(done));
        }
        file.write_all(&buffer[..read]).map_err(io)?;
    }
    file.sync_all().map_err(io)?;
    match total {
        Some(total) if done < total => Ok(Attempt::Broken(format!("it ended after {done} of {total} bytes"))),
        _ => Ok(Attempt::Complete),
    }
}

/// Length of a file in bytes, 0 if there is none.
fn length(path: &Path) -> Result<u64, WeightsError> {
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(e) => Err(WeightsError::io("read", path, &e)),
    }
}
