//! Probes and hooks (kubelet V7 to V13).
//!
//! A departure: the API takes a hook's `tcpSocket`, which no kubelet can run (kubelet H1): every start of the container
//! would fail. Here it is an error.

use super::{Around, Place};
use crate::spec::names;
use crate::spec::pod::{
    ExecAction, HttpGetAction, IntOrString, Lifecycle, LifecycleHandler, PodOs, Probe, UriScheme,
};
use crate::spec::stop_signal::{self, Os};

pub(super) fn liveness_or_startup(probe: &Probe, at: &mut Place<'_>) {
    common(probe, at);
    // Kubelet V9.
    if probe.success_threshold != 1 {
        at.field("successThreshold").invalid(probe.success_threshold, "must be 1");
    }
}

pub(super) fn readiness(probe: &Probe, at: &mut Place<'_>) {
    common(probe, at);
    // Kubelet V9.
    if let Some(seconds) = probe.termination_grace_period_seconds {
        at.field("terminationGracePeriodSeconds")
            .invalid(seconds, "must not be set for readinessProbes");
    }
}

fn common(probe: &Probe, at: &mut Place<'_>) {
    let mut one = OnlyOne::default();
    if let Some(action) = one.take("exec", &probe.exec, at) {
        exec(action, &mut at.field("exec"));
    }
    if let Some(action) = one.take("httpGet", &probe.http_get, at) {
        http_get(action, &mut at.field("httpGet"));
    }
    if let Some(action) = one.take("tcpSocket", &probe.tcp_socket, at) {
        port(&action.port, at.field("tcpSocket").field("port"));
    }
    if let Some(action) = one.take("grpc", &probe.grpc, at) {
        port_number(action.port, &mut at.field("grpc").field("port"));
    }
    one.finish(at);
    // Kubelet V8.
    for (field, number) in [
        ("initialDelaySeconds", probe.initial_delay_seconds),
        ("timeoutSeconds", probe.timeout_seconds),
        ("periodSeconds", probe.period_seconds),
        ("successThreshold", probe.success_threshold),
        ("failureThreshold", probe.failure_threshold),
    ] {
        if number < 0 {
            at.field(field).invalid(number, "must be greater than or equal to 0");
        }
    }
    // Kubelet V9.
    if let Some(seconds) = probe.termination_grace_period_seconds
        && seconds <= 0
    {
        at.field("terminationGracePeriodSeconds").invalid(seconds, "must be greater than 0");
    }
}

pub(super) fn lifecycle(lifecycle: &Lifecycle, around: &Around<'_>, at: &mut Place<'_>) {
    for (field, hook) in [("postStart", &lifecycle.post_start), ("preStop", &lifecycle.pre_stop)] {
        if let Some(hook) = hook {
            self::hook(hook, around.grace, &mut at.field(field));
        }
    }
    if let Some(signal) = &lifecycle.stop_signal {
        stop_signal(signal, around.os, &mut at.field("stopSignal"));
    }
}

fn hook(hook: &LifecycleHandler, grace: Option<i64>, at: &mut Place<'_>) {
    let mut one = OnlyOne::default();
    if let Some(action) = one.take("exec", &hook.exec, at) {
        exec(action, &mut at.field("exec"));
    }
    if let Some(action) = one.take("httpGet", &hook.http_get, at) {
        http_get(action, &mut at.field("httpGet"));
    }
    if one.take("tcpSocket", &hook.tcp_socket, at).is_some() {
        at.field("tcpSocket").forbidden("a hook cannot be a tcpSocket; use exec, httpGet or sleep");
    }
    if let Some(action) = one.take("sleep", &hook.sleep, at)
        && let Some(grace) = grace
        && !(0..=grace).contains(&action.seconds)
    {
        // Kubelet V12.
        let detail = format!("must be 0 to terminationGracePeriodSeconds ({grace})");
        at.field("sleep").field("seconds").invalid(action.seconds, detail);
    }
    one.finish(at);
}

/// Kubelet V7: exactly one handler. Those after the first are not looked at.
#[derive(Default)]
struct OnlyOne {
    found: bool,
}

impl OnlyOne {
    fn take<'h, T>(
        &mut self,
        field: &str,
        handler: &'h Option<T>,
        at: &mut Place<'_>,
    ) -> Option<&'h T> {
        let handler = handler.as_ref()?;
        if std::mem::replace(&mut self.found, true) {
            at.field(field).forbidden("may not specify more than 1 handler type");
            return None;
        }
        Some(handler)
    }

    fn finish(self, at: &mut Place<'_>) {
        if !self.found {
            at.required("must specify a handler type");
        }
    }
}

/// Kubelet V10.
fn exec(action: &ExecAction, at: &mut Place<'_>) {
    if action.command.is_empty() {
        at.field("command").required("");
    }
}

/// Kubelet V10.
fn http_get(action: &HttpGetAction, at: &mut Place<'_>) {
    if action.path.is_empty() {
        at.field("path").required("");
    }
    port(&action.port, at.field("port"));
    at.field("scheme").word(action.scheme.as_str(), UriScheme::WORDS);
    for (index, header) in action.http_headers.iter().enumerate() {
        let mut at = at.field("httpHeaders");
        at.index(index).field("name").check(&header.name, names::header);
    }
}

/// Kubelet V11.
fn port(port: &IntOrString, mut at: Place<'_>) {
    match port {
        IntOrString::Int(number) => port_number(*number, &mut at),
        IntOrString::String(name) => at.check(name, names::port),
    }
}

/// Kubelet V11.
pub(super) fn port_number(number: i32, at: &mut Place<'_>) {
    if !(1..=65535).contains(&number) {
        at.invalid(number, "must be between 1 and 65535, inclusive");
    }
}

/// Kubelet V13. A system that the API does not know is an error of its own.
fn stop_signal(name: &str, os: Option<&PodOs>, at: &mut Place<'_>) {
    let os = match os.map(|os| os.name.as_str()) {
        None => {
            return at.forbidden(
                "may not be set for containers with empty `spec.os.name` (write os: {name: linux} in spec)",
            );
        }
        Some("linux") => Os::Linux,
        Some("windows") => Os::Windows,
        Some(_) => return,
    };
    if stop_signal::parse(name, os).is_none() {
        at.not_supported(name, stop_signal::names(os));
    }
}
