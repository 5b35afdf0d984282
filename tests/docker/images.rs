//! The images under test. All take podinit from what the repository's own Dockerfile builds.

use std::path::PathBuf;
use std::sync::LazyLock;

use crate::builder::{Build, Builder, Root, build_text, repository};

/// podinit, a static test program, and nothing else: no libc, no shell, no /etc.
pub static BARE: LazyLock<String> = LazyLock::new(|| {
    let builder = &STAGES.builder;
    Build::new(&dockerfile("app"), &repository().join("tests/docker"))
        .arg("BUILD", &STAGES.build)
        .arg("PODINIT", &STAGES.podinit)
        .arg("CARGO_FLAGS", builder.cargo_flags)
        .option(format!("--network={}", builder.network))
        .tag("podinit-test-bare")
});

/// Debian's busybox as a user land, with two users who have groups and homes.
pub static SHELL: LazyLock<String> = LazyLock::new(|| {
    let mut root = Root::new("shell")
        .program("/bin/busybox")
        .file("/etc/passwd", include_str!("images/passwd"))
        .file("/etc/group", include_str!("images/group"))
        .folder("/tmp")
        .folder("/home/worker");
    for applet in [
        "sh", "cat", "echo", "grep", "head", "id", "kill", "ls", "ps", "rm", "setsid", "sleep",
        "stat", "tail", "touch", "true", "wc", "wget", "yes",
    ] {
        root = root.link(&format!("/bin/{applet}"), "busybox");
    }
    user_land("shell", root)
});

/// Debian's nginx and what `ldd` says it needs, with podinit as entrypoint and the server as command.
pub static NGINX: LazyLock<String> = LazyLock::new(|| {
    let root = Root::new("nginx")
        .program("/usr/sbin/nginx")
        .file("/etc/passwd", include_str!("images/passwd"))
        .file("/etc/group", include_str!("images/group"))
        .file("/etc/nginx/nginx.conf", include_str!("images/nginx.conf"))
        .folder("/run")
        .folder("/usr/share/nginx")
        .folder("/var/lib/nginx")
        .folder("/var/log/nginx");
    user_land("nginx", root)
});

/// The server in a user land.
pub static NGINX_SHELL: LazyLock<String> = LazyLock::new(|| {
    let text = format!("FROM {}\nCOPY --from={shell} /bin /bin\n", *NGINX, shell = *SHELL);
    build_text(&text, "podinit-test-nginx-shell")
});

/// The server's command line.
pub const NGINX_WORDS: [&str; 3] = ["/usr/sbin/nginx", "-g", "daemon off;"];

/// The repository's image, and the stage that has the sources and the compiled dependencies.
struct Stages {
    builder: Builder,
    build: String,
    podinit: String,
}

static STAGES: LazyLock<Stages> = LazyLock::new(|| {
    let builder = Builder::find();
    let file = repository().join("Dockerfile");
    let dockerfile = || {
        Build::new(&file, repository())
            .arg("BUILDER", &builder.image)
            .arg("CARGO_FLAGS", builder.cargo_flags)
            .arg("VERSION", env!("CARGO_PKG_VERSION"))
            .option(format!("--network={}", builder.network))
    };
    let build = dockerfile().option("--target=build".to_owned()).tag("podinit-test-build");
    let podinit = dockerfile().tag("podinit-test");
    Stages { builder, build, podinit }
});

/// The image that `docker build .` makes: `/podinit` alone.
pub fn podinit() -> &'static str {
    &STAGES.podinit
}

/// The shell image with some more instructions, such as `STOPSIGNAL`. `{bare}` in them is the image to copy from.
pub fn shell_with(name: &str, instructions: &str) -> String {
    let text = format!("FROM {}\n{}\n", *SHELL, instructions.replace("{bare}", &BARE));
    build_text(&text, &format!("podinit-test-{name}"))
}

fn user_land(name: &str, root: Root) -> String {
    let root = root.import(&format!("podinit-test-{name}-root"));
    Build::new(&dockerfile("user"), &repository().join("tests/docker/images"))
        .arg("APP", &BARE)
        .arg("ROOT", &root)
        .tag(&format!("podinit-test-{name}"))
}

fn dockerfile(name: &str) -> PathBuf {
    repository().join(format!("tests/docker/images/{name}.Dockerfile"))
}
