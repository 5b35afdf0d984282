//! The corpora of the fuzz targets, replayed without a fuzzer: `fuzz/corpus/TARGET/`.

#[path = "../../fuzz/checks/mod.rs"]
mod checks;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

type Check = fn(&[u8]);

const TARGETS: &[(&str, Check)] = &[
    ("dns_message", checks::dns_message),
    ("document", checks::document),
    ("hosts", checks::hosts),
    ("hpack", checks::hpack),
    ("http2_response", checks::http2_response),
    ("http_request", checks::http_request),
    ("http_response", checks::http_response),
    ("manifest", checks::manifest),
    ("notify_message", checks::notify_message),
    ("resolv_conf", checks::resolv_conf),
    ("url", checks::url),
];

fn fuzz(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(folder)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_target_has_a_check_and_a_corpus() {
    let names = |folder| -> BTreeSet<String> {
        files(&fuzz(folder))
            .iter()
            .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect()
    };
    let here: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("fuzz_targets"), here);
    assert_eq!(names("corpus"), here);
}

#[test]
fn every_file_of_the_corpora_passes() {
    for (target, check) in TARGETS {
        let files = files(&fuzz("corpus").join(target));
        assert!(!files.is_empty(), "{target} has no corpus");
        for file in files {
            // Shown if the check fails.
            println!("{}", file.display());
            check(&fs::read(&file).unwrap());
        }
    }
}
