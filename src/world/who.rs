//! Who begins a run: what CI says, what git says, and the account on the machine.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;

use super::World;
use crate::domain::Who;

/// Who started the job: whoever was told to us, GitHub Actions, GitLab.
const ACTORS: [&str; 3] = ["OSTRACON_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN"];

/// Which job it is.
const JOBS: [&str; 3] = ["OSTRACON_JOB", "GITHUB_RUN_ID", "CI_JOB_URL"];

/// What was checked out, where git cannot be asked.
const COMMITS: [&str; 3] = ["OSTRACON_COMMIT", "GITHUB_SHA", "CI_COMMIT_SHA"];

/// Who wrote that, where git cannot be asked.
const AUTHORS: [&str; 2] = ["OSTRACON_AUTHOR", "CI_COMMIT_AUTHOR"];

/// A git that takes longer than this is not waited for.
const GIT_TIMEOUT: Duration = Duration::from_secs(5);

/// The most of git's answer that is read: a commit's name and its author.
const MOST_OF_ANSWER: u64 = 1024;

impl World {
    /// Who begins a run on the files in `directory`. Nothing here can fail: what is not known is
    /// left out.
    pub async fn who(&self, directory: &Path) -> Who {
        let first =
            |names: &[&str]| names.iter().find_map(|name| self.variable(name)).map(str::to_owned);
        let (commit, author) = self.head(&self.directory.join(directory)).await.unzip();
        Who {
            actor: first(&ACTORS),
            job: self.github_run().or_else(|| first(&JOBS)),
            commit: commit.or_else(|| first(&COMMITS)),
            author: author.or_else(|| first(&AUTHORS)),
            user: self.process.user.clone(),
            host: self.process.host.clone(),
        }
        .clipped()
    }

    /// The address of a run of GitHub Actions, unless another job was told.
    fn github_run(&self) -> Option<String> {
        if self.variable("OSTRACON_JOB").is_some() {
            return None;
        }
        let [server, repository, run] =
            ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"].map(|it| self.variable(it));
        Some(format!("{}/{}/actions/runs/{}", server?, repository?, run?))
    }

    /// The commit that is checked out in a directory, and its author.
    ///
    /// Git runs without our environment, which holds secrets, and with a command that looks at
    /// nothing but this one commit: no hook, no pager, no signature, no network.
    async fn head(&self, directory: &Path) -> Option<(String, String)> {
        let is_versioned = directory.ancestors().any(|it| it.join(".git").exists());
        if !is_versioned {
            return None;
        }
        let passed_on = ["PATH", "HOME"].into_iter().filter_map(|it| Some((it, self.env.get(it)?)));
        let mut git = tokio::process::Command::new("git")
            .args(["rev-list", "--max-count=1", "--format=%an <%ae>", "HEAD"])
            .current_dir(directory)
            .env_clear()
            .envs(passed_on)
            .envs([("GIT_NO_LAZY_FETCH", "1"), ("GIT_TERMINAL_PROMPT", "0")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .ok()?;
        let answer = async {
            let mut text = Vec::new();
            let output = git.stdout.take()?;
            output.take(MOST_OF_ANSWER).read_to_end(&mut text).await.ok()?;
            Some(String::from_utf8_lossy(&text).into_owned())
        };
        let text = tokio::time::timeout(GIT_TIMEOUT, answer).await.ok()??;
        let (commit, author) = text.strip_prefix("commit ")?.split_once('\n')?;
        let author = author.lines().next().unwrap_or_default();
        Some((commit.to_owned(), author.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;

    /// Who begins a run where `git` is this script.
    #[expect(clippy::disallowed_methods, reason = "a test makes its own git")]
    fn who(script: &str, more: &[(&str, &str)]) -> (Who, String) {
        let directory = tempfile::tempdir().unwrap();
        for name in [".git", "bin", "policies"] {
            std::fs::create_dir(directory.path().join(name)).unwrap();
        }
        // A shell called git runs the script that is called as git's command.
        let git = directory.path().join("bin/git");
        std::os::unix::fs::symlink("/bin/sh", &git).unwrap();
        let script = format!("env >../env\n{script}");
        std::fs::write(directory.path().join("policies/rev-list"), script).unwrap();
        let path = format!("{}:/usr/bin:/bin", git.parent().unwrap().display());
        let env = [("PATH", path.as_str()), ("SECRET", "hush")].into_iter().chain(more.to_vec());
        let env: BTreeMap<_, _> = env.map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        let mut world = World::real();
        world.env = Arc::new(env);
        world.directory = directory.path().to_owned();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let who = runtime.block_on(world.who(Path::new("policies")));
        (who, std::fs::read_to_string(directory.path().join("env")).unwrap_or_default())
    }

    #[test]
    fn git_knows_the_commit_and_its_author_and_is_told_no_secret() {
        let (who, env) = who(
            "printf 'commit 0123abc\\nAnn <ann@example.com>\\n'",
            &[("GITHUB_SHA", "other"), ("GITHUB_ACTOR", "octo")],
        );
        assert_eq!(who.commit.as_deref(), Some("0123abc"));
        assert_eq!(who.author.as_deref(), Some("Ann <ann@example.com>"));
        assert_eq!(who.actor.as_deref(), Some("octo"));
        assert!(env.contains("PATH=") && !env.contains("hush"), "{env}");
    }

    #[test]
    fn a_git_that_fails_or_babbles_is_not_fatal() {
        for script in ["exit 128", "echo nonsense", "yes x", "printf 'commit a'"] {
            let (who, _) = who(script, &[("GITHUB_SHA", "other")]);
            assert_eq!((who.commit.as_deref(), who.author), (Some("other"), None), "{script}");
        }
    }
}
