//! Proofs of logins against Python's hashlib, by the documented formulas.

use mysql_wire::{AuthResponse, Nonce, Password, auth};

use crate::captures::unhex;

fn vectors() -> Vec<[Vec<u8>; 4]> {
    let lines = include_str!("../fixtures/auth.txt").lines();
    lines
        .map(|line| {
            let fields: Vec<Vec<u8>> = line.split(' ').map(unhex).collect();
            fields.try_into().unwrap()
        })
        .collect()
}

fn nonce(bytes: &[u8]) -> Nonce {
    Nonce::from_random(bytes.try_into().unwrap())
}

#[test]
fn proofs_are_those_of_the_documented_formulas() {
    for [password, random, native, sha2] in vectors() {
        let (password, nonce) = (Password::new(&password).unwrap(), nonce(&random));
        assert_eq!(nonce.as_bytes()[..], random);
        assert_eq!(auth::native::proof(&password, &nonce)[..], native);
        assert_eq!(auth::sha2::proof(&password, &nonce)[..], sha2);
    }
}

#[test]
fn a_verifier_takes_the_proof_of_its_password_and_nonce_only() {
    let all = vectors();
    for (at, [password, random, native, sha2]) in all.iter().enumerate() {
        let password = Password::new(password).unwrap();
        let of_native = auth::native::Verifier::of(&password).unwrap();
        let kept = auth::native::Verifier::from_bytes(*of_native.to_bytes());
        let of_sha2 = auth::sha2::Verifier::of(&password).unwrap();
        for (other, [_, other_random, other_native, other_sha2]) in all.iter().enumerate() {
            let same = at == other;
            for (random, native, sha2) in
                [(random, other_native, other_sha2), (other_random, native, sha2)]
            {
                let nonce = nonce(random);
                assert_eq!(kept.verify(&nonce, AuthResponse::new(native)), same);
                assert_eq!(of_sha2.verify(&nonce, AuthResponse::new(sha2)), same);
            }
        }
        // One bit off, one byte short, one long, nothing.
        let nonce = nonce(random);
        for wrong in [
            {
                let mut flipped = sha2.clone();
                flipped[31] ^= 1;
                flipped
            },
            sha2[..31].to_vec(),
            [&sha2[..], &[0]].concat(),
            Vec::new(),
        ] {
            assert!(!of_sha2.verify(&nonce, AuthResponse::new(&wrong)));
            assert!(!of_native.verify(&nonce, AuthResponse::new(&wrong)));
        }
    }
}

#[test]
fn an_empty_password_has_no_verifier_and_an_empty_proof() {
    let (empty, nonce) = (Password::new(b"").unwrap(), nonce(&[7; 20]));
    assert!(auth::native::Verifier::of(&empty).is_none());
    assert!(auth::sha2::Verifier::of(&empty).is_none());
    assert!(auth::native::proof(&empty, &nonce).is_empty());
    assert!(auth::sha2::proof(&empty, &nonce).is_empty());
}
