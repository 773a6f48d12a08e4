//! Whose turn it is: places at work, shared out among those who ask.
//!
//! First come, first served would let one who asks for much hold up everybody else. So who waits, waits in a line of
//! their own, and the lines take turns; and nobody holds every place, since a long statement can't be taken back.
//! Pure: the threads of SQLite and the connections to Postgres are lent by it alike.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use crate::asker::Asker;
use crate::error::Error;

/// Requests that may wait for one asker; a flood is refused before it fills the room of others.
const WAITING_EACH: usize = 256;

/// Empty lines kept for the next asker, so that none is allocated while few ask.
const SPARE_LINES: usize = 64;

/// The places, who holds them, and who waits.
pub(crate) struct Turns<T> {
    limits: Limits,
    lines: HashMap<Asker, Line<T>>,
    /// Whose lines have somebody in them, in the order of their turns; the server's own is not among them.
    ring: VecDeque<Asker>,
    spare: Vec<VecDeque<T>>,
    at_work: usize,
    /// Places that are held, and requests that wait, for anybody but the server.
    callers: usize,
    waiting: usize,
}

/// How many may be at work, and how many may wait.
#[derive(Debug, Clone, Copy)]
struct Limits {
    places: usize,
    /// For all but the server together: the last place is for its own short requests.
    callers: usize,
    /// For each of them: one place more stays for others.
    each: usize,
    waiting: usize,
    waiting_each: usize,
}

struct Line<T> {
    waiting: VecDeque<T>,
    at_work: usize,
}

impl<T> Turns<T> {
    /// So many places, for which so many requests may wait, and as many of the server's own.
    pub(crate) fn new(places: usize, waiting: usize) -> Self {
        let places = places.max(1);
        let limits = Limits {
            places,
            callers: places.saturating_sub(1).max(1),
            each: places.saturating_sub(2).max(1),
            waiting,
            waiting_each: waiting.min(WAITING_EACH),
        };
        Self {
            limits,
            lines: HashMap::new(),
            ring: VecDeque::new(),
            spare: Vec::new(),
            at_work: 0,
            callers: 0,
            waiting: 0,
        }
    }

    /// Takes a place, if there is one for this asker: then nobody waits who may have it.
    pub(crate) fn enter(&mut self, asker: Asker) -> bool {
        let at_work = self.lines.get(&asker).map_or(0, |line| line.at_work);
        let enters = self.has_place(asker, at_work);
        if enters {
            self.begin(asker);
        }
        enters
    }

    /// A request that found no place waits for one, unless too many do.
    pub(crate) fn wait(&mut self, asker: Asker, request: T) -> Result<(), Error> {
        let waiting = self.lines.get(&asker).map_or(0, |line| line.waiting.len());
        let most = if bounded(asker) { self.limits.waiting_each } else { self.limits.waiting };
        if waiting >= most {
            return Err(Error::Overloaded(waiting));
        }
        if asker != Asker::Server {
            if self.waiting >= self.limits.waiting {
                return Err(Error::Overloaded(self.waiting));
            }
            self.waiting += 1;
            if waiting == 0 {
                self.ring.push_back(asker);
            }
        }
        self.line(asker).waiting.push_back(request);
        Ok(())
    }

    /// A request gave its place back; whose turn it is now has one.
    pub(crate) fn leave(&mut self, asker: Asker) -> Option<(Asker, T)> {
        self.at_work -= 1;
        self.callers -= usize::from(asker != Asker::Server);
        if let Some(line) = self.lines.get_mut(&asker) {
            line.at_work -= 1;
        }
        let next = self.next();
        self.tidy(asker);
        next
    }

    /// Takes those out of an asker's line who are not to be kept.
    pub(crate) fn retain(&mut self, asker: Asker, keep: impl FnMut(&T) -> bool) {
        let Some(line) = self.lines.get_mut(&asker).filter(|line| !line.waiting.is_empty()) else { return };
        let before = line.waiting.len();
        line.waiting.retain(keep);
        let left = line.waiting.len();
        if asker != Asker::Server {
            self.waiting -= before - left;
            if left == 0 {
                self.ring.retain(|other| *other != asker);
            }
        }
        self.tidy(asker);
    }

    /// How many are at work.
    pub(crate) fn at_work(&self) -> usize {
        self.at_work
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting + self.lines.get(&Asker::Server).map_or(0, |line| line.waiting.len())
    }

