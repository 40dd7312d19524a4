//! What people are told when a server refuses: one clause, one hint, never the password.

use crate::full_disk::Disk;
use crate::scene::{Scene, expect, text};
use crate::server::{Database, Server};

/// A password that no output may show.
const SECRET: &str = "hunter2%21";

/// Changes what is in force.
const APPLY: &[&str] = &["apply", "--auto-approve"];

/// What is told about a state at this URL, in which somebody's password is, and by how it ends.
#[track_caller]
pub(crate) fn told(scene: &Scene, url: &str, words: &[&str], code: i32) -> String {
    let mut command = scene.command(words);
    let url = match url.split_once('@') {
        Some((role, rest)) if !role.contains(SECRET) => format!("{role}:{SECRET}@{rest}"),
        _ => url.to_owned(),
    };
    command.env("OSTRACON_STATE", url);
    let output = expect(command, code);
    let told = text(&output.stderr);
    for told in [&told, &text(&output.stdout)] {
        assert!(!told.contains("hunter2"), "{told}");
    }
    told
}

/// Checks that a refusal is one clause and one hint, and that both say this.
#[track_caller]
pub(crate) fn refused(scene: &Scene, url: &str, words: &[&str], said: [&str; 2]) {
    let told = told(scene, url, words, 7);
    // Before that, what a run was about.
    let (_, error) = told.split_once("Error: ").unwrap_or_else(|| panic!("{told}"));
    let (clause, hint) = error.split_once("\nHint: ").unwrap_or_else(|| panic!("{told}"));
    assert!(clause.contains(said[0]) && !clause.contains('\n'), "{told}");
    let hint = hint.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(hint.contains(said[1]), "{told}");
}

/// A workspace whose state is in a database of its own.
fn begun(server: &'static Server) -> (Scene, Database<'static>) {
    let (scene, database) = (Scene::new(), server.database());
    told(&scene, &database.url(), &["state", "init", "--roles"], 0);
    (scene, database)
}

#[test]
fn a_password_that_is_wrong_or_missing_is_asked_for_where_it_belongs() {
    let Some(server) = Server::shared() else { return };
    let (scene, database) = begun(server);
    database.sql("DROP ROLE IF EXISTS keyed; CREATE ROLE keyed LOGIN PASSWORD 'right'");
    let url = database.url_of("keyed");
    refused(&scene, &url, &["plan"], ["password authentication failed", "`PGPASSWORD`"]);
    let mut command = scene.command(&["plan"]);
    command.env("OSTRACON_STATE", &url);
    let told = text(&expect(command, 7).stderr);
    assert!(told.contains("the server asks for a password, and there is none"), "{told}");
}

#[test]
fn a_statement_that_takes_too_long_says_which_limit_of_the_server_it_met() {
    let Some(server) = Server::shared() else { return };
    let (scene, database) = begun(server);
    let name = database.name();
    for (limit, said) in [
        ("statement_timeout", "canceling statement due to statement timeout"),
        ("lock_timeout", "canceling statement due to lock timeout"),
    ] {
        database.sql(&format!("ALTER DATABASE {name} SET {limit} = '100ms'"));
        for (table, words) in [
            ("meta", &["plan"][..]),
            ("lease", APPLY),
            ("enforcement", &["status"]),
            ("run", APPLY),
        ] {
            let lock = format!("LOCK TABLE ostracon.{table}");
            let _locked = database.open(&lock);
            refused(&scene, &database.url(), words, [said, limit]);
        }
        database.sql(&format!("ALTER DATABASE {name} RESET {limit}"));
    }
    assert_eq!(scene.sandbox.calls(), 0, "no call before its intent is durable");
    told(&scene, &database.url(), APPLY, 0);
    scene.agrees();
}

#[test]
fn a_server_without_a_free_connection_says_so() {
    let Some(server) = Server::shared() else { return };
    let (scene, database) = begun(server);
    database.sql("DROP ROLE IF EXISTS late; CREATE ROLE late LOGIN CONNECTION LIMIT 0");
    for words in [&["plan"], APPLY] {
        let said = ["too many connections", "has no connection left"];
        refused(&scene, &database.url_of("late"), words, said);
    }
}

#[test]
fn a_server_without_room_for_a_row_stops_a_run_and_the_next_one_goes_on() {
    let Some(server) = Server::shared() else { return };
    let (scene, database) = begun(server);
    for table in ["run", "call", "audit"] {
        database.sql(&format!(
            "CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
             CREATE TRIGGER full_disk BEFORE INSERT ON ostracon.{table}
             EXECUTE FUNCTION is_full()"
        ));
        let said = ["could not extend file", "make room on the server"];
        refused(&scene, &database.url(), APPLY, said);
        told(&scene, &database.url(), &["plan"], 0);
        database.sql("DROP FUNCTION is_full CASCADE");
    }
    told(&scene, &database.url(), APPLY, 0);
    scene.agrees();
}

#[test]
fn a_full_disk_of_the_server_stops_a_run_before_a_call_and_the_next_one_goes_on() {
    let Some(disk) = Disk::mount("24m") else { return };
    let Some(server) = Server::new() else { return };
    server.give(disk.path());
    let (scene, database) = (Scene::new(), server.database_on(disk.path()));
    told(&scene, &database.url(), &["state", "init"], 0);
    let ballast = disk.fill(0);
    let said = ["No space left on device", "make room on the server"];
    refused(&scene, &database.url(), APPLY, said);
    assert_eq!(scene.sandbox.calls(), 0);
    told(&scene, &database.url(), &["plan"], 0);
    std::fs::remove_file(ballast).unwrap();
    told(&scene, &database.url(), APPLY, 0);
    scene.agrees();
    told(&scene, &database.url(), &["state", "verify"], 0);
}

#[test]
fn whatever_a_server_refuses_is_said_in_one_clause_with_a_hint_and_without_the_password() {
    let Some(server) = Server::shared() else { return };
    let (scene, database) = (Scene::new(), server.database());
    let run = |url: &str, words: &[&str], code: i32| told(&scene, url, words, code);
    let refused = |url: &str, words: &[&str], code: i32, said: &[&str]| {
        let told = run(url, words, code);
        for said in said {
            assert!(told.contains(said), "{said}: {told}");
        }
        assert!(told.starts_with("Error: ") && told.contains("\nHint: "), "{told}");
    };
    let url = database.url();
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
    refused(&database.url_of("stranger"), APPLY, 7, &["permission denied", "ostracon_writer"]);
    database.sql(
        "GRANT ostracon_writer TO stranger;
         ALTER ROLE stranger SET default_transaction_read_only = on",
    );
    run(&database.url_of("stranger"), &["plan"], 0);
    refused(&database.url_of("stranger"), APPLY, 7, &["read-only", "the URL of the primary"]);
    database.sql("UPDATE ostracon.meta SET value = '99' WHERE key = 'schema'");
    refused(&url, &["plan"], 7, &["has schema 99", "newer program"]);
    database.sql("UPDATE ostracon.meta SET value = '0' WHERE key = 'schema'");
    refused(&url, &["plan"], 7, &["has schema 0", "ostracon state migrate"]);
}
