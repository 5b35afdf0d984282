//! What stands for TLS in a podinit without the feature `tls`: nothing comes of it but the error.

use std::convert::Infallible;
use std::fmt;
use std::io::{self, Read, Write};
use std::marker::PhantomData;

use super::patience::{Cut, Wire};

/// What to believe of servers: there are none.
#[derive(Clone, Default)]
pub struct Trust(());

/// That there is no TLS.
#[derive(Debug)]
pub struct TlsError;

/// A connection on which TLS is spoken: there is none.
pub struct Secure<'a>(Infallible, PhantomData<Wire<'a>>);

pub fn connect<'a>(
    _: Wire<'a>,
    _host: &str,
    _: &Trust,
    _offer_http2: bool,
) -> Result<Secure<'a>, TlsError> {
    Err(TlsError)
}

#[cfg(feature = "grpc")]
impl Secure<'_> {
    pub fn is_http2(&self) -> bool {
        match self.0 {}
    }
}

impl Read for Secure<'_> {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }
}

impl Write for Secure<'_> {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        match self.0 {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0 {}
    }
}

impl TlsError {
    pub fn cut(&self) -> Option<Cut> {
        None
    }

    pub fn is_absent(&self) -> bool {
        true
    }

    pub fn is_plain_http(&self) -> bool {
        false
    }
}

impl std::error::Error for TlsError {}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this podinit was built without TLS (feature tls)")
    }
}
