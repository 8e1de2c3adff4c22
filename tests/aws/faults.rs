//! Everything that a server, a network or a middleman can do instead of answering.

use super::world::{bare, environment, launch, moto, tls};
use crate::common::Test;
use crate::common::stand_in::{Act, StandIn, answer, json, refusal, secret};
use std::time::{Duration, Instant};

const ONE: &str = "[secrets]\nA = { from = 'aws:app/text', default = 'd' }\n";

/// A launch with keys that nobody checks.
#[track_caller]
fn keyed(url: &str, profile: &str) -> Test {
    launch(url, profile).env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "x")
}

/// Whatever happens is told so, with this exit, and nothing is run.
#[track_caller]
fn told(front: &StandIn, exit: i32, why: &str) {
    let done = keyed(&front.url, ONE).status(exit).stdout("").stderr_contains(why).run();
    let text = String::from_utf8_lossy(&done.stderr);
    assert!(!text.contains("hidden"), "{text}");
}

#[test]
fn nobody_there() {
    keyed("http://127.0.0.1:1", ONE).status(124).stdout("").stderr_contains("127.0.0.1: connection refused").run();
    let silent = StandIn::new("", |_, _| Act::Hang);
    let started = Instant::now();
    let test = keyed(&silent.url, &format!("timeout = '1s'\n{ONE}")).status(124).stdout("");
    test.stderr_contains("aws:app/text: no answer within 1 s").run();
    assert!(started.elapsed() < Duration::from_millis(2500));
    // No name server answers for this: for good or for now, it is told with the name.
    let test = bare(&[], ONE).env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "x").any_status();
    test.env("AWS_REGION", "xx-none-9").stdout("").stderr_contains("secretsmanager.xx-none-9.amazonaws.com").run();
}

#[test]
fn tried_again_where_that_helps() {
    for trouble in [
        || answer(500, "", ""),
        || answer(502, "Content-Type: text/html\r\n", "<html>bad gateway</html>"),
        || answer(503, "", ""),
        || answer(504, "", ""),
        || answer(429, "", ""),
        || refusal("ThrottlingException", "Rate exceeded"),
        || Act::Close,
        || {
            Act::Raw(
                b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"Name\":\"app/text\",\"SecretString\":\"hidden"
                    .to_vec(),
            )
        },
        || Act::Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{\"Name\":\"app/tex\r\n".to_vec()),
    ] {
        let front = StandIn::new("", move |_, count| if count < 3 { trouble() } else { secret("app/text", "at last") });
        keyed(&front.url, ONE).stdout("A=at last\0").stderr("").run();
        assert_eq!(front.calls().len(), 3);
        let front = StandIn::new("", move |_, _| trouble());
        told(&front, 124, "p.toml:2: A: aws:app/text: ");
        assert_eq!(front.calls().len(), 3);
    }
}

#[test]
fn as_long_as_the_server_says() {
    let front = StandIn::new("", |_, count| match count {
        1 => answer(429, "Retry-After: 1\r\n", ""),
        _ => secret("app/text", "at last"),
    });
    let started = Instant::now();
    keyed(&front.url, ONE).stdout("A=at last\0").run();
    assert!(started.elapsed() > Duration::from_secs(1));
    let front = StandIn::new("", |_, _| answer(503, "Retry-After: 3600\r\n", ""));
    let started = Instant::now();
    told(&front, 124, "127.0.0.1 is not able to (503), for 3600 s");
    assert!(started.elapsed() < Duration::from_secs(1) && front.calls().len() == 1);
    // Nor longer than the launch has.
    let front = StandIn::new("", |_, _| answer(503, "Retry-After: 3\r\n", ""));
    let started = Instant::now();
    let test = keyed(&front.url, &format!("timeout = '2s'\n{ONE}")).status(124);
    test.stderr_contains("127.0.0.1 is not able to (503), for 3 s").run();
    assert!(started.elapsed() < Duration::from_secs(1) && front.calls().len() == 1);
}

#[test]
fn not_tried_again_where_it_does_not() {
    for status in [400, 401, 403, 404, 405, 418] {
        let front = StandIn::new("", move |_, _| answer(status, "", "{}"));
        told(&front, 125, "aws:app/text: ");
        assert_eq!(front.calls().len(), 1, "{status}");
    }
}

#[test]
fn keys_that_no_header_can_hold() {
    let front = StandIn::new("", |_, _| secret("app/text", "hidden"));
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        for value in ["hidd\nen: x", "hidd\r\nen", "hidd\u{7f}en", "hiddén"] {
            let done = keyed(&front.url, ONE).env(name, value).any_status().run();
            let text = String::from_utf8_lossy(&done.stderr);
            assert!(!text.contains("hidd") && !text.contains("has a bug"), "{name}: {text}");
        }
    }
    assert!(front.calls().iter().all(|call| call == "GetSecretValue"));
}