    fn next(&mut self) -> Option<(Asker, T)> {
        if let Some(request) = self.lines.get_mut(&Asker::Server).and_then(|line| line.waiting.pop_front()) {
            self.begin(Asker::Server);
            return Some((Asker::Server, request));
        }
        let at_work = |asker: &Asker| self.lines.get(asker).map_or(0, |line| line.at_work);
        let turn = self.ring.iter().position(|asker| self.has_place(*asker, at_work(asker)))?;
        let asker = self.ring.remove(turn)?;
        let line = self.lines.get_mut(&asker)?;
        let request = line.waiting.pop_front()?;
        if !line.waiting.is_empty() {
            self.ring.push_back(asker);
        }
        self.waiting -= 1;
        self.begin(asker);
        Some((asker, request))
    }

    /// Whether there is a place for one more of an asker that holds so many.
    fn has_place(&self, asker: Asker, at_work: usize) -> bool {
        let of_callers = self.callers < self.limits.callers && at_work < self.limits.each;
        self.at_work < self.limits.places && (asker == Asker::Server || of_callers)
    }

    fn begin(&mut self, asker: Asker) {
        self.at_work += 1;
        self.callers += usize::from(asker != Asker::Server);
        self.line(asker).at_work += 1;
    }

    fn line(&mut self, asker: Asker) -> &mut Line<T> {
        let Self { lines, spare, .. } = self;
        lines.entry(asker).or_insert_with(|| Line { waiting: spare.pop().unwrap_or_default(), at_work: 0 })
    }

    /// Forgets an asker of whom nothing is there any more.
    fn tidy(&mut self, asker: Asker) {
        if let Entry::Occupied(line) = self.lines.entry(asker)
            && line.get().at_work == 0
            && line.get().waiting.is_empty()
        {
            let line = line.remove();
            if self.spare.len() < SPARE_LINES {
                self.spare.push(line.waiting);
            }
        }
    }
}

