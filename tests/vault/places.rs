//! Where the server is and whom to believe: addresses, variables, sockets, certificates.

use super::world::{at, bare, fact, file, launch, one, printed, with};
use crate::common::Test;
use crate::common::stand_in::{Act, StandIn};
use std::net::TcpListener;

const PATH: &str = "kv1/app#key";

/// A launch over TLS.
#[track_caller]
fn tls(door: &str, source: &str) -> Test {
    at(fact(door), &with(PATH, source))
}

#[test]
fn the_profile_beats_the_environment_and_bao_beats_vault() {
    let dead = "http://127.0.0.1:1";
    tls("tls", &format!("address = '{}'", fact("url"))).env("BAO_ADDR", dead).stdout(printed("plain")).run();
    launch(&one(PATH)).env("VAULT_ADDR", dead).env("BAO_ADDR", fact("url")).stdout(printed("plain")).run();
    launch(&one(PATH)).env("VAULT_ADDR", dead).env("VAULT_AGENT_ADDR", fact("url")).stdout(printed("plain")).run();
    // An empty variable says nothing.
    launch(&one(PATH)).env("BAO_ADDR", "").env("VAULT_NAMESPACE", "").stdout(printed("plain")).run();
}

#[test]
fn without_an_address_it_is_this_machine_over_tls() {
    let run = bare(&[], &one(PATH)).env("VAULT_TOKEN", "x").any_status();
    run.stderr_contains("https://127.0.0.1:8200: ").run();
}

#[test]
fn a_socket() {
    at(fact("socket"), &one(PATH)).stdout(printed("plain")).run();
    let gone = at("unix:///nonexistent/socket", &one(PATH)).status(125);
    gone.stderr_contains("unix:///nonexistent/socket: there is no such socket").run();
    at("unix://relative", &one(PATH)).status(125).stderr_contains("names no socket").run();
}

#[test]
fn a_path_before_the_api() {
    let stand_in = StandIn::new("", |_, _| Act::Close);
    at(&format!("{}/behind/this/?x#y", stand_in.url), &one("kv1/app")).status(124).run();
    assert_eq!(stand_in.calls()[0], "GET /behind/this/v1/sys/internal/ui/mounts/kv1/app");
}

#[test]
fn addresses_that_would_show_the_secrets() {
    for (address, words) in [
        ("http://vault.example:8200", "plain http to vault.example"),
        ("http://localhost.evil.example", "plain http to localhost.evil.example"),
        ("http://127.0.0.1@evil.example", "an address with a password in it"),
        ("ftp://127.0.0.1", "is no address"),
        ("vault.example", "is no address"),
    ] {
        at(address, &one(PATH)).status(125).stderr_contains(words).stderr_contains("VAULT_ADDR").run();
    }
    let port = fact("url").rsplit(':').next().unwrap();
    at(&format!("http://localhost:{port}"), &one(PATH)).stdout(printed("plain")).run();
}

#[test]
fn no_certificate_is_skipped() {
    for (name, value) in [("VAULT_SKIP_VERIFY", "1"), ("VAULT_SKIP_VERIFY", "true"), ("BAO_SKIP_VERIFY", "yes")] {
        let test = launch(&one(PATH)).env(name, value).status(125);
        test.stderr_contains(format!("{name} is set, and inject sends nothing to a server it cannot verify")).run();
    }
    for value in ["", "0", "false", "FALSE"] {
        launch(&one(PATH)).env("VAULT_SKIP_VERIFY", value).stdout(printed("plain")).run();
    }
    // A profile without such a source does not look.
    let plain = "[vars]\nA = 'x'\n[source.vault]\naddress = 'http://127.0.0.1:1'\n";
    bare(&[], plain).env("VAULT_SKIP_VERIFY", "1").stdout(printed("x")).run();
}

