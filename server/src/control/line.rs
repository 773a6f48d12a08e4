//! One message: a line of JSON, of bounded length.

use std::io;

use serde::Serialize;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

/// The longest line in bytes: as many rules as there can be, with long conditions, are some 50 MiB.
const MAX_LINE: usize = 64 * 1024 * 1024;

/// The line of a message. A longer one than the other side would read is refused with the limit.
pub(super) fn written(message: &impl Serialize) -> io::Result<Vec<u8>> {
    written_within(MAX_LINE, message)
}

fn written_within(limit: usize, message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    if line.len() > limit {
        return Err(too_long(limit, &format!("{} bytes", line.len())));
    }
    Ok(line)
}

pub(super) async fn send(stream: &mut UnixStream, line: &[u8]) -> io::Result<()> {
    stream.write_all(line).await
}

/// The next line, whole.
pub(super) async fn receive(stream: &mut UnixStream) -> io::Result<String> {
    receive_within(MAX_LINE, stream).await
}

async fn receive_within(limit: usize, stream: &mut UnixStream) -> io::Result<String> {
    let mut line = String::new();
    let most = u64::try_from(limit).expect("a length in memory is no more than 64 bits");
    BufReader::new(stream.take(most)).read_line(&mut line).await?;
    match line.pop() {
        Some('\n') => Ok(line),
        Some(_) if line.len() + 1 >= limit => Err(too_long(limit, "more")),
        _ => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the other side ended before its message did")),
    }
}

fn too_long(limit: usize, found: &str) -> io::Error {
    let text = format!("it is {found} long, and at most {limit} bytes go through the socket: do it in parts");
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_beyond_the_limit_is_neither_sent_nor_read() {
        let limit = 100_000;
        let longest = "x".repeat(limit - 3);
        assert_eq!(written_within(limit, &longest).unwrap().len(), limit);
        let refused = written_within(limit, &format!("{longest}x")).unwrap_err().to_string();
        assert!(refused.contains("100001 bytes") && refused.contains("at most 100000 bytes"), "{refused}");

        for (sent, read) in [(b'x', false), (b'\n', true)] {
            let (mut here, mut there) = UnixStream::pair().unwrap();
            let mut line = vec![b'x'; limit];
            line[limit - 1] = sent;
            send(&mut there, &line).await.unwrap();
            let received = receive_within(limit, &mut here).await;
            assert_eq!(received.is_ok(), read);
            assert!(received.err().is_none_or(|error| error.to_string().contains("at most 100000 bytes")));
        }
    }

    #[tokio::test]
    async fn half_a_line_is_no_message() {
        let (mut here, mut there) = UnixStream::pair().unwrap();
        send(&mut there, b"{\"order\":").await.unwrap();
        drop(there);
        assert_eq!(receive(&mut here).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);

        let (mut here, mut there) = UnixStream::pair().unwrap();
        send(&mut there, &written(&"first").unwrap()).await.unwrap();
        assert_eq!(receive(&mut here).await.unwrap(), "\"first\"");
    }
}
