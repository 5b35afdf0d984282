//! A peer whose bytes come in pieces, and who takes whatever is sent.

use std::io::{self, Read, Write};

pub struct Pieces<'a> {
    said: &'a [u8],
    length: usize,
}

impl<'a> Pieces<'a> {
    /// So many bytes at a time, at least one.
    pub fn new(said: &'a [u8], length: usize) -> Pieces<'a> {
        Pieces { said, length: length.max(1) }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.said.len().min(self.length).min(buffer.len());
        let (now, later) = self.said.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.said = later;
        Ok(count)
    }
}

impl Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
