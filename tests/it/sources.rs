//! The source files as the tidy tests see them: without comments and without tests.

use std::fs;
use std::path::Path;

/// One `.rs` file.
pub(crate) struct Source {
    /// Its path from the top of the repository, with `/`.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
    /// What the program is built from: no line comments, no tests.
    pub(crate) code: String,
}

impl Source {
    /// Its path from `src/`, if it is there.
    pub(crate) fn in_src(&self) -> Option<&str> {
        self.path.strip_prefix("src/")
    }
}

/// The top of the repository.
pub(crate) fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every `.rs` file below `src` and `tests`, in order.
pub(crate) fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    for directory in ["src", "tests"] {
        collect(directory, &mut paths);
    }
    paths.sort();
    let texts: Vec<_> =
        paths.iter().map(|path| fs::read_to_string(top().join(path)).unwrap()).collect();
    let left_out: Vec<String> =
        paths.iter().zip(&texts).flat_map(|(path, text)| test_modules(path, text)).collect();
    let named = paths.into_iter().zip(texts);
    named
        .map(|(path, text)| {
            let is_test = left_out.iter().any(|test| path.starts_with(test));
            let is_test = is_test || path.starts_with("tests/");
            let code = if is_test { String::new() } else { code(&text) };
            Source { path, text, code }
        })
        .collect()
}

fn collect(directory: &str, paths: &mut Vec<String>) {
    for entry in fs::read_dir(top().join(directory)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{directory}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            collect(&path, paths);
        } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// How the paths begin of the modules that this file declares for tests only.
fn test_modules(path: &str, text: &str) -> Vec<String> {
    let directory = path.rsplit_once('/').unwrap().0;
    let declared = text.split("#[cfg(test)]\n").skip(1).filter_map(|rest| {
        let line = rest.lines().next()?.trim().trim_start_matches("pub(super) ");
        let name = line.strip_prefix("mod ")?.strip_suffix(';')?;
        Some([format!("{directory}/{name}.rs"), format!("{directory}/{name}/")])
    });
    declared.flatten().collect()
}

/// The text up to its tests, without the lines that are comments.
fn code(text: &str) -> String {
    let program = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = program.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn tests_and_comments_are_no_code() {
    let text = "//! One.\nmod one;\n#[cfg(test)]\nmod two;\n// use crate::no;\nfn f() {}\n\
                #[cfg(test)]\nmod tests {\n    use crate::no;\n}\n";
    assert_eq!(code(text), "mod one;\n#[cfg(test)]\nmod two;\nfn f() {}");
    assert_eq!(test_modules("src/plan/mod.rs", text), ["src/plan/two.rs", "src/plan/two/"]);
}
