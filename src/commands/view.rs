//! How a plan is shown: what `plan` and `show` have in common.

use std::path::{Component, Path};

use clap::ValueEnum;

use super::{Context, github};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::document;
use crate::report::github::{outputs, plan_annotations};
use crate::report::html::plan_page;
use crate::report::markdown::LEAST_BYTES;
use crate::report::sarif::plan_sarif;
use crate::report::{Comment, Folding, Layout, Links, Review, diff_text, plan_markdown, plan_text};

/// How a plan is shown.
#[derive(Debug, clap::Args)]
pub struct View {
    /// How the plan is shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,

    /// With `--format markdown`: the longest comment, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 60_000,
          value_parser = clap::value_parser!(u64).range(LEAST_BYTES..))]
    pub max_bytes: u64,

    /// In Markdown and HTML: where the repository's files can be read, as in
    /// `https://github.com/OWNER/REPO/blob/SHA`
    #[arg(long, value_name = "URL")]
    pub link_base: Option<String>,

    /// Show what changes about each entry, as a diff: in text, in Markdown and on a page
    #[arg(long)]
    pub diff: bool,

    /// Show every operation: fold nothing
    #[arg(long)]
    pub all: bool,
}

/// The format in which a plan is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// A comment on a pull request.
    Markdown,
    /// For a step of GitHub Actions: text, annotations, a job summary, outputs.
    Github,
    /// A page: one file, for a browser.
    Html,
    /// What must be decided, for code scanning.
    Sarif,
}

impl View {
    /// Shows a plan.
    pub(super) fn show(&self, context: &mut Context<'_>, review: &Review<'_>) -> Result<(), Error> {
        match self.format {
            Format::Json => {
                Ok(document::write(review.plan, review.provenance, &mut context.console.out)?)
            }
            Format::Text => {
                if self.diff {
                    let colors = context.console.colors();
                    context.console.result(|out| diff_text(review.plan, colors, out))?;
                }
                let folding = if self.all { Folding::All } else { Folding::Folded };
                show_text(context, review, folding)
            }
            Format::Markdown => {
                let max_bytes = usize::try_from(self.max_bytes).unwrap_or(usize::MAX);
                let links = links(context, self.link_base.as_deref())?;
                let comment = Comment { max_bytes, links: &links, diff: self.diff };
                let text = plan_markdown(review, comment);
                context.console.out.text(&text);
                Ok(())
            }
            Format::Github => {
                let folding = if self.all { Folding::All } else { Folding::Folded };
                show_text(context, review, folding)?;
                self.annotate(context, review)
            }
            Format::Html => {
                let links = links(context, self.link_base.as_deref())?;
                let text = plan_page(review, &links, self.diff);
                context.console.out.text(&text);
                Ok(())
            }
            Format::Sarif => {
                let directory = repository_path(&context.global.dir);
                Ok(context.console.json(&plan_sarif(review, &directory))?)
            }
        }
    }

    /// Leaves annotations, a summary and outputs to a step of GitHub Actions.
    fn annotate(&self, context: &mut Context<'_>, review: &Review<'_>) -> Result<(), Error> {
        let directory = repository_path(&context.global.dir);
        let text = plan_annotations(review, &directory);
        context.console.out.text(&text);
        let links = links(context, self.link_base.as_deref())?;
        let max_bytes = github::summary_room(context);
        if max_bytes as u64 >= LEAST_BYTES {
            let comment = Comment { max_bytes, links: &links, diff: self.diff };
            let summary = plan_markdown(review, comment);
            github::append(context, "GITHUB_STEP_SUMMARY", &summary)?;
        }
        github::append(context, "GITHUB_OUTPUT", &outputs(review))
    }
}

/// Where the files can be read: in the repository, below the directory that was named.
pub(super) fn links(context: &Context<'_>, base: Option<&str>) -> Result<Links, Error> {
    let Some(base) = base else { return Ok(Links::default()) };
    Links::below(base, &repository_path(&context.global.dir)).ok_or_else(|| {
        Error::new(Exit::Usage, "`--link-base` is not a web address")
            .hint("it is like `https://github.com/OWNER/REPO/blob/SHA`")
    })
}

/// The workspace as a path in the repository, if it was named by one: an absolute path or one
/// that leaves the working directory says nothing about that.
pub(super) fn repository_path(directory: &Path) -> String {
    let inside = |part: &Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if directory.components().all(|part| inside(&part)) {
        directory.to_string_lossy().into_owned()
    } else {
        String::new()
    }
}

/// Shows a plan as text.
pub(super) fn show_text(
    context: &mut Context<'_>,
    review: &Review<'_>,
    folding: Folding,
) -> Result<(), Error> {
    let console = &mut *context.console;
    let layout = Layout { folding, colors: console.colors(), width: console.terminal.width };
    Ok(console.report(|out| plan_text(review, layout, out))?)
}
