//! The two doors: a TCP listener, and a Unix socket for the machine's own administrator.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use axum::{Extension, Router};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::auth::Door;
use super::{Web, routes};

/// Pause after the system refused a connection for want of something.
const WANT: Duration = Duration::from_millis(200);

/// Why the console could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The socket could not be made.
    #[error("could not {action} {path}")]
    Socket {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Serving failed.
    #[error("the console could not be served")]
    Serve(#[source] io::Error),
}

/// `control.sock`, which only the daemon's own user can open.
#[derive(Debug)]
pub struct ControlSocket(UnixListener);

/// Told to what answers for long.
#[derive(Debug, Clone)]
pub(super) struct Stop(pub(super) CancellationToken);

/// The other end of a TCP connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Makes `control.sock` in the data directory, whose lock the caller holds: what lies there is of a daemon
/// that is no more. Blocks on the file system.
pub fn control_socket(data: &Path) -> Result<ControlSocket, ServeError> {
    let path = data.join("control.sock");
    let failed = |action| {
        let path = path.clone();
        move |source| ServeError::Socket { action, path, source }
    };
    match fs::remove_file(&path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed("remove the old")(error)),
    }
    // Bound under another name and moved into place once it is closed to others.
    let fresh = data.join(".control.sock");
    match fs::remove_file(&fresh) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed("remove the old")(error)),
    }
    let listener = UnixListener::bind(&fresh).map_err(failed("bind"))?;
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o600)).map_err(failed("close to others"))?;
    fs::rename(&fresh, &path).map_err(failed("move into place"))?;
    Ok(ControlSocket(listener))
}

/// Serves both doors until `stop`, then waits until what is under way has been answered. The caller bounds
/// that wait.
pub async fn serve(
    web: Web,
    listener: TcpListener,
    control: Option<ControlSocket>,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let slots = Arc::new(Semaphore::new(web.config().connections));
    let router = routes::router(web).layer(Extension(Stop(stop.clone())));
    let tcp = Counted { listener, slots };
    let outside = door(router.clone(), Door::Tcp).into_make_service_with_connect_info::<Peer>();
    let outside = axum::serve(tcp, outside).with_graceful_shutdown(stop.clone().cancelled_owned());
    let inside = async {
        match control {
            Some(ControlSocket(listener)) => {
                let inside = door(router, Door::Socket).into_make_service();
                axum::serve(listener, inside).with_graceful_shutdown(stop.cancelled_owned()).await
            }
            None => Ok(()),
        }
    };
    let (outside, inside) = tokio::join!(outside.into_future(), inside);
    outside.and(inside).map_err(ServeError::Serve)
}

fn door(router: Router, door: Door) -> Router {
    router.layer(Extension(door))
}

/// Accepts no more connections than there are slots; more wait in the system's queue.
struct Counted {
    listener: TcpListener,
    slots: Arc<Semaphore>,
}

/// A connection that holds its slot.
struct Held {
    stream: TcpStream,
    _slot: OwnedSemaphorePermit,
}

impl Listener for Counted {
    type Io = Held;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Held, SocketAddr) {
        let slot = Arc::clone(&self.slots).acquire_owned().await.expect("slots are never closed");
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) => return (Held { stream, _slot: slot }, address),
                Err(error) => {
                    tracing::debug!(%error, "a connection was not accepted");
                    // Out of file handles, say: some will be given back.
                    tokio::time::sleep(WANT).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, Counted>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Counted>) -> Self {
        Self(*stream.remote_addr())
    }
}

impl AsyncRead for Held {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, to)
    }
}

impl AsyncWrite for Held {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
