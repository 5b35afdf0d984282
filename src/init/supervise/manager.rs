//! What podinit tells whoever manages it, by sd_notify(3): systemd, or an engine that speaks as systemd does.

use std::fmt::{self, Write};

use crate::plan::life::Life;
use crate::sys::notify::{self, Address};
use crate::sys::text::Text;
use crate::sys::words::Environment;

/// The longest text, in bytes: a container's name and what the kubelet says of it.
const LONGEST: usize = 1024;

#[derive(Default)]
pub(super) struct Manager {
    /// `None` if there is nobody to be told.
    address: Option<Address>,
    is_ready: bool,
    was_ready: bool,
    is_stopping: bool,
}

impl Manager {
    /// The one that podinit was told of, for a program that says itself how it is doing; neither that nor its hooks and
    /// probes are told of it from here on.
    pub fn of(life: &Life, environment: &mut Environment) -> Manager {
        if !life.notifies {
            return Manager::default();
        }
        let address = environment.get(notify::VARIABLE).and_then(Address::parse);
        environment.remove(notify::VARIABLE);
        Manager { address, ..Manager::default() }
    }

    /// Whether the container is ready now: `READY=1` the first time it is, as a service is started but once. Whether that
    /// has changed.
    pub fn ready(&mut self, is_ready: bool) -> bool {
        let has_changed = std::mem::replace(&mut self.is_ready, is_ready) != is_ready;
        if is_ready && !std::mem::replace(&mut self.was_ready, true) {
            self.tell(b"READY=1");
        }
        has_changed
    }

    /// Its end has begun; there is no other after it.
    pub fn stopping(&mut self) {
        if !std::mem::replace(&mut self.is_stopping, true) {
            self.tell(b"STOPPING=1");
        }
    }

    /// What there is to say for people, on one line.
    pub fn status(&self, text: impl fmt::Display) {
        if self.address.is_none() {
            return;
        }
        let mut status = OneLine(Text::format(format_args!("STATUS=")));
        // Writing into it cannot fail.
        let _ = write!(status, "{text}");
        self.tell(status.0.as_bytes());
    }

    fn tell(&self, text: &[u8]) {
        if let Some(address) = &self.address {
            address.send(text);
        }
    }
}

/// Text in which nothing ends a line: the next would be another assignment.
struct OneLine(Text<LONGEST>);

impl fmt::Write for OneLine {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut parts = text.split(char::is_control);
        self.0.write_str(parts.next().unwrap_or_default())?;
        parts.try_for_each(|part| write!(self.0, " {part}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_say_anything() {
        let mut status = OneLine(Text::default());
        status.write_str("a\nREADY=1\r\u{85}\0b").unwrap();
        assert_eq!(status.0.as_bytes(), b"a READY=1   b");
    }
}
