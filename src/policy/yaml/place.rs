//! Places and errors of the parser, in our own words.

use granit_parser::{ErrorKind, Marker, ScanError, Span};

use super::node::At;
use crate::policy::problem::Problem;

/// How deep lists and mappings may stand in each other; a policy needs four.
pub(super) const DEEPEST: usize = 16;

/// The error of a text that is not YAML.
pub(super) fn syntax(error: &ScanError) -> Problem {
    let at = marked(error.marker(), 1);
    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
        return Problem::new("too-deep", at, "lists and mappings stand too deep in each other")
            .help(at_most_deep());
    }
    Problem::new("yaml-syntax", at, format!("not YAML: {}", error.info()))
        .help("nothing behind this place was read")
}

/// The place of an event.
pub(super) fn position(span: &Span) -> At {
    let length = if span.start.line() == span.end.line() {
        span.end.index().saturating_sub(span.start.index())
    } else {
        1
    };
    marked(&span.start, length)
}

/// The place of a marker.
pub(super) fn marked(marker: &Marker, length: usize) -> At {
    let number = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
    At {
        line: number(marker.line()),
        column: number(marker.col()).saturating_add(1),
        offset: number(marker.byte_offset().unwrap_or_default()),
        length: number(length),
    }
}

/// The help line of what stands too deep.
pub(super) fn at_most_deep() -> String {
    format!("at most {DEEPEST} are taken")
}
