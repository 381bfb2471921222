//! The page over a real socket: what people see, and what others must not.

mod daemon;
mod network;
mod quarantine;
mod records;
mod requests;
mod status;
mod views;

use std::time::Duration;

use edge_runtime::records::RecordReader;
use edge_runtime::status::Signal;
use edge_runtime::ui::lights::{Pattern, Patterns, Rhythm};
use edge_runtime::ui::web::{self, DeviceContext, PageError, PageOptions};

use crate::support::http::{self, Answer, local};
use crate::support::page::ServedPage;
use crate::support::{device, program};

const DISCLAIMER: &str = "A screening aid, not a diagnosis: a clinician decides.";

fn get(served: &ServedPage, path: &str) -> Answer {
    local(served.address, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
}

fn post(served: &ServedPage, path: &str, more: &str) -> Answer {
    let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{more}");
    local(served.address, &format!("{head}Content-Length: 0\r\n\r\n"))
}
