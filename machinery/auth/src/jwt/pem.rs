//! Keys in PEM files: public keys, private keys and certificates, as the public key that is in each.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair,
};
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The public keys of a file (SubjectPublicKeyInfo, DER), in order.
pub fn public_keys(pem: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let mut keys = Vec::new();
    for block in Pem::iter_from_buffer(pem) {
        let block = block.map_err(|error| error.to_string())?;
        // Parameters of a curve stand before the key in files that old tools make.
        if block.label != "EC PARAMETERS" {
            keys.push(public_key(&block.label, &block.contents)?);
        }
    }
    Ok(keys)
}

fn public_key(label: &str, der: &[u8]) -> Result<Vec<u8>, String> {
    let none = || format!("no key that is known in {label}");
    match label {
        "PUBLIC KEY" => Ok(der.to_vec()),
        "CERTIFICATE" => {
            let (_, certificate) = X509Certificate::from_der(der).map_err(|error| error.to_string())?;
            Ok(certificate.public_key().raw.to_vec())
        }
        "RSA PUBLIC KEY" => rsa_info(der).ok_or_else(none),
        "RSA PRIVATE KEY" => of_rsa(rsa::KeyPair::from_der(der).ok()).ok_or_else(none),
        "EC PRIVATE KEY" => {
            of_ec(|curve| EcdsaKeyPair::from_private_key_der(curve, der).ok()).ok_or_else(none)
        }
        "PRIVATE KEY" => of_rsa(rsa::KeyPair::from_pkcs8(der).ok())
            .or_else(|| of_ec(|curve| EcdsaKeyPair::from_pkcs8(curve, der).ok()))
            .ok_or_else(none),
        _ => Err(none()),
    }
}

/// The private RSA key of a file, in whichever form it is.
pub fn rsa_pair(pem: &[u8]) -> Option<rsa::KeyPair> {
    first(pem, |label, der| match label {
        "RSA PRIVATE KEY" => rsa::KeyPair::from_der(der).ok(),
        "PRIVATE KEY" => rsa::KeyPair::from_pkcs8(der).ok(),
        _ => None,
    })
}

/// The private key of a file for a curve, in whichever form it is.
pub fn ec_pair(pem: &[u8], curve: &'static EcdsaSigningAlgorithm) -> Option<EcdsaKeyPair> {
    first(pem, |label, der| match label {
        "EC PRIVATE KEY" => EcdsaKeyPair::from_private_key_der(curve, der).ok(),
        "PRIVATE KEY" => EcdsaKeyPair::from_pkcs8(curve, der).ok(),
        _ => None,
    })
}

fn first<K>(pem: &[u8], read: impl Fn(&str, &[u8]) -> Option<K>) -> Option<K> {
    let mut blocks = Pem::iter_from_buffer(pem).filter_map(Result::ok);
    blocks.find_map(|block| read(&block.label, &block.contents))
}

static CURVES: [&EcdsaSigningAlgorithm; 3] = [
    &ECDSA_P256_SHA256_FIXED_SIGNING,
    &ECDSA_P384_SHA384_FIXED_SIGNING,
    &ECDSA_P521_SHA512_FIXED_SIGNING,
];

fn of_ec(read: impl Fn(&'static EcdsaSigningAlgorithm) -> Option<EcdsaKeyPair>) -> Option<Vec<u8>> {
    CURVES.iter().find_map(|curve| info(&read(curve)?))
}

fn of_rsa(pair: Option<rsa::KeyPair>) -> Option<Vec<u8>> {
    info(&pair?)
}

fn info<K: KeyPair>(pair: &K) -> Option<Vec<u8>>
where
    K::PublicKey: AsDer<PublicKeyX509Der<'static>>,
{
    pair.public_key().as_der().ok().map(|der| der.as_ref().to_vec())
}

/// A bare RSA public key (PKCS #1) with its algorithm before it.
fn rsa_info(pkcs1: &[u8]) -> Option<Vec<u8>> {
    const RSA_ENCRYPTION: [u8; 15] = [
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    ];
    let mut bits = vec![0];
    bits.extend_from_slice(pkcs1);
    let mut content = RSA_ENCRYPTION.to_vec();
    content.extend(tagged(0x03, &bits)?);
    tagged(0x30, &content)
}

fn tagged(tag: u8, content: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(content.len()).ok()?;
    let mut out = vec![tag];
    match length {
        0..=0x7f => out.push(length as u8),
        _ => {
            out.push(0x82);
            out.extend_from_slice(&length.to_be_bytes());
        }
    }
    out.extend_from_slice(content);
    Some(out)
}
