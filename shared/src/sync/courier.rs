//! The courier: sends the phone's photos by tus 1.0.0, without clock, network or files. It begins when all text is with
//! the township and pauses while text is exchanged.
//!
//! A thumbnail goes in one request. An original is announced first: the server then tells where to go on, so the phone
//! keeps no addresses, and a kill, a cut or a new life of the server costs at most one piece. Pieces carry a checksum:
//! one counts whole or not at all.

use super::{Backoff, retry_ms_max};

/// The first piece of an original, bytes.
#[allow(non_upper_case_globals)]
pub const piece_bytes_start: u64 = 32 * 1024;
/// The smallest piece: a line that cannot carry this carries nothing.
#[allow(non_upper_case_globals)]
pub const piece_bytes_min: u64 = 8 * 1024;
/// The longest piece.
#[allow(non_upper_case_globals)]
pub const piece_bytes_max: u64 = 256 * 1024;
/// A piece that took less than this is followed by one of twice its length.
#[allow(non_upper_case_globals)]
pub const piece_slow_ms: i64 = 4_000;
/// Answers that lead nowhere before another file is tried.
#[allow(non_upper_case_globals)]
pub const detours_max: u32 = 6;

/// The two files of a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The small picture for lists.
    Thumb,
    /// The photo itself.
    Original,
}

/// A file that the township should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// 12-digit code.
    pub village: String,
    /// Hash of the photo's original: the photo's name.
    pub photo: String,
    /// Which of the two.
    pub part: Part,
    /// Hash of this file.
    pub hash: String,
    /// Its length.
    pub bytes: u64,
    /// A former life of the server had it: ask before sending it again.
    pub was_there: bool,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// Creation with all bytes.
    Offer,
    /// Creation without bytes: where to go on?
    Ask,
    /// `HEAD`: where to go on?
    Look {
        /// The upload's path.
        at: String,
    },
    /// `PATCH`
    Append {
        /// The upload's path.
        at: String,
        /// The first byte.
        offset: u64,
        /// How many.
        length: u64,
    },
}

