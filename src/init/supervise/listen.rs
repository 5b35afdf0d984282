//! The sockets that the agent is asked at. They are init's, so that they outlive any agent: whoever connects while there is
//! none waits for the next.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;

use crate::init::report::{Log, Note, Supervised};
use crate::plan::supervision::Listen;
use crate::sys::{Errno, descriptors, socket};

/// Opens them all; `None` if one cannot be, which has been said.
pub(super) fn open(listens: &[Listen], log: &mut Log) -> Option<Vec<OwnedFd>> {
    let mut sockets = Vec::with_capacity(listens.len());
    for listen in listens {
        match descriptors::with_room(|| open_one(listen)) {
            Ok(socket) => {
                if let Some(address) = socket::local_address(&socket) {
                    log.note(Note::Supervised(Supervised::Listening { address }));
                }
                sockets.push(socket);
            }
            Err(errno) => {
                let asked = &listen.asked;
                log.note(Note::Supervised(Supervised::NotListening { asked, errno }));
                return None;
            }
        }
    }
    Some(sockets)
}

/// Where there is no IPv6, all addresses are those of IPv4.
fn open_one(listen: &Listen) -> Result<OwnedFd, Errno> {
    let Listen { address, all, .. } = *listen;
    match socket::listen(address, all) {
        Err(Errno::EAFNOSUPPORT | Errno::EADDRNOTAVAIL | Errno::EPROTONOSUPPORT) if all => {
            let four = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
            socket::listen(SocketAddr::new(four, address.port()), false)
        }
        opened => opened,
    }
}
