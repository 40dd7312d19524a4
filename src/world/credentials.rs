//! Reading the secrets of a target, where its config says they are.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use secrecy::SecretString;
use tokio::io::AsyncReadExt as _;
use tokio::process::ChildStdout;
use tokio::sync::Semaphore;

use super::World;
use crate::provider::{CredentialSource, Secrets, Target};

/// The secrets of a target, some time.
pub type Reading<'a> = Pin<Box<dyn Future<Output = Result<Secrets, CredentialError>> + Send + 'a>>;

/// Where secrets are read.
pub trait Credentials: Send + Sync {
    /// Reads the secrets of a target.
    fn read<'a>(&'a self, target: &'a Target) -> Reading<'a>;
}

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot read credential `{name}` of `{target}` from {place}: {what}")]
pub struct CredentialError {
    target: String,
    name: &'static str,
    place: String,
    what: String,
}

/// A secret longer than this is none (design §2.1).
const LONGEST: usize = 8 * 1024;

/// The longest secret with the longest line end.
const LONGEST_WITH_END: usize = LONGEST + 2;

/// So much of a file or an output tells whether it is too long.
const ENOUGH: u64 = LONGEST_WITH_END as u64 + 1;

/// A command or a file that takes longer than this is given up (design §2.1).
const PATIENCE: Duration = Duration::from_secs(10);

/// How long what a command said is waited for once it has ended.
const GRACE: Duration = Duration::from_secs(1);

/// So many secrets are read side by side for the whole process: each takes a few handles, and a
/// file that never opens keeps its thread.
static READING: Semaphore = Semaphore::const_new(16);

/// Secrets from where the config says.
impl Credentials for World {
    fn read<'a>(&'a self, target: &'a Target) -> Reading<'a> {
        Box::pin(async move {
            let mut secrets = Secrets::default();
            for (name, source) in &target.credentials {
                let secret = self.secret(source).await.map_err(|what| CredentialError {
                    target: target.name.to_string(),
                    name,
                    place: source.to_string(),
                    what,
                })?;
                secrets.insert(name, secret);
            }
            Ok(secrets)
        })
    }
}

impl World {
    async fn secret(&self, source: &CredentialSource) -> Result<SecretString, String> {
        let _one_of_few = READING.acquire().await;
        let bytes = match source {
            CredentialSource::Env(name) => {
                let value = self.variable(name).ok_or("it is not set")?;
                value.as_bytes().to_vec()
            }
            CredentialSource::File(path) => contents_of(self.directory.join(path)).await?,
            CredentialSource::Command(words) => self.output_of(words).await?,
        };
        secret(bytes)
    }

    async fn output_of(&self, words: &[String]) -> Result<Vec<u8>, String> {
        let (program, arguments) = words.split_first().ok_or("the command is empty")?;
        let mut child = tokio::process::Command::new(program)
            .args(arguments)
            .current_dir(&self.directory)
            .env_clear()
            .envs(self.env.iter())
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut output = child.stdout.take().ok_or("the command has no output")?;
        let mut bytes = Vec::new();
        let end = async {
            tokio::select! {
                read = read_enough(&mut output, &mut bytes) => read?,
                // What it left running may keep its output open.
                _ended = child.wait() => {
                    let rest = read_enough(&mut output, &mut bytes);
                    if let Ok(read) = tokio::time::timeout(GRACE, rest).await {
                        read?;
                    }
                }
            }
            // Who says more than a secret can be is not waited for: dropped, it is killed.
            let too_long = bytes.len() > LONGEST_WITH_END;
            Ok::<_, std::io::Error>(if too_long { None } else { Some(child.wait().await?) })
        };
        let status = tokio::time::timeout(PATIENCE, end)
            .await
            .map_err(|_elapsed| "the command took more than 10 s".to_owned())?
            .map_err(|error| error.to_string())?;
        match status {
            Some(status) if !status.success() => Err(format!("the command ended with {status}")),
            Some(_) | None => Ok(bytes),
        }
    }
}