/// What a request led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The upload stands here.
    Stands {
        /// Its path, if the answer named it.
        at: Option<String>,
        /// Bytes that the server has.
        offset: u64,
    },
    /// 404, 410: no such upload (any more).
    Gone,
    /// 409: it stands elsewhere.
    Elsewhere,
    /// 460: the bytes are not those of the checksum, or the whole file not that of its hash.
    Corrupt,
    /// 413 from something between phone and server.
    TooMuchAtOnce,
    /// The server will never take this file, in its own words.
    Refused(String),
    /// The server does not speak with this phone any more.
    TurnedAway,
    /// 429, 503, with the pause that it asks for (0: none named), milliseconds.
    Busy(u64),
    /// 5xx, or something that is not our server.
    Trouble,
    /// No connection, or it broke.
    Network,
}

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CourierInput {
    /// All text is exchanged.
    TextDone,
    /// Text is being exchanged, or cannot be: no new request.
    TextBusy,
    /// Answer to [`CourierAction::LoadNext`].
    Next(Option<Parcel>),
    /// Answer to [`CourierAction::Send`].
    Answered(Outcome),
    /// The time asked for by [`CourierAction::WakeAt`] has come.
    Woke,
    /// The store failed: no more until the next text.
    StoreFailed,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CourierAction {
    /// Hand over the next file: thumbnails first, those that were put off last.
    LoadNext,
    /// Send this.
    Send(Parcel, Errand),
    /// Note durably that the server has the file whole.
    Delivered(Parcel),
    /// Note that the server will not take it, and why.
    Refused(Parcel, String),
    /// Try others before this one.
    PutOff(Parcel),
    /// Give [`CourierInput::Woke`] at this time (Unix ms); replaces an earlier wish.
    WakeAt(i64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Resting,
    Loading,
    Sending {
        parcel: Parcel,
        errand: Errand,
        since_ms: i64,
    },
    /// A pause before this; without anything, before the next file is asked for.
    Pausing(Option<(Parcel, Errand)>),
}

/// The courier.
pub struct Courier {
    state: State,
    /// Text goes first.
    held: bool,
    piece_bytes: u64,
    /// Answers in a row that brought this file no further.
    detours: u32,
    backoff: Backoff,
    actions: std::collections::VecDeque<CourierAction>,
}

impl Courier {
    /// With the seed of its back-off.
    pub fn new(seed: u64) -> Self {
        Self {
            state: State::Resting,
            held: true,
            piece_bytes: piece_bytes_start,
            detours: 0,
            backoff: Backoff::new(seed),
            actions: std::collections::VecDeque::new(),
        }
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<CourierAction> {
        self.actions.pop_front()
    }

    /// Takes in what has happened at `now_ms`.
    pub fn handle(&mut self, input: CourierInput, now_ms: i64) {
        match input {
            CourierInput::TextDone => {
                self.held = false;
                match &self.state {
                    State::Resting => self.load(),
                    // The network is there again.
                    State::Pausing(_) => self.go_on(now_ms),
                    State::Loading | State::Sending { .. } => {}
                }
            }
            CourierInput::TextBusy => self.held = true,
            CourierInput::Woke => self.go_on(now_ms),
            CourierInput::Next(next) => self.begin(next, now_ms),
            CourierInput::Answered(outcome) => self.answered(outcome, now_ms),
            CourierInput::StoreFailed => self.state = State::Resting,
        }
    }

    fn load(&mut self) {
        self.state = State::Loading;
        self.actions.push_back(CourierAction::LoadNext);
    }

    fn begin(&mut self, next: Option<Parcel>, now_ms: i64) {
        if self.state != State::Loading {
            return;
        }
        self.detours = 0;
        match next {
            None => self.state = State::Resting,
            Some(parcel) => {
                let small = parcel.part == Part::Thumb && !parcel.was_there;
                self.send(parcel, if small { Errand::Offer } else { Errand::Ask }, now_ms);
            }
        }
    }

    /// Sends, unless text goes first: then the pause ends with [`CourierInput::TextDone`].
    fn send(&mut self, parcel: Parcel, errand: Errand, now_ms: i64) {
        if self.held {
            self.state = State::Pausing(Some((parcel, errand)));
            return;
        }
        self.actions.push_back(CourierAction::Send(parcel.clone(), errand.clone()));
        self.state = State::Sending { parcel, errand, since_ms: now_ms };
    }

    fn go_on(&mut self, now_ms: i64) {
        if self.held || !matches!(self.state, State::Pausing(_)) {
            return;
        }
        match std::mem::replace(&mut self.state, State::Resting) {
            State::Pausing(Some((parcel, errand))) => self.send(parcel, errand, now_ms),
            _ => self.load(),
        }
    }

    fn pause(&mut self, next: Option<(Parcel, Errand)>, at_least_ms: u64, now_ms: i64) {
        let pause = self.backoff.next_pause_ms().max(at_least_ms.min(retry_ms_max));
        self.state = State::Pausing(next);
        self.actions.push_back(CourierAction::WakeAt(now_ms.saturating_add_unsigned(pause)));
    }

    fn answered(&mut self, outcome: Outcome, now_ms: i64) {
        let State::Sending { parcel, errand, since_ms } = std::mem::replace(&mut self.state, State::Resting)
        else {
            return;
        };
        // How to find out where this upload stands.
        let look = match &errand {
            Errand::Look { at } | Errand::Append { at, .. } => Errand::Look { at: at.clone() },
            Errand::Offer | Errand::Ask => errand.clone(),
        };
        match outcome {
            Outcome::Stands { at, offset } => {
                self.backoff.reset();
                self.stands(parcel, errand, at, offset, now_ms.saturating_sub(since_ms), now_ms);
            }
            Outcome::Gone => self.detour(parcel, Errand::Ask, now_ms),
            Outcome::Elsewhere => self.detour(parcel, look, now_ms),
            Outcome::Corrupt => self.detour(parcel, look, now_ms),
            Outcome::TooMuchAtOnce => {
                self.smaller();
                let smallest = matches!(&errand, Errand::Append { length, .. } if *length <= piece_bytes_min);
                let next = if errand == Errand::Offer { Errand::Ask } else { look };
                if smallest { self.put_off(parcel, now_ms) } else { self.detour(parcel, next, now_ms) }
            }
            Outcome::Refused(words) => {
                self.actions.push_back(CourierAction::Refused(parcel, words));
                self.load();
            }
            // The next text will tell whether that holds.
            Outcome::TurnedAway => self.held = true,
            Outcome::Busy(retry_ms) => self.pause(Some((parcel, look)), retry_ms, now_ms),
            Outcome::Trouble | Outcome::Network => {
                self.smaller();
                self.pause(Some((parcel, look)), 0, now_ms);
            }
        }
    }

    fn stands(
        &mut self,
        parcel: Parcel,
        errand: Errand,
        at: Option<String>,
        offset: u64,
        took_ms: i64,
        now_ms: i64,
    ) {
        if offset >= parcel.bytes {
            self.actions.push_back(CourierAction::Delivered(parcel));
            return self.load();
        }
        let (known, got_on) = match errand {
            Errand::Append { at, offset: from, length } => {
                if offset > from && took_ms < piece_slow_ms && length >= self.piece_bytes {
                    self.piece_bytes = (self.piece_bytes * 2).min(piece_bytes_max);
                }
                if offset > from {
                    self.detours = 0;
                }
                (Some(at), offset > from)
            }
            Errand::Look { at } => (Some(at), true),
            // The server took part of an offer, or nothing: either way it goes on in pieces.
            Errand::Offer | Errand::Ask => (None, true),
        };
        let Some(at) = at.or(known) else { return self.detour(parcel, Errand::Ask, now_ms) };
        let length = (parcel.bytes - offset).min(self.piece_bytes);
        let append = Errand::Append { at, offset, length };
        if got_on { self.send(parcel, append, now_ms) } else { self.detour(parcel, append, now_ms) }
    }

    /// Another way to the same end; after too many, another file.
    fn detour(&mut self, parcel: Parcel, errand: Errand, now_ms: i64) {
        self.detours += 1;
        if self.detours > detours_max {
            self.put_off(parcel, now_ms)
        } else {
            self.send(parcel, errand, now_ms)
        }
    }

    fn put_off(&mut self, parcel: Parcel, now_ms: i64) {
        self.actions.push_back(CourierAction::PutOff(parcel));
        self.pause(None, 0, now_ms);
    }

    fn smaller(&mut self) {
        self.piece_bytes = (self.piece_bytes / 2).max(piece_bytes_min);
    }
}

#[cfg(test)]
#[path = "courier_tests.rs"]
mod tests;
