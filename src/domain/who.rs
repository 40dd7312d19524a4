//! Who began a run.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who began a run, as far as the surroundings say. None of it is proven: whoever can start the
/// program can also set its environment.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(description = "Who began a run, as far as the surroundings say.")]
pub struct Who {
    /// The account at the CI service; null outside CI.
    pub actor: Option<String>,
    /// The CI job: its address or its number.
    pub job: Option<String>,
    /// The commit whose files were read.
    pub commit: Option<String>,
    /// The author of that commit.
    pub author: Option<String>,
    /// The account on the machine.
    pub user: String,
    /// The machine.
    pub host: String,
}

impl Who {
    /// The most bytes of any of the texts: they come from outside, and stay for good.
    pub const LONGEST: usize = 256;

    /// The same with every text cut to a bearable length.
    #[must_use]
    pub fn clipped(self) -> Self {
        let Self { actor, job, commit, author, user, host } = self;
        let maybe = |text: Option<String>| text.map(clip);
        Self {
            actor: maybe(actor),
            job: maybe(job),
            commit: maybe(commit),
            author: maybe(author),
            user: clip(user),
            host: clip(host),
        }
    }
}

/// Names the actor, or else the account on the machine; then what stands behind it.
impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { actor, job, commit, author, user, host } = self;
        match actor {
            Some(actor) => write!(f, "{actor}")?,
            None => write!(f, "{user}@{host}")?,
        }
        if let Some(job) = job {
            write!(f, ", job {job}")?;
        }
        match (commit, author) {
            (Some(commit), Some(author)) => write!(f, ", commit {} by {author}", short(commit)),
            (Some(commit), None) => write!(f, ", commit {}", short(commit)),
            (None, Some(author)) => write!(f, ", commit by {author}"),
            (None, None) => Ok(()),
        }
    }
}

/// As many digits as tell commits apart.
fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

fn clip(mut text: String) -> String {
    let end = (0..=Who::LONGEST).rev().find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap_or_default());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        let text = format!("{}é", "x".repeat(Who::LONGEST - 1));
        let who = Who { actor: Some(text.clone()), user: "ann".into(), ..Who::default() };
        let who = who.clipped();
        assert_eq!(who.actor.as_deref(), text.strip_suffix('é'));
        assert_eq!(who.user, "ann");
    }

    #[test]
    fn the_actor_comes_before_the_account() {
        let text = |text: &str| Some(text.to_owned());
        let machine = Who { user: "ann".into(), host: "here".into(), ..Who::default() };
        assert_eq!(machine.to_string(), "ann@here");
        let commit = text("0123456789abcdef0123456789abcdef01234567");
        let author = text("Bob <bob@example.com>");
        let who = Who { actor: text("octo"), job: text("7"), commit, author, ..machine };
        assert_eq!(who.to_string(), "octo, job 7, commit 0123456789ab by Bob <bob@example.com>");
    }
}
