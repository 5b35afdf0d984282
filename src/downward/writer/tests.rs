use super::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::plan::pod::Allocatable;
use crate::plan::pod::volume;
use crate::spec::quantity::Quantity;

/// A directory for volumes, gone when dropped.
struct Temp(PathBuf);

impl Temp {
    fn new() -> Temp {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("podinit-writer-{}-{number}", std::process::id());
        // In memory if that can be had, as a volume is (kubelet D31).
        let memory = PathBuf::from("/dev/shm");
        let parent = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let path = parent.join(name);
        fs::create_dir(&path).unwrap();
        Temp(path)
    }

    fn out(&self) -> PathBuf {
        self.0.join("out")
    }

    fn at(&self, name: &str) -> PathBuf {
        self.out().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }

    /// All that is at the top, sorted, the timestamped folder as `..T`.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.out()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name())
            .map(|name| if is_timestamped(&name) { "..T".into() } else { name })
            .map(|name| name.into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn write(&self, files: &[(&str, &str)]) -> Written {
        write(&self.out(), &volume_of(files, 0o644)).unwrap()
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A volume of files by path, all of this mode.
fn volume_of(files: &[(&str, &str)], mode: u32) -> Volume {
    let mut tree = Tree::new();
    for (path, content) in files {
        let mut at = &mut tree;
        let mut names: Vec<&str> = path.split('/').collect();
        let last = names.pop().unwrap();
        for name in names {
            let below = at.entry(name.to_owned()).or_insert_with(|| Node::Folder(Tree::new()));
            let Node::Folder(below) = below else { panic!("{path}") };
            at = below;
        }
        let file = File { content: content.as_bytes().to_vec(), mode };
        at.insert(last.to_owned(), Node::File(file));
    }
    Volume { files: tree, group: None }
}

const CHANGED: Written = Written { changed: true, hidden: Vec::new(), left: None };
const SAME: Written = Written { changed: false, hidden: Vec::new(), left: None };

/// Every entry: where a link leads to, or the mode, and what is in a file.
fn listing(root: &Path, at: &Path, found: &mut BTreeMap<String, Value>) {
    let place = at.strip_prefix(root).unwrap().to_str().unwrap();
    let data = fs::symlink_metadata(at).unwrap();
    let mut entry = serde_json::json!({ "path": place });
    if data.is_symlink() {
        entry["link"] = fs::read_link(at).unwrap().to_str().unwrap().into();
    } else {
        entry["mode"] = format!("{:04o}", data.mode() & 0o7777).into();
    }
    if data.is_file() {
        entry["content"] = fs::read_to_string(at).unwrap().into();
    }
    if data.is_dir() {
        for below in fs::read_dir(at).unwrap() {
            listing(root, &below.unwrap().path(), found);
        }
    }
    if !place.is_empty() {
        found.insert(place.to_owned(), entry);
    }
}

/// kubelet D18, D19, D25, D26
#[test]
fn d18_d19_d25_d26_the_layout_is_the_kubelet_s() {
    let quantity = |text| Quantity::parse(text).unwrap();
    let allocatable = Allocatable {
        cpu: quantity("2"),
        memory: quantity("25276502016"),
        ephemeral_storage: quantity("270553174016"),
    };
    let pods = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/pods");
    for (pod, name) in [
        ("vec-basic", "podinfo"),
        ("vec-empty", "podinfo"),
        ("vec-empty", "none"),
        ("vec-modes-default", "podinfo"),
    ] {
        let text = fs::read(pods.join(pod).join("pod.json")).unwrap();
        let manifest = serde_json::from_slice(&text).unwrap();
        let temp = Temp::new();
        let volume = volume::volume(&manifest, name, &allocatable).unwrap();
        assert_eq!(write(&temp.out(), &volume), Ok(CHANGED));
        let recorded = fs::read_to_string(pods.join(pod).join(format!("{name}.jsonl"))).unwrap();
        let recorded = recorded.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let recorded: Vec<Value> = recorded.filter(|entry| entry["path"] != ".").collect();
        let of = |entries: &[Value]| {
            let data = entries.iter().find(|entry| entry["path"] == DATA).unwrap();
            let folder = data["link"].as_str().unwrap().to_owned();
            let text = serde_json::to_string_pretty(entries).unwrap();
            (text.replace(&folder, "T"), folder)
        };
        let mut found = BTreeMap::new();
        listing(&temp.out(), &temp.out(), &mut found);
        let found: Vec<Value> = found.into_values().collect();
        assert_eq!(of(&found).0, of(&recorded).0, "{pod} {name}");
        for folder in [of(&found).1, of(&recorded).1] {
            assert!(is_timestamped(OsStr::new(&folder)), "{folder}");
        }
        assert_eq!(write(&temp.out(), &volume), Ok(SAME));
    }
}

/// kubelet D19
#[test]
fn d19_names_of_folders() {
    assert!(is_timestamped(OsStr::new(&timestamped())));
    assert_ne!(timestamped(), timestamped());
    for other in ["..data", "..2026_01_02_03_04_05.", "..2026_01_02_03_04_05.1x", "2026", "", ".."]
    {
        assert!(!is_timestamped(OsStr::new(other)), "{other}");
    }
}

/// kubelet D20 to D22
#[test]
fn d20_d21_d22_what_changes_and_what_does_not() {
    let temp = Temp::new();
    assert_eq!(temp.write(&[("a", "1"), ("b/c", "2"), ("b/d", "3"), ("e/f", "4")]), CHANGED);
    assert_eq!(temp.names(), ["..T", "..data", "a", "b", "e"]);
    let inode = |name: &str| fs::metadata(temp.at(name)).unwrap().ino();
    let before = (inode("a"), inode("b/c"), fs::read_link(temp.at(DATA)).unwrap());
    assert_eq!(temp.write(&[("a", "1"), ("b/c", "2"), ("b/d", "3"), ("e/f", "4")]), SAME);
    let other_mode = volume_of(&[("a", "1"), ("b/c", "2"), ("b/d", "3"), ("e/f", "4")], 0o600);
    assert_eq!(write(&temp.out(), &other_mode), Ok(SAME));
    assert_eq!((inode("a"), inode("b/c"), fs::read_link(temp.at(DATA)).unwrap()), before);
    // One file changes, one and a whole folder go: all files are new.
    assert_eq!(temp.write(&[("a", "1"), ("b/c", "2"), ("b/d", "changed")]), CHANGED);
    assert_eq!(temp.names(), ["..T", "..data", "a", "b"]);
    assert_ne!(inode("a"), before.0);
    assert_eq!((temp.read("a"), temp.read("b/d")), ("1".into(), "changed".into()));
    for (files, names) in [
        (&[("a", "1"), ("b/c", "2")][..], &["..T", "..data", "a", "b"][..]),
        (&[("a", "1")], &["..T", "..data", "a"]),
        (&[("a", "")], &["..T", "..data", "a"]),
        (&[("new", "")], &["..T", "..data", "new"]),
        (&[], &["..T", "..data"]),
    ] {
        assert_eq!(temp.write(files), CHANGED, "{files:?}");
        assert_eq!(temp.write(files), SAME, "{files:?}");
        assert_eq!(temp.names(), names);
    }
}

/// kubelet D30, where a file takes the place of a folder.
#[test]
fn d30_departure_a_folder_becomes_a_file_and_back() {
    let temp = Temp::new();
    for (files, path, content) in [
        (&[("a/b", "1")][..], "a/b", "1"),
        (&[("a", "2")], "a", "2"),
        (&[("a/b/c", "3")], "a/b/c", "3"),
        (&[("a/b", "4")], "a/b", "4"),
    ] {
        assert_eq!(temp.write(files), CHANGED);
        assert_eq!(temp.read(path), content);
        assert_eq!(temp.names(), ["..T", "..data", "a"]);
    }
}

/// kubelet D30, what a writer that was killed leaves.
#[test]
fn d30_departure_leftovers_are_cleaned() {
    let temp = Temp::new();
    let leave = || {
        fs::create_dir_all(temp.at("..2026_01_02_03_04_05.1/half/deep")).unwrap();
        fs::write(temp.at("..2026_01_02_03_04_05.1/half/file"), "half").unwrap();
        fs::set_permissions(temp.at("..2026_01_02_03_04_05.1"), Permissions::from_mode(0o700))
            .unwrap();
        let _ = fs::remove_file(temp.at(NEW_DATA));
        symlink("..2026_01_02_03_04_05.1", temp.at(NEW_DATA)).unwrap();
        symlink("..data/gone", temp.at("gone")).unwrap();
    };
    temp.write(&[("a", "1")]);
    for (files, written) in [(&[("a", "1")][..], SAME), (&[("a", "2")], CHANGED)] {
        leave();
        assert_eq!(temp.write(files), written);
        assert_eq!(temp.names(), ["..T", "..data", "a"]);
    }
    // Killed before the first state stood, and before the links.
    fs::remove_file(temp.at(DATA)).unwrap();
    fs::remove_file(temp.at("a")).unwrap();
    leave();
    assert_eq!(temp.write(&[("a", "2")]), CHANGED);
    fs::remove_file(temp.at("a")).unwrap();
    assert_eq!(temp.write(&[("a", "2")]), SAME);
    assert_eq!(temp.names(), ["..T", "..data", "a"]);
}

/// kubelet D30: what is somebody else's stays, and that it hides an item is told.
#[test]
fn d30_what_is_in_the_way_stays() {
    let temp = Temp::new();
    fs::create_dir(temp.out()).unwrap();
    fs::write(temp.at("a"), "mine").unwrap();
    symlink("/etc/hostname", temp.at("b")).unwrap();
    fs::create_dir(temp.at("c")).unwrap();
    fs::write(temp.at("other"), "").unwrap();
    let hidden = vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
    let files = [("a", "1"), ("b", "2"), ("c/x", "3"), ("d", "4")];
    assert_eq!(temp.write(&files), Written { changed: true, hidden: hidden.clone(), left: None });
    assert_eq!(temp.write(&files), Written { changed: false, hidden, left: None });
    assert_eq!((temp.read("a"), temp.read("..data/a")), ("mine".into(), "1".into()));
    assert_eq!(temp.write(&[("d", "4")]), CHANGED);
    assert_eq!(temp.names(), ["..T", "..data", "a", "b", "c", "d", "other"]);
}

/// Whoever may write in the folder can have nothing written, read or removed outside.
#[test]
fn no_link_leads_outside() {
    let temp = Temp::new();
    let outside = temp.0.join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("a"), "1").unwrap();
    fs::create_dir(temp.out()).unwrap();
    for (name, target) in [
        (DATA, outside.as_path()),
        (NEW_DATA, outside.as_path()),
        ("..2026_01_02_03_04_05.1", outside.as_path()),
        ("..2026_01_02_03_04_05.2", Path::new("../outside")),
    ] {
        symlink(target, temp.at(name)).unwrap();
    }
    fs::create_dir(temp.at("..2026_01_02_03_04_05.3")).unwrap();
    symlink(&outside, temp.at("..2026_01_02_03_04_05.3/link")).unwrap();
    // The same content, but not ours.
    assert_eq!(temp.write(&[("a", "1")]), CHANGED);
    assert_eq!(temp.names(), ["..T", "..data", "a"]);
    assert!(is_timestamped(fs::read_link(temp.at(DATA)).unwrap().as_os_str()));
    assert_eq!(fs::read_to_string(outside.join("a")).unwrap(), "1");
    // A folder of the right name that is a link.
    fs::remove_file(temp.at(DATA)).unwrap();
    symlink("..2026_01_02_03_04_05.1", temp.at(DATA)).unwrap();
    symlink(&outside, temp.at("..2026_01_02_03_04_05.1")).unwrap();
    assert_eq!(temp.write(&[("a", "1")]), CHANGED);
    assert_eq!(temp.names(), ["..T", "..data", "a"]);
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
}

/// kubelet D32; only root gives files to any group.
#[test]
fn d32_everything_is_the_group_s() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let temp = Temp::new();
    let mut volume = volume_of(&[("a", ""), ("b/c", "")], 0o400);
    volume.group = Some(12345);
    assert_eq!(write(&temp.out(), &volume), Ok(CHANGED));
    for (name, mode) in [(".", 0o2755), (DATA, 0o2755), ("a", 0o440), ("b", 0o2755), ("b/c", 0o440)]
    {
        let data = fs::metadata(temp.at(name)).unwrap();
        assert_eq!((data.gid(), data.mode() & 0o7777), (12345, mode), "{name}");
        assert_eq!(fs::symlink_metadata(temp.at(name)).unwrap().gid(), 12345, "{name}");
    }
    for (mode, given) in [(0o644, 0o644), (0o600, 0o640), (0, 0o440)] {
        let mut volume = volume_of(&[("a", &mode.to_string())], mode);
        volume.group = Some(12345);
        write(&temp.out(), &volume).unwrap();
        assert_eq!(fs::metadata(temp.at("a")).unwrap().mode() & 0o7777, given);
    }
}

/// kubelet D25: the umask counts for folders only.
#[test]
fn d25_modes_and_the_umask() {
    let temp = Temp::new();
    write(&temp.out(), &volume_of(&[("a", ""), ("b/c", "")], 0o666)).unwrap();
    let mode = |name: &str| fs::metadata(temp.at(name)).unwrap().mode() & 0o7777;
    assert_eq!((mode("a"), mode("b/c"), mode("..data/.")), (0o666, 0o666, 0o755));
}

#[test]
fn one_writer_at_a_time() {
    let temp = Temp::new();
    temp.write(&[("a", "1")]);
    let root = Folder::open(&temp.out()).unwrap();
    let lock = root.lock().unwrap();
    let out = temp.out();
    let changed = volume_of(&[("a", "2")], 0o644);
    assert_eq!(write(&out, &changed), Err(WriteError::Busy));
    assert_eq!(temp.read("a"), "1");
    let waiting = std::thread::spawn(move || write(&out, &changed));
    drop(lock);
    assert_eq!(waiting.join().unwrap(), Ok(CHANGED));
}

#[test]
fn what_stands_in_the_way_is_named_and_the_old_content_stands() {
    let temp = Temp::new();
    fs::write(temp.0.join("file"), "").unwrap();
    let none = volume_of(&[], 0o644);
    let told = |path: &str| write(&temp.0.join(path), &none).unwrap_err().to_string();
    assert_eq!(told("file"), "Not a directory");
    assert_eq!(told("no/such"), "No such file or directory");
    temp.write(&[("a", "1")]);
    let long = "x".repeat(256);
    for (path, told) in [
        ("b\0c".to_owned(), "b\\x00c: Invalid argument"),
        (format!("b/c/{long}"), &format!("b/c/{}…: File name too long", "x".repeat(124))),
    ] {
        let error = write(&temp.out(), &volume_of(&[("a", "2"), (&path, "")], 0o644)).unwrap_err();
        assert_eq!(error.to_string(), told);
        assert_eq!(
            (temp.read("a"), temp.names()),
            ("1".into(), vec!["..T".into(), "..data".into(), "a".into()])
        );
    }
    // `..data` cannot be exchanged.
    fs::remove_file(temp.at(DATA)).unwrap();
    fs::create_dir(temp.at(DATA)).unwrap();
    let error = write(&temp.out(), &volume_of(&[("a", "2")], 0o644)).unwrap_err();
    assert_eq!(error.to_string(), "..data: Is a directory");
    assert_eq!(temp.names(), ["..data", "a"]);
}

/// kubelet D23: who opens `..data` once has one state, and nobody ever reads half a file.
#[test]
fn d23_readers_never_see_half_of_an_update() {
    const UPDATES: usize = 10_000;
    let temp = Temp::new();
    let state = |number: usize| {
        let text = format!("{number}:{}", "x".repeat(number % 97 * 100));
        volume_of(&[("a", &text), ("b/c", &text), ("last", &text)], 0o644)
    };
    write(&temp.out(), &state(0)).unwrap();
    let (out, over) = (temp.out(), AtomicBool::new(false));
    let whole = |text: &str| {
        let (number, rest) = text.split_once(':').expect("a whole file");
        let number: usize = number.parse().unwrap();
        assert_eq!(rest.len(), number % 97 * 100, "half a file of state {number}");
        number
    };
    let text = |mut file: std::fs::File| {
        let mut text = String::new();
        file.read_to_string(&mut text).map(|_| text).ok()
    };
    // Who is too slow finds that what he had opened has been removed, and opens it again.
    let by_folder = || -> Option<()> {
        let folder = Folder::open(&out.join(DATA)).ok()?;
        let open = [
            folder.read("a").ok()?,
            folder.enter("b").ok()?.read("c").ok()?,
            folder.read("last").ok()?,
        ];
        let numbers = open.map(|file| text(file).map(|text| whole(&text)));
        assert!(numbers.iter().all(|number| *number == numbers[0]), "{numbers:?}");
        numbers[0].map(drop)
    };
    let by_name = || fs::read_to_string(out.join("b/c")).ok().map(|text| _ = whole(&text));
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut counts = [0, 0];
            while !over.load(Ordering::Relaxed) || counts.contains(&0) {
                counts[0] += usize::from(by_folder().is_some());
                counts[1] += usize::from(by_name().is_some());
            }
        });
        let mut updates = 1..=UPDATES;
        let failed = updates.find(|number| write(&temp.out(), &state(*number)) != Ok(CHANGED));
        over.store(true, Ordering::Relaxed);
        reading.join().unwrap();
        assert_eq!(failed, None);
    });
    assert_eq!(temp.names(), ["..T", "..data", "a", "b", "last"]);
}