#[test]
fn redirects_lead_nowhere() {
    let other = StandIn::new("", |_, _| secret("app/text", "hidden"));
    for status in [301, 302, 303, 307, 308] {
        for to in [other.url.as_str(), "https://203.0.113.1/x?token=hidden", "/elsewhere"] {
            let headers = format!("Location: {to}\r\n");
            let front = StandIn::new("", move |_, _| answer(status, &headers, ""));
            told(&front, 125, "127.0.0.1 redirects");
            assert_eq!(front.calls().len(), 1);
        }
    }
    assert!(other.calls().is_empty());
}

#[test]
fn what_is_not_aws() {
    for status in [200, 403, 404] {
        let page = "\n<!DOCTYPE html><html><body>hidden</body></html>";
        let front = StandIn::new("", move |_, _| answer(status, "Content-Type: text/html\r\n", page));
        told(&front, 125, &format!("127.0.0.1 is not AWS: it answered a web page ({status})"));
        assert_eq!(front.calls().len(), 1);
    }
    let answers = [
        "hidden",
        "{\"Name\":",
        "[]",
        "null",
        "{\"Name\":\"app/text\",\"SecretString\":5,\"x\":\"hidden\"}",
        "{}",
        "{\"Name\":\"app/text\"}",
    ];
    for body in answers {
        let front = StandIn::new("", move |_, _| json(200, body));
        told(&front, 125, "aws:app/text: ");
    }
    let front = StandIn::new("", |_, _| Act::Raw(b"SSH-2.0-hidden\r\n".to_vec()));
    told(&front, 125, "127.0.0.1 does not speak HTTP");
}

/// An answer that says nothing does not say that there is nothing: no default takes its place.
#[test]
fn empty_answers() {
    let front = StandIn::new("", |asked, _| match asked.body.contains("/app/plain:3") {
        true => json(200, "{\"Parameters\":[],\"InvalidParameters\":[\"/app/plain:3\"]}"),
        false => json(200, "{}"),
    });
    let plain = "A = { from = 'ssm:/app/plain', default = 'd' }";
    for entry in [plain, "A = { from = 'ssm:/app/plain:3', default = 'd' }", "'*' = 'ssm:/app/prod/'"] {
        let test = keyed(&front.url, &format!("[secrets]\n{entry}\n")).status(125).stdout("");
        test.stderr_contains("this is not an answer of Parameter Store").run();
    }
    let front = StandIn::new("", |_, _| json(200, "{\"Parameters\":[],\"InvalidParameters\":[\"/app/plain\"]}"));
    keyed(&front.url, &format!("[secrets]\n{plain}\n")).stdout("A=d\0").run();
}

#[test]
fn answers_without_a_length() {
    let whole = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"Name\":\"app/text\",\"SecretString\":\"whole\"}";
    let front = StandIn::new("", move |_, _| Act::Raw(whole.as_bytes().to_vec()));
    keyed(&front.url, ONE).stdout("A=whole\0").run();
    // Cut off, it is no JSON.
    let front = StandIn::new("", move |_, _| Act::Raw(whole.as_bytes()[..whole.len() - 2].to_vec()));
    told(&front, 125, "does not speak as AWS does");
}

#[test]
fn answers_without_end() {
    let front = StandIn::new("", |_, _| Act::Endless);
    told(&front, 125, "127.0.0.1: the answer is larger than 1 MiB");
    assert_eq!(front.calls().len(), 1);
    // Many secrets of the largest size are one answer all the same.
    let value = "\\u0001".repeat(60 << 10);
    let items =
        (0..20).map(|i| format!("{{\"Name\":\"s{i}\",\"SecretString\":\"{value}\"}}")).collect::<Vec<_>>().join(",");
    let front = StandIn::new("", move |_, _| json(200, &format!("{{\"SecretValues\":[{items}]}}")));
    let lines: String = (0..20).map(|i| format!("V{i:02} = 'aws:s{i}'\n")).collect();
    let done = keyed(&front.url, &format!("[secrets]\n{lines}")).run();
    assert_eq!(done.stdout.len(), 20 * ("V00=".len() + (60 << 10) + 1));
    assert_eq!(front.calls().len(), 1);
}

