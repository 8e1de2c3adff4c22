//! Parameter Store, in both servers.

use super::world::{environment, moto, secrets, servers};

#[test]
fn parameters_of_every_type() {
    for server in servers() {
        let arn = format!("ssm:{}", server.arn("/app/plain"));
        let profile = secrets(&[
            ("A", "ssm:/app/plain"),
            ("B", "ssm:/many/07"),
            ("C", "ssm:/app/list"),
            ("D", "ssm:flat"),
            ("E", &arn),
        ]);
        let expected =
            environment(&[("A", "plain"), ("B", "parameter 07"), ("C", "a,b,c"), ("D", "flat one"), ("E", "plain")]);
        server.launch("all", &profile).stdout(expected).stderr("").run();
        server.launch("all", &secrets(&[("E", &arn)])).stdout(environment(&[("E", "plain")])).run();
    }
}

#[test]
fn versions_and_labels() {
    // ministack knows neither.
    let profile = secrets(&[
        ("A", "ssm:/app/versions"),
        ("B", "ssm:/app/versions:1"),
        ("C", "ssm:/app/versions:2"),
        ("D", "ssm:/app/versions:live"),
    ]);
    let expected = environment(&[("A", "three"), ("B", "one"), ("C", "two"), ("D", "two")]);
    moto().launch("all", &profile).stdout(expected).run();
    for server in servers() {
        for selector in ["9", "nolabel"] {
            let profile = format!("[secrets]\nA = {{ from = 'ssm:/app/versions:{selector}', default = 'd' }}\n");
            let test = server.launch("all", &profile).status(125).stdout("");
            test.stderr_contains(format!("the parameter has no version or label '{selector}'")).run();
            let profile = format!("[secrets]\nA = {{ from = 'ssm:/app/none:{selector}', default = 'd' }}\n");
            server.launch("all", &profile).stdout(environment(&[("A", "d")])).run();
        }
    }
}

#[test]
fn absence_is_told_from_all_else() {
    for server in servers() {
        let profile = "[secrets]\nA = { from = 'ssm:/app/none', default = 'd' }\nB = 'ssm:/app/plain'\n";
        server.launch("all", profile).stdout(environment(&[("A", "d"), ("B", "plain")])).run();
        let absent = server.launch("all", &secrets(&[("A", "ssm:/app/none")])).status(125);
        absent.stderr_contains("p.toml:2: A: ssm:/app/none: no such parameter in us-east-1").run();
    }
}

#[test]
fn a_whole_path() {
    for server in servers() {
        let profile = "[secrets]\n'*' = 'ssm:/app/prod/'\n";
        let names: Vec<_> = (0..12).map(|i| (format!("VAR_{i:02}"), format!("value {i:02}"))).collect();
        let names: Vec<_> = names.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        server.launch("all", profile).stdout(environment(&names)).run();
        let profile = "[secrets]\n'P_*' = 'ssm:/app/prod/'\n";
        server.launch("all", profile).stdout_contains("P_VAR_11=value 11\0").run();
        let deeper = server.launch("all", "[secrets]\n'*' = 'ssm:/app/nested/'\n").status(125).stdout("");
        deeper.stderr_contains("ssm:/app/nested/: the key 'deeper/LOW' is no name of a variable").run();
        let none = server.launch("all", "[secrets]\n'*' = 'ssm:/app/none/'\n").status(125);
        none.stderr_contains("no parameters below this path in us-east-1").run();
        let relative = server.launch("all", "[secrets]\n'*' = 'ssm:app/prod/'\n").status(125);
        relative.stderr_contains("a path of parameters begins with '/'").run();
    }
}

#[test]
fn a_secret_by_way_of_here() {
    let profile = secrets(&[("A", "ssm:/aws/reference/secretsmanager/app/text"), ("B", "ssm:/app/plain")]);
    moto().launch("all", &profile).stdout(environment(&[("A", "text of moto"), ("B", "plain")])).run();
}
