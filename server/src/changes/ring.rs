//! The newest changes in memory: what most subscribers read instead of the log.
//!
//! Bounded by count and by bytes; who falls behind its tail reads the log. A change's images are decoded once,
//! whoever asks first.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use plinth_model::schema::image;
use plinth_model::{Change, Collection, Record, Seq};

/// The most changes kept.
const MAX_CHANGES: usize = 8192;

/// The most bytes of images kept.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// A change read from the log, with its images decoded when they are first needed.
#[derive(Debug)]
pub struct Logged {
    /// The change.
    pub change: Change,
    images: OnceLock<Images>,
}

/// A change's record before and after, read with one definition of its collection.
#[derive(Debug, Clone)]
pub struct Images {
    collection: Arc<Collection>,
    /// Before.
    pub before: Option<Record>,
    /// After.
    pub after: Option<Record>,
}

impl Logged {
    /// A change from the log.
    pub fn new(change: Change) -> Self {
        Self { change, images: OnceLock::new() }
    }

    /// The record before and after, as `collection` reads them.
    pub fn images(&self, collection: &Arc<Collection>) -> Result<Images, image::ImageError> {
        if let Some(images) = self.images.get().filter(|images| Arc::ptr_eq(&images.collection, collection)) {
            return Ok(images.clone());
        }
        let read = |image: &Option<String>| image.as_deref().map(|image| image::decode(collection, image)).transpose();
        let images = Images {
            collection: collection.clone(),
            before: read(&self.change.before)?,
            after: read(&self.change.after)?,
        };
        Ok(self.images.get_or_init(|| images.clone()).clone())
            .map(|kept| if Arc::ptr_eq(&kept.collection, collection) { kept } else { images })
    }

    /// The bytes of its images.
    pub fn bytes(&self) -> usize {
        let length = |image: &Option<String>| image.as_ref().map_or(0, String::len);
        length(&self.change.before) + length(&self.change.after)
    }
}

/// The newest changes, in order, without a gap behind [`Ring::tail`].
#[derive(Debug)]
pub struct Ring {
    changes: VecDeque<Arc<Logged>>,
    bytes: usize,
    tail: Seq,
    head: Seq,
}

impl Ring {
    /// An empty ring at this place of the log.
    pub fn new(head: Seq) -> Self {
        Self { changes: VecDeque::new(), bytes: 0, tail: head, head }
    }

    /// The newest change's place.
    pub fn head(&self) -> Seq {
        self.head
    }

    /// Every change behind this place, up to the head, is here.
    pub fn tail(&self) -> Seq {
        self.tail
    }

    /// Adds changes behind the head; the oldest make room.
    pub fn extend(&mut self, changes: impl IntoIterator<Item = Arc<Logged>>) {
        for change in changes {
            self.head = change.change.seq;
            self.bytes += change.bytes();
            self.changes.push_back(change);
        }
        while self.changes.len() > MAX_CHANGES || (self.bytes > MAX_BYTES && self.changes.len() > 1) {
            if let Some(oldest) = self.changes.pop_front() {
                self.bytes -= oldest.bytes();
                self.tail = oldest.change.seq;
            }
        }
    }

    /// The changes behind `after`, oldest first; `None` if some of them are here no more.
    pub fn behind(&self, after: Seq) -> Option<impl Iterator<Item = &Arc<Logged>>> {
        if after < self.tail {
            return None;
        }
        let start = self.changes.partition_point(|change| change.change.seq <= after);
        Some(self.changes.range(start..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plinth_model::{ChangeKind, Instant};

    fn logged(seq: i64) -> Arc<Logged> {
        Arc::new(Logged::new(Change {
            seq: Seq(seq),
            collection: "posts".into(),
            id: String::new(),
            kind: ChangeKind::Create,
            before: None,
            after: Some("{}".into()),
            at: Instant::MIN,
            by: None,
        }))
    }

    #[test]
    fn who_is_behind_the_tail_is_told_to_read_the_log() {
        let mut ring = Ring::new(Seq(10));
        assert_eq!(ring.behind(Seq(10)).unwrap().count(), 0);
        assert!(ring.behind(Seq(9)).is_none());
        ring.extend((0..9000).map(|n| logged(11 + n * 2)));
        assert_eq!(ring.head(), Seq(11 + 8999 * 2));
        assert_eq!(ring.behind(ring.tail()).unwrap().count(), MAX_CHANGES);
        assert!(ring.behind(Seq(ring.tail().0 - 1)).is_none());
        assert_eq!(ring.behind(ring.head()).unwrap().count(), 0);
    }
}
