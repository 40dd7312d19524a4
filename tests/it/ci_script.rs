//! What the GitHub Action and the GitLab component run: against repositories on this disk, with
//! stand-ins for the forges' clients that note what they were asked.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::scene::{Scene, text};
use crate::sources::top;

/// Answers by what was asked, and notes the question.
const GH: &str = r#"#!/usr/bin/env bash
printf 'gh %s\n' "$*" >> "$ASKED"
case "$*" in
  *pulls*) printf '%s\n' "${NUMBER-}" ;;
  *PATCH*) ;;
  *body=@*) ;;
  *comments*) printf '%s\n' "${COMMENT-}" ;;
esac
"#;

const CURL: &str = r#"#!/usr/bin/env bash
printf 'curl %s\n' "$*" >> "$ASKED"
cat > "$ASKED.config"
case "$*" in
  */user) echo '{ "id": 7 }' ;;
  *per_page*) printf '%s\n' "${NOTES-[]}" ;;
esac
"#;

const CONFIG: &str = "version: 1
targets:
  t:
    provider: tencent
    sdk_app_id: 1400000000
    identifier: administrator
    region: sgp
    credentials: { secret_key: { env: T } }
";

const POLICY: &str =
    "bans:\n  - { target: t, room: lobby, users: [alice], until: 2056-01-01T00:00:00Z }\n";

/// A repository at a forge, with a pull request, and a job that works on it.
struct Forge {
    all: TempDir,
    /// The commit of the pull request.
    head: String,
}

impl Forge {
    fn new(policy: &str) -> Self {
        let all = tempfile::tempdir().unwrap();
        let forge = Self { all, head: String::new() };
        for (name, script) in [("gh", GH), ("curl", CURL)] {
            let path = forge.path("bin").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, script).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let repository = forge.path("owner/repo");
        fs::create_dir_all(repository.join("policies")).unwrap();
        fs::create_dir_all(forge.path("job")).unwrap();
        fs::write(repository.join("policies/ostracon.yaml"), CONFIG).unwrap();
        fs::write(repository.join("policies/bans.yaml"), policy).unwrap();
        forge.git(&["init", "--quiet", "."]);
        forge.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
        let head = forge.commit();
        forge.git(&["update-ref", "refs/pull/5/head", "HEAD"]);
        Self { head, ..forge }
    }

    fn git(&self, arguments: &[&str]) -> String {
        let identity = ["-c", "user.name=ann", "-c", "user.email=ann@example.com"];
        let mut git = Command::new("git");
        git.args(identity).args(arguments).current_dir(self.path("owner/repo"));
        let output = git.output().unwrap();
        assert!(output.status.success(), "{arguments:?} {}", text(&output.stderr));
        text(&output.stdout).trim().to_owned()
    }

    /// Commits what is in the repository's folder; the commit.
    fn commit(&self) -> String {
        self.git(&["add", "--all", "."]);
        self.git(&["commit", "--quiet", "--message", "A ban"]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.all.path().join(name)
    }

    /// Runs the script in the job's folder.
    fn run(&self, command: &str, environment: &[(&str, &str)]) -> Output {
        let program = Path::new(env!("CARGO_BIN_EXE_ostracon")).parent().unwrap();
        let system = std::env::var("PATH").unwrap();
        let path = format!("{}:{}:{system}", self.path("bin").display(), program.display());
        let mut script = Command::new(top().join("packaging/ci/ostracon-ci"));
        script.env_clear().current_dir(self.path("job")).env("PATH", path);
        script.env("HOME", self.all.path()).env("ASKED", self.path("asked"));
        script.env("OSTRACON_COMMAND", command).envs(environment.iter().copied());
        script.output().unwrap()
    }

    fn at_github(&self, command: &str, more: &[(&str, &str)]) -> Output {
        let here = format!(
            "[url \"file://{}/\"]\n  insteadOf = https://github.example/\n",
            self.all.path().display()
        );
        fs::write(self.path(".gitconfig"), here).unwrap();
        let fixed = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_SERVER_URL", "https://github.example"),
            ("GITHUB_REPOSITORY", "owner/repo"),
            ("GITHUB_SHA", &*self.head),
            ("GH_TOKEN", "secret-token"),
            ("OSTRACON_HEAD", &self.head),
        ];
        self.run(command, &[&fixed[..], more].concat())
    }