/// Whether the asker is one of many, and so has no right to all the room there is.
fn bounded(asker: Asker) -> bool {
    matches!(asker, Asker::Account(_) | Asker::Address(_))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn caller(n: u8) -> Asker {
        Asker::Address([192, 0, 2, n].into())
    }

    /// Whether a request has a place at once.
    fn arrive<T>(turns: &mut Turns<T>, asker: Asker, request: T) -> Result<bool, Error> {
        if turns.enter(asker) { Ok(true) } else { turns.wait(asker, request).map(|()| false) }
    }

    #[test]
    fn one_caller_leaves_a_place_to_others_and_all_callers_one_to_the_server() {
        let mut turns = Turns::new(4, 100);
        let flood: Vec<bool> = (0..10).map(|n| arrive(&mut turns, caller(1), n).unwrap()).collect();
        assert_eq!(flood, [[true; 2].as_slice(), &[false; 8]].concat());
        assert!(arrive(&mut turns, caller(2), 10).unwrap(), "a place is left");
        assert!(!arrive(&mut turns, caller(3), 11).unwrap(), "the last one is the server's");
        assert!(arrive(&mut turns, Asker::Server, 12).unwrap());
        assert_eq!((turns.at_work(), turns.waiting()), (4, 9));
    }

    #[test]
    fn who_comes_last_is_served_before_what_a_flood_has_waiting() {
        let mut turns = Turns::new(1, 100);
        for (asker, request) in (0..10).map(|n| (caller(1), n)).chain([(caller(2), 100), (caller(2), 101)]) {
            arrive(&mut turns, asker, request).unwrap();
        }
        arrive(&mut turns, Asker::Server, 200).unwrap();
        let mut served = Vec::new();
        let mut asker = caller(1);
        while let Some((next, request)) = turns.leave(asker) {
            asker = next;
            served.push(request);
        }
        assert_eq!(served, [200, 1, 100, 2, 101, 3, 4, 5, 6, 7, 8, 9]);
        assert!(turns.lines.is_empty() && turns.ring.is_empty());
    }

    #[test]
    fn a_flood_is_refused_and_nobody_else_is() {
        let mut turns = Turns::new(1, 1000);
        let refused = (0..1000).filter(|n| arrive(&mut turns, caller(1), *n).is_err()).count();
        assert_eq!(refused, 1000 - 1 - WAITING_EACH);
        assert_eq!(turns.wait(caller(1), 0), Err(Error::Overloaded(WAITING_EACH)));
        for n in 2..=4 {
            let waits = (0..WAITING_EACH).filter(|request| turns.wait(caller(n), *request).is_ok()).count();
            assert_eq!(waits, WAITING_EACH.min(1000 - usize::from(n - 1) * WAITING_EACH));
        }
        assert_eq!(turns.wait(caller(5), 0), Err(Error::Overloaded(1000)));
        assert_eq!(turns.wait(Asker::Server, 0), Ok(()));
    }

    #[derive(Debug, Clone)]
    enum Event {
        Arrive(Asker),
        /// The n-th of those at work leaves.
        Leave(usize),
        /// Every other one in the line goes away.
        Thin(Asker),
    }

    fn askers() -> [Asker; 6] {
        [Asker::Server, Asker::Subscribers, caller(1), caller(2), caller(3), caller(4)]
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let asker = || prop::sample::select(askers().to_vec());
        let event = prop_oneof![
            5 => asker().prop_map(Event::Arrive),
            4 => any::<usize>().prop_map(Event::Leave),
            1 => asker().prop_map(Event::Thin),
        ];
        prop::collection::vec(event, 0..200)
    }

    /// The lines, kept in the plainest way, to hold the answers against.
    #[derive(Default)]
    struct Model {
        waiting: HashMap<Asker, Vec<usize>>,
        held: Vec<Asker>,
        /// How often each other one was served since the request came that is first in this one's line.
        passed: HashMap<Asker, HashMap<Asker, usize>>,
    }

    impl Model {
        fn holds(&self, asker: Asker) -> usize {
            self.held.iter().filter(|held| **held == asker).count()
        }

        fn callers(&self) -> usize {
            self.held.len() - self.holds(Asker::Server)
        }

        fn waiting(&self, wanted: impl Fn(Asker) -> bool) -> usize {
            self.waiting.iter().filter(|(asker, _)| wanted(**asker)).map(|(_, line)| line.len()).sum()
        }

        /// Whether the limits of an asker let it have one place more.
        fn may(&self, asker: Asker, limits: Limits) -> bool {
            let may = self.callers() < limits.callers && self.holds(asker) < limits.each;
            self.held.len() < limits.places && (asker == Asker::Server || may)
        }

        fn serve(&mut self, asker: Asker, request: usize, limits: Limits) {
            let line = self.waiting.get_mut(&asker).expect("somebody of theirs waits");
            assert_eq!(line.remove(0), request, "a line is in order");
            self.waiting.retain(|_, line| !line.is_empty());
            assert!(asker == Asker::Server || !self.waiting.contains_key(&Asker::Server), "the server goes first");
            self.passed.remove(&asker);
            let others: Vec<Asker> =
                self.waiting.keys().copied().filter(|other| self.holds(*other) < limits.each).collect();
            for other in others.into_iter().filter(|_| asker != Asker::Server) {
                let times = self.passed.entry(other).or_default().entry(asker).or_default();
                *times += 1;
                assert!(*times <= 1, "{other:?} is passed over by {asker:?} again");
            }
            self.held.push(asker);
        }
    }

    proptest! {
        #[test]
        fn laws_of_turns(places in 1_usize..7, events in events()) {
            let mut turns = Turns::new(places, 40);
            let (limits, mut model) = (turns.limits, Model::default());
            for (request, event) in events.into_iter().enumerate() {
                match event {
                    Event::Arrive(asker) => match arrive(&mut turns, asker, request) {
                        Ok(true) => model.held.push(asker),
                        Ok(false) => model.waiting.entry(asker).or_default().push(request),
                        Err(_) => {
                            let same = |other: Asker| (other == Asker::Server) == (asker == Asker::Server);
                            prop_assert!(model.waiting(same) >= 40);
                        }
                    },
                    Event::Leave(_) if model.held.is_empty() => {}
                    Event::Leave(which) => {
                        let asker = model.held.swap_remove(which % model.held.len());
                        if let Some((next, request)) = turns.leave(asker) {
                            model.serve(next, request, limits);
                        }
                    }
                    Event::Thin(asker) => {
                        turns.retain(asker, |request| request % 2 == 0);
                        model.waiting.entry(asker).or_default().retain(|request| request % 2 == 0);
                        model.waiting.retain(|_, line| !line.is_empty());
                        model.passed.remove(&asker);
                    }
                }
                prop_assert!(model.held.len() <= limits.places && model.callers() <= limits.callers);
                prop_assert!(askers()[1..].iter().all(|asker| model.holds(*asker) <= limits.each));
                prop_assert!(!model.waiting.keys().any(|asker| model.may(*asker, limits)), "a free place is waited for");
                prop_assert_eq!((turns.at_work(), turns.waiting()), (model.held.len(), model.waiting(|_| true)));
                prop_assert_eq!(turns.ring.len(), model.waiting.keys().filter(|asker| **asker != Asker::Server).count());
            }
        }
    }
}
