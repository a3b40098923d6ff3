//! The network: what becomes of a message between a phone and the server. Bodies travel as the bytes of the
//! wire, so that every hop writes and reads protocol 1.

use super::{coverage::Coverage, faults::Faults, rng::Rng};
use lianxin_shared::{
    replica::DeviceId,
    sync::Failure,
    wire::v1::{ErrorBody, RepairRequest, SalvageRequest, SyncRequest, SyncResponse},
};
use serde::de::DeserializeOwned;

/// A phone gives a request up after this long, ms.
pub const ANSWER_MS_MAX: i64 = 60_000;
/// The slowest message, ms: an answer to it comes long after the phone has given up.
const SLOW_MS_MAX: i64 = 5 * 60_000;

/// What a phone's line carries each way, bytes per second; none where bytes cost no time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Line {
    up: Option<i64>,
    down: Option<i64>,
}

impl Line {
    /// Mostly a good one; else slow one way, or both.
    pub fn draw(rng: &mut Rng) -> Self {
        let mut rate = || *rng.pick(&[None, None, Some(2_000), Some(200), Some(40)]);
        Line { up: rate(), down: rate() }
    }
}

/// A request on its way.
#[derive(Debug, Clone)]
pub struct Packet {
    /// Number of the request; both copies of a doubled one have the same.
    pub request: u64,
    /// The phone.
    pub phone: usize,
    /// The device that its token proves.
    pub device: DeviceId,
    /// Which life of the phone's process waits for the answer.
    pub life: u32,
    /// The bytes.
    pub body: Ask,
}

/// The bytes of a request.
#[derive(Debug, Clone)]
pub enum Ask {
    /// `POST /v1/sync`
    Sync(Vec<u8>),
    /// `POST /v1/repair`
    Repair(Vec<u8>),
    /// `POST /v1/salvage`
    Salvage(Vec<u8>),
    /// `POST /v1/clone`
    Clone,
}

/// The bytes of an answer.
#[derive(Debug, Clone)]
pub enum Told {
    /// 200 to a sync.
    Sync(Vec<u8>),
    /// 200 to a repair, a salvage or a clone.
    Other(Vec<u8>),
    /// A refusal of ours.
    Refused(Vec<u8>),
    /// A status without a body that we understand.
    Failed(Failure),
}

/// What becomes of a request.
#[derive(Debug, Default)]
pub struct Journey {
    /// Delays after which a copy reaches the server, ms.
    pub arrivals: Vec<i64>,
    /// What the phone is told without the server's doing, and when, ms.
    pub told: Option<(i64, Failure)>,
}

impl Ask {
    fn bytes(&self) -> usize {
        match self {
            Ask::Sync(bytes) | Ask::Repair(bytes) | Ask::Salvage(bytes) => bytes.len(),
            Ask::Clone => 0,
        }
    }
}

impl Told {
    fn bytes(&self) -> usize {
        match self {
            Told::Sync(bytes) | Told::Other(bytes) | Told::Refused(bytes) => bytes.len(),
            Told::Failed(_) => 0,
        }
    }
}

/// A message's travel time, ms.
fn travel(rng: &mut Rng, faults: &Faults, bytes: usize, rate: Option<i64>) -> i64 {
    let way = if rng.chance(faults.slow) { rng.between(1_000, SLOW_MS_MAX) } else { rng.between(20, 600) };
    way + rate.map_or(0, |rate| bytes as i64 * 1_000 / rate)
}

