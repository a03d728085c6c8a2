//! What goes wrong is said in fixed words, and nothing from inside comes out.

use crate::support::{CANARY, Call, World, get, post, request};

async fn check(world: &World, call: Call, status: u16, problem: &str) -> serde_json::Value {
    let reply = world.send(call).await;
    assert_eq!((reply.status, reply.problem().as_str()), (status, problem), "{}", reply.text());
    reply.json()
}

#[tokio::test]
async fn nothing_from_inside_comes_out() {
    let world = World::new();
    check(&world, get("/leak"), 500, "internal").await;
    let conflict = check(&world, get("/conflict"), 409, "conflict").await;
    assert_eq!(conflict["detail"], "It is taken.");
    check(&world, get("/panic"), 500, "internal").await;
    assert_eq!(world.audit.take(), ["sys_error"]);
    assert_eq!(world.status(get("/health")).await, 200, "a panic harms nobody else");
}

#[tokio::test]
async fn whose_fault_the_time_was_is_told_apart() {
    let world = World::new();
    check(&world, get("/slow"), 503, "timeout").await;
    let never = axum::body::Body::from_stream(futures_util::stream::pending::<
        Result<bytes::Bytes, std::io::Error>,
    >());
    check(&world, post("/api/slow").body(never), 408, "request-timeout").await;
}

#[tokio::test]
async fn bodies_are_bounded_whether_announced_or_not() {
    let world = World::new();
    let key = world.key(&["write:web"]);
    check(&world, post("/api/event").header("content-length", "65537").body("x"), 413, "too-large")
        .await;
    check(&world, post("/api/event").body("x".repeat(65_537)), 413, "too-large").await;
    assert_eq!(world.status(post("/api/event").body("x".repeat(65_536))).await, 200);
    let chunks = || {
        let chunk = Ok::<_, std::io::Error>(bytes::Bytes::from_static(&[b' '; 1024]));
        axum::body::Body::from_stream(futures_util::stream::iter(
            (0..65).map(move |_| Ok::<_, std::io::Error>(chunk.as_ref().unwrap().clone())),
        ))
    };
    check(
        &world,
        post("/api/event").header("transfer-encoding", "chunked").body(chunks()),
        413,
        "too-large",
    )
    .await;
    check(
        &world,
        get("/v1/things").header("content-length", "1").body("x").key(&key),
        413,
        "too-large",
    )
    .await;
    check(&world, post("/api/event").header("content-length", "-1").body("x"), 400, "bad-request")
        .await;
    check(
        &world,
        post("/v1/things").key(&key).json("{}").header("content-encoding", "gzip"),
        415,
        "unsupported-type",
    )
    .await;
}

