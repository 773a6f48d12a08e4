//! A connection that sends requests made beforehand and reads just enough of the answers.
//!
//! The generator shares two cores with the server it measures, so it must cost next to nothing: no header map, no
//! body type, one buffer a connection. A general client took two to three times the CPU of this one.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A keep-alive HTTP/1.1 connection.
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, read whole.
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: u16,
    /// Its body, chunks joined.
    pub(crate) body: Vec<u8>,
}

/// Renders a request as it goes over the wire.
pub(crate) fn request(method: &str, target: &str, token: &str, body: Option<&str>) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n");
    match body {
        Some(body) => {
            let head = format!("content-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
            text.push_str(&head);
            text.push_str(body);
        }
        None => text.push_str("\r\n"),
    }
    text.into_bytes()
}

impl Wire {
    /// Connects to a port of this machine.
    pub(crate) async fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn call(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        let head = self.head().await?;
        let body = match head.length {
            Some(length) => self.take(length).await?,
            None => self.chunks().await?,
        };
        Ok(Answer { status: head.status, body })
    }

    /// Sends a request whose answer never ends; answers its status and the connection with what came after the head.
    pub(crate) async fn open(mut self, request: &[u8]) -> Result<(u16, TcpStream, Vec<u8>)> {
        self.stream.write_all(request).await?;
        let head = self.head().await?;
        Ok((head.status, self.stream, self.buffer))
    }

    async fn head(&mut self) -> Result<Head> {
        let end = self.find(b"\r\n\r\n").await?;
        let head = Head::read(&self.buffer[..end])?;
        self.buffer.drain(..end + 4);
        Ok(head)
    }

    async fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let end = self.find(b"\r\n").await?;
            let size = std::str::from_utf8(&self.buffer[..end]).ok();
            let size = size.and_then(|text| usize::from_str_radix(text.trim(), 16).ok());
            let size = size.ok_or_else(|| broken("a chunk without a size"))?;
            self.buffer.drain(..end + 2);
            let chunk = self.take(size + 2).await?;
            body.extend_from_slice(&chunk[..size]);
            if size == 0 {
                return Ok(body);
            }
        }
    }

    /// The position of these bytes, read up to them.
    async fn find(&mut self, end: &[u8]) -> Result<usize> {
        loop {
            if let Some(position) = self.buffer.windows(end.len()).position(|window| window == end) {
                return Ok(position);
            }
            self.fill().await?;
        }
    }

    async fn take(&mut self, length: usize) -> Result<Vec<u8>> {
        while self.buffer.len() < length {
            self.fill().await?;
        }
        let rest = self.buffer.split_off(length);
        Ok(std::mem::replace(&mut self.buffer, rest))
    }

    async fn fill(&mut self) -> Result<()> {
        self.buffer.reserve(4096);
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

struct Head {
    status: u16,
    /// `None` where the body comes in chunks.
    length: Option<usize>,
}

impl Head {
    fn read(bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|_| broken("a head that is no text"))?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| broken("an answer without a status"))?;
        let mut length = matches!(status, 101 | 204 | 304).then_some(0);
        for line in lines {
            if let Some((name, value)) =
                line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            {
                length = Some(value.trim().parse().map_err(|_| broken(name))?);
            }
        }
        Ok(Self { status, length })
    }
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what.to_owned())
}
