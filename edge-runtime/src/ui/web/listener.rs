//! Connections, each with bounds: how many at once, how long, how much of a head.

use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use super::client_limit::ClientLimit;
use super::login_throttle::Peer;

/// Connections at once; a browser opens six.
const MAX_CONNECTIONS: usize = 32;
/// For the TLS handshake, and for the head of a request; an idle connection ends after it.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// For a connection as a whole, so that a slow reader does not hold one for ever.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(120);
/// Bytes of a request's head.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Lines of a request's head.
const MAX_HEAD_LINES: usize = 64;
/// After the system refused a connection, such as for lack of file descriptors.
const ACCEPT_RETRY: Duration = Duration::from_millis(200);

/// Serves until the program ends.
pub async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, router: Router) {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let clients = ClientLimit::default();
    loop {
        // It is never closed.
        let Ok(permit) = permits.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Closed at once, so that the places of others stay free.
                let Some(slot) = clients.take(peer.ip()) else {
                    debug!("page: a client has too many connections");
                    continue;
                };
                let tls = tls.clone();
                let router = router.clone().layer(Extension(Peer(peer.ip().to_canonical())));
                tokio::spawn(async move {
                    if timeout(CONNECTION_TIMEOUT, connection(stream, tls, router)).await.is_err() {
                        debug!("page: a connection took too long");
                    }
                    drop((permit, slot));
                });
            }
            Err(error) => {
                warn!("page: a connection could not be taken: {error}");
                sleep(ACCEPT_RETRY).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, router: Router) {
    match tls {
        None => requests(stream, router).await,
        Some(tls) => match timeout(HEAD_TIMEOUT, tls.accept(stream)).await {
            Ok(Ok(stream)) => requests(stream, router).await,
            // Browsers that do not know the certificate yet end here, every time.
            Ok(Err(error)) => debug!("page: TLS: {error}"),
            Err(_) => debug!("page: TLS: the handshake took too long"),
        },
    }
}

async fn requests(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: Router) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(MAX_HEAD_LINES)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .await;
    if let Err(error) = served {
        debug!("page: {error}");
    }
}
