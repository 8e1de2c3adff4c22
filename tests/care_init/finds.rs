//! What becomes of the files of a project.

use crate::repository::Repository;
use crate::support::variables;
use std::os::unix::fs::{PermissionsExt, symlink};

/// A repository without a profile.
fn repository() -> Repository {
    let repository = Repository::new("");
    std::fs::remove_file(repository.path("p.toml")).unwrap();
    repository
}

/// What `init --yes` says.
#[track_caller]
fn init(repository: &Repository) -> String {
    let done = repository.inject(["init", "--yes"]).stdout("").run();
    String::from_utf8(done.stderr).unwrap()
}

/// What a command gets that is launched with the new profile, by its bare name.
#[track_caller]
fn launched(repository: &Repository) -> Vec<(String, String)> {
    let done = repository.inject(["-p", "dev", "--", "/usr/bin/env", "-0"]).stderr("").run();
    let all = variables(&done).into_iter().filter(|(name, _)| name != "HOME");
    all.map(|(name, value)| (name, String::from_utf8(value).unwrap())).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_project_with_everything_launches_at_once() {
    let repository = repository();
    repository.file(".env", "A=1\nB='two words' # c\n\nexport C=\"x\\ny\"\n");
    repository.deep("config/db.env", "DB_HOST=db\nA=9\n");
    repository.file("x#1.env", "HASH=#1\n");
    repository.file(
        "secrets.json",
        r#"{"F": "f", "db": {"password": "p", "port": 5432}, "api.key": "k", "no": null, "l": ["a"]}"#,
    );
    repository.file(
        "compose.yaml",
        "services:\n  app:\n    env_file:\n      - ./.env\n      - path: config/db.env\n      - 'x#1.env'\n",
    );
    assert_eq!(
        init(&repository),
        "inject: warning: config/db.env: A is taken from .env\n\
         inject: profiles/dev.toml: written, with 10 variables\n\
         inject: .gitignore: /.env, /config/db.env, /x#1.env, /secrets.json added\n"
    );
    let expected = [
        ("A", "1"),
        ("API_KEY", "k"),
        ("B", "two words"),
        ("C", "x\ny"),
        ("DB_HOST", "db"),
        ("DB_PASSWORD", "p"),
        ("DB_PORT", "5432"),
        ("F", "f"),
        ("HASH", "#1"),
        ("L_0", "a"),
    ];
    let mut launched = launched(&repository);
    launched.sort();
    assert_eq!(launched, pairs(&expected));
    // git takes none of it, and the guard has nothing to say.
    repository.git(&["add", ".", ":!home"]);
    assert_eq!(repository.git(&["ls-files"]), ".gitignore\ncompose.yaml\nprofiles/dev.toml\n");
    repository.inject(["check", "-p", "dev", "--strict"]).stderr("").run();
    // A second time there is nothing to do.
    let before = (repository.read("profiles/dev.toml"), repository.read(".gitignore"));
    assert_eq!(init(&repository), "inject: profiles/dev.toml is there already, so it stays as it is\n");
    assert_eq!((repository.read("profiles/dev.toml"), repository.read(".gitignore")), before);
}

#[test]
fn an_empty_project_gets_a_profile_to_start_from() {
    let repository = repository();
    assert_eq!(init(&repository), "inject: profiles/dev.toml: written, with 0 variables\n");
    assert!(!repository.path(".gitignore").exists());
    assert_eq!(launched(&repository), []);
    repository.inject(["set", "-p", "dev", "A", "--to", "dotenv:../.env", "--stdin"]).stdin("later").run();
    assert_eq!(launched(&repository), pairs(&[("A", "later")]));
}

#[test]
fn what_others_wrote_stays_and_is_only_added_to() {
    let repository = repository();
    repository.file(".gitignore", "# ours\nnode_modules/\n*.log");
    repository.file(".env", "A=1\n");
    init(&repository);
    assert_eq!(repository.read(".gitignore"), "# ours\nnode_modules/\n*.log\n/.env\n");
    // What is ignored by whatever rule needs no line.
    let repository = self::repository();
    repository.file(".gitignore", ".env*\n");
    repository.file(".env", "A=1\n");
    repository.deep("profiles/dev.toml", "[vars]\nX = 'mine'\n");
    assert_eq!(init(&repository), "inject: profiles/dev.toml is there already, so it stays as it is\n");
    assert_eq!(repository.read(".gitignore"), ".env*\n");
    assert_eq!(repository.read("profiles/dev.toml"), "[vars]\nX = 'mine'\n");
    // It was not written here, so it is not trusted either.
    repository.inject(["-p", "dev", "--", "/bin/true"]).status(125).stderr_contains("not trusted").run();
}

#[test]
fn what_git_tracks_already_and_what_others_can_read_is_said() {
    let repository = repository();
    repository.file(".env", "A=1\n");
    repository.git(&["add", ".env"]);
    std::fs::set_permissions(repository.path(".env"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let told = init(&repository);
    assert!(told.contains("inject: warning: .env can be read by others (mode 644); chmod 600 ends that\n"), "{told}");
    assert!(told.contains("inject: .gitignore: /.env added\n"), "{told}");
    let tracked =
        "inject: warning: .env: secrets are read from it in plain text, and git tracks it\ninject: hint: rotate";
    assert!(told.contains(tracked), "{told}");
    // Also for a profile that is there.
    assert!(init(&repository).contains(tracked));
    repository.git(&["rm", "-q", "--cached", ".env"]);
    std::fs::set_permissions(repository.path(".env"), std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(init(&repository), "inject: profiles/dev.toml is there already, so it stays as it is\n");
}

#[test]
fn what_cannot_be_mapped_is_named_and_what_steers_programs_is_not_mapped() {
    let repository = repository();
    repository.file(".env", "PATH=./evil\nBASH_ENV=./evil\nLD_PRELOAD=x.so\nHTTPS_PROXY=evil\nOK=1\n1st=2\n");
    repository.file("secrets.json", "{\"OK\": 1, \"a\": {\"b\": 1}, \"A_B\": 2, \"n\": null}");
    let told = init(&repository);
    assert!(told.contains(
        "inject: warning: .env: left out, since these names steer programs, and only a line that is written by hand sets one \
         on purpose: PATH, BASH_ENV, LD_PRELOAD, HTTPS_PROXY\n"
    ), "{told}");
    let nameless = "left out, since these are no names of variables, or make one that is there already";
    assert!(told.contains(&format!("inject: warning: .env: {nameless}: 1st\n")), "{told}");
    assert!(told.contains(&format!("inject: warning: secrets.json: {nameless}: A_B\n")), "{told}");
    assert!(told.contains("inject: warning: secrets.json: OK is taken from .env\n"), "{told}");
    assert_eq!(launched(&repository), pairs(&[("OK", "1"), ("A_B", "1")]));
}

#[test]
fn files_that_are_not_what_they_should_be_are_ignored_by_git_all_the_same() {
    let repository = repository();
    repository.file(".env", "A=hunter2\nB='open\n");
    repository.file("secrets.json", "{\"A\": \"hunter2\",}");
    repository.file("compose.yaml", "services: {a: {env_file: [x.env}");
    let told = init(&repository);
    assert!(told.contains("inject: warning: .env:2: ") && told.contains("inject: warning: secrets.json:1: "), "{told}");
    assert!(told.contains("inject: warning: compose.yaml:1: not YAML"), "{told}");
    assert!(told.contains("inject: .gitignore: /.env, /secrets.json added") && !told.contains("hunter2"), "{told}");
    assert_eq!(launched(&repository), []);
}

#[test]
fn a_file_that_refers_to_itself_is_read_so_and_one_that_does_not_is_not() {
    let repository = repository();
    repository.file(".env", "USER=me\nURL=\"x://${USER}@h\"\n");
    init(&repository);
    assert_eq!(launched(&repository), pairs(&[("USER", "me"), ("URL", "x://me@h")]));
    let repository = self::repository();
    repository.file(".env", "USER=me\nURL='x://${USER}@h'\n");
    init(&repository);
    assert_eq!(launched(&repository), pairs(&[("USER", "me"), ("URL", "x://${USER}@h")]));
    assert!(!repository.read("profiles/dev.toml").contains("expand"));
}

#[test]
fn nothing_outside_of_the_project_is_mapped() {
    let outside = repository();
    outside.file("key", "A=theirs\n");
    let repository = repository();
    symlink(outside.path("key"), repository.path("link.env")).unwrap();
    symlink("real.env", repository.path(".env")).unwrap();
    repository.file("real.env", "B=ours\n");
    repository.deep("folder.env/x", "");
    let absolute = outside.path("key").display().to_string();
    repository.file(
        "docker-compose.yml",
        format!("x: {{env_file: [link.env, {absolute}, ../up.env, folder.env, '${{X}}.env']}}\n"),
    );
    let told = init(&repository);
    for name in ["link.env", &absolute] {
        let line = format!(
            "inject: warning: {name}, which docker-compose.yml names, is not in this folder, so it is left out\n"
        );
        assert!(told.contains(&line), "{name}: {told}");
    }
    for name in ["../up.env", "folder.env", "${X}.env"] {
        let line =
            format!("inject: warning: {name}, which docker-compose.yml names, is not there, so it is left out\n");
        assert!(told.contains(&line), "{name}: {told}");
    }
    assert_eq!(launched(&repository), pairs(&[("B", "ours")]));
    assert_eq!(repository.read(".gitignore"), "/real.env\n");
}

#[test]
fn without_git_and_in_a_folder_below_it_works_alike() {
    let repository = repository();
    repository.deep("below/.env", "A=1\n");
    let run = repository.inject(["init", "--yes"]).current_dir(repository.path("below"));
    run.stderr("inject: profiles/dev.toml: written, with 1 variable\ninject: .gitignore: /.env added\n").run();
    assert_eq!(repository.read("below/.gitignore"), "/.env\n");
    repository.git(&["add", ".", ":!home"]);
    assert_eq!(repository.git(&["ls-files"]), "below/.gitignore\nbelow/profiles/dev.toml\n");
    std::fs::remove_dir_all(repository.path("below/profiles")).unwrap();
    std::fs::remove_dir_all(repository.path(".git")).unwrap();
    let run = repository.inject(["init", "--yes"]).current_dir(repository.path("below"));
    run.stderr("inject: profiles/dev.toml: written, with 1 variable\n").run();
    // Nobody has a place to remember trust in: the path needs none.
    std::fs::remove_dir_all(repository.path("below/profiles")).unwrap();
    let run = repository.inject(["init", "--yes"]).current_dir(repository.path("below")).env("HOME", "");
    run.stderr_contains("inject: there is no HOME to remember trust in: -p ./profiles/dev.toml needs none\n").run();
}

#[test]
fn what_cannot_be_written_is_said_and_flags_of_a_launch_are_refused() {
    let repository = repository();
    repository.file("profiles", "no folder");
    repository.inject(["init", "--yes"]).status(125).stderr("inject: error: profiles: file exists\n").run();
    repository.inject(["-p", "dev", "init", "--yes"]).status(125).stderr_contains("this verb loads no profile").run();
}
