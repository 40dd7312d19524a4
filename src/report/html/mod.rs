//! Pages for eyes: one self-contained file each, out of one set of templates.
//!
//! Whatever a stranger wrote is text: [`maud`] escapes it, and what acts or hides is made visible
//! before. The page asks nobody for anything: its one stylesheet and its one script stand in it,
//! and its policy names them by their hashes and allows nothing else.

mod drift;
mod entries;
mod explain;
mod history;
mod listing;
mod live;
mod plan;
mod plot;
mod status;
#[cfg(test)]
mod tests;
mod words;

pub use self::drift::drift_page;
pub use self::explain::explain_page;
pub use self::history::{History, history_page};
pub use self::live::{live_page, live_policy};
pub use self::plan::plan_page;
pub use self::status::{Flow, status_page};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use self::listing::Listing;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// One page.
struct Page<'a> {
    /// What kind of page it is.
    kind: &'a str,
    /// What it says in one line.
    title: &'a str,
    /// Where it comes from: names and values.
    about: Vec<(&'a str, Markup)>,
    sections: Vec<Section>,
    /// What can be filtered and sorted; the last section.
    listing: Option<&'a Listing>,
    /// The last words.
    foot: Vec<String>,
}

/// A part of a page, under its heading.
struct Section {
    /// What an address ends with that leads there.
    anchor: &'static str,
    heading: String,
    body: Markup,
}

impl Page<'_> {
    fn into_text(self) -> String {
        let Self { kind, title, about, sections, listing, foot } = self;
        let name = format!("ostracon {kind}: {title}");
        let listed = listing.map(|listing| (listing.anchor(), listing.heading()));
        let links = sections.iter().map(|section| (section.anchor, section.heading.as_str()));
        let links: Vec<_> = links.chain(listed).collect();
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(policy());
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="referrer" content="no-referrer";
                    title { (name) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    a.skip href="#main" { "Skip to the content" }
                    header {
                        p.kind { "ostracon " (kind) }
                        h1 { (title) }
                        dl.about {
                            @for (name, value) in about { div { dt { (name) } dd { (value) } } }
                        }
                        @if links.len() > 1 {
                            nav aria-label="Parts of this page" {
                                @for (anchor, heading) in &links {
                                    a href={ "#" (anchor) } { (heading) }
                                }
                            }
                        }
                    }
                    main id="main" tabindex="-1" {
                        @for Section { anchor, heading, body } in &sections {
                            section id=(anchor) aria-labelledby={ (anchor) "-heading" } {
                                h2 id={ (anchor) "-heading" } { (heading) }
                                (body)
                            }
                        }
                        @if let Some(listing) = listing { (listing.section()) }
                    }
                    footer { @for line in foot { p { (line) } } }
                    @if let Some(listing) = listing {
                        script type="application/json" id="rows" { (PreEscaped(listing.data())) }
                        script { (PreEscaped(SCRIPT)) }
                    }
                }
            }
        };
        page.into_string()
    }
}

/// What the page may do: wear its own style and run its own script.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// What a policy names a text by.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// The note under every page: which program wrote it.
fn program() -> String {
    concat!(
        "Written by ostracon ",
        env!("CARGO_PKG_VERSION"),
        ". This file asks nobody for anything."
    )
    .to_owned()
}