#[test]
fn a_connection_that_closes_in_between() {
    let page = |name: &str, more: &str| {
        let body = format!("{{\"Parameters\":[{{\"Name\":\"/p/{name}\",\"Value\":\"{name}\",\"Version\":1}}]{more}}}");
        // It does not say that it closes.
        Act::Raw(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
    };
    let front = StandIn::new("", move |asked, _| match asked.body.contains("NextToken") {
        false => page("A", ",\"NextToken\":\"t\""),
        true => page("B", ""),
    });
    keyed(&front.url, "[secrets]\n'*' = 'ssm:/p/'\n").stdout("A=A\0B=B\0").run();
}

#[test]
fn plain_http_is_for_this_machine() {
    for url in ["http://203.0.113.1", "http://localhost.example.com", "http://127.0.0.1@203.0.113.1", "ftp://localhost"]
    {
        let test = keyed(url, ONE).status(125).stdout("").stderr_contains("aws:app/text: ");
        let done = test.run();
        let text = String::from_utf8_lossy(&done.stderr);
        assert!(
            ["would show the secrets", "password in it", "is no address", "no request can be made"]
                .iter()
                .any(|why| text.contains(why)),
            "{url}: {text}"
        );
        let setting = format!("{ONE}[source.aws]\nendpoint-url = '{url}'\n");
        keyed(&moto().url, &setting).status(125).stdout("").stderr_contains("endpoint-url: ").run();
        let config = format!("[default]\nendpoint_url = {url}\n");
        let test = bare(&[], ONE).file(".aws/config", config).env("AWS_REGION", "us-east-1");
        let test = test.env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "x").status(125).stdout("");
        test.stderr_contains("aws:app/text: ").run();
    }
    for url in ["", "garbage", "http://", "/x"] {
        for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL_STS"] {
            let test = keyed(&moto().url, ONE).env(name, url).status(125).stdout("");
            test.stderr_contains(format!("{name} is set to something that is no address")).run();
        }
    }
    // The source's own address comes first, and each service can have its own.
    let front = StandIn::new("", |_, _| secret("app/text", "here"));
    let setting = format!("{ONE}[source.aws]\nendpoint-url = '{}'\n", front.url);
    keyed("http://127.0.0.1:1", &setting).stdout("A=here\0").run();
    keyed("http://127.0.0.1:1", ONE).env("AWS_ENDPOINT_URL_SECRETS_MANAGER", &front.url).stdout("A=here\0").run();
}

#[test]
fn endpoints_of_the_profile_that_are_none() {
    let words = "aws:app/text: profile 'default': its endpoint_url is no address";
    for said in ["endpoint_url =", "endpoint_url = x", "services = s\n[services s]\nssm =\n  endpoint_url ="] {
        let test = bare(&[], ONE).file(".aws/config", format!("[default]\nregion = us-east-1\n{said}\n"));
        let test = test.env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "x").status(125).stdout("");
        test.stderr_contains(words).run();
    }
}

#[test]
fn tls_as_it_must_be() {
    let ours = |url: &str| moto().launch("all", ONE).env("AWS_ENDPOINT_URL", url).env("SSL_CERT_FILE", tls("ca"));
    ours(tls("good")).stdout(environment(&[("A", "text of moto")])).stderr("").run();
    let started = Instant::now();
    for (url, why) in [
        (tls("expired"), "its certificate has expired"),
        (tls("other"), "its certificate is for another host"),
        (&moto().url.replace("http:", "https:"), "it does not speak TLS"),
    ] {
        ours(url).status(125).stdout("").stderr_contains(format!("127.0.0.1: {why}")).run();
    }
    // Without our authority.
    let test = ours(tls("good")).env("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt").status(125).stdout("");
    test.stderr_contains("not signed by a CA that is trusted here").stderr_contains("SSL_CERT_FILE can name").run();
    let test = ours(tls("good")).env("SSL_CERT_FILE", "/nonexistent").status(125).stdout("");
    test.stderr_contains("no TLS without certificates of CAs").run();
    assert!(started.elapsed() < Duration::from_secs(10));
    // Where there is no TLS, nobody looks for authorities.
    ours(&moto().url).env("SSL_CERT_FILE", "/nonexistent").stdout("A=text of moto\0").run();
}

#[test]
fn proxies() {
    let sink = StandIn::new("", |_, _| answer(407, "", ""));
    let proxied = |test: Test, url: &str| {
        ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
            .iter()
            .fold(test, |test, name| test.env(name, url))
    };
    // This machine is never asked for by way of one.
    proxied(moto().launch("all", ONE), &sink.url).stdout("A=text of moto\0").run();
    let test = moto().launch("all", ONE).env("AWS_ENDPOINT_URL", tls("good")).env("SSL_CERT_FILE", tls("ca"));
    proxied(test, &sink.url).stdout("A=text of moto\0").run();
    assert!(sink.calls().is_empty());
    // Others are, and the proxy sees no more than where to.
    let away = bare(&[], ONE)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "AKIA")
        .env("AWS_SECRET_ACCESS_KEY", "x");
    let url = sink.url.replace("http://", "http://user:hidden@");
    let done =
        proxied(away, &url).status(125).stdout("").stderr_contains("the proxy on the way wants a login (407)").run();
    assert!(!String::from_utf8_lossy(&done.stderr).contains("hidden"));
    assert_eq!(sink.calls()[0], "CONNECT secretsmanager.us-east-1.amazonaws.com:443");
    // One that is down is named, without the login.
    let away = bare(&[], ONE)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "AKIA")
        .env("AWS_SECRET_ACCESS_KEY", "x");
    let done = proxied(away, "http://user:hidden@127.0.0.1:1").status(124).stdout("");
    let done = done.stderr_contains("hint: HTTPS_PROXY names a proxy: 127.0.0.1:1\n").run();
    assert!(!String::from_utf8_lossy(&done.stderr).contains("hidden"));
}
