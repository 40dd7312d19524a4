//! What people are told when a server refuses: one clause, one hint, never the password.

use std::time::Duration;

use crate::scene::{Scene, expect, text};
use crate::server::{Server, certify};

/// A password that no output may show.
const SECRET: &str = "hunter2%21";

#[test]
fn whatever_a_server_refuses_is_said_in_one_clause_with_a_hint_and_without_the_password() {
    let Some(server) = Server::shared() else { return };
    let (scene, database) = (Scene::new(), server.database());
    let run = |url: &str, words: &[&str], code: i32| {
        let mut command = scene.command(words);
        let url = url.replacen("://postgres@", &format!("://postgres:{SECRET}@"), 1);
        command.env("OSTRACON_STATE", url);
        let output = expect(command, code);
        let told = text(&output.stderr) + &text(&output.stdout);
        assert!(!told.contains("hunter2"), "{told}");
        told
    };
    let refused = |url: &str, words: &[&str], code: i32, said: &[&str]| {
        let told = run(url, words, code);
        for said in said {
            assert!(told.contains(said), "{said}: {told}");
        }
        assert!(told.starts_with("Error: ") && told.contains("\nHint: "), "{told}");
    };
    let (url, apply) = (database.url(), &["apply", "--auto-approve"][..]);
    refused(&url, &["plan"], 7, &["there is no state in this database", "ostracon state init"]);
    run(&url, &["state", "init", "--roles"], 0);
    run(&url, &["plan"], 0);
    let nowhere = url.replacen("host=/", "host=/nowhere/", 1);
    refused(
        &nowhere,
        &["plan"],
        7,
        &["the server cannot be reached", "check that the server runs"],
    );
    let other = url.replacen("/test_", "/no_test_", 1);
    refused(&other, &["plan"], 7, &["does not exist", "check the database in the URL"]);
    refused(&database.url_of("nobody_here"), &["plan"], 7, &["role", "pg_hba.conf"]);
    for bad in ["postgresql://postgres@db.example/d?sslmode=require", "postgresql://postgres@h:x/d"]
    {
        refused(bad, &["plan"], 1, &["the URL of the state cannot be used"]);
    }
    let told = run("mysql://postgres@h/d", &["plan"], 1);
    assert!(told.contains("`sqlite:` and a path, or `postgresql://…`"), "{told}");
    database.sql("DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN");
    refused(&database.url_of("stranger"), &["plan"], 7, &["permission denied", "ostracon_reader"]);
    database.sql("GRANT ostracon_reader TO stranger");
    run(&database.url_of("stranger"), &["plan"], 0);
    refused(&database.url_of("stranger"), apply, 7, &["permission denied", "ostracon_writer"]);
    database.sql(
        "GRANT ostracon_writer TO stranger;
         ALTER ROLE stranger SET default_transaction_read_only = on",
    );
    run(&database.url_of("stranger"), &["plan"], 0);
    refused(&database.url_of("stranger"), apply, 7, &["read-only", "the URL of the primary"]);
    database.sql("UPDATE ostracon.meta SET value = '99' WHERE key = 'schema'");
    refused(&url, &["plan"], 7, &["has schema 99", "newer program"]);
    database.sql("UPDATE ostracon.meta SET value = '0' WHERE key = 'schema'");
    refused(&url, &["plan"], 7, &["has schema 0", "ostracon state migrate"]);
}

/// What is said of a command that ends with 7, with this in the environment besides.
fn said(scene: &Scene, url: &str, words: &[&str], environment: &[(&str, &str)]) -> String {
    let mut command = scene.command(words);
    command.env("OSTRACON_STATE", url).envs(environment.iter().copied());
    let output = expect(command, 7);
    let told = text(&output.stderr) + &text(&output.stdout);
    let counts = ["Error: ", "\nHint: "].map(|said| told.matches(said).count());
    assert_eq!(counts, [1, 1], "{told}");
    assert!(!told.contains("opensesame"), "{told}");
    told
}

