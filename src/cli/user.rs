//! `--user`: whom a name means, by /etc/passwd and /etc/group without libc's look-ups, which would
//! want the image's own NSS modules. The meaning is what gosu's users expect.

use std::ffi::CString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};

use crate::sys::credentials::{Credentials, Gid, Uid};

/// Larger user databases are refused.
const FILE_LIMIT: u64 = 16 << 20;
/// The highest id Linux gives; the one above it means "unchanged" to the kernel.
const HIGHEST_ID: u32 = u32::MAX - 1;

/// Why a user cannot be told.
#[derive(Debug)]
pub enum LookupError {
    NoUser(String),
    NoGroup(String),
    Unreadable(&'static str, io::Error),
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LookupError::NoUser(name) => {
                write!(f, "there is no user {name:?} in /etc/passwd (a numeric uid needs no entry)")
            }
            LookupError::NoGroup(name) => {
                write!(f, "there is no group {name:?} in /etc/group (a numeric gid needs no entry)")
            }
            LookupError::Unreadable(path, error) => write!(f, "{path}: {error}"),
        }
    }
}

/// The user meant by `UID|NAME[:GID|GROUP]`. A name, or a uid that has an entry, brings its group, its
/// supplementary groups and its home; a group named beside it stands alone. A uid without an entry
/// keeps the present gid and lives in `/`. As with initgroups(3) the group itself is among the
/// supplementary ones, so that no setgid program can shed it.
pub fn look_up(spec: &str) -> Result<Credentials, LookupError> {
    let passwd = read("/etc/passwd")?;
    let group = read("/etc/group")?;
    find(spec, &passwd, &group, Uid::current(), Gid::current())
}

/// The user of a manifest's numbers: what [`look_up`] makes of the uid, or of podinit's own user, with this gid in
/// place of its group, and these groups too.
#[cfg(feature = "manifest")]
pub fn of_numbers(
    uid: Option<u32>,
    gid: Option<u32>,
    more: &[u32],
) -> Result<Credentials, LookupError> {
    let found = look_up(&uid.map_or_else(String::new, |uid| uid.to_string()))?;
    Ok(with_groups(found, gid, more))
}

#[cfg(feature = "manifest")]
fn with_groups(mut user: Credentials, gid: Option<u32>, more: &[u32]) -> Credentials {
    if let Some(gid) = gid.map(Gid::from_raw) {
        let own = std::mem::replace(&mut user.gid, gid);
        user.supplementary.retain(|group| *group != own && *group != gid);
        user.supplementary.insert(0, gid);
    }
    for group in more.iter().copied().map(Gid::from_raw) {
        if !user.supplementary.contains(&group) {
            user.supplementary.push(group);
        }
    }
    user
}

/// The text of a user database, empty if there is none.
fn read(path: &'static str) -> Result<String, LookupError> {
    let unreadable = |error| LookupError::Unreadable(path, error);
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        file => file.map_err(unreadable)?,
    };
    let mut bytes = Vec::new();
    let count = file.take(FILE_LIMIT + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if count as u64 > FILE_LIMIT {
        return Err(unreadable(io::Error::other("larger than 16 MiB")));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn find(
    spec: &str,
    passwd: &str,
    group: &str,
    uid: Uid,
    gid: Gid,
) -> Result<Credentials, LookupError> {
    let (user, group_name) = spec.split_once(':').unwrap_or((spec, ""));
    let entry = passwd.lines().filter_map(User::parse).find(|entry| entry.is(user, uid));
    let uid = match (&entry, user) {
        (Some(entry), _) => entry.uid,
        (None, "") => uid,
        (None, user) => {
            Uid::from_raw(parse_id(user).ok_or_else(|| LookupError::NoUser(user.to_owned()))?)
        }
    };
    let home = entry.as_ref().map_or("/", |entry| entry.home);
    let groups = || group.lines().filter_map(Group::parse);
    let (gid, mut supplementary) = if group_name.is_empty() {
        let member_of = entry.as_ref().map_or(Vec::new(), |entry| {
            groups().filter(|group| group.has(entry.name)).map(|group| group.gid).collect()
        });
        (entry.as_ref().map_or(gid, |entry| entry.gid), member_of)
    } else {
        let by_name = groups().find(|group| group.name == group_name).map(|group| group.gid);
        let gid = by_name.or_else(|| parse_id(group_name).map(Gid::from_raw));
        (gid.ok_or_else(|| LookupError::NoGroup(group_name.to_owned()))?, Vec::new())
    };
    if !supplementary.contains(&gid) {
        supplementary.insert(0, gid);
    }
    // A line of text holds no zero byte but by malice; then the home is the root.
    let home = CString::new(home).unwrap_or_default();
    Ok(Credentials { uid, gid, supplementary, home })
}

fn parse_id(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|id| digits && *id <= HIGHEST_ID)
}

/// One line of passwd(5).
struct User<'a> {
    name: &'a str,
    uid: Uid,
    gid: Gid,
    home: &'a str,
}

