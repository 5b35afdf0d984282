//! What hooks and probes do: a manifest's handlers as ACTIONs.

use std::time::Duration;

use super::error::{PlanError, Problem};
use super::variables::Reference;
use super::{Given, Hooks, Probes};
use crate::plan::environment::{AsWritten, Entry, Words};
use crate::spec::action::{Action, Address, Header, HttpGet, Method, Scheme};
use crate::spec::pod::{
    ExecAction, HttpGetAction, IntOrString, LifecycleHandler, Probe, TcpSocketAction, UriScheme,
};

/// So many ports an error names.
const TOLD: usize = 10;

impl Given<'_> {
    pub(super) fn hooks(&self) -> Result<Hooks, PlanError> {
        let Some(lifecycle) = &self.container.lifecycle else { return Ok(Hooks::default()) };
        let hook = |name: &str, handler: &Option<LifecycleHandler>| {
            let one = handler.as_ref().map(|handler| self.hook(handler));
            one.transpose().map_err(|error| error.within(&format!("lifecycle.{name}")))
        };
        Ok(Hooks {
            post_start: hook("postStart", &lifecycle.post_start)?,
            pre_stop: hook("preStop", &lifecycle.pre_stop)?,
            post_stop: None,
        })
    }

    pub(super) fn probes(&self, entries: &[Entry<Reference>]) -> Result<Probes, PlanError> {
        let known = AsWritten::of(entries);
        let probe = |name: &str, probe: &Option<Probe>| {
            let one = probe.as_ref().map(|probe| self.probe(probe, &known));
            one.transpose().map_err(|error| error.within(name))
        };
        let container = self.container;
        Ok(Probes {
            startup: probe("startupProbe", &container.startup_probe)?,
            liveness: probe("livenessProbe", &container.liveness_probe)?,
            readiness: probe("readinessProbe", &container.readiness_probe)?,
        })
    }

    /// Kubelet P5, less what no hook can be (H1).
    fn hook(&self, handler: &LifecycleHandler) -> Result<Action, PlanError> {
        if let Some(exec) = &handler.exec {
            return words(exec, Words::Hook);
        }
        if let Some(request) = &handler.http_get {
            return self.http(request);
        }
        if let Some(sleep) = &handler.sleep {
            return Ok(Action::Sleep(Duration::from_secs(sleep.seconds.try_into().unwrap_or(0))));
        }
        let problem =
            if handler.tcp_socket.is_some() { Problem::TcpHook } else { Problem::NoHandler };
        Err(PlanError::new("", problem))
    }

    /// Kubelet P5.
    fn probe(&self, probe: &Probe, known: &AsWritten<'_>) -> Result<Action, PlanError> {
        if let Some(exec) = &probe.exec {
            return words(exec, Words::Probe(known));
        }
        if let Some(request) = &probe.http_get {
            return self.http(request);
        }
        if let Some(TcpSocketAction { host, port }) = &probe.tcp_socket {
            return Ok(Action::Tcp(self.address("tcpSocket", host, port)?));
        }
        match &probe.grpc {
            Some(grpc) => Ok(Action::Grpc {
                address: self.address("grpc", "", &IntOrString::Int(grpc.port))?,
                service: grpc.service.clone().unwrap_or_default(),
            }),
            None => Err(PlanError::new("", Problem::NoHandler)),
        }
    }

    /// Nothing of it is expanded (kubelet E20).
    fn http(&self, request: &HttpGetAction) -> Result<Action, PlanError> {
        let header = |(index, header): (usize, &crate::spec::pod::HttpHeader)| {
            Header::new(&header.name, &header.value).map_err(|error| {
                PlanError::new(format!("httpGet.httpHeaders[{index}]"), Problem::Header(error))
            })
        };
        let headers = request.http_headers.iter().enumerate().map(header);
        Ok(Action::Http(HttpGet {
            scheme: if request.scheme == UriScheme::Https { Scheme::Https } else { Scheme::Http },
            address: self.address("httpGet", &request.host, &request.port)?,
            path: request.path.clone(),
            method: Method::Get,
            headers: headers.collect::<Result<_, _>>()?,
        }))
    }

    fn address(&self, handler: &str, host: &str, port: &IntOrString) -> Result<Address, PlanError> {
        let host = Some(host).filter(|host| !host.is_empty());
        let port = self
            .port(port)
            .map_err(|problem| PlanError::new(format!("{handler}.port"), problem))?;
        Address::new(host, port)
            .map_err(|problem| PlanError::new(format!("{handler}.host"), Problem::Host(problem)))
    }

    /// A number; the first port of this container by that name; or digits that were written as text (kubelet P6). A
    /// name that nobody has is an error here: such a probe could never succeed.
    fn port(&self, port: &IntOrString) -> Result<u16, Problem> {
        let number = match port {
            IntOrString::Int(number) => *number,
            IntOrString::String(name) => {
                let ports = &self.container.ports;
                let named =
                    ports.iter().find(|port| port.name == *name).map(|port| port.container_port);
                let known = ports.iter().map(|port| port.name.clone());
                let known = known.filter(|name| !name.is_empty()).take(TOLD);
                let unknown = || Problem::NoPort { name: name.clone(), known: known.collect() };
                named.or_else(|| name.parse().ok()).ok_or_else(unknown)?
            }
        };
        u16::try_from(number).ok().filter(|port| *port > 0).ok_or(Problem::Port(number.into()))
    }
}

fn words(exec: &ExecAction, words: Words<'_>) -> Result<Action, PlanError> {
    let wrong = |problem| PlanError::new("exec.command", problem);
    let expanded = words.expand(&exec.command).map_err(|error| wrong(Problem::Word(error)))?;
    // What is expanded is text, and so are all values that a probe knows.
    let text = expanded.into_iter().map(|word| String::from_utf8_lossy(&word).into_owned());
    let text: Vec<String> = text.collect();
    match text.first() {
        Some(program) if !program.is_empty() => Ok(Action::Exec(text)),
        _ => Err(wrong(Problem::NoCommand)),
    }
}
