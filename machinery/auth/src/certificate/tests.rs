use proptest::prelude::*;
use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair};

use super::*;

/// The certificate of a subject, signed by itself.
fn der(subject: &[(DnType, DnValue)]) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    for (kind, value) in subject {
        params.distinguished_name.push(kind.clone(), value.clone());
    }
    let key = KeyPair::generate().expect("a key");
    params.self_signed(&key).expect("signed").der().to_vec()
}

fn text(text: &str) -> DnValue {
    DnValue::Utf8String(text.to_owned())
}

fn uid_type() -> DnType {
    DnType::CustomDnType(vec![1, 3, 6, 1, 4, 1, 57_683, 2])
}

#[test]
fn a_subject_names_a_user_and_the_certificate_is_told() {
    let der = der(&[
        (DnType::OrganizationName, text("ops")),
        (uid_type(), text("1042")),
        (DnType::CommonName, text("joe")),
    ]);
    let user = user(&der).expect("named");
    assert_eq!((user.name.as_str(), user.uid.as_str()), ("joe", "1042"));
    assert_eq!(user.groups, ["ops", User::AUTHENTICATED]);
    let [id] = user.extra[User::CREDENTIAL_ID].as_slice() else {
        panic!("{:?}", user.extra);
    };
    let digits = id.strip_prefix("X509SHA256=").expect("of a certificate");
    assert_eq!((digits.len(), digits.to_lowercase().as_str()), (64, digits));
    assert_eq!(common_name(&der).as_deref(), Ok("joe"));
}

#[test]
fn of_several_common_names_the_last_counts() {
    let mut der = der(&[
        (DnType::OrganizationName, text("first")),
        (DnType::CommonName, text("last")),
    ]);
    // An organization becomes a common name: nobody makes such subjects, and nobody checks this signature.
    let (organization, name) = ([0x55, 4, 10], [0x55, 4, 3]);
    while let Some(at) = der.windows(3).position(|three| three == organization) {
        der[at..at + 3].copy_from_slice(&name);
    }
    let user = user(&der).expect("named");
    assert_eq!(user.name, "last");
    assert_eq!(user.groups, [User::AUTHENTICATED]);
}

#[test]
fn subjects_that_name_nobody_are_refused() {
    let name = || (DnType::CommonName, text("joe"));
    let cases = [
        (vec![], Error::Nameless),
        (vec![(DnType::CommonName, text(""))], Error::Nameless),
        (
            vec![(DnType::OrganizationName, text("system:masters"))],
            Error::Nameless,
        ),
        (vec![name(), (uid_type(), text(""))], Error::Uid),
    ];
    for (subject, wanted) in cases {
        assert_eq!(user(&der(&subject)), Err(wanted), "{subject:?}");
    }
    let twice = {
        let other = DnType::CustomDnType(vec![1, 3, 6, 1, 4, 1, 57_683, 3]);
        let mut der = der(&[name(), (uid_type(), text("1")), (other, text("2"))]);
        // The end of the number of the CNCF, and what comes below it.
        while let Some(at) = der.windows(4).position(|four| four == [0x83, 0xc2, 0x53, 3]) {
            der[at + 3] = 2;
        }
        der
    };
    assert_eq!(user(&twice), Err(Error::Uid));
    for bytes in [&b""[..], b"0", b"not a certificate", &[0x30, 0x82, 0xff, 0xff]] {
        assert_eq!(user(bytes), Err(Error::Malformed), "{bytes:?}");
    }
}

fn config() -> ProptestConfig {
    let full = std::env::var_os("SHARDPLANE_FULL").is_some();
    ProptestConfig::with_cases(if full { 200_000 } else { 2_000 })
}

proptest! {
    #![proptest_config(config())]

    /// Whatever comes, it is read or refused; nothing of it is anybody without a name.
    #[test]
    fn damaged_certificates_are_read_calmly(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        length in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        thread_local! {
            static GOOD: Vec<u8> = der(&[(DnType::OrganizationName, text("ops")), (uid_type(), text("7")), (DnType::CommonName, text("joe"))]);
        }
        let mut bytes = GOOD.with(Clone::clone);
        for (at, to) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *to;
        }
        if let Some(length) = length {
            bytes.truncate(length.index(bytes.len()));
        }
        if let Ok(user) = user(&bytes) {
            prop_assert!(!user.name.is_empty());
            prop_assert!(user.groups.iter().any(|group| group == User::AUTHENTICATED));
        }
        let _ = (ends(&bytes), dns_names(&bytes));
    }
}
