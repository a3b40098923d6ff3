use super::*;
use std::collections::{BTreeMap, BTreeSet};

const VILLAGE: &str = "519921105201";

fn parcel(part: Part, photo: u32, bytes: u64) -> Parcel {
    let name = format!("{photo:064x}");
    let hash = if part == Part::Original { name.clone() } else { format!("{:064x}", photo + 0x1000) };
    Parcel { village: VILLAGE.to_owned(), photo: name, part, hash, bytes, was_there: false }
}

/// A phone with its files and a server that does as told or, for some steps, as a bad line has it.
struct World {
    courier: Courier,
    now_ms: i64,
    /// In the order of sending: put off ones at the end.
    files: Vec<Parcel>,
    delivered: Vec<Parcel>,
    refused: BTreeSet<String>,
    /// What the server has of each hash.
    server: BTreeMap<String, u64>,
    /// Every request.
    log: Vec<Errand>,
    sent_bytes: u64,
    wake_at: Option<i64>,
}

impl World {
    fn new(files: Vec<Parcel>) -> Self {
        Self {
            courier: Courier::new(7),
            now_ms: 1_000_000,
            files,
            delivered: Vec::new(),
            refused: BTreeSet::new(),
            server: BTreeMap::new(),
            log: Vec::new(),
            sent_bytes: 0,
            wake_at: None,
        }
    }

    fn tell(&mut self, input: CourierInput) {
        self.courier.handle(input, self.now_ms);
    }

    /// What an honest server answers.
    fn answer(&mut self, parcel: &Parcel, errand: &Errand) -> Outcome {
        let at = format!("/v1/files/{}", parcel.hash);
        let have = self.server.get(&parcel.hash).copied();
        let stands = |at: Option<String>, offset| Outcome::Stands { at, offset };
        match errand {
            Errand::Offer => {
                self.sent_bytes += parcel.bytes;
                self.server.insert(parcel.hash.clone(), parcel.bytes);
                stands(Some(at), parcel.bytes)
            }
            Errand::Ask => stands(Some(at), *self.server.entry(parcel.hash.clone()).or_default()),
            Errand::Look { .. } => have.map_or(Outcome::Gone, |offset| stands(None, offset)),
            Errand::Append { offset, length, .. } => match have {
                None => Outcome::Gone,
                Some(have) if have != *offset => Outcome::Elsewhere,
                Some(have) => {
                    assert!(*length > 0 && *length <= piece_bytes_max && have + length <= parcel.bytes);
                    self.sent_bytes += length;
                    self.server.insert(parcel.hash.clone(), have + length);
                    stands(None, have + length)
                }
            },
        }
    }

    /// Runs until it rests or pauses; `fault` may answer in the server's place.
    fn run(&mut self, mut fault: impl FnMut(&mut Self, &Parcel, &Errand) -> Option<Outcome>) {
        for _ in 0..10_000 {
            let Some(action) = self.courier.poll_action() else { return };
            match action {
                CourierAction::LoadNext => {
                    let next = self.files.first().cloned();
                    self.tell(CourierInput::Next(next));
                }
                CourierAction::Send(parcel, errand) => {
                    self.log.push(errand.clone());
                    self.now_ms += 100;
                    let outcome = match fault(self, &parcel, &errand) {
                        Some(outcome) => outcome,
                        None => self.answer(&parcel, &errand),
                    };
                    self.tell(CourierInput::Answered(outcome));
                }
                CourierAction::Delivered(parcel) => {
                    self.files.retain(|file| *file != parcel);
                    self.delivered.push(parcel);
                }
                CourierAction::Refused(parcel, words) => {
                    self.files.retain(|file| *file != parcel);
                    self.refused.insert(words);
                }
                CourierAction::PutOff(parcel) => {
                    self.files.retain(|file| *file != parcel);
                    self.files.push(parcel);
                }
                CourierAction::WakeAt(at_ms) => self.wake_at = Some(at_ms),
            }
        }
        panic!("it never rests");
    }

    fn wake(&mut self) {
        self.now_ms = self.wake_at.take().expect("a pause").max(self.now_ms);
        self.tell(CourierInput::Woke);
    }
}

