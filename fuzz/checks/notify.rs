//! What a program says by sd_notify(3).

use podinit::agent::Notice;

/// One message.
pub fn notify_message(bytes: &[u8]) {
    let word: &[u8] = match Notice::read(bytes) {
        None => return,
        Some(Notice::Ready) => b"READY=1",
        Some(Notice::Stopping) => b"STOPPING=1",
    };
    assert!(bytes.windows(word.len()).any(|part| part == word), "it was said");
    assert_eq!(
        Notice::read(&[b"A=B\n", bytes].concat()),
        Notice::read(bytes),
        "wherever it stands"
    );
}
