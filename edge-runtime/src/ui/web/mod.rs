//! A small web page: what the device shows now, what it found, the records, the report to print; and `/healthz` and
//! `/metrics` for machines.
//!
//! ```text
//! the loop ─SharedStatus, Counters→ Site ←─ RecordReader ─ the store
//! browser ─listener→ guard ─routes→ ask ─views→ HTML
//! ```
//!
//! It runs in a thread of its own and takes nothing from the loop but copies of a few words. On the loopback anybody at
//! the device may look; on a network it wants a token, over TLS. What a stick brought is decoded and encoded again
//! before a browser gets it.

mod assets;
mod cache;
mod client_limit;
mod denied;
mod error;
mod guard;
mod headers;
mod health;
mod listener;
mod login_throttle;
mod metrics;
mod options;
mod query;
mod request;
mod respond;
mod routes;
mod sessions;
mod site;
mod tls;
mod token;
mod views;

pub use error::PageError;
pub use health::HealthReport;
pub use options::PageOptions;
pub use site::DeviceContext;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use tokio_rustls::TlsAcceptor;
use tracing::{error, info};

use site::{Access, Site};
use tls::Tls;
use token::Token;

/// Threads that wait for the store and the disk.
const WAITERS: usize = 2;

/// Whether the page could be served as the options say: the options fit together and the files can be read. A certificate
/// is made if there is none.
///
/// # Errors
/// [`PageError`].
pub fn check(options: &PageOptions) -> Result<(), PageError> {
    access(options).map(drop)
}

/// Opens the port and serves the page from a thread of its own until the program ends; gives where it listens.
///
/// # Errors
/// [`PageError`], among it that the port is taken.
pub fn start(options: &PageOptions, device: DeviceContext) -> Result<SocketAddr, PageError> {
    let (access, tls) = access(options)?;
    let site = Arc::new(Site::new(device, access, options.language)?);
    let listen = options.listen;
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AddrInUse => PageError::Taken { listen },
        _ => PageError::Bind { listen, reason: error.to_string() },
    };
    let listener = TcpListener::bind(listen).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let acceptor = tls.as_ref().map(|tls| TlsAcceptor::from(tls.config.clone()));
    let serve = move || {
        if let Err(error) = run(listener, acceptor, site) {
            error!("page: it has ended: {error}; screening goes on");
        }
    };
    thread::Builder::new()
        .name("page".into())
        .spawn(serve)
        .map_err(|error| PageError::Thread { reason: error.to_string() })?;
    match tls {
        None => info!("page: http://{bound}/"),
        Some(Tls { fingerprint, new, .. }) => {
            let made = if new { "; a new certificate was made" } else { "" };
            info!("page: https://{bound}/{made}; SHA-256 fingerprint of its certificate {fingerprint}");
        }
    }
    Ok(bound)
}

fn access(options: &PageOptions) -> Result<(Access, Option<Tls>), PageError> {
    options.check().map_err(PageError::Options)?;
    match &options.token_file {
        None => Ok((Access::Local, None)),
        Some(file) => {
            let token = Token::read(file)?;
            let access = Access::Network {
                token,
                sessions: sessions::Sessions::default(),
                throttle: login_throttle::LoginThrottle::default(),
            };
            Ok((access, Some(Tls::of(options)?)))
        }
    }
}

fn run(listener: TcpListener, tls: Option<TlsAcceptor>, site: Arc<Site>) -> io::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(WAITERS).build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        listener::serve(listener, tls, routes::router(site)).await;
        Ok(())
    })
}