fn no_fault(_: &mut World, _: &Parcel, _: &Errand) -> Option<Outcome> {
    None
}

fn two_photos() -> Vec<Parcel> {
    vec![
        parcel(Part::Thumb, 1, 18_000),
        parcel(Part::Thumb, 2, 19_000),
        parcel(Part::Original, 1, 290_000),
        parcel(Part::Original, 2, 100),
    ]
}

#[test]
fn thumbnails_go_in_one_request_each_and_originals_in_growing_pieces() {
    let mut world = World::new(two_photos());
    world.run(no_fault);
    assert!(world.log.is_empty(), "text goes first");
    world.tell(CourierInput::TextDone);
    world.run(no_fault);
    assert_eq!(world.delivered, two_photos());
    assert_eq!(world.log[..3], [Errand::Offer, Errand::Offer, Errand::Ask]);
    let pieces: Vec<u64> = world
        .log
        .iter()
        .filter_map(|errand| match errand {
            Errand::Append { length, .. } => Some(*length),
            _ => None,
        })
        .collect();
    assert_eq!(pieces, [32 * 1024, 64 * 1024, 128 * 1024, 290_000 - 224 * 1024, 100]);
    assert!(world.wake_at.is_none(), "nothing is left to do");
}

#[test]
fn a_cut_costs_a_piece_and_a_killed_phone_goes_on_where_the_server_stands() {
    let mut world = World::new(two_photos());
    let mut requests = 0;
    world.tell(CourierInput::TextDone);
    world.run(|_, _, errand| {
        requests += u32::from(matches!(errand, Errand::Append { .. }));
        (requests == 3).then_some(Outcome::Network)
    });
    assert!(world.wake_at.is_some() && world.delivered.len() == 2);
    // Killed while it waits: a new courier knows nothing.
    world.courier = Courier::new(8);
    world.log.clear();
    world.tell(CourierInput::TextDone);
    world.run(no_fault);
    assert_eq!(world.delivered, two_photos());
    let at = format!("/v1/files/{:064x}", 1);
    assert_eq!(world.log[0], Errand::Ask);
    assert!(
        matches!(&world.log[1], Errand::Append { offset: 98_304, at: here, .. } if *here == at),
        "{:?}",
        world.log
    );
    assert_eq!(world.sent_bytes, two_photos().iter().map(|file| file.bytes).sum::<u64>(), "no byte twice");
}

#[test]
fn text_that_comes_between_goes_first() {
    let mut world = World::new(two_photos());
    world.tell(CourierInput::TextDone);
    world.run(|world, _, _| {
        world.tell(CourierInput::TextBusy);
        None
    });
    assert_eq!((world.log.len(), world.delivered.len()), (1, 1), "what is under way ends, no more begins");
    world.run(no_fault);
    assert_eq!(world.log.len(), 1);
    world.tell(CourierInput::TextDone);
    world.run(no_fault);
    assert_eq!(world.delivered, two_photos());
}

#[test]
fn every_answer_of_the_server_leads_on() {
    let original = vec![parcel(Part::Original, 1, 60_000)];
    for odd in [Outcome::Gone, Outcome::Elsewhere, Outcome::Corrupt, Outcome::TooMuchAtOnce] {
        let mut world = World::new(original.clone());
        world.tell(CourierInput::TextDone);
        let mut left = 1;
        world.run(|world, parcel, errand| {
            if !matches!(errand, Errand::Append { .. }) || left == 0 {
                return None;
            }
            left -= 1;
            if odd == Outcome::Gone {
                world.server.remove(&parcel.hash);
            }
            Some(odd.clone())
        });
        assert_eq!(world.delivered, original, "{odd:?}");
    }
    for wait in [Outcome::Network, Outcome::Trouble, Outcome::Busy(120_000)] {
        let mut world = World::new(original.clone());
        world.tell(CourierInput::TextDone);
        let mut left = 2;
        world.run(|_, _, _| {
            left -= 1;
            (left >= 0).then(|| wait.clone())
        });
        let pause = world.wake_at.expect("a pause") - world.now_ms;
        assert!(pause > 0 && (wait != Outcome::Busy(120_000) || pause >= 120_000), "{pause}");
        world.wake();
        world.run(|_, _, _| None);
        assert_eq!(world.delivered, original, "{wait:?}");
    }
}

