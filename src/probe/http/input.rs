//! A server's bytes, line by line or as they come.

use std::io::{BufRead, BufReader, ErrorKind, Read};

use super::response::Broken;

pub struct Input<R>(BufReader<R>);

impl<R: Read> Input<R> {
    pub fn new(inner: R) -> Input<R> {
        Input(BufReader::new(inner))
    }

    /// What is there, after waiting for something; nothing at the end.
    fn fill(&mut self) -> Result<&[u8], Broken> {
        while let Err(error) = self.0.fill_buf() {
            if error.kind() != ErrorKind::Interrupted {
                return Err(Broken::io("read", error));
            }
        }
        Ok(self.0.buffer())
    }

    /// Appends the next line with its end, or what there is of it before all ends; `false` if it would be longer
    /// than `limit`, of which some has been read then.
    pub fn line(&mut self, line: &mut Vec<u8>, limit: usize) -> Result<bool, Broken> {
        let mut left = limit;
        loop {
            let there = self.fill()?;
            if there.is_empty() {
                return Ok(true);
            }
            let end = there.iter().position(|byte| *byte == b'\n');
            let count = end.map_or(there.len(), |end| end + 1);
            if count > left {
                return Ok(false);
            }
            left -= count;
            line.extend_from_slice(there.get(..count).unwrap_or_default());
            self.0.consume(count);
            if end.is_some() {
                return Ok(true);
            }
        }
    }

    /// Appends at least one byte and at most `limit`, unless all has ended. Returns how many.
    pub fn some(&mut self, bytes: &mut Vec<u8>, limit: u64) -> Result<usize, Broken> {
        let there = self.fill()?;
        let count = usize::try_from(limit).unwrap_or(usize::MAX).min(there.len());
        bytes.extend_from_slice(there.get(..count).unwrap_or_default());
        self.0.consume(count);
        Ok(count)
    }
}
