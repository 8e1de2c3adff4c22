//! What is refused, and how each is told: by both servers where they check it, else by the stand-in in AWS's own words.

use super::world::{launch, ministack, moto, servers};
use crate::common::Test;
use crate::common::stand_in::{StandIn, answer, json, refusal, secret};

const ONE: &str = "[secrets]\nA = { from = 'aws:app/text', default = 'd' }\n";
const PARAMETER: &str = "[secrets]\nA = { from = 'ssm:/app/plain', default = 'd' }\n";
const PATH: &str = "[secrets]\n'*' = 'ssm:/app/prod/'\n";

#[test]
fn who_may_not_read() {
    for server in servers() {
        for (profile, action) in [
            (ONE, "secretsmanager:GetSecretValue"),
            (PARAMETER, "ssm:GetParameters"),
            (PATH, "ssm:GetParametersByPath"),
        ] {
            let test = server.launch("none", profile).status(125).stdout("");
            let test = test.stderr_contains(format!("not allowed: {action}"));
            test.stderr_contains("user/none needs ").run();
        }
        // Each of many says so, and the one that is not there is still no absence.
        let many = "[secrets]\nA = 'aws:app/text'\nB = { from = 'aws:app/none', default = 'd' }\n";
        let test = server.launch("none", many).status(125).stdout("");
        test.stderr_contains("p.toml:2: A: aws:app/text: not allowed").stderr_contains("p.toml:3: B: ").run();
    }
}

#[test]
fn wrong_keys() {
    for server in servers() {
        let [id, _] = server.key("all");
        for profile in [ONE, PARAMETER] {
            let test = launch(&server.url, profile)
                .env("AWS_ACCESS_KEY_ID", id)
                .env("AWS_SECRET_ACCESS_KEY", "wrong-secret-key");
            let done = test
                .status(125)
                .stdout("")
                .stderr_contains("the secret key does not fit the access key (credentials: environment)")
                .run();
            assert!(!String::from_utf8_lossy(&done.stderr).contains("wrong-secret"));
            let test = launch(&server.url, profile)
                .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
                .env("AWS_SECRET_ACCESS_KEY", "x");
            test.status(125)
                .stdout("")
                .stderr_contains("AWS does not know the access key (credentials: environment)")
                .run();
        }
    }
    // A role's key without its token, or with another.
    let test = ministack().launch("all", ONE).env("AWS_SESSION_TOKEN", "not-a-token").status(125).stdout("");
    let done = test.run();
    assert!(!String::from_utf8_lossy(&done.stderr).contains("not-a-token"));
}

#[test]
fn a_wrong_clock() {
    // The SDK learns the server's time from its answer, and signs once more: that works.
    let front = StandIn::new(&moto().url, |_, count| match count {
        1 => answer(
            403,
            "Content-Type: application/x-amz-json-1.1\r\nDate: Wed, 01 Jan 2020 00:00:00 GMT\r\n",
            "{\"__type\":\"InvalidSignatureException\",\"message\":\"Signature expired: 20200101T000000Z is now earlier than\"}",
        ),
        _ => secret("app/text", "after the clock"),
    });
    let test = launch(&front.url, ONE).env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "x");
    test.stdout("A=after the clock\0").run();
    assert!(front.first("GetSecretValue").header("x-amz-date").is_some());
    // Where it does not, the clock is what is said.
    for (code, message) in [
        ("InvalidSignatureException", "Signature expired: 20200101T000000Z is now earlier than 20200102T000000Z"),
        ("InvalidSignatureException", "Signature not yet current: 20300101T000000Z is still later than"),
        ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
    ] {
        let front = StandIn::new("", move |_, _| refusal(code, message));
        let test = launch(&front.url, ONE).env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "x");
        let test = test.status(125).stdout("").stderr_contains("this machine's clock is wrong");
        test.stderr_contains("hint: set the clock").run();
    }
}