    fn at_gitlab(&self, command: &str, more: &[(&str, &str)]) -> Output {
        // GitLab's runner has fetched the files.
        let mut copy = Command::new("cp");
        copy.arg("-r").arg(self.path("owner/repo/policies")).arg(self.path("job"));
        assert!(copy.status().unwrap().success());
        let fixed = [
            ("CI_PROJECT_URL", "https://gitlab.example/owner/repo"),
            ("CI_COMMIT_SHA", &*self.head),
            ("CI_API_V4_URL", "https://gitlab.example/api/v4"),
            ("CI_PROJECT_ID", "3"),
            ("CI_MERGE_REQUEST_IID", "5"),
        ];
        self.run(command, &[&fixed[..], more].concat())
    }

    /// What the stand-ins were asked.
    fn asked(&self) -> Vec<String> {
        let asked = fs::read_to_string(self.path("asked")).unwrap_or_default();
        asked.lines().map(str::to_owned).collect()
    }

    /// What was to be commented.
    fn comment(&self) -> String {
        fs::read_to_string(self.path("job/comment.md")).unwrap()
    }
}

#[track_caller]
fn ends(output: &Output, code: i32) -> String {
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

#[test]
fn a_pull_request_is_checked_and_planned_without_credentials() {
    let forge = Forge::new(POLICY);
    let said = ends(&forge.at_github("plan", &[]), 0);
    assert!(said.contains("Plan: 1 to impose"), "{said}");
    assert_eq!(forge.asked(), Vec::<String>::new());
    let wrong = Forge::new("bans:\n  - { target: nowhere, users: [a], until: never }\n");
    let said = ends(&wrong.at_github("validate", &[]), 1);
    assert!(said.contains("file=policies/bans.yaml,line=2,col=15::"), "{said}");
    ends(&wrong.at_github("plan", &[]), 1);
}

#[test]
fn a_comment_is_made_once_and_then_edited() {
    for (known, edited) in [("", false), ("99", true)] {
        let forge = Forge::new(POLICY);
        let environment = [("NUMBER", "5"), ("COMMENT", known)];
        ends(&forge.at_github("comment", &environment), 0);
        let asked = forge.asked();
        let last = asked.last().unwrap();
        let place = if edited {
            "-X PATCH repos/owner/repo/issues/comments/99"
        } else {
            "issues/5/comments"
        };
        assert!(last.contains(place) && last.contains("body=@comment.md"), "{asked:?}");
        let comment = forge.comment();
        assert!(comment.starts_with("<!-- ostracon plan -->"), "{comment}");
        assert!(comment.contains("Plan: 1 to impose"), "{comment}");
    }
}

#[test]
fn what_moved_on_or_belongs_to_nobody_is_not_commented() {
    let forge = Forge::new(POLICY);
    ends(&forge.at_github("comment", &[("NUMBER", "")]), 0);
    let other = "0".repeat(40);
    ends(&forge.at_github("comment", &[("NUMBER", "5"), ("OSTRACON_HEAD", &other)]), 0);
    for head in ["", "main", "$(touch owned)"] {
        ends(&forge.at_github("comment", &[("NUMBER", "5"), ("OSTRACON_HEAD", head)]), 1);
    }
    assert!(forge.asked().iter().all(|it| !it.contains("body=@")), "{:?}", forge.asked());
}

#[test]
fn nothing_that_a_stranger_writes_is_evaluated() {
    let forge = Forge::new(&POLICY.replace("alice", "\"$(touch owned)`touch owned`;|&\""));
    ends(&forge.at_github("plan", &[]), 0);
    ends(&forge.at_github("comment", &[("NUMBER", "5")]), 0);
    ends(&forge.at_github("apply; touch owned", &[]), 1);
    for directory in ["../policies", "/etc", "-x", "$(touch owned)", "a/../../b", ""] {
        let code = i32::from(!directory.is_empty());
        ends(&forge.at_github("validate", &[("OSTRACON_DIR", directory)]), code);
    }
    assert!(!forge.path("job/owned").exists() && !forge.path("owned").exists());
}

#[test]
fn a_merge_is_applied_and_what_time_asks_for_is_kept_up() {
    let forge = Forge::new(POLICY);
    // Nobody is there to ask for the secret: nothing is sent, and the exit code says so.
    let said = ends(&forge.at_github("apply", &[]), 3);
    assert!(said.contains("Applied: 0 done"), "{said}");
    let said = ends(&forge.at_github("upkeep", &[]), 0);
    assert!(said.contains("Plan: 0 to impose"), "{said}");
}

#[test]
fn a_note_at_gitlab_is_made_once_then_edited_and_the_token_is_in_no_argument() {
    if Command::new("jq").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "jq is not here");
        return;
    }
    let ours = r#"[{ "id": 1, "author": { "id": 8 }, "body": "<!-- ostracon plan -->" },
                   { "id": 2, "author": { "id": 7 }, "body": "<!-- ostracon plan -->\nold" }]"#;
    for (notes, place) in [
        (
            "[]",
            "--data-urlencode body@comment.md https://gitlab.example/api/v4/projects/3/merge_requests/5/notes",
        ),
        (
            ours,
            "--request PUT --data-urlencode body@comment.md https://gitlab.example/api/v4/projects/3/merge_requests/5/notes/2",
        ),
    ] {
        let forge = Forge::new(POLICY);
        let environment = [("OSTRACON_NOTE_TOKEN", "secret-token"), ("NOTES", notes)];
        ends(&forge.at_gitlab("comment", &environment), 0);
        let asked = forge.asked();
        assert!(asked.last().unwrap().ends_with(place), "{asked:?}");
        assert!(asked.iter().all(|it| !it.contains("secret-token")), "{asked:?}");
        let config = fs::read_to_string(forge.path("asked.config")).unwrap();
        assert!(config.contains("PRIVATE-TOKEN: secret-token"), "{config}");
    }
    let forge = Forge::new(POLICY);
    let said = ends(&forge.at_gitlab("comment", &[]), 0);
    assert!(said.contains("nothing is commented"), "{said}");
    assert_eq!(forge.asked(), Vec::<String>::new());
}

