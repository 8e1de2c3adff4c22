//! What is written, in both servers, and read again by the vendor's own SDK.

use super::world::{Server, ministack, moto, python, servers};
use crate::common::Test;
use crate::common::hostile::values;
use crate::common::project::{Project, fresh, profile, round_trip, variables};
use crate::common::stand_in::{StandIn, json, refusal};
use serde_json::{Value, json as value};
use std::process::Command;

fn as_user(server: &Server, user: &str, test: Test) -> Test {
    let [id, key] = server.key(user);
    let test = test.env("AWS_ENDPOINT_URL", &server.url).env("AWS_REGION", "us-east-1");
    test.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", key)
}

fn on(server: &Server, test: Test) -> Test {
    as_user(server, "all", test)
}

fn one(reference: &str) -> Project {
    Project::new(&format!("[secrets]\nA = '{reference}'\n"))
}

/// What boto3 answers.
fn boto(server: &Server, service: &str, call: &str, args: &Value) -> Value {
    let code = "import boto3, json, sys\nservice, url, call, args = sys.argv[1:]\n\
        answer = getattr(boto3.client(service, endpoint_url=url, region_name='us-east-1'), call)(**json.loads(args))\n\
        print(json.dumps(answer, default=lambda it: list(it) if isinstance(it, bytes) else str(it)))";
    let [id, key] = server.key("all");
    let done = Command::new(python())
        .args(["-c", code, service, &server.url, call, &args.to_string()])
        .env_clear()
        .envs([("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", key)])
        .output()
        .expect("python");
    assert!(done.status.success(), "{call} {args}: {}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

fn stored(server: &Server, name: &str, stage: &str) -> Value {
    boto(server, "secretsmanager", "get_secret_value", &value!({"SecretId": name, "VersionStage": stage}))
}

/// The id of the version that was told.
fn version(told: &[u8]) -> String {
    let told = String::from_utf8_lossy(told).into_owned();
    told.split("new version ").nth(1).unwrap_or_else(|| panic!("{told}")).trim().to_owned()
}

#[test]
fn a_secret_is_made_and_gets_versions() {
    for server in servers() {
        let project = one("aws:w/whole");
        let told = |what: &str| format!("inject: A: aws:w/whole: {what}\n");
        on(server, project.set("A", "one", &[])).stderr(told("created")).run();
        on(server, project.set("A", "one", &[])).stderr(told("unchanged")).run();
        let done = on(server, project.set("A", "two", &[])).run();
        let now = stored(server, "w/whole", "AWSCURRENT");
        assert_eq!((&now["SecretString"], &now["VersionId"]), (&"two".into(), &version(&done.stderr).into()));
        assert_eq!(stored(server, "w/whole", "AWSPREVIOUS")["SecretString"], "one");
        // What is no text is binary from then on.
        on(server, project.set("A", b"\xff\xfe", &[])).run();
        assert_eq!(stored(server, "w/whole", "AWSCURRENT")["SecretBinary"], value!([255, 254]));
        on(server, project.set("A", "text", &[])).run();
        assert_eq!(stored(server, "w/whole", "AWSCURRENT")["SecretBinary"], value!([116, 101, 120, 116]));
        on(server, project.inject(["get", "-p", "./p.toml", "A"])).stdout("text").run();
    }
}

#[test]
fn a_field_is_changed_without_its_neighbours() {
    for server in servers() {
        let project = one("aws:w/field#live.key");
        on(server, project.set("A", "sk-1", &[])).stderr("inject: A: aws:w/field#live.key: created\n").run();
        let first: Value =
            serde_json::from_str(stored(server, "w/field", "AWSCURRENT")["SecretString"].as_str().unwrap()).unwrap();
        assert_eq!(first, value!({"live": {"key": "sk-1"}}));
        let text = "{\"n\": 0.10, \"live\": {\"x\": [1], \"key\": \"sk-1\"}}";
        boto(server, "secretsmanager", "put_secret_value", &value!({"SecretId": "w/field", "SecretString": text}));
        on(server, project.set("A", "sk-2", &[])).run();
        assert_eq!(stored(server, "w/field", "AWSCURRENT")["SecretString"], text.replace("sk-1", "sk-2"));
        assert_eq!(stored(server, "w/field", "AWSPREVIOUS")["SecretString"], text);
        on(server, project.unset("A", &[])).stderr_contains("removed, by new version ").run();
        assert_eq!(stored(server, "w/field", "AWSCURRENT")["SecretString"], "{\"n\": 0.10, \"live\": {\"x\": [1]}}");
        on(server, project.unset("A", &[])).stderr_contains("there was nothing to remove").run();
        // By its ARN, and a password is no document.
        let arn = stored(server, "w/field", "AWSCURRENT")["ARN"].as_str().unwrap().to_owned();
        on(server, one(&format!("aws:{arn}#n")).set("A", "7", &[])).run();
        assert!(stored(server, "w/field", "AWSCURRENT")["SecretString"].as_str().unwrap().contains("\"n\": 7"));
        on(server, one("aws:w/password").set("A", "hunter2", &[])).run();
        let refused = one("aws:w/password#x");
        on(server, refused.set("A", "y", &[])).status(125).stderr_contains("is no document, so it has no fields").run();
        assert_eq!(stored(server, "w/password", "AWSCURRENT")["SecretString"], "hunter2");
    }
}

#[test]
fn a_whole_secret_can_be_had_again() {
    for server in servers() {
        let project = one("aws:w/gone");
        on(server, project.set("A", "one", &[])).run();
        on(server, project.unset("A", &[])).status(125).stderr_contains("pass --yes").run();
        assert_eq!(stored(server, "w/gone", "AWSCURRENT")["SecretString"], "one");
        let told =
            "inject: A: aws:w/gone: scheduled for deletion; `aws secretsmanager restore-secret` takes that back\n";
        on(server, project.unset("A", &["--yes"])).stderr(told).run();
        on(server, project.unset("A", &["--yes"])).stderr_contains("there was nothing to remove").run();
        on(server, project.set("A", "two", &[])).status(125).stderr_contains("is scheduled for deletion").run();
        boto(server, "secretsmanager", "restore_secret", &value!({"SecretId": "w/gone"}));
        on(server, project.inject(["get", "-p", "./p.toml", "A"])).stdout("one").run();
        on(server, one("aws:w/never").unset("A", &["--yes"])).stderr_contains("there was nothing to remove").run();
    }
}

#[test]
fn what_cannot_be_written_says_why() {
    for server in servers() {
        let whole = one("aws:w/refused");
        let bare = one("ssm:/w/refused");
        on(server, whole.set("A", "", &[])).status(125).stderr_contains("Secrets Manager holds no empty value").run();
        on(server, bare.set("A", "", &[])).status(125).stderr_contains("Parameter Store holds no empty value").run();
        let large = Project::new("[secrets]\nA = { from = 'aws:w/refused', expose = false }\n");
        let test = on(server, large.set("A", "x".repeat(65537), &[])).status(125);
        test.stderr_contains("Secrets Manager holds at most 64 KiB").run();
        let test = on(server, bare.set("A", "x".repeat(8193), &[])).status(125);
        test.stderr_contains("Parameter Store holds at most 8 KiB").run();
        let test = on(server, bare.set("A", "x".repeat(4097), &[])).status(125);
        test.stderr_contains("only an advanced parameter holds more than 4 KiB").run();
        let test = on(server, bare.set("A", b"\xff", &[])).status(125);
        test.stderr_contains("Parameter Store cannot hold this value: it is not UTF-8").run();
        for (reference, said) in [
            ("ssm:/app/versions:1", "':1' says which version is read"),
            ("ssm:/app/prod/", "this is a path of parameters"),
            ("aws:arn:aws:secretsmanager:us-east-1:123456789012:secret:none-AbCdEf", "none is made by an ARN"),
            ("ssm:arn:aws:ssm:us-east-1:123456789012:parameter/none", "none is made by an ARN"),
        ] {
            on(server, one(reference).set("A", "x", &[])).status(125).stderr_contains(said).run();
        }
        let reads = one("aws:app/text");
        let test = as_user(server, "one-by-one", reads.set("A", "needle-33af", &[])).status(125);
        let told = test.stderr_contains("not allowed: secretsmanager:PutSecretValue").run().stderr;
        assert!(!String::from_utf8_lossy(&told).contains("needle"));
        let none = one("ssm:/app/plain");
        as_user(server, "none", none.set("A", "x", &[]))
            .status(125)
            .stderr_contains("not allowed: ssm:GetParameters")
            .run();
    }
}

#[test]
fn a_parameter_is_secure_and_keeps_what_it_is() {
    for server in servers() {
        let project = one("ssm:/w/made");
        let told = |what: &str| format!("inject: A: ssm:/w/made: {what}\n");
        let holds = |name: &str| {
            boto(server, "ssm", "get_parameter", &value!({"Name": name, "WithDecryption": true}))["Parameter"].clone()
        };
        on(server, project.set("A", "one", &[])).stderr(told("created")).run();
        on(server, project.set("A", "one", &[])).stderr(told("unchanged")).run();
        on(server, project.set("A", "two", &[])).stderr(told("new version 2")).run();
        let now = holds("/w/made");
        assert_eq!((&now["Type"], &now["Value"]), (&"SecureString".into(), &"two".into()));
        let (keyed, advanced) = ("/w/keyed", "/w/advanced");
        let key = boto(server, "kms", "create_key", &value!({}))["KeyMetadata"]["KeyId"].clone();
        let put = |name: &str, more: &Value| {
            let mut args = value!({"Name": name, "Value": "{\"a\":\"1\",\"b\":2}", "Type": "SecureString"});
            args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            boto(server, "ssm", "put_parameter", &args);
        };
        let about = |name: &str| {
            let filter = value!({"ParameterFilters": [{"Key": "Name", "Values": [name]}]});
            boto(server, "ssm", "describe_parameters", &filter)["Parameters"][0].clone()
        };
        put(keyed, &value!({"KeyId": key}));
        on(server, one("ssm:/w/keyed#a").set("A", "new", &[])).stderr_contains("new version 2").run();
        assert_eq!(holds(keyed)["Value"], "{\"a\":\"new\",\"b\":2}");
        assert_eq!(about(keyed)["KeyId"], key, "the key of the parameter");
        on(server, one("ssm:/w/keyed#a").unset("A", &[])).stderr_contains("removed, by new version 3").run();
        assert_eq!(holds(keyed)["Value"], "{\"b\":2}");
        put(advanced, &value!({"Tier": "Advanced"}));
        on(server, one("ssm:/w/advanced").set("A", "x".repeat(5000), &[])).run();
        assert_eq!(about(advanced)["Tier"], "Advanced");
        boto(server, "ssm", "put_parameter", &value!({"Name": "/w/plain", "Value": "x", "Type": "String"}));
        let told = "new version 2; it is no SecureString, so Parameter Store does not encrypt it";
        on(server, one("ssm:/w/plain").set("A", "y", &[])).stderr_contains(told).run();
        assert_eq!(holds("/w/plain")["Type"], "String");
        on(server, project.unset("A", &[])).status(125).stderr_contains("pass --yes").run();
        on(server, project.unset("A", &["--yes"]))
            .stderr_contains("removed for good: Parameter Store keeps nothing")
            .run();
        on(server, project.unset("A", &["--yes"])).stderr_contains("there was nothing to remove").run();
    }
}

#[test]
fn a_path_of_parameters_takes_new_ones() {
    for server in servers() {
        let project = Project::new("[secrets]\n'*' = 'ssm:/w/path/'\n");
        on(server, project.set("ONE", "1", &[])).stderr_contains("ssm:/w/path/ONE: created").run();
        on(server, project.set("TWO", "2", &[])).run();
        let got = variables(&on(server, project.inject(["-p", "./p.toml", "--", "/usr/bin/env", "-0"])).run());
        assert_eq!(got, [("ONE".to_owned(), b"1".to_vec()), ("TWO".to_owned(), b"2".to_vec())]);
    }
}

#[test]
fn who_writes_meanwhile_is_told() {
    let text = |value: &str, id: &str| {
        let body = value!({"ARN": "arn:aws:secretsmanager:us-east-1:1:secret:w/race-AbCdEf", "Name": "w/race",
            "SecretString": value, "VersionId": id});
        json(200, &body.to_string())
    };
    let keys = |test: Test, url: &str| {
        let test = test.env("AWS_ENDPOINT_URL", url).env("AWS_REGION", "us-east-1").env("AWS_ACCESS_KEY_ID", "AKIA");
        test.env("AWS_SECRET_ACCESS_KEY", "key").env("AWS_EC2_METADATA_DISABLED", "true")
    };
    let raced = StandIn::new("", move |asked, _| match asked.call.as_str() {
        "GetSecretValue" if asked.body.contains("AWSPREVIOUS") => text("{\"a\":\"theirs\"}", "second"),
        "GetSecretValue" => text("{\"a\":\"1\"}", "first"),
        _ => json(200, "{\"VersionId\":\"third\"}"),
    });
    let project = one("aws:w/race#b");
    let test = keys(project.set("A", "2", &[]), &raced.url).status(125);
    test.stderr_contains("was stored, but somebody else has stored a version meanwhile").run();
    let made = StandIn::new("", move |asked, _| match asked.call.as_str() {
        "GetSecretValue" => refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
        _ => refusal("ResourceExistsException", "The operation failed because the secret already exists."),
    });
    let whole = one("aws:w/race");
    let test = keys(whole.set("A", "2", &[]), &made.url).status(124);
    test.stderr_contains("somebody else has made it meanwhile; nothing was changed here").run();
    // The words and the codes are the servers' own.
    for server in servers() {
        on(server, whole.set("A", "{\"a\":\"1\"}", &[])).run();
        let put = value!({"SecretId": "w/race", "SecretString": "{\"a\":\"2\"}"});
        boto(server, "secretsmanager", "put_secret_value", &put);
        on(server, project.set("A", "3", &[])).run();
    }
}

#[test]
fn a_parameter_is_not_written_twice() {
    let stand_in = StandIn::new("", |asked, _| match asked.call.as_str() {
        "GetParameters" => json(200, "{\"Parameters\":[],\"InvalidParameters\":[\"/w/x\"]}"),
        _ => json(500, "{\"__type\":\"InternalServerError\",\"message\":\"\"}"),
    });
    let project = one("ssm:/w/x");
    let test = project.set("A", "2", &[]).env("AWS_ENDPOINT_URL", &stand_in.url).env("AWS_REGION", "us-east-1");
    let test = test.env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "key").status(124);
    test.stderr_contains("is not able to (500)").stderr_contains("`inject verify A` tells").run();
    assert_eq!(stand_in.count("PutParameter"), 1);
}

#[test]
fn hostile_values_come_back() {
    let all: Vec<_> = values(false).into_iter().filter(|value| !value.is_empty()).collect();
    let project = Project::new(&profile(all.len(), |at| format!("aws:w/hostile/{at}")));
    round_trip(&project, &all, |test| on(moto(), test));
    let text: Vec<_> = values(true);
    // A document of its own for each ten: a secret holds 64 KiB, so the largest values come alone.
    let project = Project::new(&profile(text.len(), |at| format!("aws:w/fields/{}#v{at}", at / 10)));
    let fits = |value: &&Vec<u8>| value.len() < 8 << 10;
    let fields: Vec<_> = text.iter().filter(fits).cloned().collect();
    project.file("p.toml", profile(fields.len(), |at| format!("aws:w/fields/{}#v{at}", at / 10)));
    round_trip(&project, &fields, |test| on(ministack(), test));
    let small: Vec<_> = text.into_iter().filter(|value| !value.is_empty() && value.len() <= 4 << 10).collect();
    assert!(small.len() >= 200, "{}", small.len());
    let project = Project::new(&profile(small.len(), |at| format!("ssm:/w/hostile/v{at}")));
    round_trip(&project, &small, |test| on(moto(), test));
}

#[test]
fn check_knows_the_version_and_its_age() {
    for server in servers() {
        let project =
            Project::new("[secrets]\nA = 'aws:w/age'\nB = 'ssm:/w/age'\nC = 'aws:w/age#a'\nD = 'aws:app/text'\n");
        on(server, project.set("A", "{\"a\":\"1\"}", &[])).run();
        on(server, project.set("B", "1", &[])).run();
        on(server, project.set("B", "2", &[])).run();
        // By the call for many, and by that for one.
        let done = on(server, project.inject(["check", "-p", "./p.toml", "--json"])).run();
        let id = stored(server, "w/age", "AWSCURRENT")["VersionId"].clone();
        assert_eq!((fresh(&done, "A"), fresh(&done, "B"), fresh(&done, "C")), (id.clone(), "2".into(), id.clone()));
        let done = on(server, one("aws:w/age").inject(["check", "-p", "./p.toml", "--json"])).run();
        assert_eq!(fresh(&done, "A"), id);
    }
}
