//! Numbers on the command line: plain decimal.

/// Reads digits only, at least one, leading zeros allowed, up to [`u64::MAX`]: no sign, no blank, no overflow.
#[must_use]
pub fn parse(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |number, &digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}