/// Plans a request's way. `line` is what the phone has; none without a signal.
pub fn send(
    rng: &mut Rng,
    faults: &Faults,
    ask: &Ask,
    line: Option<Line>,
    coverage: &mut Coverage,
) -> Journey {
    let refused = rng.chance(faults.refuse);
    let Some(line) = line.filter(|_| !refused) else {
        coverage.count("connections refused");
        return Journey { arrivals: Vec::new(), told: Some((rng.between(1, 3_000), Failure::Network)) };
    };
    let mut journey = Journey::default();
    if rng.chance(faults.status) {
        coverage.count("status answers");
        let retry_ms = *rng.pick(&[0, 1_000, 30_000]);
        let failure = rng.pick(&[Failure::TooLarge, Failure::Busy { retry_ms }, Failure::Server]).clone();
        journey.told = Some((rng.between(20, 5_000), failure));
        // A gateway's 502 may hide a request that the server has carried out.
        if rng.chance(500) {
            return journey;
        }
    }
    let copies = if rng.chance(faults.double) { 2 } else { 1 };
    if copies == 2 {
        coverage.count("requests doubled");
    }
    for _ in 0..copies {
        if rng.chance(faults.lose_request) {
            coverage.count("requests lost");
        } else {
            let after = travel(rng, faults, ask.bytes(), line.up);
            if after > ANSWER_MS_MAX {
                coverage.count("requests that took minutes");
            }
            journey.arrivals.push(after);
        }
    }
    journey
}

/// Plans an answer's way: what the phone is told, and after how long; none if it is lost without a sign.
pub fn answer(
    rng: &mut Rng,
    faults: &Faults,
    told: Told,
    line: Line,
    coverage: &mut Coverage,
) -> Option<(i64, Told)> {
    if rng.chance(faults.lose_answer) {
        coverage.count("answers lost");
        let noticed = rng.chance(500);
        return noticed.then(|| (rng.between(100, 5_000), Told::Failed(Failure::Network)));
    }
    let told = if rng.chance(faults.garbage) { garbled(rng, told, coverage) } else { told };
    let after = travel(rng, faults, told.bytes(), line.down);
    if after > ANSWER_MS_MAX {
        coverage.count("answers that took minutes");
    }
    Some((after, told))
}

/// An answer cut short, or a page of somebody else's.
fn garbled(rng: &mut Rng, told: Told, coverage: &mut Coverage) -> Told {
    coverage.count("garbage answers");
    let bad = |rng: &mut Rng, bytes: Vec<u8>| match rng.below(2) {
        0 => bytes[..bytes.len() / 2].to_vec(),
        _ => b"<html><title>WiFi</title></html>".to_vec(),
    };
    match told {
        Told::Sync(bytes) => Told::Sync(bad(rng, bytes)),
        Told::Other(bytes) => Told::Other(bad(rng, bytes)),
        other => other,
    }
}

/// A request as bytes.
pub fn write_sync(request: &SyncRequest) -> Ask {
    Ask::Sync(serde_json::to_vec(request).expect("a request is JSON"))
}

/// A repair's request as bytes.
pub fn write_repair(request: &RepairRequest) -> Ask {
    Ask::Repair(serde_json::to_vec(request).expect("a request is JSON"))
}

/// What a phone makes of the answer to a sync.
pub fn read_sync(told: Told) -> Result<Box<SyncResponse>, Failure> {
    match told {
        Told::Sync(bytes) => serde_json::from_slice(&bytes).map(Box::new).map_err(|_| Failure::Garbage),
        other => Err(failure_of(other)),
    }
}

/// A salvage's request as bytes.
pub fn write_salvage(request: &SalvageRequest) -> Ask {
    Ask::Salvage(serde_json::to_vec(request).expect("a request is JSON"))
}

/// What a phone makes of the answer to anything else.
pub fn read_other<T: DeserializeOwned>(told: Told) -> Result<Box<T>, Failure> {
    match told {
        Told::Other(bytes) => serde_json::from_slice(&bytes).map(Box::new).map_err(|_| Failure::Garbage),
        other => Err(failure_of(other)),
    }
}

fn failure_of(told: Told) -> Failure {
    match told {
        Told::Failed(failure) => failure,
        Told::Refused(bytes) => {
            serde_json::from_slice::<ErrorBody>(&bytes).map_or(Failure::Garbage, Failure::Refused)
        }
        Told::Sync(_) | Told::Other(_) => Failure::Garbage,
    }
}