#[test]
fn in_the_words_of_aws() {
    let arn = "arn:aws:sts::123456789012:assumed-role/app/i-1";
    let on = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/text-AbCdEf";
    let denied = format!(
        "User: {arn} is not authorized to perform: secretsmanager:GetSecretValue on resource: {on} because no identity-based policy allows the secretsmanager:GetSecretValue action"
    );
    let needs = format!("hint: {arn} needs secretsmanager:GetSecretValue on {on}\n");
    for (profile, code, message, exit, told) in [
        (ONE, "AccessDeniedException", denied.as_str(), 125, "not allowed: secretsmanager:GetSecretValue\n"),
        (ONE, "AccessDeniedException", &denied, 125, &needs),
        (
            ONE,
            "AccessDeniedException",
            "Access to KMS is not allowed",
            125,
            "not allowed: kms:Decrypt, with the key of the secret",
        ),
        (ONE, "DecryptionFailure", "x", 125, "kms:Decrypt"),
        (PARAMETER, "InvalidKeyId", "x", 125, "not allowed: kms:Decrypt, with the key of the parameter"),
        (
            PARAMETER,
            "AccessDeniedException",
            "The ciphertext refers to a customer master key that does not exist",
            125,
            "kms:Decrypt",
        ),
        (
            ONE,
            "ExpiredTokenException",
            "The security token included in the request is expired",
            125,
            "the session token has expired (credentials: environment)",
        ),
        (PARAMETER, "ExpiredTokenException", "x", 125, "the session token has expired"),
        (
            ONE,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
            125,
            "AWS does not know the access key",
        ),
        (
            ONE,
            "InvalidSignatureException",
            "Credential should be scoped to a valid region, not 'us-east-1'. ",
            125,
            "the endpoint is not of region 'us-east-1'",
        ),
        (ONE, "ThrottlingException", "Rate exceeded", 124, "answers too many requests already"),
        (PARAMETER, "ThrottlingException", "Rate exceeded", 124, "answers too many requests already"),
        (
            ONE,
            "InvalidParameterException",
            "Invalid name. Must be a valid name",
            125,
            "AWS does not take this as the name of a secret",
        ),
        (PARAMETER, "ValidationException", "x", 125, "AWS does not take this as the name of a parameter"),
        (
            ONE,
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
            125,
            "scheduled for deletion",
        ),
        (ONE, "SomethingNew", "x", 125, "AWS refuses: SomethingNew"),
        (ONE, "with\\u001b[31m a trick", "x", 125, "AWS refuses\n"),
        (ONE, "a/token+perhaps=", "x", 125, "AWS refuses\n"),
        (PATH, "ParameterNotFound", "x", 125, "no such parameter in us-east-1"),
    ] {
        let (code, message) = (code.to_owned(), message.to_owned());
        let front = StandIn::new("", move |_, _| refusal(&code, &message));
        let test = launch(&front.url, profile).env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "x");
        let done = test.status(exit).stdout("").stderr_contains(told).run();
        assert!(!done.stderr.contains(&0x1b));
        assert_eq!(front.calls().len(), if exit == 124 { 3 } else { 1 }, "{told}");
    }
}

/// Absent is only what the status and the code say; moto and ministack say 404 where AWS says 400.
#[test]
fn absence_by_half() {
    let body = "{\"__type\":\"ResourceNotFoundException\",\"message\":\"x\"}";
    for (status, exit, told) in
        [(403, 125, "AWS refuses: Res"), (418, 125, "AWS refuses: Res"), (500, 124, "not able to")]
    {
        let front = StandIn::new("", move |_, _| json(status, body));
        let test = launch(&front.url, ONE).env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "x");
        test.status(exit).stdout("").stderr_contains(told).run();
    }
}

