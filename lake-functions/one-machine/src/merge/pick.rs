//! Which parts to merge: those of about one size, once there are many (size-tiered). Every row is
//! then written again only as often as its part's size multiplies.

use crate::snapshot::Part;
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many parts of a size class are worth merging.
const FAN_IN: usize = 16;

/// Parts of one merge; each holds a file open.
const PARTS_MAX: usize = 512;

/// What a merged part may hold, bytes of its sources: it is made in memory.
const SOURCE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The smallest size class, bytes: below it a part is mostly footer.
const SMALLEST_BYTES: u64 = 16 * 1024;

/// Parts of one day and tier to merge; none when nothing has piled up. `parts`: of one physical
/// table and generation.
pub(crate) fn pick(parts: &[Arc<Part>]) -> Option<Vec<Arc<Part>>> {
    if parts.len() < FAN_IN {
        return None;
    }
    let mut classes: BTreeMap<(&str, &str, u32), Vec<&Arc<Part>>> = BTreeMap::new();
    for part in parts.iter().filter(|part| part.bytes < SOURCE_BYTES_MAX / 2) {
        let class = (part.bytes / SMALLEST_BYTES).max(1).ilog(FAN_IN as u64);
        classes.entry((&part.ingest_date, &part.tier, class)).or_default().push(part);
    }
    let crowd = classes.into_values().find(|class| class.len() >= FAN_IN)?;
    let mut bytes = 0;
    let mut picked = Vec::new();
    for part in crowd.into_iter().take(PARTS_MAX) {
        bytes += part.bytes;
        if bytes > SOURCE_BYTES_MAX {
            break;
        }
        picked.push(Arc::clone(part));
    }
    (picked.len() > 1).then_some(picked)
}

#[cfg(test)]
mod tests {
    use super::pick;
    use crate::snapshot::Part;
    use std::sync::Arc;

    fn part(number: usize, date: &str, bytes: u64) -> Arc<Part> {
        Arc::new(Part {
            key: format!("t/g1/tier=live/ingest_date={date}/{number}.parquet"),
            tier: "live".to_owned(),
            ingest_date: date.to_owned(),
            rows: 1,
            bytes,
        })
    }

    fn picked(sizes: &[(usize, &str, u64)]) -> usize {
        let parts: Vec<_> = sizes
            .iter()
            .flat_map(|&(count, date, bytes)| (0..count).map(move |n| part(n, date, bytes)))
            .collect();
        pick(&parts).map_or(0, |picked| picked.len())
    }

    #[test]
    fn parts_of_one_size_and_day_are_merged_once_there_are_many() {
        assert_eq!(picked(&[(15, "2026-11-20", 3_000)]), 0);
        assert_eq!(picked(&[(16, "2026-11-20", 3_000)]), 16);
        assert_eq!(picked(&[(15, "2026-11-20", 3_000), (15, "2026-11-21", 3_000)]), 0);
        assert_eq!(picked(&[(15, "2026-11-20", 3_000), (15, "2026-11-20", 3_000_000)]), 0);
        assert_eq!(picked(&[(15, "2026-11-20", 3_000), (17, "2026-11-20", 3_000_000)]), 17);
        assert_eq!(picked(&[(2_000, "2026-11-20", 3_000)]), 512);
        // What a merge makes must fit memory; large parts stay as they are.
        assert_eq!(picked(&[(20, "2026-11-20", 10_000_000)]), 6);
        assert_eq!(picked(&[(20, "2026-11-20", 60_000_000)]), 0);
    }

    #[test]
    fn a_day_of_one_part_a_second_ends_in_few() {
        let mut parts = Vec::new();
        let mut rewritten = 0;
        for number in 0..86_400 {
            parts.push(part(number, "2026-11-20", 3_000));
            while let Some(picked) = pick(&parts) {
                let bytes = picked.iter().map(|part| part.bytes).sum();
                rewritten += bytes;
                parts.retain(|part| !picked.contains(part));
                let mut merged = (*part(100_000 + number, "2026-11-20", bytes)).clone();
                merged.key += "m";
                parts.push(Arc::new(merged));
            }
        }
        assert!(parts.len() < 80, "{}", parts.len());
        assert!(rewritten < 6 * 86_400 * 3_000, "{rewritten}");
    }
}
