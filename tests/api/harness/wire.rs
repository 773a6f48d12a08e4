//! A connection on which a test writes what no client would write.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::server::Server;

/// A TCP connection to a server.
pub(crate) struct Wire(TcpStream);

impl Wire {
    /// Connects.
    pub(crate) async fn to(server: &Server) -> Self {
        Self(TcpStream::connect(server.authority()).await.expect("the server listens"))
    }

    /// Writes; a server that closed meanwhile is no fault.
    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Everything that comes until the server closes, or fails after this time.
    pub(crate) async fn until_closed(mut self, patience: Duration) -> String {
        let mut all = Vec::new();
        let read = tokio::time::timeout(patience, self.0.read_to_end(&mut all)).await;
        // A reset is a close too.
        let _closed =
            read.unwrap_or_else(|_| panic!("still open after {patience:?}: {}", String::from_utf8_lossy(&all)));
        String::from_utf8_lossy(&all).into_owned()
    }
}