#[test]
fn whom_a_server_is_and_who_asks_is_proven_both_ways_or_said_to_be_unproven() {
    let Some(mut server) = Server::new() else { return };
    let scene = Scene::new();
    let certificate = server.listen(false);
    let strange = scene.files.path().join("strange.crt");
    certify("localhost", &strange, &scene.files.path().join("strange.key"), false);
    let database = server.database();
    let name = database.name().to_owned();
    let mut init = scene.command(&["state", "init", "--roles"]);
    init.env("OSTRACON_STATE", database.url());
    expect(init, 0);
    database.sql("CREATE ROLE ann LOGIN PASSWORD 'opensesame'; GRANT ostracon_writer TO ann");
    let url = |host: &str, roots: &str| {
        let url = database.url_over_tcp("ann", host);
        format!("{url}?sslmode=verify-full&sslrootcert={roots}")
    };
    let (own, strange) = (certificate.to_str().unwrap(), strange.to_str().unwrap());
    let right = [("PGPASSWORD", "opensesame")];
    let mut command = scene.command(&["plan"]);
    command.env("OSTRACON_STATE", url("localhost", own)).envs(right);
    expect(command, 0);
    let certificate = "its certificate must be for the host in the URL";
    for (url, password, expected) in [
        (url("127.0.0.1", own), "opensesame", ["not valid for name", certificate]),
        (url("localhost", strange), "opensesame", ["no TLS with the server", certificate]),
        (url("localhost", "system"), "opensesame", ["no TLS with the server", certificate]),
        (url("localhost", own), "opensesame2", ["password authentication failed", "`PGPASSWORD`"]),
        (
            database.url_over_tcp("ann", "127.0.0.1"),
            "opensesame",
            ["no encryption", "`sslmode=verify-full`"],
        ),
    ] {
        let told = said(&scene, &url, &["plan"], &[("PGPASSWORD", password)]);
        for expected in expected {
            assert!(told.contains(expected), "{expected}: {told}");
        }
    }
    let told = said(&scene, &url("localhost", own), &["plan"], &[]);
    assert!(told.contains("asks for a password, and there is none"), "{told}");
    let certificate = server.listen(true);
    let url = format!(
        "postgresql://ann@localhost:{}/{}?sslmode=verify-full&sslrootcert={}",
        server.port(),
        name,
        certificate.display()
    );
    let told = said(&scene, &url, &["plan"], &right);
    assert!(told.contains("the certificate of a CA") && told.contains("CA:FALSE"), "{told}");
}

#[test]
fn limits_of_a_server_are_named_with_what_raises_them() {
    let Some(server) = Server::shared() else { return };
    let (scene, database) = (Scene::new(), server.database());
    let run = |words: &[&str], code: i32| {
        let mut command = scene.command(words);
        command.env("OSTRACON_STATE", database.url());
        expect(command, code);
    };
    run(&["state", "init"], 0);
    let fails = |code: &str| {
        database.sql(&format!(
            "CREATE OR REPLACE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '{code}'; END $$;
             CREATE OR REPLACE TRIGGER fails BEFORE INSERT ON ostracon.call
             FOR EACH ROW EXECUTE FUNCTION fails()"
        ));
    };
    let apply = &["apply", "--auto-approve"][..];
    for code in ["53100", "53200"] {
        fails(code);
        let told = said(&scene, &database.url(), apply, &[]);
        assert!(told.contains("could not extend file"), "{told}");
        assert!(told.contains("make room on the server"), "{told}");
    }
    let slow = |timeout: &str| {
        database.sql(&format!(
            "CREATE OR REPLACE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN PERFORM pg_sleep(20); RETURN NEW; END $$;
             CREATE OR REPLACE TRIGGER fails BEFORE INSERT ON ostracon.call
             FOR EACH ROW EXECUTE FUNCTION fails();
             ALTER DATABASE {} SET {timeout}",
            database.name()
        ));
    };
    slow("statement_timeout = '200ms'");
    let told = said(&scene, &database.url(), apply, &[]);
    assert_eq!(scene.sandbox.calls(), 0, "nothing is sent that was not noted before");
    assert!(told.contains("statement timeout") && told.contains("`statement_timeout`"), "{told}");
    database.sql("DROP TRIGGER fails ON ostracon.call");
    database.sql(&format!("ALTER DATABASE {} RESET ALL", database.name()));
    run(apply, 0);
    scene.agrees();
}

#[test]
fn no_transaction_is_open_while_a_provider_is_waited_for() {
    let Some(server) = Server::shared() else { return };
    let (scene, database) = (Scene::new(), server.database());
    let run = |words: &[&str], code: i32| {
        let mut command = scene.command(words);
        command.env("OSTRACON_STATE", database.url());
        expect(command, code)
    };
    run(&["state", "init"], 0);
    let name = database.name();
    let timeout = "idle_in_transaction_session_timeout = '250ms'";
    database.sql(&format!("ALTER DATABASE {name} SET {timeout}"));
    scene.sandbox.set_latency(Duration::from_millis(400));
    run(&["apply", "--auto-approve"], 0);
    scene.agrees();
    run(&["state", "verify"], 0);
}
