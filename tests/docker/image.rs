//! The image that the repository's Dockerfile makes.

use crate::engine::{Run, docker};
use crate::images::podinit;

fn inspect(format: &str) -> String {
    docker(["image", "inspect", "--format", format, podinit()])
}

#[test]
#[ignore = "needs a Docker engine"]
fn the_image_holds_podinit_alone_and_runs_what_it_is_given() {
    assert_eq!(inspect("{{json .Config.Entrypoint}}"), r#"["/podinit","--"]"#);
    assert_eq!(inspect("{{len .RootFS.Layers}}"), "1");

    // Nothing to run but itself: the inner one finds no command that the image could have.
    let output =
        Run::new(podinit()).words(["/podinit", "--", "/podinit", "--", "/bin/true"]).finish();

    assert_eq!(output.code, 127, "{output:?}");
    assert_eq!(output.stderr.lines().count(), 1, "{output:?}");
    assert!(output.stderr.contains("/bin/true"), "{output:?}");
}

#[test]
#[ignore = "needs a Docker engine"]
fn the_image_says_what_it_is() {
    let label = |name: &str| {
        inspect(&format!("{{{{index .Config.Labels \"org.opencontainers.image.{name}\"}}}}"))
    };

    assert_eq!(label("title"), "podinit");
    assert_eq!(label("licenses"), env!("CARGO_PKG_LICENSE"));
    assert_eq!(label("version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(label("description"), env!("CARGO_PKG_DESCRIPTION"));
}
