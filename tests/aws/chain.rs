//! Where credentials come from: each kind of the SDK's chain, against a server that checks them.

use super::world::{Server, bare, launch, ministack, moto, secrets, servers, verbose};
use crate::common::Test;
use crate::common::stand_in::{Act, StandIn, answer, json};
use std::fs;
use std::time::{Duration, Instant};

const ONE: &str = "[secrets]\nA = 'aws:app/text'\n";

/// The launch works, and says whose credentials it used.
#[track_caller]
fn used(test: Test, name: &str, from: &str) {
    let test = test.stdout_contains(format!("A=text of {name}\0"));
    let done = test.stderr_contains(format!("inject: note: aws: credentials: {from}\n")).run();
    assert_eq!(String::from_utf8_lossy(&done.stderr).matches("credentials").count(), 1);
}

fn shared(id: &str, secret: &str) -> String {
    format!("aws_access_key_id = {id}\naws_secret_access_key = {secret}\n")
}

#[test]
fn the_environment() {
    for server in servers() {
        let [id, secret] = server.key("all");
        let test = verbose(&server.url, ONE).env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", secret);
        used(test, server.name, "environment");
    }
}

#[test]
fn profiles_of_the_shared_files() {
    for server in servers() {
        let [id, secret] = server.key("all");
        let file = format!("[default]\n{}[other]\n{}", shared("AKIAWRONG", "x"), shared(id, secret));
        // The source's setting beats the environment: its profile, and not the keys there.
        let source = ONE.to_owned() + "[source.aws]\nprofile = 'other'\n";
        let test = verbose(&server.url, &source).file(".aws/credentials", &file);
        used(
            test.env("AWS_ACCESS_KEY_ID", "AKIAWRONG").env("AWS_SECRET_ACCESS_KEY", "x"),
            server.name,
            "profile 'other'",
        );
        let test = verbose(&server.url, ONE).file(".aws/credentials", &file).env("AWS_PROFILE", "other");
        used(test, server.name, "profile 'other'");
        // With its region and its address.
        let [config, credentials] = [
            format!("[profile other]\nregion = us-east-1\nendpoint_url = {}\n", server.url),
            format!("[other]\n{}", shared(id, secret)),
        ];
        let test = bare(&["-v"], &source).file("c", config).file("k", credentials);
        let test = test.env("AWS_CONFIG_FILE", "c").env("AWS_SHARED_CREDENTIALS_FILE", "k");
        used(test, server.name, "profile 'other'");
    }
}

#[test]
fn a_profile_that_is_not_there() {
    let source = ONE.to_owned() + "[source.aws]\nprofile = 'nope'\n";
    let file = format!("[default]\n{}", shared("AKIAWRONG", "x"));
    let test = moto().launch("all", &source).file(".aws/credentials", &file).status(125).stdout("");
    test.stderr_contains("no credentials: profile 'nope' is not defined").run();
    let test = launch(&moto().url, ONE).file(".aws/credentials", &file).env("AWS_PROFILE", "nope").status(125);
    test.stderr_contains("no credentials: profile 'nope' is not defined").run();
    // Nor is another one used where it has none.
    let file = format!("[default]\n{}[profile nope]\nregion = us-east-1\n", shared("AKIAWRONG", "x"));
    let test = moto().launch("all", &source).file(".aws/config", &file).status(125);
    test.stderr_contains("no credentials: profile 'nope' holds no credentials").run();
}

#[test]
fn a_role_of_the_source() {
    for server in servers() {
        let [id, secret] = server.key("assumes");
        let role = server.role();
        for (external, good) in [("external-id = 'ours'", true), ("external-id = 'theirs'", false)] {
            let source = format!("{ONE}[source.aws]\nrole-arn = '{role}'\n{external}\n");
            let test = verbose(&server.url, &source).env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", secret);
            if good {
                used(test, server.name, &format!("role '{role}' by environment"));
            } else if server.name == "ministack" {
                // moto does not look at the condition.
                let test = test.status(125).stdout("").stderr_contains(format!("credentials of role '{role}': "));
                test.stderr_contains("not allowed to assume the role: sts:AssumeRole").run();
            }
        }
        // Without the role that user may read nothing.
        let alone = launch(&server.url, ONE).env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", secret);
        alone.status(125).stderr_contains("not allowed: secretsmanager:GetSecretValue").run();
    }
    let source = format!("{ONE}[source.aws]\nexternal-id = 'x'\n");
    moto().launch("all", &source).status(125).stderr_contains("there is no role-arn").run();
}

#[test]
fn a_role_of_the_profile() {
    for server in servers() {
        let [id, secret] = server.key("assumes");
        let config = format!(
            "[profile top]\nrole_arn = {}\nexternal_id = ours\nsource_profile = base\nregion = us-east-1\n[profile base]\n{}",
            server.role(),
            shared(id, secret)
        );
        let test = verbose(&server.url, ONE).file(".aws/config", config).env("AWS_PROFILE", "top");
        used(test, server.name, "profile 'top'");
    }
}