impl<'a> User<'a> {
    fn parse(line: &'a str) -> Option<User<'a>> {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        let uid = Uid::from_raw(parse_id(fields.nth(1)?)?);
        let gid = Gid::from_raw(parse_id(fields.next()?)?);
        let home = fields.nth(1).filter(|home| !home.is_empty()).unwrap_or("/");
        Some(User { name, uid, gid, home })
    }

    fn is(&self, user: &str, present: Uid) -> bool {
        if user.is_empty() {
            self.uid == present
        } else {
            self.name == user || parse_id(user) == Some(self.uid.as_raw())
        }
    }
}

/// One line of group(5).
struct Group<'a> {
    name: &'a str,
    gid: Gid,
    members: &'a str,
}

impl<'a> Group<'a> {
    fn parse(line: &'a str) -> Option<Group<'a>> {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let gid = Gid::from_raw(parse_id(fields.nth(1)?)?);
        Some(Group { name, gid, members: fields.next().unwrap_or("") })
    }

    fn has(&self, user: &str) -> bool {
        self.members.split(',').any(|member| member == user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\nbroken line\napp:x:1000:1001::/srv/app:\nnohome:x:7:7:::\n";
    const GROUP: &str = "root:x:0:\napp:x:1001:\nwheel:x:10:root,app\naudio:x:29:app\nempty\n";

    /// (uid, gid, supplementary groups, home), as root.
    fn found(spec: &str) -> Result<(u32, u32, Vec<u32>, String), String> {
        let found = find(spec, PASSWD, GROUP, Uid::from_raw(0), Gid::from_raw(0))
            .map_err(|error| error.to_string())?;
        let groups = found.supplementary.iter().map(|gid| gid.as_raw()).collect();
        Ok((found.uid.as_raw(), found.gid.as_raw(), groups, found.home.into_string().unwrap()))
    }

    #[test]
    fn what_gosu_makes_of_a_user() {
        let app = |gid, groups: &[u32]| Ok((1000, gid, groups.to_vec(), "/srv/app".to_owned()));
        assert_eq!(found("app"), app(1001, &[1001, 10, 29]));
        assert_eq!(found("1000"), app(1001, &[1001, 10, 29]));
        assert_eq!(found("app:wheel"), app(10, &[10]));
        assert_eq!(found("app:5"), app(5, &[5]));
        assert_eq!(found("app:"), app(1001, &[1001, 10, 29]));
        assert_eq!(found("4242"), Ok((4242, 0, vec![0], "/".to_owned())));
        assert_eq!(found("4242:4343"), Ok((4242, 4343, vec![4343], "/".to_owned())));
        assert_eq!(found("nohome"), Ok((7, 7, vec![7], "/".to_owned())));
        assert_eq!(found(":wheel"), Ok((0, 10, vec![10], "/root".to_owned())));
    }

    /// As runtimes read `runAsUser`, `runAsGroup` and `supplementalGroups`.
    #[cfg(feature = "manifest")]
    #[test]
    fn what_a_manifest_says_in_numbers() {
        for (spec, gid, more, expected) in [
            ("1000", None, &[][..], (1001, &[1001, 10, 29][..])),
            ("1000", Some(5), &[], (5, &[5, 10, 29])),
            ("1000", Some(10), &[29, 7, 7], (10, &[10, 29, 7])),
            ("4242", None, &[8], (0, &[0, 8])),
            ("", Some(3), &[], (3, &[3, 10])),
        ] {
            let user = find(spec, PASSWD, GROUP, Uid::from_raw(0), Gid::from_raw(0)).unwrap();
            let user = with_groups(user, gid, more);
            let groups: Vec<u32> = user.supplementary.iter().map(|gid| gid.as_raw()).collect();
            assert_eq!((user.gid.as_raw(), &*groups), expected, "{spec} {gid:?}");
        }
    }

    #[test]
    fn who_is_not_there_is_named() {
        assert_eq!(
            found("nobody"),
            Err("there is no user \"nobody\" in /etc/passwd (a numeric uid needs no entry)"
                .to_owned())
        );
        assert_eq!(
            found("app:x"),
            Err("there is no group \"x\" in /etc/group (a numeric gid needs no entry)".to_owned())
        );
        for spec in ["-1", "+5", "4294967295", "99999999999", "1 000"] {
            assert!(found(spec).is_err(), "{spec}");
        }
    }
}
