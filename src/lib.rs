//! podinit: PID 1 for containers.