#[test]
fn web_identity() {
    // moto wants a signature even here.
    let server = ministack();
    let with = |test: Test, token: &str| {
        let test = test.file("token", server.token(token)).env("AWS_WEB_IDENTITY_TOKEN_FILE", "token");
        test.env("AWS_ROLE_ARN", server.role()).env("AWS_ROLE_SESSION_NAME", "it")
    };
    used(with(verbose(&server.url, ONE), "identity"), server.name, "web identity");
    let test = with(launch(&server.url, ONE), "stranger").status(125).stdout("");
    test.stderr_contains("credentials of web identity: not allowed to assume the role").run();
    let test = launch(&moto().url, ONE).env("AWS_WEB_IDENTITY_TOKEN_FILE", "none").env("AWS_ROLE_ARN", moto().role());
    test.status(125).stdout("").stderr_contains("credentials of web identity: ").run();
}

/// What a metadata service gives, with a session that the server knows.
fn document(server: &Server) -> String {
    let [id, secret, token] = server.session();
    format!(
        "{{\"Code\":\"Success\",\"AccessKeyId\":\"{id}\",\"SecretAccessKey\":\"{secret}\",\"Token\":\"{token}\",\"Expiration\":\"2099-01-01T00:00:00Z\"}}"
    )
}

#[test]
fn a_container() {
    for server in servers() {
        let front = StandIn::new("", |_, _| json(200, &document(server)));
        let full = format!("{}/v2/credentials/x", front.url);
        let test = verbose(&server.url, ONE).env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &full);
        used(test.env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "as it is"), server.name, "container");
        assert_eq!(front.first("GET /v2/credentials/x").header("authorization"), Some("as it is"));
        // With its token from a file.
        let front = StandIn::new("", |_, _| json(200, &document(server)));
        let full = format!("{}/v2/credentials/x", front.url);
        let test = verbose(&server.url, ONE).file("token", "from-a-file");
        let test = test.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &full);
        used(test.env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "token"), server.name, "container");
        assert_eq!(front.first("GET /v2/credentials/x").header("authorization"), Some("from-a-file"));
    }
    let front = StandIn::new("", |_, _| answer(403, "", "no"));
    let test = launch(&moto().url, ONE).env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &front.url).status(125).stdout("");
    test.stderr_contains("credentials of container: their service refuses").run();
    let test = launch(&moto().url, ONE).env("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/x").status(124);
    test.stdout("").stderr_contains("credentials of container: 127.0.0.1: connection refused").run();
    // Never to another machine in the clear.
    let test = launch(&moto().url, ONE).env("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://203.0.113.1/x").status(125);
    test.stdout("").stderr_contains("credentials of container: ").run();
    // ministack's own endpoint: it gives a key, which its own IAM does not know.
    let url = &ministack().url;
    let test = launch(url, ONE).env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{url}/v2/credentials/x"));
    test.status(125).stdout("").stderr_contains("(credentials: container)").run();
}

#[test]
fn instance_metadata() {
    for server in servers() {
        // ministack's, which wants the second version's token; its key is put in the place of one that the server knows.
        let front = StandIn::new(&ministack().url, |asked, _| {
            let given = "GET /latest/meta-data/iam/security-credentials/";
            let role = asked.call.strip_prefix(given).filter(|role| !role.is_empty());
            match role.and(asked.header("x-aws-ec2-metadata-token")) {
                Some(_) => json(200, &document(server)),
                None => Act::Pass,
            }
        });
        let test = verbose(&server.url, ONE).env("AWS_EC2_METADATA_DISABLED", "");
        used(test.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &front.url), server.name, "instance metadata");
        assert_eq!(front.calls()[0], "PUT /latest/api/token");
        assert_eq!(front.calls().len(), 3, "{:?}", front.calls());
        // The region comes from there, too, where nobody else says one.
        let test = verbose(&server.url, ONE).env("AWS_EC2_METADATA_DISABLED", "").env("AWS_REGION", "");
        used(test.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &front.url), server.name, "instance metadata");
        assert_eq!(front.count("GET /latest/meta-data/placement/region"), 1, "{:?}", front.calls());
        // And where an ARN had told enough to begin with.
        let profile = format!("{ONE}B = 'aws:{}'\n", server.arn("away"));
        let test = verbose(&server.url, &profile).env("AWS_EC2_METADATA_DISABLED", "").env("AWS_REGION", "");
        used(test.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &front.url), server.name, "instance metadata");
        assert_eq!(front.count("GET /latest/meta-data/placement/region"), 2, "{:?}", front.calls());
    }
}

