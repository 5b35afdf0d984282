//! A list of header fields as it was received.

/// Names and values in their order; both are whatever bytes the peer liked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fields(Vec<(Vec<u8>, Vec<u8>)>);

impl Fields {
    pub(super) fn push(&mut self, name: Vec<u8>, value: Vec<u8>) {
        self.0.push((name, value));
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_slice(), value.as_slice()))
    }

    /// The first value of that name, which is in small letters.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(other, _)| *other == name.as_bytes()).map(|(_, value)| value)
    }

    /// The status of a response, if this is the list of one (RFC 9113, 8.3.2): three digits, first, and no other such
    /// field beside them.
    pub(super) fn status(&self) -> Option<u16> {
        let (name, digits) = self.iter().next()?;
        let is_status = name == b":status" && digits.len() == 3;
        let status = std::str::from_utf8(digits).ok()?.parse().ok()?;
        let rest_is_plain = self.iter().skip(1).all(|(name, _)| is_plain(name));
        (is_status && (100..1000).contains(&status) && rest_is_plain).then_some(status)
    }

    /// Whether these can be trailers, which have no pseudo-headers.
    pub(super) fn are_plain(&self) -> bool {
        self.iter().all(|(name, _)| is_plain(name))
    }
}

/// Names are in small letters, and only pseudo-headers have a colon (RFC 9113, 8.2.1).
fn is_plain(name: &[u8]) -> bool {
    !name.is_empty()
        && name
            .iter()
            .all(|byte| matches!(byte, 0x21..=0x7e if *byte != b':' && !byte.is_ascii_uppercase()))
}