#[tokio::test]
async fn bad_json_is_named_field_by_field() {
    let world = World::with(|config| config.limits.write = 1_000);
    let key = world.key(&["write:web"]);
    let call = |body: &str| post("/v1/things").key(&key).json(body);
    let field = |problem: &serde_json::Value| {
        let error = &problem["errors"][0];
        format!(
            "{} {}",
            error["field"].as_str().unwrap_or_default(),
            error["message"].as_str().unwrap_or_default()
        )
    };
    for (body, expected) in [
        (r#"{"weight":1}"#, "name is missing"),
        (r#"{"name":"x","weight":1,"extra":1}"#, "extra is not a field here"),
        (r#"{"name":"x","name":"x","weight":1}"#, "name is there twice"),
        (r#"{"name":"x","weight":"heavy"}"#, "weight has the wrong type"),
        (r#"{"name":"x","weight":-1}"#, "weight has a value that cannot be read"),
    ] {
        assert_eq!(field(&check(&world, call(body), 400, "bad-request").await), expected, "{body}");
    }
    let evil = format!(r#"{{"name":"x","weight":1,"<script>{CANARY} `\u0000é":1}}"#);
    let reply = world.send(post("/v1/things").key(&key).json(&evil.replace(CANARY, "evil"))).await;
    assert!(!reply.text().contains('<') && !reply.text().contains('é'), "{}", reply.text());
    for body in ["", "{", "nonsense", r#"{"name":"x","weight":1} x"#, "\u{feff}{}"] {
        check(&world, call(body), 400, "bad-request").await;
    }
    let deep = format!("{}{}", "[".repeat(65), "]".repeat(65));
    let problem = check(&world, call(&deep), 400, "bad-request").await;
    assert_eq!(problem["detail"], "The JSON is nested too deep.");
}

#[tokio::test]
async fn the_query_string_and_the_path_are_read_strictly() {
    let world = World::new();
    let key = world.key(&["read:web"]);
    let call = |path: &str| get(path).key(&key);
    assert_eq!(world.send(call("/v1/things?limit=5")).await.json()[0]["weight"], 5);
    for query in ["limit=5&limit=6", "other=1", "limit=", "limit=x", "limit=%ff"] {
        check(&world, call(&format!("/v1/things?{query}")), 400, "bad-request").await;
    }
    for id in ["x", "-1", "99999999999", "%00", "1%2f2", "0"] {
        check(&world, call(&format!("/v1/things/{id}")), 404, "not-found").await;
    }
    assert_eq!(world.status(call("/v1/things/7")).await, 200);
}

#[tokio::test]
async fn hidden_and_missing_look_the_same() {
    let world = World::new();
    let key = world.key(&["read:web"]);
    let body = async |path: &str| {
        let mut problem = world.send(get(path).key(&key)).await.json();
        problem["request_id"].take();
        problem
    };
    assert_eq!(body("/v1/things/0").await, body("/v1/things/unreadable").await);
}

#[tokio::test]
async fn tricks_with_paths_reach_nothing() {
    let world = World::new();
    for path in [
        "//v1/things",
        "/v1//things",
        "/v1/./things",
        "/v1/../v1/things",
        "/v1/things/",
        "/V1/things",
        "/v1/thing%73x",
        "/v1/things;x",
        "/v1/things%2f1",
        "/v1%2fthings",
    ] {
        let reply = world.send(get(path)).await;
        assert!(
            reply.status == 200 && reply.text().contains("<title>page</title>"),
            "{path}: {}",
            reply.status
        );
        assert_ne!(world.status(post(path).json("{}")).await, 201, "{path}");
    }
}

#[tokio::test]
async fn heads_are_bounded() {
    let world = World::new();
    check(&world, get(&format!("/health?{}", "x".repeat(8 * 1024))), 414, "uri-too-long").await;
    let mut many = get("/health");
    for _ in 0..64 {
        many = many.header("x-many", "1");
    }
    check(&world, many, 431, "headers-too-large").await;
}

#[tokio::test]
async fn only_listed_hosts_are_answered() {
    let world =
        World::with(|config| config.hosts = vec!["stats.test".to_owned(), "[::1]".to_owned()]);
    for host in ["stats.test", "STATS.test:8080", "[::1]:8080", "[::1]"] {
        assert_eq!(world.status(get("/health").replace_host(host)).await, 200, "{host}");
    }
    for host in ["evil.test", "stats.test.evil.test", "127.0.0.1", "", "stats.test:x"] {
        check(&world, get("/health").replace_host(host), 421, "misdirected").await;
    }
    check(&world, get("/health").header("host", "stats.test"), 421, "misdirected").await;
    assert_eq!(
        world.status(get("/health").replace_host("localhost").through_the_socket()).await,
        200
    );
}

#[tokio::test]
async fn a_request_without_peer_is_refused() {
    check(&World::new(), get("/v1/users").without_peer(), 500, "internal").await;
}

#[tokio::test]
async fn wrong_methods_and_unknown_paths_are_problems() {
    let world = World::new();
    let reply = world.send(request(http::Method::PUT, "/v1/things")).await;
    assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, HEAD, OPTIONS, POST")));
    check(&world, post("/nowhere").json("{}"), 404, "not-found").await;
    check(&world, request(http::Method::TRACE, "/v1/things"), 405, "method-not-allowed").await;
}

#[tokio::test]
async fn a_request_names_one_host_and_sends_its_body_plain_or_in_chunks() {
    let world = World::new();
    check(&world, get("/health").header("host", "stats.test"), 400, "bad-request").await;
    check(&world, get("http://evil.test/health"), 400, "bad-request").await;
    assert_eq!(world.status(get("http://stats.test/health")).await, 200);
    for coding in ["gzip, chunked", "identity", "xchunked", ""] {
        check(&world, get("/health").header("transfer-encoding", coding), 400, "bad-request").await;
    }
    let twice = get("/health").header("transfer-encoding", "chunked");
    check(&world, twice.header("transfer-encoding", "chunked"), 400, "bad-request").await;
}

#[tokio::test]
async fn answers_to_known_callers_are_marked_for_the_accept_loop() {
    let world = World::new();
    let key = world.key(&["read:web"]);
    let known = async |call: Call| gate::http::is_for_known(&world.open(call).await);
    assert!(known(get("/v1/things").key(&key)).await);
    assert!(known(get("/v1/things/0").key(&key)).await, "also when there is nothing");
    assert!(!known(get("/v1/things")).await);
    assert!(!known(get("/health").key(&key)).await, "where nobody asks, nobody is known");
    assert!(!known(get("/v1/users").key(&key)).await, "a refusal is no proof");
}