#[test]
fn nowhere() {
    let none = |test: Test| {
        let started = Instant::now();
        let test = test.status(125).stdout("").stderr_contains(
            "no credentials: tried environment, profile 'default', web identity, container, instance metadata\n",
        );
        test.stderr_contains("hint: set AWS_PROFILE").run();
        started.elapsed()
    };
    none(launch(&moto().url, ONE));
    // A metadata service that refuses, or that never answers, is none.
    let away = |url: &str| {
        launch(&moto().url, ONE).env("AWS_EC2_METADATA_DISABLED", "").env("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)
    };
    none(away("http://127.0.0.1:1"));
    for status in [401, 403, 404, 405, 500, 200] {
        none(away(&StandIn::new("", move |_, _| answer(status, "", "no")).url));
    }
    let silent = StandIn::new("", |_, _| Act::Hang);
    let took = none(away(&silent.url));
    assert!(took < Duration::from_secs(4), "{took:?}");
    let took = none(away(&silent.url).env("AWS_REGION", ""));
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_program_that_fails() {
    for (script, shown) in [
        ("echo 'the-secret-of-stderr' >&2; exit 3", "its credential_process failed"),
        ("echo 'the-secret-of-stdout'", "its credential_process failed"),
        ("echo '{\"Version\":1}'", "its credential_process failed"),
    ] {
        let config = format!("[default]\ncredential_process = {script}\n");
        let test =
            launch(&moto().url, ONE).file(".aws/config", config).env("PATH", "/usr/bin:/bin").status(125).stdout("");
        let done = test.stderr_contains(format!("credentials of profile 'default': {shown}")).run();
        assert!(!String::from_utf8_lossy(&done.stderr).contains("the-secret"));
    }
}

/// An SSO session `s` of profile `sso`, with a token that is good until `until`.
fn sso(test: Test, until: &str) -> Test {
    let config = "[profile sso]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = reader\nregion = us-east-1\n\
        [sso-session s]\nsso_region = us-east-1\nsso_start_url = https://example.awsapps.com/start\n";
    let token = format!(
        "{{\"accessToken\":\"the-token\",\"expiresAt\":\"{until}\",\"region\":\"us-east-1\",\"startUrl\":\"https://example.awsapps.com/start\"}}"
    );
    // The SHA-1 of the session's name.
    let cache = ".aws/sso/cache/a0f1490a20d0211c997b44bc357e1972deab8ae3.json";
    test.file(".aws/config", config).file(cache, token).env("AWS_PROFILE", "sso")
}

#[test]
fn single_sign_on() {
    let server = moto();
    let [id, secret] = server.key("all");
    let credentials = format!(
        "{{\"roleCredentials\":{{\"accessKeyId\":\"{id}\",\"secretAccessKey\":\"{secret}\",\"expiration\":9999999999000}}}}"
    );
    let portal = StandIn::new("", move |_, _| json(200, &credentials));
    let test = sso(verbose(&server.url, ONE), "2099-01-01T00:00:00Z").env("AWS_ENDPOINT_URL_SSO", &portal.url);
    used(test, "moto", "profile 'sso' (SSO)");
    let call = portal.calls()[0].clone();
    assert!(call.starts_with("GET /federation/credentials?"), "{call}");
    assert_eq!(portal.first(&call).header("x-amz-sso_bearer_token"), Some("the-token"));

    let login = "hint: aws sso login --profile sso\n";
    let test =
        sso(launch(&server.url, ONE), "2020-01-01T00:00:00Z").env("AWS_ENDPOINT_URL_SSO", &portal.url).status(125);
    test.stdout("")
        .stderr_contains("credentials of profile 'sso': the SSO session has expired\n")
        .stderr_contains(login)
        .run();
    assert_eq!(portal.calls().len(), 1);
    // Revoked before its time.
    let unauthorized = "Content-Type: application/json\r\nx-amzn-ErrorType: UnauthorizedException\r\n";
    let portal =
        StandIn::new("", move |_, _| answer(401, unauthorized, "{\"message\":\"Session token not found or invalid\"}"));
    let test =
        sso(launch(&server.url, ONE), "2099-01-01T00:00:00Z").env("AWS_ENDPOINT_URL_SSO", &portal.url).status(125);
    test.stdout("").stderr_contains("the SSO session has expired\n").stderr_contains(login).run();
    // Never logged in.
    let test = sso(launch(&server.url, ONE), "2099-01-01T00:00:00Z");
    fs::remove_dir_all(test.path(".aws/sso")).unwrap();
    test.status(125).stdout("").stderr_contains("nobody is logged in\n").stderr_contains(login).run();
}

#[test]
fn nothing_of_it_reaches_the_command() {
    // What is no credential follows `inherit`.
    let [id, secret] = moto().key("all");
    let test = moto().launch("all", &format!("inherit = ['AWS_*']\n{}", secrets(&[("A", "aws:app/text")])));
    let done = test.stdout_contains("AWS_REGION=us-east-1\0").run();
    let out = String::from_utf8_lossy(&done.stdout);
    assert!(!out.contains(id) && !out.contains(secret) && !out.contains("AWS_ACCESS_KEY"), "{out}");
}
