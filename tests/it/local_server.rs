//! A very small HTTP server for tests: it says exactly the bytes it is told to, well-behaved or not.
//!
//! It counts every connection and every request, so that "nobody asked" can be asserted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What to say to a request.
#[derive(Clone)]
pub(crate) enum Say {
    /// These bytes, then close.
    Bytes(Vec<u8>),
    /// Nothing, and keep the connection.
    Nothing,
    /// These bytes, then the same piece for ever, with a pause before each.
    Endless { head: Vec<u8>, piece: Vec<u8>, pause: Duration },
}

type Script = dyn Fn(&str, &str) -> Say + Send + Sync;

/// A running server; ends when dropped.
pub(crate) struct LocalServer {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
    _task: JoinSet<()>,
}

impl LocalServer {
    /// Starts one on a free port; `script` gets the path and the whole head of each request.
    pub(crate) async fn start(script: impl Fn(&str, &str) -> Say + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (connections, requests) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (connected, asked) = (Arc::clone(&connections), Arc::clone(&requests));
        let script: Arc<Script> = Arc::new(script);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connected.fetch_add(1, Ordering::SeqCst);
                open.spawn(serve(stream, Arc::clone(&script), Arc::clone(&asked)));
            }
        });
        Self { address, connections, requests, _task: task }
    }

    /// Connections accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Requests read so far.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// `http://127.0.0.1:PORT/PATH`
    pub(crate) fn url(&self, path: &str) -> url::Url {
        url::Url::parse(&format!("http://{}{path}", self.address)).expect("a legal path")
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Script>, asked: Arc<AtomicUsize>) {
    let mut head = Vec::new();
    let mut piece = [0; 4096];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(length) => head.extend_from_slice(&piece[..length]),
        }
    }
    asked.fetch_add(1, Ordering::SeqCst);
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
    // The other side may hang up at any time; that is what several tests are about.
    match script(&path, &head) {
        Say::Bytes(bytes) => {
            if stream.write_all(&bytes).await.is_ok() {
                stream.shutdown().await.ok();
            }
        }
        Say::Nothing => while let Ok(1..) = stream.read(&mut piece).await {},
        Say::Endless { head, piece, pause } => {
            let mut sent = stream.write_all(&head).await;
            while sent.is_ok() {
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
                sent = stream.write_all(&piece).await;
            }
        }
    }
}

/// A whole answer with its length.
pub(crate) fn answer(status: &str, headers: &str, body: &[u8]) -> Say {
    let head =
        format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    Say::Bytes([head.as_bytes(), body].concat())
}
