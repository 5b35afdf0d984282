//! What is believed, and who we are: the files of `--ca`, `--cert` and `--key`.

use std::cell::OnceCell;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};

use super::super::reason;
use super::verify::{Anybody, Rooted};
use crate::sys::errno_of;

/// What to believe of servers and what to show them. By default everything and nothing (kubelet P22).
#[derive(Clone, Default)]
pub struct Trust {
    /// Made when it is first needed: without TLS it costs nothing.
    config: OnceCell<Arc<ClientConfig>>,
    verifies: bool,
}

/// Longer files are not read. All the roots of a browser are a quarter of it.
const LONGEST: u64 = 1024 * 1024;

impl Trust {
    /// With these roots, the only ones then, and with this certificate and its key; all of them PEM files.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn load(ca: Option<&Path>, identity: Option<(&Path, &Path)>) -> Result<Trust, TrustError> {
        let provider = Arc::new(ring::default_provider());
        let roots = ca.map(|path| read_roots(path, &provider)).transpose()?;
        let identity =
            identity.map(|(cert, key)| read_identity(cert, key, &provider)).transpose()?;
        let verifies = roots.is_some();
        let trust = Trust { config: OnceCell::new(), verifies };
        if verifies || identity.is_some() {
            // A failure here would be one of every connection, and is told there.
            if let Ok(config) = build(provider, roots, identity) {
                let _ = trust.config.set(config);
            }
        }
        Ok(trust)
    }

    /// Whether certificates are verified.
    pub(super) fn verifies(&self) -> bool {
        self.verifies
    }

    pub(super) fn config(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let config = build(Arc::new(ring::default_provider()), None, None)?;
        Ok(Arc::clone(self.config.get_or_init(|| config)))
    }
}

fn build(
    provider: Arc<CryptoProvider>,
    roots: Option<Rooted>,
    identity: Option<CertifiedKey>,
) -> Result<Arc<ClientConfig>, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous();
    let builder = match roots {
        Some(rooted) => builder.with_custom_certificate_verifier(Arc::new(rooted)),
        None => builder.with_custom_certificate_verifier(Arc::new(Anybody)),
    };
    let mut config = match identity {
        Some(identity) => {
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity)))
        }
        None => builder.with_no_client_auth(),
    };
    // One request, one connection.
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

fn read_roots(path: &Path, provider: &Arc<CryptoProvider>) -> Result<Rooted, TrustError> {
    let wrong = |problem| TrustError { part: Part::Ca, path: path.to_owned(), problem };
    let roots = read_certificates(path).map_err(wrong)?;
    let mut store = RootCertStore::empty();
    for (index, root) in roots.iter().enumerate() {
        let added = store.add(root.clone());
        added.map_err(|_| wrong(Problem::BadCertificate(index + 1)))?;
    }
    let chains =
        WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider)).build();
    // It wants one root at least, which there is.
    let chains = chains.map_err(|_| wrong(Problem::NoCertificate))?;
    Ok(Rooted { chains, roots })
}

fn read_identity(
    certificate: &Path,
    key: &Path,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TrustError> {
    let wrong_certificate =
        |problem| TrustError { part: Part::Certificate, path: certificate.to_owned(), problem };
    let wrong_key = |problem| TrustError { part: Part::Key, path: key.to_owned(), problem };
    let chain = read_certificates(certificate).map_err(wrong_certificate)?;
    let key = read_key(key).map_err(wrong_key)?;
    let key = provider.key_provider.load_private_key(key);
    let key = key.map_err(|_| wrong_key(Problem::UnknownKey))?;
    let identity = CertifiedKey::new(chain, key);
    match identity.keys_match() {
        Ok(()) => Ok(identity),
        Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch)) => {
            Err(wrong_key(Problem::Mismatch(certificate.to_owned())))
        }
        // It cannot be told.
        Err(rustls::Error::InconsistentKeys(_)) => Ok(identity),
        Err(_) => Err(wrong_certificate(Problem::BadCertificate(1))),
    }
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let text = read(path)?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let all = all.map_err(Problem::Damaged)?;
    if all.is_empty() { Err(Problem::NoCertificate) } else { Ok(all) }
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, Problem> {
    let text = read(path)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
        let marks: [&[u8]; 2] = [b"BEGIN ENCRYPTED PRIVATE KEY", b"Proc-Type: 4,ENCRYPTED"];
        let has = |mark: &&[u8]| text.windows(mark.len()).any(|window| window == *mark);
        match error {
            _ if marks.iter().any(has) => Problem::EncryptedKey,
            pem::Error::NoItemsFound => Problem::NoKey,
            error => Problem::Damaged(error),
        }
    })
}

/// The content of a file, which must not be one that has no end or comes when it likes.
fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    if !path.metadata().map_err(Problem::Unreadable)?.is_file() {
        return Err(Problem::NoFile);
    }
    let file = File::open(path).map_err(Problem::Unreadable)?;
    let mut content = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut content).map_err(Problem::Unreadable)?;
    if content.len() as u64 > LONGEST { Err(Problem::TooLong) } else { Ok(content) }
}

/// Which of the files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    Ca,
    Certificate,
    Key,
}

impl Part {
    /// The option that names it.
    pub const fn option(self) -> &'static str {
        match self {
            Part::Ca => "--ca",
            Part::Certificate => "--cert",
            Part::Key => "--key",
        }
    }
}

/// What is wrong with one of the files.
#[derive(Debug)]
pub struct TrustError {
    pub part: Part,
    pub path: PathBuf,
    pub problem: Problem,
}

#[derive(Debug)]
pub enum Problem {
    Unreadable(io::Error),
    NoFile,
    TooLong,
    Damaged(pem::Error),
    NoCertificate,
    /// Which one, counted from 1.
    BadCertificate(usize),
    NoKey,
    EncryptedKey,
    UnknownKey,
    /// It belongs to another certificate than that in this file.
    Mismatch(PathBuf),
}

impl std::error::Error for TrustError {}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}: {}", self.part.option(), self.path, self.problem)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Unreadable(error) => {
                write!(f, "it cannot be read: {}", reason(errno_of(error)))
            }
            Problem::NoFile => write!(f, "it is not a regular file"),
            Problem::TooLong => write!(f, "it is longer than {} KiB", LONGEST / 1024),
            Problem::Damaged(pem::Error::MissingSectionEnd { .. }) => {
                write!(f, "its PEM is damaged: an END line is missing")
            }
            Problem::Damaged(pem::Error::IllegalSectionStart { .. }) => {
                write!(f, "its PEM is damaged: a BEGIN line does not end in five dashes")
            }
            Problem::Damaged(_) => write!(f, "its PEM is damaged: not base64"),
            Problem::NoCertificate => write!(
                f,
                "there is no certificate in it (PEM is expected; from DER: openssl x509 -inform der)"
            ),
            Problem::BadCertificate(nth) => {
                write!(f, "certificate {nth} in it cannot be understood (try openssl x509 -text)")
            }
            Problem::NoKey => write!(
                f,
                "there is no private key in it (PEM is expected; from DER: openssl pkey -inform der)"
            ),
            Problem::EncryptedKey => write!(
                f,
                "its private key is encrypted, and nobody is there to ask for the passphrase (openssl pkey takes it off)"
            ),
            Problem::UnknownKey => write!(
                f,
                "its private key is of no kind known here (RSA of 2048 to 8192 bits, ECDSA P-256 or P-384, Ed25519)"
            ),
            Problem::Mismatch(certificate) => {
                write!(f, "its private key is not that of the certificate in {certificate:?}")
            }
        }
    }
}
