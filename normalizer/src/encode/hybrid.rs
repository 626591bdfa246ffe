//! Parquet's RLE / bit-packing hybrid: levels and dictionary codes.
//!
//! <https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE>

/// Values per bit-packed group, fixed by the format.
const GROUP: usize = 8;

/// Encodes values of `width` bits into a buffer.
#[derive(Debug)]
pub(super) struct Hybrid<'o> {
    width: u32,
    out: &'o mut Vec<u8>,
    /// Values waiting for a full group.
    group: [u32; GROUP],
    filled: usize,
    /// Where the open bit-packed run's groups start in `out`; its header goes before them.
    packed: Option<usize>,
}

impl<'o> Hybrid<'o> {
    /// `width`: 1 to 32.
    pub(super) fn new(width: u32, out: &'o mut Vec<u8>) -> Self {
        Hybrid { width, out, group: [0; GROUP], filled: 0, packed: None }
    }

    /// Bits that values up to `max` need, at least 1.
    pub(super) fn width_of(max: u32) -> u32 {
        (u32::BITS - max.leading_zeros()).max(1)
    }

    /// Appends `value` `count` times.
    pub(super) fn push_run(&mut self, value: u32, count: usize) {
        let mut left = count;
        while left > 0 {
            if self.filled == 0 && left >= GROUP {
                self.run(value, left);
                return;
            }
            let take = left.min(GROUP - self.filled);
            self.group[self.filled..self.filled + take].fill(value);
            self.filled += take;
            left -= take;
            if self.filled == GROUP {
                self.pack();
            }
        }
    }

    /// Appends values one after the other.
    pub(super) fn push_all(&mut self, values: &[u32]) {
        let mut rest = values;
        while let Some(&first) = rest.first() {
            if self.filled == 0 && rest.len() >= GROUP {
                let run = rest.iter().take_while(|&&value| value == first).count();
                if run >= GROUP {
                    self.run(first, run);
                    rest = &rest[run..];
                    continue;
                }
                self.group.copy_from_slice(&rest[..GROUP]);
                self.filled = GROUP;
                self.pack();
                rest = &rest[GROUP..];
                continue;
            }
            self.push_run(first, 1);
            rest = &rest[1..];
        }
    }

    /// Ends the stream; a last group is padded with zeros, which readers do not count.
    pub(super) fn finish(mut self) {
        if self.filled > 0 {
            self.group[self.filled..].fill(0);
            self.pack();
        }
        self.end_packed();
    }

    fn pack(&mut self) {
        self.packed.get_or_insert(self.out.len());
        let mut bits = 0_u64;
        let mut filled = 0;
        for value in self.group {
            bits |= u64::from(value) << filled;
            filled += self.width;
            while filled >= 8 {
                self.out.push(bits as u8);
                bits >>= 8;
                filled -= 8;
            }
        }
        self.filled = 0;
    }

    fn run(&mut self, value: u32, count: usize) {
        self.end_packed();
        push_varint((count as u64) << 1, self.out);
        let bytes = self.width.div_ceil(8) as usize;
        self.out.extend_from_slice(&value.to_le_bytes()[..bytes]);
    }

    /// Puts the header before the groups of the open bit-packed run.
    fn end_packed(&mut self) {
        let Some(start) = self.packed.take() else {
            return;
        };
        let groups = (self.out.len() - start) / self.width as usize;
        let mut header = Vec::with_capacity(5);
        push_varint(((groups as u64) << 1) | 1, &mut header);
        self.out.splice(start..start, header);
    }
}

fn push_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::Hybrid;

    fn check(width: u32, runs: &[(u32, usize)], expected: &[u8]) {
        let mut by_runs = Vec::new();
        let mut encoder = Hybrid::new(width, &mut by_runs);
        runs.iter().for_each(|&(value, count)| encoder.push_run(value, count));
        encoder.finish();
        assert_eq!(by_runs, expected);
        let values: Vec<u32> =
            runs.iter().flat_map(|&(value, count)| std::iter::repeat_n(value, count)).collect();
        let mut by_slice = Vec::new();
        let mut encoder = Hybrid::new(width, &mut by_slice);
        encoder.push_all(&values);
        encoder.finish();
        assert_eq!(by_slice, expected);
    }

    #[test]
    fn the_formats_own_examples() {
        // The numbers 1 to 7 of the format's text, bit width 3.
        check(3, &(0..8).map(|v| (v, 1)).collect::<Vec<_>>(), &[0b11, 0x88, 0xC6, 0xFA]);
        check(1, &[(1, 100)], &[200, 1, 1]);
        check(1, &[(0, 8), (1, 3)], &[16, 0, 0b11, 0b111]);
        check(9, &[(257, 8)], &[16, 1, 1]);
        check(1, &[], &[]);
    }
}
