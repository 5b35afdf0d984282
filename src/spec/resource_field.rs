//! The amounts that `resourceFieldRef.resource` may name, and the divisors that fit them.
//!
//! As in `pkg/apis/core/validation/validation.go` (kubelet D11, V14); the division itself is
//! [`super::quantity::divide`].

use std::fmt;

use super::quantity::{Quantity, Scale};

#[cfg(test)]
mod tests;

/// An amount of a container's `resources`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResourceField {
    pub bound: Bound,
    pub resource: Resource,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bound {
    Limits,
    Requests,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Resource {
    Cpu,
    Memory,
    EphemeralStorage,
    /// Pages of the size written here, which the API does not check.
    HugePages(String),
}

/// The names without hugepages, as the API lists them.
pub const KNOWN: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

const CPU_DIVISORS: &[&str] = &["1m", "1"];
const BYTE_DIVISORS: &[&str] =
    &["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

/// What is wrong with the divisor of a resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DivisorError(&'static [&'static str]);

impl fmt::Display for DivisorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "only the divisors {} are supported with this resource", self.0.join(", "))
    }
}

impl std::error::Error for DivisorError {}

impl ResourceField {
    /// The amount that `text` names, if it names one.
    pub fn parse(text: &str) -> Option<ResourceField> {
        let (bound, resource) = text.split_once('.')?;
        let bound = match bound {
            "limits" => Bound::Limits,
            "requests" => Bound::Requests,
            _ => return None,
        };
        let resource = match resource {
            "cpu" => Resource::Cpu,
            "memory" => Resource::Memory,
            "ephemeral-storage" => Resource::EphemeralStorage,
            other => Resource::HugePages(other.strip_prefix("hugepages-")?.to_owned()),
        };
        Some(ResourceField { bound, resource })
    }

    /// Whether the amount can be divided by `divisor`: by the text of its canonical form, so `1000m` is as good as `1`
    /// and `1024` is not `1Ki` (kubelet V14). 0 is no divisor at all.
    ///
    /// # Errors
    /// It cannot; the error names the divisors that fit.
    pub fn check_divisor(&self, divisor: &Quantity) -> Result<(), DivisorError> {
        let fitting = match self.resource {
            Resource::Cpu => CPU_DIVISORS,
            _ => BYTE_DIVISORS,
        };
        let fits = divisor.is_zero() || fitting.contains(&divisor.to_string().as_str());
        if fits { Ok(()) } else { Err(DivisorError(fitting)) }
    }

    /// The scale in which amount and divisor are divided (kubelet D12).
    pub fn scale(&self) -> Scale {
        match self.resource {
            Resource::Cpu => Scale::Milli,
            _ => Scale::One,
        }
    }
}

/// As the API writes it: `limits.cpu`.
impl fmt::Display for ResourceField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.bound {
            Bound::Limits => "limits.",
            Bound::Requests => "requests.",
        })?;
        match &self.resource {
            Resource::Cpu => f.write_str("cpu"),
            Resource::Memory => f.write_str("memory"),
            Resource::EphemeralStorage => f.write_str("ephemeral-storage"),
            Resource::HugePages(size) => write!(f, "hugepages-{size}"),
        }
    }
}
