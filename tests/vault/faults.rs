//! What a server, a network and a middleman can do instead of answering.

use super::world::{at, bare, fact, one, printed, secrets};
use crate::common::stand_in::{Act, Asked, StandIn, answer, json};
use std::time::{Duration, Instant};

const MOUNT: &str = r#"{"request_id":"1","data":{"path":"kv1/","type":"kv","options":{"version":"1"}}}"#;
const GOOD: &str = r#"{"request_id":"1","data":{"key":"plain"}}"#;
const READ: &str = "GET /v1/kv1/app";

/// A server that knows its mount, and answers reads as `act` says, given how often it was asked.
fn reads(act: impl Fn(usize) -> Act + Send + Sync + 'static) -> StandIn {
    StandIn::new("", move |asked: &Asked, times| match asked.call.contains("internal") {
        true => json(200, MOUNT),
        false => act(times),
    })
}

#[track_caller]
fn fails(stand_in: &StandIn, exit: i32, words: &str, tries: usize) {
    let forgiving = "[secrets]\nA = { from = 'vault:kv1/app#key', default = 'x' }\n";
    at(&stand_in.url, forgiving).status(exit).stdout("").stderr_contains(words).run();
    assert_eq!(stand_in.count(READ), tries);
}

#[test]
fn what_passes_is_tried_again() {
    for first in [408, 412, 425, 429, 500, 502, 503, 504] {
        let stand_in = reads(move |times| if times < 3 { json(first, r#"{"errors":["x"]}"#) } else { json(200, GOOD) });
        at(&stand_in.url, &one("kv1/app#key")).stdout(printed("plain")).run();
        assert_eq!(stand_in.count(READ), 3);
    }
    let closes = reads(|times| if times < 3 { Act::Close } else { json(200, GOOD) });
    at(&closes.url, &one("kv1/app#key")).stdout(printed("plain")).run();
}

#[test]
fn what_stays_ends() {
    fails(&reads(|_| json(500, r#"{"errors":["x"]}"#)), 124, "the server failed (500)", 3);
    fails(&reads(|_| json(429, r#"{"errors":["x"]}"#)), 124, "too many requests (429)", 3);
    fails(&reads(|_| Act::Close), 124, "the connection broke", 3);
    // Absent is only what the server has nothing to say of.
    at(&reads(|_| json(404, r#"{"errors":[]}"#)).url, "[secrets]\nA = { from = 'vault:kv1/app#key', default = 'x' }\n")
        .stdout(printed("x"))
        .run();
    for status in [400, 404, 405, 418] {
        fails(&reads(move |_| json(status, r#"{"errors":["value-1234567"]}"#)), 125, &format!("refused ({status})"), 1);
    }
}

#[test]
fn retry_after_is_waited_for_within_the_deadline() {
    let limited = |times: usize, after: &str| match times {
        1 => answer(429, &format!("Retry-After: {after}\r\n"), r#"{"errors":["x"]}"#),
        _ => json(200, GOOD),
    };
    let started = Instant::now();
    let second = reads(move |times| limited(times, "1"));
    at(&second.url, &one("kv1/app#key")).stdout(printed("plain")).run();
    assert!(started.elapsed() >= Duration::from_secs(1));
    let started = Instant::now();
    fails(&reads(move |times| limited(times, "3600")), 124, "too many requests (429)", 1);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn redirects_are_not_followed() {
    let other = StandIn::new("", |_, _| json(200, GOOD));
    for status in [301, 302, 303, 307, 308] {
        let target = other.url.clone();
        let stand_in = reads(move |_| answer(status, &format!("Location: {target}/v1/kv1/app\r\n"), ""));
        fails(&stand_in, 125, &format!("sends to {} ({status})", other.url), 1);
        let same = reads(move |_| answer(status, "Location: /v1/kv1/other\r\n", ""));
        fails(&same, 125, &format!("sends to elsewhere ({status})"), 1);
    }
    assert_eq!(other.calls().len(), 0, "and the token went nowhere");
}

#[test]
fn bodies_that_are_cut_or_lie() {
    let raw = |head: &'static str, body: &'static str| {
        reads(move |_| Act::Raw(format!("HTTP/1.1 200 OK\r\n{head}\r\n{body}").into()))
    };
    fails(&raw("Content-Length: 100\r\n", GOOD), 124, "the connection broke", 3);
    fails(&raw("Content-Length: 10\r\n", GOOD), 125, "no Vault", 1);
    fails(&raw("Transfer-Encoding: chunked\r\n", "ffff\r\n{\"request_id\":"), 124, "the connection broke", 3);
    fails(&raw("Content-Encoding: gzip\r\nContent-Length: 4\r\n", "\x1f\x08ab"), 125, "no Vault", 1);
    fails(&reads(|_| Act::Raw("no HTTP at all\r\n\r\n".into())), 124, "the connection broke", 3);
    // A whole document whose end only the connection's end tells is whole.
    let closed = raw("Content-Type: application/json\r\n", GOOD);
    at(&closed.url, &one("kv1/app#key")).stdout(printed("plain")).run();
    fails(
        &raw("Content-Type: application/json\r\n", "{\"request_id\":\"1\",\"data\":{\"key\":\"pla"),
        125,
        "no Vault",
        1,
    );
}

#[test]
fn bodies_without_end() {
    fails(&reads(|_| Act::Endless), 125, "the answer is larger than 1 MiB", 1);
    let long = format!(r#"{{"request_id":"1","data":{{"key":"{}"}}}}"#, "x".repeat(1 << 20));
    fails(&reads(move |_| json(200, &long)), 125, "the answer is larger than 1 MiB", 1);
}

#[test]
fn who_never_answers_is_left_at_the_deadline() {
    for hangs_at_once in [true, false] {
        let stand_in = StandIn::new("", move |asked, _| match asked.call.contains("internal") && !hangs_at_once {
            true => json(200, MOUNT),
            false => Act::Hang,
        });
        let started = Instant::now();
        let run = bare(&["--timeout", "700ms"], &one("kv1/app#key"));
        run.env("VAULT_ADDR", &stand_in.url).env("VAULT_TOKEN", "x").status(124).stdout("").run();
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn a_slow_answer_is_one() {
    let slow = reads(|_| Act::After(Duration::from_millis(300), Box::new(json(200, GOOD))));
    at(&slow.url, &one("kv1/app#key")).stdout(printed("plain")).run();
}

#[test]
fn one_failure_among_many_runs_nothing() {
    let stand_in = StandIn::new(fact("url"), |asked, _| match asked.call.ends_with("secret/data/many/07") {
        true => json(500, r#"{"errors":["x"]}"#),
        false => Act::Pass,
    });
    let lines: Vec<_> = (0..20).map(|i| (format!("V{i:02}"), format!("vault:secret/many/{i:02}#value"))).collect();
    let lines: Vec<_> = lines.iter().map(|(name, from)| (name.as_str(), from.as_str())).collect();
    let told = at(&stand_in.url, &secrets(&lines)).status(124).stdout("").run().stderr;
    let told = String::from_utf8_lossy(&told);
    assert!(told.contains("V07: vault:secret/many/07: the server failed (500)"), "{told}");
    assert_eq!(told.matches("inject: error:").count(), 1, "{told}");
}

#[test]
fn no_secret_and_no_token_is_ever_told() {
    let quoting = r#"{"errors":["1 error occurred:\n\t* value-of-secret-1 s.token-of-mine-1\n\n"]}"#;
    for status in [400, 403, 404, 405, 429, 500, 503] {
        let stand_in = StandIn::new("", move |_, _| json(status, quoting));
        let run = bare(&["-v"], &one("kv1/app#key")).env("VAULT_ADDR", &stand_in.url);
        let output = run.env("VAULT_TOKEN", "s.token-of-mine-1").any_status().stdout("").run();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("inject: nothing was run"), "{status}: {told}");
        assert!(!told.contains("value-of-secret") && !told.contains("token-of-mine"), "{status}: {told}");
    }
}
