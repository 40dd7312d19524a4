//! Every metric with its labels, out of what `/metrics` shows.

use std::fmt::Write as _;

pub(super) fn table() -> String {
    let text = ostracon::commands::run::sample_metrics();
    let mut rows = "| Metric | Labels | Type | Meaning |\n|---|---|---|---|\n".to_owned();
    let helped = text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split_once(' '));
    for (name, help) in helped {
        let type_of = |line: &str| line.strip_prefix(&format!("# TYPE {name} ")).map(str::to_owned);
        let kind = text.lines().find_map(type_of).unwrap();
        let suffix = match &*kind {
            "counter" => "_total",
            "info" => "_info",
            _ => "",
        };
        let start = format!("{name}{suffix}{{");
        let series = text.lines().find_map(|line| line.strip_prefix(&start)?.split_once('}'));
        let labels = series.map_or("", |(labels, _)| labels).split(',');
        let labels: Vec<_> = labels
            .filter_map(|label| label.split_once('='))
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        let help = help.trim_end_matches('.');
        writeln!(rows, "| `{name}{suffix}` | {} | {kind} | {help} |", labels.join(", ")).unwrap();
    }
    rows
}
