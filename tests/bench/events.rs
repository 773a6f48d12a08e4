//! Finds the events in what a stream brought, without parsing more than it must.

use memchr::{memchr, memmem};

use crate::peer::Framing;

/// Stands before the number and the time in the text of a message; occurs nowhere else in an event.
const MARK: u8 = b'@';

/// The text of the message `number` that was sent at `micros`, as long as a line of chat.
pub(crate) fn text(number: u64, micros: u64) -> String {
    format!("@{number}@{micros}@ {}", "the quick brown fox jumps over the lazy dog ".repeat(3))
}

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Event {
    /// Which message it is about.
    pub(crate) number: u64,
    /// When its writing began.
    pub(crate) micros: u64,
}

/// What the next bytes of a stream are.
pub(crate) enum Block {
    /// Not all there yet.
    Partial,
    /// So many bytes, with an event or without.
    Whole(usize, Option<Event>),
    /// So many bytes that are a ping with this payload, to be answered.
    Ping(usize, Vec<u8>),
    /// The server says farewell.
    Farewell,
}

/// Looks at the next block.
pub(crate) fn next(framing: Framing, bytes: &[u8]) -> Block {
    match framing {
        Framing::Sse => sse(bytes),
        Framing::WebSocket => web_socket(bytes),
    }
}

/// A frame of the client, masked with zeros: the rule is kept, and no byte changes.
pub(crate) fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    let mut bytes = vec![0x80 | opcode, 0x80 | 0x7e];
    bytes.extend(length.to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(&payload[..length.into()]);
    bytes
}

fn sse(bytes: &[u8]) -> Block {
    match memmem::find(bytes, b"\n\n") {
        Some(end) => Block::Whole(end + 2, event(&bytes[..end])),
        None => Block::Partial,
    }
}

fn web_socket(bytes: &[u8]) -> Block {
    let [opcode, short, rest @ ..] = bytes else { return Block::Partial };
    let (head, length) = match (short & 0x7f, rest) {
        (126, [a, b, ..]) => (4, usize::from(u16::from_be_bytes([*a, *b]))),
        (127, [0, 0, 0, 0, a, b, c, d, ..]) => (10, u32::from_be_bytes([*a, *b, *c, *d]) as usize),
        (126 | 127, _) => return Block::Partial,
        (length, _) => (2, usize::from(length)),
    };
    let end = head + length;
    if bytes.len() < end {
        return Block::Partial;
    }
    match opcode & 0x0f {
        8 => Block::Farewell,
        9 => Block::Ping(end, bytes[head..end].to_vec()),
        _ => Block::Whole(end, event(&bytes[head..end])),
    }
}

fn event(block: &[u8]) -> Option<Event> {
    let from = memchr(MARK, block)? + 1;
    let mut numbers = block[from..].split(|byte| *byte == MARK);
    Some(Event { number: number(numbers.next()?)?, micros: number(numbers.next()?)? })
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}