#[test]
fn an_item_of_many() {
    // The batch's own errors reach the variables that they are about.
    let body = r#"{"SecretValues":[{"ARN":"arn:aws:secretsmanager:us-east-1:1:secret:a-AbCdEf","Name":"a","SecretString":"va"}],
        "Errors":[{"SecretId":"b","ErrorCode":"AccessDeniedException","Message":"User: arn:aws:iam::1:user/u is not authorized to perform: secretsmanager:GetSecretValue on resource: b"},
        {"SecretId":"c","ErrorCode":"ResourceNotFoundException","Message":"Secrets Manager can't find the specified secret."},
        {"SecretId":"d","ErrorCode":"DecryptionFailure","Message":"x"}]}"#;
    let front = StandIn::new("", move |_, _| json(200, body));
    let run =
        |profile: &str| launch(&front.url, profile).env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "x");
    let test = run("[secrets]\nA = 'aws:a'\nB = 'aws:b'\nC = 'aws:c'\nD = 'aws:d'\n").status(125).stdout("");
    let done = test
        .stderr_contains("p.toml:3: B: aws:b: not allowed: secretsmanager:GetSecretValue\n")
        .stderr_contains("p.toml:4: C: aws:c: no such secret in us-east-1\n")
        .stderr_contains("p.toml:5: D: aws:d: not allowed: kms:Decrypt")
        .run();
    assert!(!String::from_utf8_lossy(&done.stderr).contains("A: "));
    run("[secrets]\nA = 'aws:a'\nC = { from = 'aws:c', default = 'd' }\n").stdout("A=va\0C=d\0").run();
    assert_eq!(front.calls(), ["BatchGetSecretValue"; 2]);
}

#[test]
fn another_answer_than_was_asked_for() {
    let front = StandIn::new("", |asked, _| match asked.call.as_str() {
        "GetSecretValue" => secret("another", "not-for-you"),
        _ => json(
            200,
            "{\"Parameters\":[{\"Name\":\"/another\",\"Value\":\"not-for-you\",\"Version\":1}],\"InvalidParameters\":[]}",
        ),
    });
    for profile in [ONE, PARAMETER, PATH] {
        let test = launch(&front.url, profile).env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "x");
        let done = test.status(125).stdout("").stderr_contains("AWS answered with ").run();
        assert!(!String::from_utf8_lossy(&done.stderr).contains("not-for-you"));
    }
    // Pages without end are told from many pages.
    let page = "{\"Parameters\":[{\"Name\":\"/app/prod/A\",\"Value\":\"v\",\"Version\":1}],\"NextToken\":\"again\"}";
    let front = StandIn::new("", move |_, _| json(200, page));
    let test = launch(&front.url, PATH).env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "x");
    test.status(125).stderr_contains("the same page of parameters over and over").run();
    assert_eq!(front.calls().len(), 2);
}

#[test]
fn the_states_of_check() {
    let front = StandIn::new("", |asked, _| match asked.body.as_str() {
        body if body.contains("absent") => {
            refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        }
        body if body.contains("denied") => refusal("AccessDeniedException", "x"),
        body if body.contains("expired") => refusal("ExpiredTokenException", "x"),
        body if body.contains("deleted") => refusal("InvalidRequestException", "it was marked for deletion"),
        body if body.contains("busy") => refusal("ThrottlingException", "x"),
        _ => secret("good", "v"),
    });
    for (name, state, exit) in [
        ("good", "ok", 0),
        ("absent", "absent", 125),
        ("denied", "denied", 125),
        ("expired", "denied", 125),
        ("deleted", "invalid", 125),
        ("busy", "unreachable", 124),
    ] {
        let test = Test::new()
            .file("p.toml", format!("[secrets]\nA = 'aws:{name}'\n"))
            .args(["check", "--json", "-p", "./p.toml"]);
        let test = test.env("AWS_ENDPOINT_URL", &front.url).env("AWS_REGION", "us-east-1").status(exit);
        let test = test.env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "x");
        let done = test.run();
        let told: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(told["variables"][0]["state"], state, "{told}");
    }
}
