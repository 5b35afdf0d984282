//! `--startup-opts` and its like: the numbers of a probe.

use std::time::Duration;

use super::super::flags::a_duration;
use crate::lifecycle::probe::Kind;
use crate::plan::life::{Probe, Settings};

/// What the API has where nothing is said (kubelet V1).
pub const DEFAULT: Probe = Probe {
    settings: Settings {
        initial_delay: Duration::ZERO,
        period: Duration::from_secs(10),
        timeout: Duration::from_secs(1),
        success_threshold: 1,
        failure_threshold: 3,
    },
    grace: None,
};

const KEYS: [&str; 6] = ["delay", "period", "timeout", "success", "failure", "grace"];

/// What is said; the rest is as it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Opts {
    delay: Option<Duration>,
    period: Option<Duration>,
    timeout: Option<Duration>,
    success: Option<u32>,
    failure: Option<u32>,
    grace: Option<Duration>,
}

impl Opts {
    /// Reads `KEY=VALUE,…` for a probe of this kind.
    ///
    /// # Errors
    /// The key, what is wrong with its value (kubelet V8, V9), and what to write.
    pub fn parse(text: &str, kind: Kind) -> Result<Opts, String> {
        let mut opts = Opts::default();
        let mut seen = Vec::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let wrong = |problem: String| format!("{key}: {problem}");
            if !KEYS.contains(&key) {
                return Err(format!("{key:?} is none of {} (try period=10s)", KEYS.join(", ")));
            }
            if value.is_empty() {
                return Err(format!("{key} has no value (try {})", example(key)));
            }
            if seen.contains(&key) {
                return Err(format!("{key} is said twice: leave one of them out"));
            }
            seen.push(key);
            match key {
                "delay" => opts.delay = Some(a_duration(value).map_err(wrong)?),
                "period" => opts.period = Some(some_time(value, key).map_err(wrong)?),
                "timeout" => opts.timeout = Some(some_time(value, key).map_err(wrong)?),
                "failure" => opts.failure = Some(count(value, key).map_err(wrong)?),
                "success" => opts.success = Some(success(value, kind).map_err(wrong)?),
                // The last of KEYS.
                _ => opts.grace = Some(grace(value, kind).map_err(wrong)?),
            }
        }
        Ok(opts)
    }

    /// The probe with these numbers in place of its own.
    pub fn over(self, probe: Probe) -> Probe {
        let Settings { initial_delay, period, timeout, success_threshold, failure_threshold } =
            probe.settings;
        Probe {
            settings: Settings {
                initial_delay: self.delay.unwrap_or(initial_delay),
                period: self.period.unwrap_or(period),
                timeout: self.timeout.unwrap_or(timeout),
                success_threshold: self.success.unwrap_or(success_threshold),
                failure_threshold: self.failure.unwrap_or(failure_threshold),
            },
            grace: self.grace.or(probe.grace),
        }
    }
}

fn example(key: &str) -> String {
    let value = match key {
        "delay" => "5s",
        "timeout" => "1s",
        "success" => "1",
        "failure" => "3",
        "grace" => "30s",
        _ => "10s",
    };
    format!("{key}={value}")
}

fn some_time(value: &str, key: &str) -> Result<Duration, String> {
    let time = a_duration(value)?;
    if time.is_zero() {
        Err(format!("must be more than 0 (try {})", example(key)))
    } else {
        Ok(time)
    }
}

fn count(value: &str, key: &str) -> Result<u32, String> {
    let number = value.parse().ok().filter(|count| *count > 0);
    number.ok_or_else(|| {
        format!("{value:?} is not a number of attempts, 1 or more (try {})", example(key))
    })
}

/// Kubelet V9.
fn success(value: &str, kind: Kind) -> Result<u32, String> {
    match (count(value, "success")?, kind) {
        (1, _) => Ok(1),
        (count, Kind::Readiness) => Ok(count),
        (_, Kind::Startup | Kind::Liveness) => {
            Err(format!("must be 1 for a {} probe: leave it out", kind.name()))
        }
    }
}

/// Kubelet V9.
fn grace(value: &str, kind: Kind) -> Result<Duration, String> {
    match kind {
        Kind::Readiness => Err("a readiness probe ends nothing: leave it out".to_owned()),
        Kind::Startup | Kind::Liveness => some_time(value, "grace"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_is_not_said_is_as_it_was() {
        assert_eq!(Opts::parse("", Kind::Liveness).unwrap().over(DEFAULT), DEFAULT);
        let opts = Opts::parse("period=0.5,timeout=250ms,failure=1,grace=7s", Kind::Liveness);
        let probe = opts.unwrap().over(DEFAULT);
        let expected = Settings {
            initial_delay: Duration::ZERO,
            period: SECOND / 2,
            timeout: SECOND / 4,
            success_threshold: 1,
            failure_threshold: 1,
        };
        assert_eq!(probe, Probe { settings: expected, grace: Some(SECOND * 7) });
        let probe = Opts::parse("delay=1m,success=2", Kind::Readiness).unwrap().over(probe);
        let expected = Settings { initial_delay: SECOND * 60, success_threshold: 2, ..expected };
        assert_eq!(probe, Probe { settings: expected, grace: Some(SECOND * 7) });
    }

    /// kubelet V8, V9
    #[test]
    fn what_is_wrong_is_named_with_its_remedy() {
        use Kind::{Liveness, Readiness, Startup};
        for (text, kind, says) in [
            (
                "perod=1s",
                Liveness,
                "\"perod\" is none of delay, period, timeout, success, failure, grace (try period=10s)",
            ),
            ("period", Liveness, "period has no value (try period=10s)"),
            ("success=", Readiness, "success has no value (try success=1)"),
            ("period=soon", Liveness, "period: \"soon\" is not a duration (try 10s)"),
            ("delay=-1s", Liveness, "delay: \"-1s\" is not a duration (try 10s)"),
            ("period=0", Startup, "period: must be more than 0 (try period=10s)"),
            ("timeout=0s", Startup, "timeout: must be more than 0 (try timeout=1s)"),
            ("grace=0", Liveness, "grace: must be more than 0 (try grace=30s)"),
            (
                "failure=0",
                Readiness,
                "failure: \"0\" is not a number of attempts, 1 or more (try failure=3)",
            ),
            (
                "failure=4294967296",
                Readiness,
                "failure: \"4294967296\" is not a number of attempts, 1 or more (try failure=3)",
            ),
            ("success=2", Liveness, "success: must be 1 for a liveness probe: leave it out"),
            ("success=2", Startup, "success: must be 1 for a startup probe: leave it out"),
            ("grace=5s", Readiness, "grace: a readiness probe ends nothing: leave it out"),
            ("period=1,period=2", Liveness, "period is said twice: leave one of them out"),
        ] {
            assert_eq!(Opts::parse(text, kind), Err(says.to_owned()), "{text}");
        }
        assert!(Opts::parse("success=1,delay=0", Startup).is_ok());
        assert!(Opts::parse("success=2", Readiness).is_ok());
    }
}
