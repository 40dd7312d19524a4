//! Acknowledgements: `acks/<change digest>.yaml`.

use std::sync::Arc;

use super::fields::Fields;
use super::problem::{Findings, Problem, Reporter, SourceFile};
use super::scalar::read_text;
use super::yaml::{At, Node, Reader, Root};
use crate::domain::{Ack, Source};

const KEYS: [&str; 3] = ["digest", "who", "why"];

/// Reads one acknowledgement; what is wrong with it ends up in `findings`.
pub(super) fn read_ack(file: &Arc<SourceFile>, findings: &mut Findings) -> Option<Ack> {
    let mut reporter = Reporter { file, findings };
    let mut reader = Reader::new(&file.text);
    let root = document(&mut reader);
    for problem in reader.take_problems() {
        reporter.push(problem);
    }
    match root {
        Ok(root) => read_fields(&root, &mut reporter),
        Err(problem) => {
            reporter.push(problem);
            None
        }
    }
}

fn document<'t>(reader: &mut Reader<'t>) -> Result<Node<'t>, Problem> {
    const HELP: &str = "it says `digest`, `who` and `why`";
    let at = match reader.enter()? {
        Root::Mapping => {
            let root = reader.mapping()?;
            reader.finish()?;
            return Ok(root);
        }
        Root::Empty => At { line: 1, column: 1, ..At::default() },
        Root::Other(at) => at,
    };
    Err(Problem::new("wrong-shape", at, "an acknowledgement must be a mapping").help(HELP))
}

fn read_fields(root: &Node<'_>, reporter: &mut Reporter<'_>) -> Option<Ack> {
    let fields = Fields::open(root, "an acknowledgement", &KEYS, reporter)?;
    let mut text = |key: &'static str| {
        let Some(node) = fields.get(key) else {
            let message = format!("an acknowledgement must say `{key}`");
            reporter.push(Problem::new("missing-key", fields.at, message));
            return None;
        };
        let text = read_text(node, format_args!("`{key}`"), reporter)?;
        if text.trim().is_empty() {
            reporter.push(Problem::new("no-value", node.at, format!("`{key}` has no value")));
            return None;
        }
        Some((text.to_owned(), node.at))
    };
    let (digest, who, why) = (text("digest"), text("who"), text("why"));
    let ((digest, at), (who, _), (why, _)) = (digest?, who?, why?);
    if fields.has_unknown {
        return None;
    }
    let name = Arc::clone(&reporter.file.name);
    if name.strip_prefix("acks/").and_then(|name| name.strip_suffix(".yaml")) != Some(&digest) {
        let message = "an acknowledgement must be named for the digest in it";
        reporter.push(Problem::new("ack-misnamed", at, message).help("as in `acks/DIGEST.yaml`"));
        return None;
    }
    let source = Source { file: name, line: at.line, column: at.column };
    Some(Ack { digest, who, why, source })
}
