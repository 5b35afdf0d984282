//! How much may be sent (RFC 9113, 5.2 and 6.9).

use super::error::Fault;

/// A window before anybody has said anything.
const USUAL: i64 = 65_535;
const LARGEST: i64 = 0x7fff_ffff;

/// The peer's windows: of the connection, and of its only stream.
pub struct Windows {
    connection: i64,
    stream: i64,
    /// What a new stream gets.
    initial: i64,
}

impl Default for Windows {
    fn default() -> Windows {
        Windows { connection: USUAL, stream: USUAL, initial: USUAL }
    }
}

impl Windows {
    /// So many bytes may be sent now.
    pub fn room(&self) -> usize {
        usize::try_from(self.connection.min(self.stream)).unwrap_or(0)
    }

    /// So many, which there was room for, have been sent.
    pub fn take(&mut self, sent: usize) {
        self.connection -= sent as i64;
        self.stream -= sent as i64;
    }

    /// A WINDOW_UPDATE, for the stream or for the connection.
    pub fn grow(&mut self, by: u32, is_for_stream: bool) -> Result<(), Fault> {
        if by == 0 {
            return Err(Fault::Increment);
        }
        let window = if is_for_stream { &mut self.stream } else { &mut self.connection };
        grow(window, i64::from(by))
    }

    /// A new initial size. A stream that is there already gets the difference, and may come to less than nothing.
    pub fn resize(&mut self, size: u32) -> Result<(), Fault> {
        let change = i64::from(size) - self.initial;
        grow(&mut self.initial, change)?;
        grow(&mut self.stream, change)
    }
}

fn grow(window: &mut i64, by: i64) -> Result<(), Fault> {
    *window = window.saturating_add(by);
    if *window > LARGEST { Err(Fault::Window) } else { Ok(()) }
}
