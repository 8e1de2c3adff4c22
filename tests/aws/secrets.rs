//! Secrets Manager, in both servers.

use super::world::{environment, ministack, moto, secrets, servers};

#[test]
fn a_secret_by_its_name_and_by_its_arn() {
    for server in servers() {
        let full = server.arn("app/text");
        let (full, partial) = (format!("aws:{full}"), format!("aws:{}", &full[..full.len() - 7]));
        let profile = secrets(&[("A", "aws:app/text"), ("B", &full), ("C", &partial)]);
        let value = format!("text of {}", server.name);
        let expected = environment(&[("A", &value), ("B", &value), ("C", &value)]);
        server.launch("all", &profile).stdout(expected).stderr("").run();
        // And each by itself, which is another call.
        for reference in ["aws:app/text", &full, &partial] {
            let test = server.launch("all", &secrets(&[("A", reference)]));
            test.stdout(environment(&[("A", &value)])).stderr("").run();
        }
    }
}

#[test]
fn fields_bytes_and_all_of_a_document() {
    for server in servers() {
        let profile = secrets(&[
            ("A", "aws:app/json#user"),
            ("B", "aws:app/json#live.key"),
            ("C", "aws:app/utf8"),
            ("D", "aws:app/json"),
        ]);
        let expected = environment(&[
            ("A", "me"),
            ("B", "sk-live"),
            ("C", "pä$$ \"w\\ö\"\nrd"),
            ("D", "{\"user\":\"me\",\"live\":{\"key\":\"sk-live\"}}"),
        ]);
        server.launch("all", &profile).stdout(expected).run();
        let missing = server.launch("all", &secrets(&[("A", "aws:app/json#live.other")]));
        missing.status(125).stdout("").stderr_contains("no field 'live.other'").run();
    }
}

#[test]
fn a_binary_secret() {
    for server in servers() {
        for more in ["", "B = 'aws:app/text'\n"] {
            let profile = secrets(&[("A", "aws:app/binary")]) + more;
            let bytes: Vec<u8> = (1..=255).collect();
            server.launch("all", &profile).stdout_contains([b"A=", bytes.as_slice(), b"\0"].concat()).run();
        }
    }
}

#[test]
fn an_earlier_version() {
    for server in servers() {
        let first = server.first_version();
        let profile = format!(
            "[secrets]\nA = 'aws:app/rotated'\nB = {{ from = 'aws:app/rotated', stage = 'AWSPREVIOUS' }}\n\
             C = {{ from = 'aws:app/rotated', version-id = '{first}' }}\nD = {{ from = 'aws:app/rotated', stage = 'AWSCURRENT' }}\n"
        );
        let expected = environment(&[("A", "after"), ("B", "before"), ("C", "before"), ("D", "after")]);
        server.launch("all", &profile).stdout(expected).run();
    }
}

#[test]
fn the_region_of_an_arn() {
    for server in servers() {
        let away = format!("aws:{}", server.arn("away"));
        let profile = secrets(&[("A", &away), ("B", "aws:app/text"), ("C", "ssm:/app/plain")]);
        let (there, here) = (format!("away in {}", server.name), format!("text of {}", server.name));
        let expected = environment(&[("A", &there), ("B", &here), ("C", "plain")]);
        server.launch("all", &profile).stdout(expected).run();
        // Where nobody says a region, an ARN is enough, and a name is not.
        let alone = server.launch("all", &secrets(&[("A", &away)])).env("AWS_REGION", "");
        alone.stdout(environment(&[("A", &there)])).run();
        let without = server.launch("all", &secrets(&[("A", "aws:app/text")])).env("AWS_REGION", "");
        without.status(125).stderr_contains("no region is set").stderr_contains("AWS_REGION").run();
        // By its name it is in the other region only, also as a source of its own.
        let profile = "[secrets]\nA = { from = 'aws:app/away', optional = true }\nB = 'eu:app/away'\n\
            [source.eu]\nkind = 'aws'\nregion = 'eu-west-1'\n";
        server.launch("all", profile).stdout(environment(&[("B", &there)])).run();
    }
}

#[test]
fn absence_is_told_from_all_else() {
    for server in servers() {
        // One that is missing, alone and among others, is forgiven, and takes nothing with it.
        for more in [&[][..], &[("B", "aws:app/text"), ("C", "aws:app/json#user")]] {
            let value = format!("text of {}", server.name);
            let profile = secrets(more) + "A = { from = 'aws:app/none', default = 'd' }\n";
            let rest: &[_] = if more.is_empty() { &[] } else { &[("B", value.as_str()), ("C", "me")] };
            server.launch("all", &profile).stdout(environment(&[rest, &[("A", "d")]].concat())).run();
        }
        let absent = server.launch("all", &secrets(&[("A", "aws:app/none")])).status(125);
        absent.stderr_contains("p.toml:2: A: aws:app/none: no such secret in us-east-1").run();
        // A deleted one, and one without a value, are there.
        for (name, why) in [("app/deleted", "the secret is scheduled for deletion"), ("app/empty", "no value")] {
            for more in ["", "B = 'aws:app/text'\n"] {
                let profile = format!("[secrets]\n{more}A = {{ from = 'aws:{name}', default = 'd' }}\n");
                server.launch("all", &profile).status(125).stdout("").stderr_contains(why).run();
            }
        }
    }
    // moto says of a stage that the secret is not there; AWS and ministack say which.
    for option in ["stage = 'NOPE'", "version-id = '12345678-1234-1234-1234-123456789012'"] {
        let profile = format!("[secrets]\nA = {{ from = 'aws:app/text', default = 'd', {option} }}\n");
        ministack().launch("all", &profile).status(125).stderr_contains("the secret is there, but has no value").run();
    }
    let version = "[secrets]\nA = { from = 'aws:app/text', version-id = '12345678-1234-1234-1234-123456789012', default = 'd' }\n";
    moto().launch("all", version).status(125).stderr_contains("the secret is there, but has no value").run();
}

#[test]
fn what_is_no_name_of_a_secret() {
    for (reference, why) in [
        ("aws:arn:aws:ssm:us-east-1:1:parameter/x", "no ARN of secretsmanager"),
        ("aws:arn:aws:secretsmanager::1:secret:x", "no ARN of secretsmanager"),
        ("aws:arn:aws:secretsmanager:evil.example/:1:secret:x", "'evil.example/' is no region"),
        ("ssm:arn:aws:secretsmanager:us-east-1:1:secret:x", "no ARN of ssm"),
    ] {
        moto().launch("all", &secrets(&[("A", reference)])).status(125).stdout("").stderr_contains(why).run();
    }
}
