//! Medians and quartiles: wall times on a shared machine have no useful mean.

/// The `q`-quantile (0 to 1), between neighbours by proportion. Of nothing: NaN.
pub fn quantile(samples: &[f64], q: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = q * last as f64;
    let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    low + (high - low) * place.fract()
}

pub fn median(samples: &[f64]) -> f64 {
    quantile(samples, 0.5)
}

/// Ours ÷ theirs, round by round: both of a pair met the same noise.
pub fn paired_ratios(ours: &[f64], theirs: &[f64]) -> Vec<f64> {
    ours.iter()
        .zip(theirs)
        .map(|(our, their)| our / their)
        .filter(|ratio| ratio.is_finite())
        .collect()
}

/// Random numbers that are the same in each run (xorshift64*).
pub struct Random(u64);

impl Random {
    pub fn new() -> Self {
        Random(0x9e37_79b9_7f4a_7c15)
    }

    /// Evenly from 0 up to, not including, `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % bound
    }
}
