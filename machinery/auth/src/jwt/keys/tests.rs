//! Every kind of key and algorithm, by what standards give and by what the library signs.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaSignatureEncoding,
};
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::jwt::Unverified;

fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        STANDARD.encode(der)
    )
    .into_bytes()
}

fn ec(curve: Curve) -> SigningKey {
    let pair = EcdsaKeyPair::generate(curve.signing()).expect("a key");
    let der = pair.to_pkcs8v1().expect("it can be written");
    SigningKey::of_pem(&pem("PRIVATE KEY", der.as_ref())).expect("good")
}

fn rsa_of(size: KeySize) -> (rsa::KeyPair, SigningKey) {
    let pair = rsa::KeyPair::generate(size).expect("a key");
    let der: Pkcs8V1Der<'_> = pair.as_der().expect("it can be written");
    let key = SigningKey::of_pem(&pem("PRIVATE KEY", der.as_ref())).expect("good");
    (pair, key)
}

/// Whether a token is signed by a key that was told as a member of a key set.
fn is_by(token: &str, key: &PublicKey) -> bool {
    let told = PublicKey::of_jwk(&key.to_jwk()).expect("a key that is known");
    let token = Unverified::parse(token).expect("a token");
    token.verify([&told].into_iter()).is_ok()
}

#[test]
fn what_a_key_signs_is_known_as_its_own_and_nobody_elses() {
    let keys = [
        ec(Curve::P256),
        ec(Curve::P384),
        ec(Curve::P521),
        ec(Curve::P521),
        rsa_of(KeySize::Rsa2048).1,
    ];
    for (at, signer) in keys.iter().enumerate() {
        let token = signer.token(&tree!({"iss": "a"})).expect("signed");
        for (of, key) in keys.iter().enumerate() {
            assert_eq!(is_by(&token, key.public()), at == of, "{} and {}", at, of);
        }
    }
}

/// Private keys in the forms that other tools write.
#[test]
fn keys_are_read_from_every_form() {
    for curve in Curve::ALL {
        let key = EcdsaKeyPair::generate(curve.signing()).expect("a key");
        let plain: aws_lc_rs::encoding::EcPrivateKeyRfc5915Der<'_> =
            key.private_key().as_der().expect("it can be written");
        let read = SigningKey::of_pem(&pem("EC PRIVATE KEY", plain.as_ref())).expect("good");
        let token = read.token(&tree!({})).expect("signed");
        assert!(is_by(&token, read.public()), "{}", curve.name());
    }
}

#[test]
fn an_rsa_key_checks_every_algorithm_of_its_kind() {
    let (pair, key) = rsa_of(KeySize::Rsa2048);
    let ways: [(Algorithm, &'static RsaSignatureEncoding); 6] = [
        (Algorithm::RS256, &RSA_PKCS1_SHA256),
        (Algorithm::RS384, &RSA_PKCS1_SHA384),
        (Algorithm::RS512, &RSA_PKCS1_SHA512),
        (Algorithm::PS256, &RSA_PSS_SHA256),
        (Algorithm::PS384, &RSA_PSS_SHA384),
        (Algorithm::PS512, &RSA_PSS_SHA512),
    ];
    for (algorithm, encoding) in ways {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), b"text", &mut signature)
            .expect("signed");
        let signature = URL_SAFE_NO_PAD.encode(signature);
        for asked in Algorithm::ALL {
            let is_good = key.public().verify("text", &signature, asked);
            assert_eq!(
                is_good,
                asked == algorithm,
                "{} as {}",
                algorithm.name(),
                asked.name()
            );
        }
        assert!(!key.public().verify("other", &signature, algorithm));
    }
}

/// RFC 7515, A.4: ECDSA on P-521.
#[test]
fn the_example_of_the_standard_is_good() {
    let jwk = tree!({
        "kty": "EC", "crv": "P-521",
        "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
        "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"});
    let signature = "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
    let key = PublicKey::of_jwk(&jwk).expect("a key");
    assert!(key.verify("eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA", signature, Algorithm::ES512));
    assert!(!key.verify("eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZB", signature, Algorithm::ES512));
    assert!(!key.verify("eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA", signature, Algorithm::ES256));
}

#[test]
fn keys_that_are_none_are_refused() {
    let too_long = URL_SAFE_NO_PAD.encode([1; 33]);
    for jwk in [
        tree!({"kty": "EC", "crv": "P-256", "x": (too_long.clone()), "y": (too_long.clone())}),
        tree!({"kty": "EC", "crv": "secp256k1", "x": "AQ", "y": "AQ"}),
        tree!({"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
        tree!({"kty": "oct", "k": "AQ"}),
    ] {
        assert!(PublicKey::of_jwk(&jwk).is_none(), "{}", json::to_string(&jwk));
    }
    // One that is of the right size and on no curve checks nothing.
    let nowhere = URL_SAFE_NO_PAD.encode([1; 32]);
    let jwk = tree!({"kty": "EC", "crv": "P-256", "x": (nowhere.clone()), "y": nowhere});
    let key = PublicKey::of_jwk(&jwk).expect("its form is right");
    assert!(!key.verify("text", &URL_SAFE_NO_PAD.encode([1; 64]), Algorithm::ES256));
}
