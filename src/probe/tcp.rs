//! `tcp://`: a connection, closed as soon as it is there (kubelet P37, P38).

use super::connect::connect;
use super::host_port;
use super::outcome::Outcome;
use super::patience::{Patience, stop};
use crate::signal::Signal;
use crate::spec::action::Address;

pub fn attempt(address: &Address, patience: &Patience<'_>) -> Result<Outcome, Signal> {
    match connect(address, patience) {
        Ok(wire) => {
            let peer =
                wire.stream.peer_addr().map_or_else(|_| host_port(address), |to| to.to_string());
            Ok(Outcome::success(format!("connected to {peer}"), []))
        }
        Err(error) => {
            stop(error.cut())?;
            Ok(Outcome::failure(error.to_string()))
        }
    }
}