#[test]
fn what_is_refused_is_set_aside_and_the_rest_goes_on() {
    let mut world = World::new(two_photos());
    world.tell(CourierInput::TextDone);
    world.run(|_, parcel, _| {
        (parcel.part == Part::Thumb && parcel.photo.ends_with('1'))
            .then(|| Outcome::Refused("不是您的村".to_owned()))
    });
    assert_eq!(world.delivered, two_photos()[1..]);
    assert!(world.refused.contains("不是您的村"));
}

#[test]
fn a_file_that_leads_nowhere_lets_the_others_pass() {
    let mut world = World::new(two_photos());
    let bad = world.files[2].clone();
    let spoils = |_: &mut World, parcel: &Parcel, errand: &Errand| {
        let append = matches!(errand, Errand::Append { .. });
        (append && parcel.bytes == 290_000).then_some(Outcome::Corrupt)
    };
    world.tell(CourierInput::TextDone);
    world.run(spoils);
    assert!(world.wake_at.is_some(), "it pauses before it tries on");
    world.wake();
    world.run(spoils);
    assert_eq!(world.delivered.len(), 3);
    assert_eq!(world.files, [bad]);
    assert!(world.log.len() < 40, "{}", world.log.len());
}

#[test]
fn a_phone_that_is_turned_away_is_silent_until_the_next_text() {
    let mut world = World::new(two_photos());
    world.tell(CourierInput::TextDone);
    world.run(|_, _, _| Some(Outcome::TurnedAway));
    assert_eq!((world.log.len(), world.wake_at), (1, None));
    world.tell(CourierInput::Woke);
    world.run(no_fault);
    assert_eq!(world.log.len(), 1);
    world.tell(CourierInput::TextDone);
    world.run(no_fault);
    assert_eq!(world.delivered, two_photos());
}

#[test]
fn a_new_life_of_the_server_is_asked_before_anything_is_sent_again() {
    let files: Vec<Parcel> =
        two_photos().into_iter().map(|file| Parcel { was_there: true, ..file }).collect();
    let mut world = World::new(files.clone());
    for file in &files[..3] {
        world.server.insert(file.hash.clone(), file.bytes);
    }
    world.tell(CourierInput::TextDone);
    world.run(no_fault);
    assert_eq!(world.delivered, files);
    assert_eq!(world.sent_bytes, 100, "only what it lacks");
}

/// Any mixture of faults ends with everything delivered once the line is good again, and no run is without rest.
#[test]
fn whatever_the_line_does_everything_arrives() {
    for seed in 1..300_u64 {
        let mut state = seed;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut world = World::new(two_photos());
        for _ in 0..20 {
            world.tell(CourierInput::TextDone);
            world.run(|world, parcel, errand| match random(12) {
                0 => Some(Outcome::Network),
                // The server did it, and the answer was lost.
                1 => {
                    world.answer(parcel, errand);
                    Some(Outcome::Network)
                }
                2 => Some(Outcome::Corrupt),
                3 => {
                    world.server.remove(&parcel.hash);
                    Some(Outcome::Gone)
                }
                4 => Some(Outcome::Busy(0)),
                5 => Some(Outcome::TooMuchAtOnce),
                6 => Some(Outcome::TurnedAway),
                7 => Some(Outcome::Stands { at: None, offset: 0 }),
                _ => None,
            });
            if random(3) == 0 {
                world.courier = Courier::new(seed);
            }
        }
        // A file that the server was said to have and lost in the middle is another matter: `check` finds it.
        world.tell(CourierInput::TextDone);
        world.run(no_fault);
        while world.wake_at.is_some() {
            world.wake();
            world.run(no_fault);
        }
        let mut delivered = world.delivered.clone();
        delivered.sort_by(|a, b| (a.part, &a.photo).cmp(&(b.part, &b.photo)));
        assert_eq!(delivered, two_photos(), "seed {seed}");
    }
}
