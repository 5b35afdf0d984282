//! What the control groups leave of the machine to this process and those beside it (cgroups(7), both versions).
//!
//! A group has no more than each of those above it. Where its path is another's, as in a container whose files show its own
//! group as the root, what is found on the way up counts.

use std::ffi::CString;

use super::file;
use super::memory_cgroup::group;

const GROUPS: &str = "/sys/fs/cgroup";

/// So much is read of a file that has two numbers, and of the list of groups.
const LIMIT: usize = 64 * 1024;

/// Bytes of memory; `None` if there is no limit to be seen.
pub fn memory() -> Option<i64> {
    let unified = limits(None, "memory.max", |text| text.parse().ok());
    let own = limits(Some("memory"), "memory.limit_in_bytes", |text| text.parse().ok());
    unified.chain(own).min()
}

/// Thousandths of a processor, rounded up; `None` if there is no limit to be seen.
pub fn processors() -> Option<i64> {
    let unified = limits(None, "cpu.max", |text| {
        let (quota, period) = text.split_once(' ')?;
        thousandths(quota, period)
    });
    let quota = limits(Some("cpu"), "cpu.cfs_quota_us", |text| Some(text.to_owned()));
    let period = limits(Some("cpu"), "cpu.cfs_period_us", |text| Some(text.to_owned()));
    let own = quota.zip(period).filter_map(|(quota, period)| thousandths(&quota, &period));
    unified.chain(own).min()
}

/// -1 and `max` are no limit.
fn thousandths(quota: &str, period: &str) -> Option<i64> {
    let (quota, period) = (quota.parse::<u32>().ok()?, period.parse::<u32>().ok()?);
    let thousandths = (u64::from(quota) * 1000).checked_div(u64::from(period));
    let exact =
        thousandths.is_some_and(|rounded| rounded * u64::from(period) == u64::from(quota) * 1000);
    thousandths.and_then(|rounded| i64::try_from(rounded + u64::from(!exact)).ok())
}

/// What a file says in the group of this process and in all above, from there up; of this controller, or of all in one tree.
fn limits<T>(
    controller: Option<&'static str>,
    file: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> impl Iterator<Item = T> {
    // Without /proc the root is looked at.
    let list = read("/proc/self/cgroup").unwrap_or_default();
    let own = group(&list, controller).unwrap_or_default();
    let folder =
        controller.map_or(GROUPS.to_owned(), |controller| format!("{GROUPS}/{controller}"));
    let mut next = Some(own.trim_end_matches('/').to_owned());
    let groups = std::iter::from_fn(move || {
        let group = next.take()?;
        next = group.rsplit_once('/').map(|(above, _)| above.to_owned());
        Some(group)
    });
    groups.filter_map(move |group| parse(read(&format!("{folder}{group}/{file}"))?.trim()))
}

fn read(path: &str) -> Option<String> {
    let content = file::read_up_to(&CString::new(path).ok()?, LIMIT).ok()?;
    String::from_utf8(content).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_rounded_up_to_thousandths() {
        for (quota, period, expected) in [
            ("150000", "100000", Some(1500)),
            ("100000", "100000", Some(1000)),
            ("1", "3000", Some(1)),
            ("2", "3", Some(667)),
            ("max", "100000", None),
            ("-1", "100000", None),
            ("1", "0", None),
            ("4294967295", "1", Some(4_294_967_295_000)),
        ] {
            assert_eq!(thousandths(quota, period), expected, "{quota} {period}");
        }
    }
}
