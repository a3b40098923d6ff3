//! The hybrid logical clock. Our own sixty lines, since `shared` has no clock to read: the wall time is given.

use super::stamp::{DeviceId, Stamp, WALL_MS_MAX};

/// A reply travels so long on a bad line: a device's clock that differs less from the server's is left as it is.
#[allow(non_upper_case_globals)]
pub const offset_ms_min: u64 = 5_000;

/// A stamp further ahead of the server's clock than this gets an order stamp at admission.
#[allow(non_upper_case_globals)]
pub const ahead_ms_max: u64 = 10 * 60 * 1000;

/// Mints stamps of one device: never twice the same, never at or below anything it has observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    device: DeviceId,
    last_wall_ms: u64,
    last_counter: u16,
    offset_ms: i64,
}

impl Clock {
    /// A clock of `device` that has observed nothing yet.
    pub fn new(device: DeviceId) -> Self {
        Self { device, last_wall_ms: 0, last_counter: 0, offset_ms: 0 }
    }

    /// The clock as it was when `last` was its newest reading and `offset_ms` the known offset to the server.
    pub fn resume(device: DeviceId, last: Stamp, offset_ms: i64) -> Self {
        Self { device, last_wall_ms: last.wall_ms, last_counter: last.counter, offset_ms }
    }

    /// The device whose stamps this mints.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// The newest reading, to be kept durably.
    pub fn last(&self) -> Stamp {
        Stamp { wall_ms: self.last_wall_ms, counter: self.last_counter, device: self.device }
    }

    /// Server time minus this device's time, milliseconds.
    pub fn offset_ms(&self) -> i64 {
        self.offset_ms
    }

    /// Learns the offset from the server's time in a reply. What may be the time that the reply took is none.
    pub fn set_server_time(&mut self, server_ms: u64, now_ms: i64) {
        let offset_ms = i64::try_from(server_ms).unwrap_or(i64::MAX).saturating_sub(now_ms);
        self.offset_ms = if offset_ms.unsigned_abs() < offset_ms_min { 0 } else { offset_ms };
    }

    /// The next stamp; `now_ms` is the device's wall time.
    pub fn tick(&mut self, now_ms: i64) -> Stamp {
        let wall = u64::try_from(now_ms.saturating_add(self.offset_ms)).unwrap_or(0).min(WALL_MS_MAX);
        if wall > self.last_wall_ms {
            (self.last_wall_ms, self.last_counter) = (wall, 0);
        } else if let Some(next) = self.last_counter.checked_add(1) {
            self.last_counter = next;
        } else {
            (self.last_wall_ms, self.last_counter) = (self.last_wall_ms + 1, 0);
        }
        self.last()
    }

    /// Observes an ORDER stamp (never a raw one: a wrong clock must not poison others).
    pub fn observe(&mut self, order: Stamp) {
        if (order.wall_ms, order.counter) > (self.last_wall_ms, self.last_counter) {
            (self.last_wall_ms, self.last_counter) = (order.wall_ms, order.counter);
        }
    }

    /// Forgets its own readings that the server found too far ahead: goes on from `order`, the stamp that
    /// the server gave instead, and from whatever else it has observed below it.
    pub fn rewind_to(&mut self, order: Stamp) {
        (self.last_wall_ms, self.last_counter) = (order.wall_ms, order.counter);
    }
}

/// The order stamp that admission gives to `stamp`, or none if it needs none: minted by the server's clock
/// when the writer's clock is too far ahead.
pub(crate) fn order_for(stamp: Stamp, server: &mut Clock, server_now_ms: i64) -> Option<Stamp> {
    runs_ahead(stamp, server_now_ms).then(|| server.tick(server_now_ms))
}

/// Whether it lies more than [`ahead_ms_max`] after the server's time.
pub(crate) fn runs_ahead(stamp: Stamp, server_now_ms: i64) -> bool {
    stamp.wall_ms > u64::try_from(server_now_ms).unwrap_or(0).saturating_add(ahead_ms_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_rise_even_when_the_clock_goes_back() {
        let mut clock = Clock::new(DeviceId::from_bits(7));
        let mut last = clock.tick(1_000);
        for now in [1_000, 900, 5, -3, 1_001, 1_001, 0] {
            let next = clock.tick(now);
            assert!(next > last, "{next:?} after {last:?}");
            last = next;
        }
    }

    #[test]
    fn a_slow_reply_is_not_taken_for_a_wrong_clock() {
        let mut clock = Clock::new(DeviceId::from_bits(7));
        clock.set_server_time(1_000_000, 1_000_000 + offset_ms_min as i64 - 1);
        assert_eq!(clock.tick(1_010_000).wall_ms, 1_010_000);
        clock.set_server_time(1_100_000, 1_000_000);
        assert_eq!(clock.tick(1_020_000).wall_ms, 1_120_000);
    }

    #[test]
    fn a_full_counter_moves_the_wall_on() {
        let mut clock = Clock::resume(
            DeviceId::from_bits(7),
            Stamp { wall_ms: 9, counter: u16::MAX, device: DeviceId::from_bits(7) },
            0,
        );
        assert_eq!(clock.tick(3), Stamp { wall_ms: 10, counter: 0, device: DeviceId::from_bits(7) });
    }

    #[test]
    fn a_clock_years_ahead_gets_an_order_and_one_that_is_right_does_not() {
        let mut server = Clock::new(DeviceId::from_bits(1));
        let now = 1_700_000_000_000;
        let right = Stamp { wall_ms: now as u64 + ahead_ms_max, counter: 0, device: DeviceId::from_bits(2) };
        assert_eq!(order_for(right, &mut server, now), None);
        let ahead = Stamp { wall_ms: now as u64 + ahead_ms_max + 1, ..right };
        let order = order_for(ahead, &mut server, now).unwrap();
        assert_eq!(order.wall_ms, now as u64);
        assert!(order_for(ahead, &mut server, now).unwrap() > order);
    }
}
