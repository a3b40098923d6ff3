//! The container of an old `.xls` (MS-CFB): its sectors form chains, and in a damaged file a chain may lead back into
//! itself. The library that reads workbooks would follow it until memory ends, so chains are looked at before.

/// Ids from here on are marks, not sectors.
const RESERVED: u32 = 0xFFFF_FFFA;
/// Sector ids in the header itself.
const HEADER_IDS: std::ops::Range<usize> = 76..512;

/// Whether every chain ends. What is no container of a known kind is left to the library, which refuses it.
pub(super) fn chains_end(bytes: &[u8]) -> bool {
    let size = match bytes.get(30..32) {
        Some([9, 0]) => 512,
        Some([12, 0]) => 4096,
        _ => return true,
    };
    let container = Container { bytes, size, sectors: bytes.len() / size };
    let Some(fat) = container.fat() else { return false };
    ends(fat.get(..container.sectors).unwrap_or(&fat)) && ends(&container.mini_fat(&fat))
}

struct Container<'b> {
    bytes: &'b [u8],
    size: usize,
    sectors: usize,
}

impl Container<'_> {
    fn header(&self, at: usize) -> u32 {
        self.bytes.get(at..at + 4).and_then(|four| numbers(four).next()).unwrap_or(RESERVED)
    }

    fn sector(&self, id: u32) -> &[u8] {
        let start = (id as usize).saturating_add(1).saturating_mul(self.size);
        let rest = self.bytes.get(start..).unwrap_or_default();
        rest.get(..self.size).unwrap_or(rest)
    }

    /// Which sector follows each; none if its own table names more sectors than there are.
    fn fat(&self) -> Option<Vec<u32>> {
        let mut ids: Vec<u32> = self.bytes.get(HEADER_IDS).map(|ids| numbers(ids).collect())?;
        let mut next = self.header(68);
        for _ in 0..=self.sectors {
            if next >= RESERVED {
                break;
            }
            ids.extend(numbers(self.sector(next)));
            next = ids.pop()?;
        }
        ids.retain(|id| *id < RESERVED);
        let whole = next >= RESERVED && ids.len() <= self.sectors;
        whole.then(|| ids.into_iter().flat_map(|id| numbers(self.sector(id))).collect())
    }

    /// The same for the small sectors; `fat` must be known to end.
    fn mini_fat(&self, fat: &[u32]) -> Vec<u32> {
        let mut small = Vec::new();
        let mut id = self.header(60);
        for _ in 0..=self.sectors {
            let Some(next) = fat.get(id as usize) else { break };
            small.extend(numbers(self.sector(id)));
            id = *next;
        }
        small
    }
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).filter_map(|four| Some(u32::from_le_bytes(four.try_into().ok()?)))
}

/// Whether no walk along `next` comes back to where it has been.
fn ends(next: &[u32]) -> bool {
    let mut walked = vec![0usize; next.len()];
    for walk in 1..=next.len() {
        let mut at = walk - 1;
        while let (Some(by @ 0), Some(on)) = (walked.get_mut(at), next.get(at)) {
            *by = walk;
            at = *on as usize;
            if walked.get(at) == Some(&walk) {
                return false;
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &[u8] = include_bytes!("../../fixtures/import/old.xls");

    #[test]
    fn a_chain_that_leads_back_into_itself_is_found() {
        assert!(chains_end(OLD));
        let container = Container { bytes: OLD, size: 512, sectors: OLD.len() / 512 };
        let (table, directory) = (container.header(76) as usize, container.header(48) as usize);
        let mut looping = OLD.to_vec();
        let at = (table + 1) * 512 + directory * 4;
        looping[at..at + 4].copy_from_slice(&(directory as u32).to_le_bytes());
        assert!(!chains_end(&looping));
        let mut endless = OLD.to_vec();
        endless[68..72].copy_from_slice(&0u32.to_le_bytes());
        assert!(!chains_end(&endless) || endless.len() < 1024);
    }

    #[test]
    fn walks_that_meet_are_no_circle() {
        assert!(ends(&[1, RESERVED, 1, 2]));
        assert!(!ends(&[1, 2, 0]) && !ends(&[0]) && !ends(&[RESERVED, 2, 3, 1]));
        assert!(ends(&[]));
    }
}
