//! Text of bounded length without the heap: log lines, paths, numbers.

use std::ffi::CStr;
use std::fmt;

/// At most `N` bytes of text; what does not fit is cut off.
pub struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Text<N> {
        Text { bytes: [0; N], len: 0 }
    }
}

impl<const N: usize> Text<N> {
    /// What `arguments` print, cut at `N` bytes.
    pub fn format(arguments: fmt::Arguments<'_>) -> Text<N> {
        let mut text = Text::default();
        // Writing into it cannot fail.
        let _ = fmt::write(&mut text, arguments);
        text
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// As a C string, if a zero was printed at its end and fitted.
    pub fn as_c_str(&self) -> Option<&CStr> {
        CStr::from_bytes_until_nul(self.as_bytes()).ok()
    }

    /// Makes it empty again.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    pub fn push_bytes(&mut self, more: &[u8]) {
        let free = self.bytes.get_mut(self.len..).unwrap_or_default();
        let count = more.len().min(free.len());
        for (slot, byte) in free.iter_mut().zip(more) {
            *slot = *byte;
        }
        self.len += count;
    }

    /// Makes `byte` the last one, in place of the last there is if it is full.
    pub fn end_with(&mut self, byte: u8) {
        self.len = self.len.min(N - 1);
        self.push_bytes(&[byte]);
    }
}

impl<const N: usize> fmt::Write for Text<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_bytes(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut_and_the_line_still_ends() {
        let mut text = Text::<8>::format(format_args!("{}", "0123456789"));
        assert_eq!(text.as_bytes(), b"01234567");
        text.end_with(b'\n');
        assert_eq!(text.as_bytes(), b"0123456\n");
        let mut short = Text::<8>::format(format_args!("ab"));
        short.end_with(b'\n');
        assert_eq!(short.as_bytes(), b"ab\n");
    }
}
