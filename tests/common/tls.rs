//! Certificates made on the spot, and servers that have them.

use super::{TempDir, serve};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

/// A certificate with those that vouch for it, and its key, both in PEM.
#[derive(Clone)]
pub struct Identity {
    pub chain: String,
    pub key: String,
}

/// For these names and addresses, valid for long.
pub fn certificate_for(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, "a test's server");
    params
}

/// The same, over since 2002.
pub fn expired(mut params: CertificateParams) -> CertificateParams {
    params.not_before = rcgen::date_time_ymd(2001, 1, 1);
    params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    params
}

/// The same, not yet valid.
pub fn early(mut params: CertificateParams) -> CertificateParams {
    params.not_before = rcgen::date_time_ymd(4001, 1, 1);
    params.not_after = rcgen::date_time_ymd(4002, 1, 1);
    params
}

/// The same, as `openssl req -x509` makes them: it may vouch for others.
pub fn of_a_ca(mut params: CertificateParams) -> CertificateParams {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// One that vouches for itself.
pub fn self_signed(params: &CertificateParams) -> Identity {
    let key = KeyPair::generate().unwrap();
    Identity { chain: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
}

/// Somebody who vouches for others.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// The root's own certificate.
    pub root: String,
    /// What a certificate of this authority is sent with.
    between: String,
}

impl Authority {
    pub fn new(name: &str) -> Authority {
        let (params, key) = (Authority::params(name), KeyPair::generate().unwrap());
        let root = params.self_signed(&key).unwrap().pem();
        Authority { issuer: Issuer::new(params, key), root, between: String::new() }
    }

    /// One that this one vouches for.
    pub fn intermediate(&self, name: &str) -> Authority {
        let (params, key) = (Authority::params(name), KeyPair::generate().unwrap());
        let between = params.signed_by(&key, &self.issuer).unwrap().pem() + &self.between;
        Authority { issuer: Issuer::new(params, key), root: self.root.clone(), between }
    }

    fn params(name: &str) -> CertificateParams {
        let mut params = of_a_ca(CertificateParams::new([]).unwrap());
        params.distinguished_name.push(DnType::CommonName, name);
        params
    }

    pub fn issues(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let own = params.signed_by(&key, &self.issuer).unwrap().pem();
        Identity { chain: own + &self.between, key: key.serialize_pem() }
    }
}

/// What stands in the block of an nginx server with this certificate.
pub fn with_certificate(dir: &TempDir, name: &str, identity: &Identity) -> String {
    let chain = dir.write(&format!("{name}.crt"), 0o644, &identity.chain);
    let key = dir.write(&format!("{name}.key"), 0o600, &identity.key);
    format!("ssl_certificate {chain}; ssl_certificate_key {key};")
}

/// As [`serve`] does; TLS is spoken on the connection as soon as something is written or read.
pub fn serve_tls<T: Send + 'static>(
    identity: &Identity,
    then: impl FnOnce(StreamOwned<ServerConnection, TcpStream>) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(identity.chain.as_bytes()).collect();
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.unwrap(), key)
        .unwrap();
    serve(move |stream| {
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        then(StreamOwned::new(connection, stream))
    })
}