/// Reads to the end, or as much as tells that it is too long.
async fn read_enough(output: &mut ChildStdout, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    while bytes.len() <= LONGEST_WITH_END && output.read_buf(bytes).await? > 0 {}
    Ok(())
}

/// What is in a file, which may be a pipe that nobody writes to or lie on a disk that hangs: it is
/// read on a thread of its own, and not waited for longer than a command.
async fn contents_of(path: PathBuf) -> Result<Vec<u8>, String> {
    let reading = tokio::task::spawn_blocking(move || read_file(&path));
    let read = tokio::time::timeout(PATIENCE, reading).await;
    let read = read.map_err(|_elapsed| "reading it took more than 10 s".to_owned())?;
    read.map_err(|error| error.to_string())?
}

#[expect(clippy::disallowed_methods, reason = "secrets in files are read here and nowhere else")]
fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    use std::io::Read as _;
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(ENOUGH).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// Drops one trailing line end, and refuses what cannot be a secret.
fn secret(mut bytes: Vec<u8>) -> Result<SecretString, String> {
    if bytes.ends_with(b"\n") {
        bytes.pop();
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
    }
    if bytes.is_empty() {
        return Err("it is empty".to_owned());
    }
    if bytes.len() > LONGEST {
        return Err("it is longer than 8 KiB".to_owned());
    }
    if bytes.contains(&b'\n') || bytes.contains(&b'\r') {
        return Err("it has more than one line".to_owned());
    }
    let text = String::from_utf8(bytes).map_err(|_not_text| "it is not UTF-8".to_owned())?;
    Ok(SecretString::from(text))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::{World, secret};

    #[test]
    fn one_trailing_line_end_is_dropped_and_no_more() {
        let read = |text: &str| {
            secret(text.as_bytes().to_vec()).map(|secret| secret.expose_secret().to_owned())
        };
        assert_eq!(read("a b\n").as_deref(), Ok("a b"));
        assert_eq!(read("a b\r\n").as_deref(), Ok("a b"));
        assert_eq!(read(" a").as_deref(), Ok(" a"));
        for bad in ["", "\n", "a\n\n", "a\nb", &"x".repeat(8193)] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }

    /// A world that starts commands and reads files where everybody may.
    fn world() -> World {
        World { directory: std::env::temp_dir(), ..World::real() }
    }

    #[tokio::test]
    async fn a_command_without_end_is_cut_off_and_not_waited_for() {
        let words = ["yes".to_owned()];
        let bytes = world().output_of(&words).await.unwrap();
        assert!(secret(bytes).is_err());
    }

    #[tokio::test]
    async fn a_command_says_its_secret_or_fails() {
        let run = async |words: &[&str]| {
            let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
            world().output_of(&words).await
        };
        assert_eq!(run(&["echo", "hush"]).await.as_deref(), Ok(&b"hush\n"[..]));
        // What it leaves running is not waited for.
        let left = ["sh", "-c", "sleep 5 & echo hush"];
        assert_eq!(run(&left).await.as_deref(), Ok(&b"hush\n"[..]));
        assert!(run(&["false"]).await.unwrap_err().contains("ended with"));
        assert!(run(&["/nowhere/at/all"]).await.is_err());
    }

    #[test]
    fn a_pipe_that_nobody_writes_to_is_given_up() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let read = runtime.block_on(async {
            // Its patience is tried in less time than it has.
            tokio::select! {
                read = super::contents_of(pipe.clone()) => Some(read),
                () = tokio::time::sleep(std::time::Duration::from_millis(50)) => None,
            }
        });
        runtime.shutdown_background();
        assert!(read.is_none(), "{read:?}");
        // Lets the thread go.
        let mut writer = std::process::Command::new("sh");
        assert!(writer.args(["-c", ": > \"$0\""]).arg(&pipe).status().unwrap().success());
    }
}
