//! Reading the secrets of a target, where its config says they are.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use secrecy::SecretString;

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

/// A command that takes longer than this is given up (design §2.1).
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);

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
        let bytes = match source {
            CredentialSource::Env(name) => {
                let value = self.variable(name).ok_or("it is not set")?;
                value.as_bytes().to_vec()
            }
            CredentialSource::File(path) => read_file(&self.directory.join(path))?,
            CredentialSource::Command(words) => self.output_of(words).await?,
        };
        secret(bytes)
    }

    async fn output_of(&self, words: &[String]) -> Result<Vec<u8>, String> {
        let (program, arguments) = words.split_first().ok_or("the command is empty")?;
        let output = tokio::process::Command::new(program)
            .args(arguments)
            .current_dir(&self.directory)
            .env_clear()
            .envs(self.env.iter())
            .stdin(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(COMMAND_TIMEOUT, output)
            .await
            .map_err(|_elapsed| "the command took more than 10 s".to_owned())?
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(format!("the command ended with {}", output.status))
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "secrets in files are read here and nowhere else")]
fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    use std::io::Read as _;
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX).saturating_add(3);
    file.take(limit).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
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

    use super::secret;

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
}
