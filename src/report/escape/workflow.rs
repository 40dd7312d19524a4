//! Text for the workflow commands of GitHub Actions.
//!
//! The rules are those of `escapeData` and `escapeProperty` in
//! <https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts>.

use std::fmt::{self, Write as _};

use super::Terminal;

/// Text for the message of a workflow command.
#[derive(Clone, Copy, Debug)]
pub struct WorkflowData<'a>(pub &'a str);

/// Text for a property of a workflow command, such as `file` or `title`.
#[derive(Clone, Copy, Debug)]
pub struct WorkflowProperty<'a>(pub &'a str);

impl fmt::Display for WorkflowData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(f, self.0, "%")
    }
}

impl fmt::Display for WorkflowProperty<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(f, self.0, "%:,")
    }
}

/// Line ends never get here as such: they are shown, like every character that hides or acts.
fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str, special: &str) -> fmt::Result {
    for char in Terminal(text).to_string().chars() {
        if special.contains(char) {
            write!(f, "%{:02X}", u32::from(char))?;
        } else {
            f.write_char(char)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_stays_one_message_and_a_property_one_property() {
        let text = "50%\r\n::set-output name=x::1,y";
        let data = r"50%25\u{d}\u{a}::set-output name=x::1,y";
        assert_eq!(WorkflowData(text).to_string(), data);
        let property = r"50%25\u{d}\u{a}%3A%3Aset-output name=x%3A%3A1%2Cy";
        assert_eq!(WorkflowProperty(text).to_string(), property);
    }

    #[test]
    fn the_older_form_of_a_command_is_broken_too() {
        assert_eq!(WorkflowData("a ##[add-mask]b").to_string(), r"a #\u{23}[add-mask]b");
    }
}
