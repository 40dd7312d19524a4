//! What people are told when a server refuses: one clause, one hint, never the password.

use crate::scene::{Scene, expect, text};
use crate::server::Server;

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
    refused(&database.url_of("nobody_here"), &["plan"], 7, &["role", "PGPASSWORD"]);
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
