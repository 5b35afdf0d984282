use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A directory that any user may enter and write to, gone when dropped.
pub struct TempDir(PathBuf);

impl TempDir {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Self::named(&format!("{}", NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    fn named(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("podinit-test-{}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path of `name` in this directory, as text.
    pub fn file(&self, name: &str) -> String {
        self.0.join(name).into_os_string().into_string().unwrap()
    }

    /// Writes a file with this mode and gives its path. (An executable one may not be open for writing in any
    /// process while it is run, so this excludes every start in the meantime.)
    pub fn write(&self, name: &str, mode: u32, content: impl AsRef<[u8]>) -> String {
        let _no_start = super::spawn::exclusive();
        let path = self.file(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The one directory of this test process for programs and the links to them; removed when the process exits.
pub fn shared_dir() -> &'static Path {
    static SHARED: OnceLock<PathBuf> = OnceLock::new();
    extern "C" fn remove() {
        if let Some(path) = SHARED.get() {
            let _ = fs::remove_dir_all(path);
        }
    }
    SHARED.get_or_init(|| {
        let dir = std::mem::ManuallyDrop::new(TempDir::named("shared"));
        // SAFETY: `remove` is a plain function that stays valid until exit.
        unsafe { libc::atexit(remove) };
        dir.0.clone()
    })
}
