//! What is served: each path, and what it says of the container.

use std::borrow::Cow;

use super::server::request::Request;
use super::server::response::Response;
use crate::lifecycle::status::health::{self, Group, Health, Vitals};

/// The answer to a request.
pub fn respond(request: &Request<'_>, vitals: &Vitals) -> Response {
    let path = request.path.strip_prefix('/').unwrap_or_default();
    let (first, rest) =
        path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let group = Group::ALL.into_iter().find(|group| group.name() == first);
    let response = match (group, rest) {
        (Some(group), None) => of_group(group, request, vitals),
        (Some(group), Some(name)) => {
            let checks = health::checks(group, vitals);
            let check = checks.iter().find(|check| check.name == name);
            check.map_or_else(Response::not_found, |check| said(health::of_check(check)))
        }
        (None, None) if first == "version" => version(),
        (None, _) => Response::not_found(),
    };
    let is_there = response.status != 404;
    if is_there && !matches!(request.method, "GET" | "HEAD") {
        return Response::only_for_reading();
    }
    response
}

fn of_group(group: Group, request: &Request<'_>, vitals: &Vitals) -> Response {
    let query: Vec<(Cow<'_, str>, Cow<'_, str>)> = request.query().collect();
    let named = |wanted: &'static str| query.iter().filter(move |(name, _)| name == wanted);
    let excluded: Vec<&str> = named("exclude").map(|(_, value)| value.as_ref()).collect();
    let verbose = named("verbose").next().is_some();
    said(health::of_group(group, &health::checks(group, vitals), &excluded, verbose))
}

fn said(Health { holds, text }: Health) -> Response {
    Response::text(if holds { 200 } else { 503 }, text)
}

/// As the API server has it (`version.Info` in apimachinery), as far as there is something to say.
fn version() -> Response {
    let body = serde_json::json!({
        "major": env!("CARGO_PKG_VERSION_MAJOR"),
        "minor": env!("CARGO_PKG_VERSION_MINOR"),
        "gitVersion": concat!("v", env!("CARGO_PKG_VERSION")),
    });
    Response::json(format!("{body:#}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::server::request;
    use crate::lifecycle::Moment;
    use crate::lifecycle::status::{ContainerStatus, State};
    use std::time::Duration;

    /// Of a container that runs, has started, and is not ready.
    fn answered(method: &str, target: &str) -> Response {
        let state = State::Running { since: Moment::at(Duration::ZERO) };
        let status =
            ContainerStatus { state, last: None, ready: false, started: true, restart_count: 0 };
        let vitals = Vitals { status, ending: false, failed: false };
        let head = format!("{method} {target} HTTP/1.0\r\n\r\n");
        let (request, _) = request::read(head.as_bytes()).unwrap().unwrap();
        respond(&request, &vitals)
    }

    #[test]
    fn each_path_has_its_answer() {
        let ready = "[+]startup ok\n[+]liveness ok\n[-]readiness failed: reason withheld\n[+]shutdown ok\nreadyz check failed\n";
        for (target, status, body) in [
            ("/livez", 200, "ok"),
            ("/healthz", 200, "ok"),
            ("/startupz?verbose=1", 200, "[+]startup ok\nstartupz check passed\n"),
            ("/livez?verbose", 200, "[+]liveness ok\nlivez check passed\n"),
            ("/readyz", 503, ready),
            ("/readyz?exclude=readiness", 200, "ok"),
            ("/readyz?exclude=startup&exclude=readiness&exclude=x", 200, "ok"),
            ("/readyz/startup", 200, "ok"),
            ("/readyz/readiness", 503, "service unavailable: the container is not ready\n"),
            ("/readyz/none", 404, "404 page not found\n"),
            ("/livez/readiness", 404, "404 page not found\n"),
            ("/livez/", 404, "404 page not found\n"),
            ("/version/", 404, "404 page not found\n"),
            ("/", 404, "404 page not found\n"),
            ("//livez", 404, "404 page not found\n"),
            ("/LIVEZ", 404, "404 page not found\n"),
        ] {
            let response = answered("GET", target);
            assert_eq!((response.status, &*response.body), (status, body), "{target}");
            assert_eq!(answered("HEAD", target), response);
            let other = answered("POST", target);
            assert_eq!(other.status, if status == 404 { 404 } else { 405 }, "{target}");
        }
    }

    #[test]
    fn the_version() {
        let response = answered("GET", "/version");
        let version: serde_json::Value = serde_json::from_str(&response.body).unwrap();
        assert_eq!(version["gitVersion"], concat!("v", env!("CARGO_PKG_VERSION")));
    }
}
