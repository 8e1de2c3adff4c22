//! How many requests there are, counted in front of the real servers.

use super::world::{Server, ministack, moto, secrets, servers};
use crate::common::stand_in::{Act, StandIn, answer, json};
use std::fs;
use std::time::Duration;

/// Everything passes, and is counted.
fn counting(server: &Server) -> StandIn {
    StandIn::new(&server.url, |_, _| Act::Pass)
}

fn numbered(from: &str, count: usize) -> String {
    let lines = (0..count).map(|i| (format!("V{i:02}"), format!("{from}{i:02}")));
    let lines: Vec<_> = lines.collect();
    secrets(&lines.iter().map(|(name, reference)| (name.as_str(), reference.as_str())).collect::<Vec<_>>())
}

#[test]
fn fifty_secrets_are_three_requests() {
    for server in servers() {
        for (count, calls) in [(50, 3), (21, 2), (20, 1), (2, 1)] {
            let front = counting(server);
            let test = server.launch("all", &numbered("aws:many/", count)).env("AWS_ENDPOINT_URL", &front.url);
            let last = count - 1;
            test.stdout_contains("V00=secret 00\0").stdout_contains(format!("V{last:02}=secret {last:02}\0")).run();
            // A rest of one is asked for by itself.
            let single = usize::from(count % 20 == 1);
            assert_eq!(front.count("BatchGetSecretValue"), calls - single, "{count}: {:?}", front.calls());
            assert_eq!(front.calls().len(), calls, "{count}: {:?}", front.calls());
        }
        let front = counting(server);
        server.launch("all", &numbered("aws:many/", 1)).env("AWS_ENDPOINT_URL", &front.url).run();
        assert_eq!(front.calls(), ["GetSecretValue"]);
    }
}

#[test]
fn fifty_parameters_are_five_requests() {
    for server in servers() {
        for (count, calls) in [(50, 5), (11, 2), (10, 1), (1, 1)] {
            let front = counting(server);
            let test = server.launch("all", &numbered("ssm:/many/", count)).env("AWS_ENDPOINT_URL", &front.url);
            test.stdout_contains("V00=parameter 00\0").run();
            assert_eq!(front.count("GetParameters"), calls, "{count}: {:?}", front.calls());
            assert_eq!(front.calls().len(), calls);
        }
    }
}

#[test]
fn a_path_is_a_request_a_page() {
    for server in servers() {
        let front = counting(server);
        let test = server.launch("all", "[secrets]\n'*' = 'ssm:/app/prod/'\n").env("AWS_ENDPOINT_URL", &front.url);
        test.stdout_contains("VAR_11=value 11\0").run();
        assert_eq!(front.calls(), ["GetParametersByPath"; 2]);
    }
}

#[test]
fn one_by_one_where_asking_for_many_is_not_allowed() {
    // ministack takes it for a kind of GetSecretValue.
    let front = counting(moto());
    let test = moto().launch("one-by-one", &numbered("aws:many/", 25)).env("AWS_ENDPOINT_URL", &front.url);
    test.stdout_contains("V24=secret 24\0").run();
    assert_eq!((front.count("BatchGetSecretValue"), front.count("GetSecretValue")), (2, 25));
}

#[test]
fn at_most_eight_at_once() {
    let front = StandIn::new(&moto().url, |asked, _| match asked.call.as_str() {
        "GetSecretValue" => Act::After(Duration::from_millis(30), Box::new(Act::Pass)),
        _ => Act::Pass,
    });
    let test = moto().launch("one-by-one", &numbered("aws:many/", 20)).env("AWS_ENDPOINT_URL", &front.url);
    test.stdout_contains("V19=secret 19\0").run();
    assert_eq!((front.count("GetSecretValue"), front.most()), (20, 8));
}

#[test]
fn a_stage_is_asked_for_by_itself() {
    let front = counting(ministack());
    let profile = numbered("aws:many/", 3) + "A = { from = 'aws:app/rotated', stage = 'AWSPREVIOUS' }\n";
    let test = ministack().launch("all", &profile).env("AWS_ENDPOINT_URL", &front.url);
    test.stdout_contains("A=before\0").run();
    let mut calls = front.calls();
    calls.sort();
    assert_eq!(calls, ["BatchGetSecretValue", "GetSecretValue"]);
}

#[test]
fn both_services_are_one_process_with_one_look_for_credentials() {
    let server = moto();
    let [id, secret] = server.key("all");
    let program = format!(
        "#!/bin/sh\necho run >>count\ncat >input\necho '{{\"Version\":1,\"AccessKeyId\":\"{id}\",\"SecretAccessKey\":\"{secret}\"}}'\n"
    );
    let config = "[default]\ncredential_process = /bin/sh ./give.sh\nregion = us-east-1\n";
    // Two services, two regions, and a second round.
    let away = server.arn("away");
    let profile = format!(
        "[secrets]\nA = 'aws:app/text'\nB = 'ssm:/app/plain'\nC = 'aws:{away}'\n\
         D = {{ from = ['aws:app/none', 'ssm:/app/none', 'aws:app/json#user'] }}\n"
    );
    let front = counting(server);
    let test = super::world::verbose(&front.url, &profile).file(".aws/config", config).file("give.sh", program);
    let done = test
        .env("AWS_REGION", "")
        .env("PATH", "/usr/bin:/bin")
        .stdout_contains("D=me\0")
        .stderr_contains("credentials: profile 'default' (credential_process)")
        .run();
    assert_eq!(fs::read_to_string(done.dir.path().join("count")).unwrap(), "run\n");
    // What it was started with is not the launcher's conversation with the store.
    assert_eq!(fs::read_to_string(done.dir.path().join("input")).unwrap(), "");
    assert_eq!(String::from_utf8_lossy(&done.stderr).matches("credentials: ").count(), 1);
    // The stage of a list that was not reached is not asked for.
    assert_eq!(front.calls().len(), 5, "{:?}", front.calls());
}

#[test]
fn what_a_page_leaves_out_is_asked_for() {
    // Pages are followed, and an item that none of them has is no absence.
    let front = StandIn::new(&moto().url, |asked, count| match (asked.call.as_str(), count) {
        ("BatchGetSecretValue", 1) => json(200, "{\"SecretValues\":[],\"Errors\":[],\"NextToken\":\"more\"}"),
        ("BatchGetSecretValue", 2) if asked.body.contains("\"more\"") => Act::Pass,
        _ => answer(500, "", ""),
    });
    let profile = numbered("aws:many/", 2);
    let test = moto().launch("all", &profile).env("AWS_ENDPOINT_URL", &front.url);
    test.status(124).stderr_contains("is not able to").run();

    let front = StandIn::new(&moto().url, |asked, _| match asked.call.as_str() {
        "BatchGetSecretValue" => json(200, "{\"SecretValues\":[],\"Errors\":[]}"),
        _ => Act::Pass,
    });
    let test = moto().launch("all", &profile).env("AWS_ENDPOINT_URL", &front.url);
    test.stdout("V00=secret 00\0V01=secret 01\0").run();
    assert_eq!(front.count("GetSecretValue"), 2);
}

#[test]
fn nothing_is_asked_for_by_who_resolves_nothing() {
    let front = counting(moto());
    let profile = "[vars]\nA = '1'\n[source.aws]\nendpoint-url = '".to_owned() + &front.url + "'\n";
    moto().launch("all", &profile).stdout("A=1\0").run();
    assert!(front.calls().is_empty());
}
