//! A page as a service shows it: with a way to the others, with what the service has to say, and
//! shown anew now and then.

use maud::{PreEscaped, html};

use super::{hash, policy, program};

const SCRIPT: &str = include_str!("live.js");

/// The pages that a service has: where each is, and what it is called.
const PAGES: [(&str, &str); 3] = [("/", "Status"), ("/plan", "Plan"), ("/history", "History")];

/// A page as a service shows it at `path`; `failures` are what
/// somebody must do something about.
pub fn live_page(page: &str, path: &str, failures: &[String]) -> String {
    let ways = html! {
        nav.ways aria-label="Pages" {
            @for (way, name) in PAGES {
                @if way == path { a href=(way) aria-current="page" { (name) } }
                @else { a href=(way) { (name) } }
            }
        }
    };
    let alert = html! {
        @for failure in failures { p.point.grave role="alert" { (failure) } }
    };
    let script = html! { script { (PreEscaped(SCRIPT)) } };
    let page = after(page, "<header>", &ways.into_string());
    let page = after(&page, "<main id=\"main\" tabindex=\"-1\">", &alert.into_string());
    let page = page.replacen(&attribute(&policy()), &attribute(&live_policy()), 1);
    // It asks for itself, every half minute.
    let page = page.replacen(&program(), concat!("ostracon ", env!("CARGO_PKG_VERSION"), "."), 1);
    match page.rsplit_once("</body>") {
        Some((page, end)) => format!("{page}{}</body>{end}", script.into_string()),
        None => page,
    }
}

/// What such a page may do: what every page may, and be shown anew.
pub fn live_policy() -> String {
    let own = format!("script-src {}", hash(SCRIPT));
    policy().replacen("script-src", &own, 1)
}

/// A text as the value of an attribute.
fn attribute(text: &str) -> String {
    html! { (text) }.into_string()
}

/// A page with something put after its first part.
fn after(page: &str, part: &str, what: &str) -> String {
    match page.split_once(part) {
        Some((head, rest)) => format!("{head}{part}{what}{rest}"),
        None => page.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Page, policy};
    use super::*;

    #[test]
    fn a_live_page_says_what_is_wrong_leads_to_the_others_and_may_run_what_it_brings() {
        let (about, sections, foot) = (Vec::new(), Vec::new(), vec![program()]);
        let page = Page { kind: "status", title: "x", about, sections, listing: None, foot };
        let page = live_page(&page.into_text(), "/plan", &["<b>broken</b>".to_owned()]);
        for part in [
            "<a href=\"/plan\" aria-current=\"page\">Plan</a>",
            "<p class=\"point grave\" role=\"alert\">&lt;b&gt;broken&lt;/b&gt;</p>",
            &attribute(&live_policy()),
            SCRIPT,
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
        assert!(!page.contains(&attribute(&policy())) && !page.contains("asks nobody"), "{page}");
    }
}