#[test]
fn what_is_not_merged_is_never_applied_and_a_fork_gets_no_comment() {
    let forge = Forge::new(POLICY);
    for event in ["pull_request", "pull_request_target"] {
        for command in ["apply", "upkeep"] {
            let said = ends(&forge.at_github(command, &[("GITHUB_EVENT_NAME", event)]), 1);
            assert!(said.contains("is for what is merged"), "{said}");
        }
    }
    let said = ends(&forge.at_github("comment", &[("NUMBER", "5"), ("OSTRACON_FORK", "true")]), 0);
    assert!(said.contains("From a fork"), "{said}");
    assert!(!forge.path("job/policies").exists());
    let token = ("OSTRACON_NOTE_TOKEN", "secret-token");
    let fork =
        [("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "4"), ("CI_MERGE_REQUEST_PROJECT_ID", "3"), token];
    let said = ends(&forge.at_gitlab("comment", &fork), 0);
    assert!(said.contains("From a fork"), "{said}");
    ends(&forge.at_gitlab("apply", &fork), 1);
    assert_eq!(forge.asked(), Vec::<String>::new());
}

#[test]
fn what_an_earlier_job_left_behind_is_neither_planned_nor_applied() {
    let forge = Forge::new(POLICY);
    let requested = POLICY.replace("alice", "bob, carol, dan");
    fs::write(forge.path("owner/repo/policies/more.yaml"), requested).unwrap();
    let head = forge.commit();
    forge.git(&["update-ref", "refs/pull/5/head", &head]);
    let request = [("NUMBER", "5"), ("OSTRACON_HEAD", &*head)];
    ends(&forge.at_github("comment", &request), 0);
    assert!(forge.comment().contains("Plan: 4 to impose"), "{}", forge.comment());
    // The same folder, as a runner of one's own keeps it, and the commit before the request.
    let left = forge.path("job/policies/left.yaml");
    fs::copy(forge.path("job/policies/more.yaml"), &left).unwrap();
    let said = ends(&forge.at_github("plan", &[]), 0);
    assert!(said.contains("Plan: 1 to impose"), "{said}");
    assert!(!left.exists());
    fs::write(&left, "no policy at all").unwrap();
    ends(&forge.at_github("comment", &request), 0);
    assert!(forge.comment().contains("Plan: 4 to impose"), "{}", forge.comment());
    let said = ends(&forge.at_github("plan", &[("GITHUB_SHA", &head)]), 0);
    assert!(said.contains("Plan: 4 to impose"), "{said}");
}

#[test]
fn a_workspace_that_leads_elsewhere_is_refused() {
    let forge = Forge::new(POLICY);
    let repository = forge.path("owner/repo");
    fs::rename(repository.join("policies"), forge.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(forge.path("elsewhere"), repository.join("policies")).unwrap();
    let head = forge.commit();
    forge.git(&["update-ref", "refs/pull/5/head", &head]);
    let here = [("GITHUB_SHA", &*head), ("OSTRACON_HEAD", &head), ("NUMBER", "5")];
    for command in ["validate", "plan", "comment", "apply", "upkeep"] {
        let said = ends(&forge.at_github(command, &here), 1);
        assert!(said.contains("policies is a link to another place"), "{command} {said}");
    }
    assert!(forge.path("elsewhere/bans.yaml").exists());
}

#[test]
fn what_a_guard_holds_back_fails_the_plan_and_the_apply_and_is_commented_all_the_same() {
    let scene = Scene::new();
    let forge = Forge::new(POLICY);
    let repository = forge.path("owner/repo/policies");
    let config = fs::read_to_string(scene.files.path().join("ostracon.yaml")).unwrap();
    fs::write(repository.join("ostracon.yaml"), config).unwrap();
    fs::write(repository.join("bans.yaml"), crate::scene::POLICY).unwrap();
    let first = forge.commit();
    fs::write(repository.join("bans.yaml"), "bans: []\n").unwrap();
    let second = forge.commit();
    forge.git(&["update-ref", "refs/pull/5/head", &second]);
    let command = scene.command(&[]);
    let credentials = command.get_envs().filter(|(name, _)| name.len() == 1);
    let credentials: Vec<(&str, &str)> = credentials
        .map(|(name, value)| (name.to_str().unwrap(), value.unwrap().to_str().unwrap()))
        .collect();
    let state = format!("sqlite:{}", forge.path("state.db").display());
    let at = |name: &str, commit: &str, code| {
        let more = [
            ("GITHUB_SHA", commit),
            ("OSTRACON_HEAD", commit),
            ("NUMBER", "5"),
            ("OSTRACON_STATE", &state),
        ];
        ends(&forge.at_github(name, &[&more[..], &credentials].concat()), code)
    };
    at("apply", &first, 0);
    scene.agrees();
    at("plan", &second, 4);
    at("comment", &second, 0);
    assert!(forge.comment().contains("acks/"), "{}", forge.comment());
    at("apply", &second, 4);
    at("upkeep", &second, 0);
    scene.agrees();
}
