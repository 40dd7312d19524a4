//! What each rule is about, for whoever meets its code in code scanning.

/// A rule, in words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) describes: &'static str,
    pub(super) help: &'static str,
}

const HELP_WITH_FILES: &str = "The message says what to change. `ostracon validate` checks every \
                               file, and needs no state, no network and no credentials.";
const HELP_WITH_PLAN: &str = "Decide it in the review of the change: `ostracon plan` shows every \
                              operation, and docs/ci.md says how to review.";

impl Rule {
    /// The rule of a code.
    pub(super) fn of(code: &str) -> Self {
        let find = |rules: &[(&str, &'static str)]| {
            rules.iter().find(|(known, _)| *known == code).map(|(_, describes)| *describes)
        };
        let of_plan = find(&PLAN).map(|describes| Self { describes, help: HELP_WITH_PLAN });
        of_plan.unwrap_or_else(|| Self {
            describes: find(&FILES).unwrap_or("Something is wrong, or worth knowing."),
            help: HELP_WITH_FILES,
        })
    }
}

/// What a plan says.
const PLAN: [(&str, &str); 17] = [
    ("foreign", "A provider holds what no run has imposed."),
    ("guard", "A guard holds operations back until they are acknowledged."),
    ("guard-acknowledged", "More than a guard allows, and somebody has acknowledged it."),
    ("guard-changed", "A guard is not as it was at the last apply."),
    ("guard-nearly-reached", "A little more, and a guard would hold operations back."),
    ("kicks-only", "The provider can only kick: whoever is banned can come back in."),
    ("lift-early", "Somebody is let back in before the time, or sooner than promised."),
    ("lift-protected", "Somebody is let back in because they are protected now."),
    ("may-be-left-over", "After a restored state, something may be in force that nobody tracks."),
    ("more", "There is more than code scanning shows."),
    ("order-stands", "An order is in force that is not in the files."),
    ("order-will-end", "An entry imposes again what an order has lifted, once that ends."),
    ("renewals-late", "Renewals cannot be made before they lapse, at the account's rate."),
    ("room-full", "A room would hold more bans than its provider takes."),
    ("target-changed", "A target is not as it was at the last apply: its calls go elsewhere."),
    ("unprotected", "Somebody is protected no longer."),
    ("wide-ban", "A ban that reaches everybody there."),
];

/// What the check of a workspace says.
const FILES: [(&str, &str); 85] = [
    ("ack-misnamed", "An acknowledgement must be named for the digest that it is about."),
    ("ambiguous-list", "The name of a list could be that of two files."),
    ("bad-account", "The account of a target is a label with something in it."),
    ("bad-command", "A command of a credential is a program and its arguments."),
    ("bad-duration", "A span of time is written as in `15m`, within its limits."),
    ("bad-endpoint", "An endpoint is an `https://` URL, or `http://` on a loopback address."),
    ("bad-entry-id", "The `id` of an entry is a short text without hidden characters."),
    ("bad-file-name", "The name of a policy file must be one that every system reads alike."),
    ("bad-id", "An id must be one that its provider takes."),
    ("bad-lineage", "A lineage is written as `ostracon state show` says it."),
    ("bad-list-path", "A list is a `.txt` file inside the workspace."),
    ("bad-path", "The path of a credential must be one of a file."),
    ("bad-reason", "A reason may hold any text but NUL."),
    ("bad-setting", "A setting of a target has a value that its provider knows."),
    ("bad-state", "The state is a path inside the workspace."),
    ("bad-target-name", "The name of a target has letters, digits, `-` and `_`."),
    ("bad-time", "An instant is written as RFC 3339 with an offset, or an end as `never`."),
    ("bad-variable", "A credential names a variable of the environment."),
    ("changed-while-read", "A file was changed while it was read."),
    ("command-not-allowed", "A command needs leave from outside the repository."),
    ("config-missing", "A workspace has a config."),
    ("credential-missing", "A target names all its credentials."),
    ("credential-source", "A credential has exactly one source."),
    ("deny-not-supported", "What is denied must be something that the provider can deny."),
    ("duplicate-deny", "Nothing is denied twice in one entry."),
    ("duplicate-id", "The `id` of an entry is unique in the workspace."),
    ("duplicate-key", "A key stands once in a mapping."),
    ("duplicate-subject", "Nobody is named twice in one entry."),
    ("duplicate-target", "A target stands once in the config."),
    ("empty-file", "A file holds a document."),
    ("empty-list", "A list holds something."),
    ("empty-list-file", "A list file names somebody."),
    ("file-not-read", "Files of policies end in `.yaml` or `.yml`, in small letters."),
    ("file-too-large", "A file is no larger than is read."),
    ("from-not-before-until", "An entry begins before it ends."),
    ("host-not-allowed", "Another host than the provider's needs leave from outside."),
    ("key-not-text", "A key is a text."),
    ("kind-not-supported", "A subject is of a kind that the provider can restrict."),
    ("kinds-mixed", "An entry at this provider names subjects of one kind."),
    ("knob-not-supported", "A setting means something at its provider."),
    ("list-missing", "A list that an entry names is there."),
    ("missing-key", "An acknowledgement has all its keys."),
    ("moved-from-a-target", "A target moved from a name that is no target any more."),
    ("moved-from-twice", "Two targets cannot have moved from one name."),
    ("no-subject", "An entry names somebody or something."),
    ("no-value", "A key has a value."),
    ("not-utf-8", "A file is UTF-8."),
    ("not-utf8", "A file is UTF-8."),
    ("out-of-range", "A number lies within its limits."),
    ("protect-cannot-shield-wide", "Protection does not reach into a wide ban."),
    ("protected", "No entry restricts whoever is protected."),
    ("protected-skipped", "A list names somebody who is protected, and is skipped there."),
    ("provider-missing", "A target says its provider."),
    ("quote-it", "YAML readers do not agree on this value unless it is quoted."),
    ("reason-too-long", "A reason is no longer than its provider takes."),
    ("region-missing", "A target says its region where its provider has no default."),
    ("room-missing", "An entry at this provider says a room."),
    ("room-not-taken", "An entry of this kind is not limited to a room."),
    ("same-binding", "No two targets are bound to the same app."),
    ("second-document", "A file holds one document."),
    ("secret-in-config", "No secret stands in a file of the repository."),
    ("setting-missing", "A target has the settings that its provider needs."),
    ("statement-incomplete", "An entry says what its statement of reasons needs: docs/dsa.md."),
    ("state-outside", "A state outside the workspace is named from outside the repository."),
    ("tag", "YAML tags are not taken."),
    ("target-and-targets", "An entry has either `target` or `targets`."),
    ("target-missing", "An entry has a target."),
    ("targets-missing", "A config has targets."),
    ("too-deep", "Lists and mappings do not stand so deep."),
    ("too-many-aliases", "Aliases repeat no more than a budget allows."),
    ("too-many-files", "A workspace has no more files than are read."),
    ("too-many-problems", "There are more problems than are kept."),
    ("unknown-anchor", "An alias repeats something that stands before it."),
    ("unknown-deny", "What is denied has a name that is known."),
    ("unknown-key", "A key is one that is known."),
    ("unknown-provider", "A provider is one that is known."),
    ("unknown-region", "A region is one that the provider has."),
    ("unknown-target", "A target is one of the config."),
    ("unknown-version", "The version of the config is known."),
    ("until-missing", "An entry says until when."),
    ("version-missing", "The config says its version."),
    ("wide-missing", "An entry that reaches everybody there says `wide: true`."),
    ("wide-needless", "An entry that reaches only whom it names does not say `wide`."),
    ("wrong-shape", "A value has the shape that its key asks for."),
    ("yaml-syntax", "A file is YAML."),
];
