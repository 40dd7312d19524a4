//! The reference's tables of what each provider can do, made from the facts.

use std::fmt::Write as _;

use super::count::grouped;
use super::span::length;
use crate::provider::{
    Capability, Expiry, Facts, Lane, Listing, Mechanism, Presence, Provider, REGISTRY, ReasonRule,
};

/// What each provider can and cannot do, and which ids it takes: two Markdown tables.
pub fn capabilities() -> String {
    let mut text = table(
        &[
            "Provider",
            "Restricts",
            "Where",
            "Denies",
            "How it ends",
            "A call carries",
            "Calls a second",
            "Reason",
            "Can be listed",
        ],
        |facts, capability| {
            vec![
                facts.title.to_owned(),
                restricts(capability),
                place(capability),
                denies(capability),
                end(facts, capability),
                capability.batch.to_string(),
                rate(facts, capability),
                reason(capability.reason),
                listing(capability.listing).to_owned(),
            ]
        },
    );
    text.push('\n');
    text += &table(&["Provider", "Restricts", "Its id", "The room's id"], |facts, capability| {
        let room =
            if capability.names_room() { capability.room_id.words() } else { "none".to_owned() };
        vec![facts.title.to_owned(), capability.kind.to_string(), capability.id.words(), room]
    });
    text
}

fn table(columns: &[&str], row: impl Fn(&Facts, &Capability) -> Vec<String>) -> String {
    let mut text = format!("| {} |\n|{}\n", columns.join(" | "), " --- |".repeat(columns.len()));
    for facts in REGISTRY.map(Provider::facts) {
        for capability in facts.capabilities {
            // Formatting into a string cannot fail.
            let _ = writeln!(text, "| {} |", row(facts, capability).join(" | "));
        }
    }
    text
}

fn restricts(capability: &Capability) -> String {
    let wide = if capability.wide { ": everybody there (`wide: true`)" } else { "" };
    format!("{}{wide}", capability.kind)
}

fn place(capability: &Capability) -> String {
    let place = match capability.room {
        Presence::Required => "one room",
        Presence::Optional => "one room, or the whole app",
        Presence::Never => "the whole app",
    };
    match capability.quota {
        Some(quota) => format!("{place}, which holds {}", grouped(quota.per_room.into())),
        None => place.to_owned(),
    }
}

fn denies(capability: &Capability) -> String {
    if capability.deny.is_empty() {
        return "all of it".to_owned();
    }
    capability.deny.names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// How a restriction ends, and how ostracon makes good what the provider lacks.
fn end(facts: &Facts, capability: &Capability) -> String {
    let end = match (capability.mechanism, capability.expiry) {
        (Mechanism::Kicks, _) => {
            "the provider can only throw out, not keep out: ostracon kicks again".to_owned()
        }
        (Mechanism::Holds, Expiry::Open) => {
            "never by itself: ostracon lifts it at `until`".to_owned()
        }
        (Mechanism::Holds, Expiry::Seconds { least: _, most }) => {
            let most = length(most.unsigned_abs().saturating_mul(1000));
            format!("by itself, after {most} at most: ostracon renews it until `until`")
        }
    };
    let reassert = if facts.can_reassert {
        "; if it may vanish with its room, `reassert_every` repeats it"
    } else {
        ""
    };
    format!("{end}{reassert}")
}

fn rate(facts: &Facts, capability: &Capability) -> String {
    let Some(Lane { name: _, per_second, per_second_in_test }) = facts.lanes.get(capability.lane)
    else {
        return String::new();
    };
    let whose = if facts.rate_is_per_account { "an account" } else { "an app" };
    let in_test = if per_second == per_second_in_test {
        String::new()
    } else {
        format!(" ({per_second_in_test} in the test environment)")
    };
    format!("{per_second} {whose}{in_test}")
}

fn reason(reason: Option<ReasonRule>) -> String {
    match reason {
        None => "not told".to_owned(),
        Some(ReasonRule { max_bytes, sent, kept }) => {
            let use_of_it = match (sent, kept) {
                (_, true) => "kept there",
                (true, false) => "told, not kept",
                (false, false) => "not told",
            };
            format!("at most {max_bytes} bytes, {use_of_it}")
        }
    }
}

const fn listing(listing: Listing) -> &'static str {
    match listing {
        Listing::Never => "no",
        Listing::CompletePerRoom => "by room, completely",
        Listing::MayOmitPerApp => "by app, with gaps",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_every_provider_has_its_row_in_both_tables() {
        let text = capabilities();
        let capabilities: usize =
            REGISTRY.iter().map(|provider| provider.facts().capabilities.len()).sum();
        let (first, second) = text.split_once("\n\n").unwrap();
        for table in [first, second] {
            let lines: Vec<_> = table.lines().collect();
            assert_eq!(lines.len(), capabilities + 2, "{table}");
            let bars = |line: &str| line.matches('|').count();
            assert!(lines.iter().all(|line| bars(line) == bars(lines[0])), "{table}");
        }
    }

    #[test]
    fn the_rows_say_what_the_facts_say() {
        let text = capabilities();
        for row in [
            "| Tencent | user | one room | `join` | by itself, after 10 years at most: ostracon \
             renews it until `until`; if it may vanish with its room, `reassert_every` repeats it \
             | 20 | 200 an app | at most 200 bytes, kept there | by room, completely |",
            "| ZEGO | stream | the whole app | all of it | never by itself: ostracon lifts it at \
             `until` | 20 | 20 an app (5 in the test environment) | at most 256 bytes, not told | \
             no |",
            "| Agora | ip | an IPv4 or IPv6 address | none |",
        ] {
            assert!(text.lines().any(|line| line == row), "{row}\n\n{text}");
        }
    }
}
