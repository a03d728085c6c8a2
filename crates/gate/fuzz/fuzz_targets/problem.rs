//! Sends arbitrary bodies and queries of somebody who may, and reads answers.
//!
//! Whatever is wrong with the input, the answer is a problem made of our own words. Of the caller's it repeats field names
//! only, cut down to the characters of names, so the mark `<canary>` can never come back.

#![no_main]

use axum::body::Body;
use gate_fuzz::{PRODUCT, peer};
use http::Request;
use libfuzzer_sys::fuzz_target;

const MARK: &str = "<canary>";

fuzz_target!(|data: &[u8]| {
    let product = &*PRODUCT;
    let Some((first, body)) = data.split_first() else { return };
    let builder = Request::builder().header("authorization", format!("Bearer {}", product.key));
    let request = if first % 2 == 0 {
        builder
            .method("POST")
            .uri("/v1/things")
            .header("content-type", "application/json")
            .body(Body::from(body.to_vec()))
    } else {
        let query = String::from_utf8_lossy(body);
        builder.uri(format!("/v1/things?{query}")).body(Body::empty())
    };
    let Ok(request) = request else { return };
    let reply = product.send(request, peer(data));
    if reply.status < 400 {
        return;
    }
    let text = std::str::from_utf8(&reply.body).expect("a problem is text");
    assert!(!text.contains(MARK), "the caller's words came back");
    let problem: serde_json::Value = serde_json::from_str(text).expect("a problem is JSON");
    for error in problem["errors"].as_array().into_iter().flatten() {
        let field = error["field"].as_str().expect("a field has a name");
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-.[]".contains(letter);
        assert!(field.len() <= 64 && field.chars().all(plain), "{field}");
        assert!(error["message"].is_string());
    }
});