#[test]
fn a_ca_of_ones_own() {
    let ca = file("ca.pem");
    tls("tls", &format!("ca-cert = '{ca}'")).stdout(printed("plain")).run();
    tls("tls", "").env("VAULT_CACERT", &ca).stdout(printed("plain")).run();
    tls("tls", "").env("SSL_CERT_FILE", &ca).stdout(printed("plain")).run();
    tls("tls", "").env("BAO_CACERT", &ca).env("VAULT_CACERT", "/nonexistent").stdout(printed("plain")).run();
    let pem = std::fs::read(&ca).unwrap();
    tls("tls", "ca-cert = 'mine.pem'").file("mine.pem", &pem).stdout(printed("plain")).run();
    tls("tls", "").file("cas/mine.pem", &pem).env("VAULT_CAPATH", "cas").stdout(printed("plain")).run();
    tls("tls", "").env("VAULT_CACERT_BYTES", String::from_utf8(pem).unwrap()).stdout(printed("plain")).run();

    let unknown = "its certificate is not signed by a CA that is trusted here";
    tls("tls", "")
        .env("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
        .status(125)
        .stderr_contains(unknown)
        .run();
    let other = tls("tls", &format!("ca-cert = '{}'", file("stranger.pem"))).env("SSL_CERT_FILE", &ca);
    other.status(125).stderr_contains(unknown).stderr_contains("'ca-cert', VAULT_CACERT or SSL_CERT_FILE").run();
    tls("tls", "ca-cert = 'absent.pem'").status(125).stderr_contains("absent.pem: no such file").run();
    tls("tls", "ca-cert = 'p.toml'").status(125).stderr_contains("ca-cert: holds no certificate").run();
    tls("tls", "")
        .env("VAULT_CAPATH", "/nonexistent")
        .status(125)
        .stderr_contains("is no folder of certificates")
        .run();
}

/// Without a word of the caller's, the system's file is read, and not its folder with a file for each CA as well.
#[test]
fn the_systems_cas_are_read_once() {
    let files = |folder: &str| {
        let test = tls("tls", "").status(125).stderr_contains("is not signed by a CA that is trusted here");
        let test = if folder.is_empty() { test } else { test.env("SSL_CERT_DIR", folder) };
        let log = test.path("log");
        let test = test.prefix(["/usr/bin/strace", "-f", "-qq", "-e", "trace=openat", "-o"]).prefix([&log]);
        let done = test.run();
        let log = std::fs::read_to_string(done.dir.path().join("log")).unwrap();
        log.lines().filter(|line| line.contains("\"/etc/ssl/certs/") && line.contains("O_RDONLY")).count()
    };
    assert_eq!(files(""), 1);
    assert!(files("/etc/ssl/certs") > 10);
}

#[test]
fn certificates_that_are_wrong() {
    let run = |door: &str| tls(door, "").env("VAULT_CACERT", file("ca.pem"));
    run("expired").status(125).stderr_contains("its certificate has expired").run();
    run("future").status(125).stderr_contains("its certificate is not valid yet").run();
    run("other").status(125).stderr_contains("its certificate is for another host").run();
    run("other").env("VAULT_TLS_SERVER_NAME", "b.example").stdout(printed("plain")).run();
    run("tls").env("VAULT_TLS_SERVER_NAME", "b.example").status(125).stderr_contains("is for another host").run();
    // Nowhere else is gone to, whatever that variable says.
    for name in
        ["127.0.0.2", "127.1", "0x7f000002", "[::1]", "::1", "b.example:1", "b.example/", "u@b.example", "b example"]
    {
        let words = format!("VAULT_TLS_SERVER_NAME: '{name}' is no name of a host");
        run("other").env("VAULT_TLS_SERVER_NAME", name).status(125).stderr_contains(words).run();
    }
    // Whether its alert is seen before the connection breaks is a matter of microseconds.
    run("mutual").any_status().stdout("").stderr_contains("'client-cert' and 'client-key'").run();
    let shown = format!("client-cert = '{}'\nclient-key = '{}'", file("client.pem"), file("client.key"));
    tls("mutual", &shown).env("VAULT_CACERT", file("ca.pem")).stdout(printed("plain")).run();
    let stranger = format!("client-cert = '{}'\nclient-key = '{}'", file("stranger.pem"), file("stranger.key"));
    tls("mutual", &stranger).env("VAULT_CACERT", file("ca.pem")).any_status().stdout("").run();
    let swapped = format!("client-cert = '{}'\nclient-key = '{}'", file("client.pem"), file("ca.pem"));
    tls("tls", &swapped)
        .env("VAULT_CACERT", file("ca.pem"))
        .status(125)
        .stderr_contains("not a certificate and its key")
        .run();
}

#[test]
fn http_to_tls_and_tls_to_http() {
    let plain = fact("tls").replace("https", "http");
    at(&plain, &one(PATH)).status(125).stderr_contains("wants TLS").stderr_contains("https://").run();
    let tls = fact("url").replace("http", "https");
    at(&tls, &one(PATH)).env("VAULT_CACERT", file("ca.pem")).status(125).stderr_contains("does not speak TLS").run();
}

#[test]
fn proxies() {
    // Not for this machine.
    let proxy = StandIn::new("", |_, _| Act::Close);
    let through =
        |test: Test| test.env("HTTP_PROXY", &proxy.url).env("HTTPS_PROXY", &proxy.url).env("ALL_PROXY", &proxy.url);
    through(launch(&one(PATH))).stdout(printed("plain")).run();
    through(tls("tls", "").env("VAULT_CACERT", file("ca.pem"))).stdout(printed("plain")).run();
    assert_eq!(proxy.calls().len(), 0);
    // For another one, over which nothing but the name of the host goes in clear.
    let away = || at("https://vault.invalid:8200", &one(PATH)).env("VAULT_CACERT", file("ca.pem"));
    through(away()).status(124).stderr_contains("HTTPS_PROXY or ALL_PROXY is set").run();
    assert!(proxy.calls().iter().all(|call| call == "CONNECT vault.invalid:8200"), "{:?}", proxy.calls());
    assert!(!proxy.calls().is_empty());
    let asked = proxy.calls().len();
    through(away()).env("NO_PROXY", "vault.invalid").any_status().run();
    assert_eq!(proxy.calls().len(), asked);
}

#[test]
fn nobody_there() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = at(&format!("http://127.0.0.1:{port}"), &one(PATH)).status(124);
    nobody.stderr_contains(format!("http://127.0.0.1:{port}: connection refused")).run();
    let unknown = at("https://vault.invalid", &one(PATH)).env("VAULT_CACERT", file("ca.pem")).any_status();
    unknown.stderr_contains("https://vault.invalid: ").run();
}
