//! How often the kernel has killed somebody of podinit's own memory cgroup for want of memory.

use std::ffi::{CStr, CString};
use std::path::{Path, PathBuf};

use super::file;

/// The file that counts (cgroups(7)): `memory.events` of cgroup v2, `memory.oom_control` of v1.
#[derive(Debug)]
pub struct OomKills(CString);

/// What is read of `/proc/self/cgroup` and `/proc/self/mountinfo`: far more than a host with many mounts has.
const LIMIT: usize = 1 << 20;

/// Looks which file counts for this process; `None` where there is none.
pub fn find() -> Option<Vec<u8>> {
    let text = |path: &CStr| String::from_utf8(file::read_up_to(path, LIMIT).ok()?).ok();
    let path = path_of(&text(c"/proc/self/cgroup")?, &text(c"/proc/self/mountinfo")?)?;
    let path = path.into_os_string().into_encoded_bytes();
    OomKills::at(&path)?.count().map(|_| path)
}

impl OomKills {
    /// In this file, which [`find`] has found. `None` for what is no path.
    pub fn at(path: &[u8]) -> Option<OomKills> {
        CString::new(path).ok().map(OomKills)
    }

    /// The count so far: one open, read and close.
    pub fn count(&self) -> Option<u64> {
        // Both files have a handful of short lines.
        let mut buffer = [0; 1024];
        count_in(file::read_start(&self.0, &mut buffer).ok()?)
    }
}

fn count_in(content: &[u8]) -> Option<u64> {
    let lines = content.split(|byte| *byte == b'\n');
    let number = lines.filter_map(|line| line.strip_prefix(b"oom_kill ")).next()?;
    str::from_utf8(number).ok()?.parse().ok()
}

/// The file, by the content of `/proc/self/cgroup` and `/proc/self/mountinfo`. Where the cgroup's own path lies outside
/// what is mounted it is taken to be what is mounted, as in a container.
fn path_of(cgroup: &str, mounts: &str) -> Option<PathBuf> {
    let v1 = group(cgroup, Some("memory")).map(|path| (path, true));
    let (own, is_v1) = v1.or_else(|| Some((group(cgroup, None)?, false)))?;
    let (root, point) = mounts.lines().find_map(|line| mounted(line, is_v1))?;
    let below = Path::new(own).strip_prefix(&root).ok();
    let below = below.filter(|below| !below.starts_with("..")).unwrap_or(Path::new(""));
    let name = if is_v1 { "memory.oom_control" } else { "memory.events" };
    Some(point.join(below).join(name))
}

/// The path of this process's group in a line `NUMBER:CONTROLLERS:PATH` of `/proc/self/cgroup`: in the hierarchy of this
/// controller, or in the one of all, which names no controller.
pub(super) fn group<'l>(list: &'l str, controller: Option<&str>) -> Option<&'l str> {
    let is_it = |controllers: &str| match controller {
        None => controllers.is_empty(),
        Some(controller) => controllers.split(',').any(|one| one == controller),
    };
    let mut lines = list.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
    lines.find(|(controllers, _)| is_it(controllers)).map(|(_, path)| path)
}

/// What of the hierarchy is mounted, and where, if this line of mountinfo is about it (proc_pid_mountinfo(5)).
fn mounted(line: &str, is_v1: bool) -> Option<(PathBuf, PathBuf)> {
    let (mount, kind) = line.split_once(" - ")?;
    let mut mount = mount.split(' ').skip(3);
    let (root, point) = (mount.next()?, mount.next()?);
    let mut kind = kind.split(' ');
    let (system, options) = (kind.next()?, kind.nth(1)?);
    let is_it = if is_v1 {
        system == "cgroup" && options.split(',').any(|option| option == "memory")
    } else {
        system == "cgroup2"
    };
    is_it.then(|| (PathBuf::from(root), PathBuf::from(point)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = "36 35 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n";
    const V2: &str =
        "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

    #[test]
    fn where_the_count_is() {
        let container =
            "41 40 0:31 /docker/ab /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";
        let unified = "42 40 0:40 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        let (v1, v2) = ("memory.oom_control", "memory.events");
        for (cgroup, mounts, expected) in [
            ("0::/\n", V2, Some(("/sys/fs/cgroup", v2))),
            ("0::/user.slice/a b\n", V2, Some(("/sys/fs/cgroup/user.slice/a b", v2))),
            // Outside the cgroup namespace, and another's mount: what is there is the container's.
            ("0::/../../other\n", V2, Some(("/sys/fs/cgroup", v2))),
            (
                "0::/docker/ab\n",
                "30 23 0:26 /docker/ab /sys/fs/cgroup ro - cgroup2 x rw\n",
                Some(("/sys/fs/cgroup", v2)),
            ),
            ("4:cpu,memory:/x\n0::/\n", V1, Some(("/sys/fs/cgroup/memory/x", v1))),
            ("4:memory:/docker/ab\n", container, Some(("/sys/fs/cgroup/memory", v1))),
            ("4:memory:/docker/ab/c\n", container, Some(("/sys/fs/cgroup/memory/c", v1))),
            // Both hierarchies, and memory in the first.
            (
                "4:memory:/x\n0::/y\n",
                &[unified, V1].concat(),
                Some(("/sys/fs/cgroup/memory/x", v1)),
            ),
            ("4:memory:/x\n", V2, None),
            ("4:cpu:/x\n", V1, None),
            ("", V2, None),
            ("0::/\n", "30 23\n - \n", None),
        ] {
            let expected = expected.map(|(folder, name)| Path::new(folder).join(name));
            assert_eq!(path_of(cgroup, mounts), expected, "{cgroup}");
        }
    }

    #[test]
    fn the_group_of_each_version() {
        let both = "12:memory:/docker/1\n3:cpu,cpuacct:/docker/2\n0::/docker/3\n";
        let path = |controller| group(both, controller);
        assert_eq!(path(None), Some("/docker/3"));
        assert_eq!(path(Some("memory")), Some("/docker/1"));
        assert_eq!(path(Some("cpu")), Some("/docker/2"));
        assert_eq!(path(Some("pids")), None);
        assert_eq!(group("rubbish", None), None);
    }

    #[test]
    fn what_the_count_is() {
        let v2 = b"low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 0\n";
        assert_eq!(count_in(v2), Some(2));
        assert_eq!(
            count_in(b"oom_kill_disable 0\nunder_oom 0\noom_kill 18446744073709551615"),
            Some(u64::MAX)
        );
        for none in
            [&b""[..], b"oom_kill_disable 0\nunder_oom 0\n", b"oom_kill x\n", b"oom_kill \xff\n"]
        {
            assert_eq!(count_in(none), None);
        }
    }
}
