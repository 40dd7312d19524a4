//! What is seen where, in an editor.

/// What is asked for at `§`, or of the document as a whole.
pub(super) enum Sees {
    /// The labels that are offered there, and some that are not.
    Offers(&'static [&'static str], &'static [&'static str]),
    /// The labels that are offered there, and no others.
    Only(&'static [&'static str]),
    /// What is said of an offer there.
    Hints(&'static str, &'static str),
    /// Parts of what is shown there.
    Shows(&'static [&'static str]),
    /// What is flagged: on which line, with which part of the message; and nothing else.
    Flags(&'static [(u64, &'static str)]),
}
use Sees::{Flags, Hints, Offers, Only, Shows};

/// The schema of policies by the config, that of any policies, and that of configs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Workspace,
    Policy,
    Config,
}
use By::{Config, Policy, Workspace};

/// What any ban can say.
const BAN: &[&str] = &["room", "users", "users_from", "reason", "from", "until", "deny", "meta"];

/// What is offered.
pub(super) const COMPLETION: &[(By, &str, Sees)] = &[
    (Workspace, "§\n", Only(&["bans", "forbidden_streams", "protect"])),
    (Workspace, "bans:\n  - §\n", Offers(&["target", "targets", "room", "until", "devices"], &[])),
    (
        Workspace,
        "bans:\n  - target: §\n",
        Only(&["agora-live", "tencent-eu", "tencent-live", "volc-live", "zego-live"]),
    ),
    (Workspace, "bans:\n  - target: §\n", Hints("tencent-live", "Tencent, sdk_app_id 1400000000.")),
    (Workspace, "bans:\n  - targets: [§]\n", Offers(&["agora-live", "zego-live"], &[])),
    (Workspace, "forbidden_streams:\n  - target: §\n", Only(&["zego-live"])),
    (
        Workspace,
        "bans:\n  - target: tencent-live\n    §\n",
        Offers(BAN, &["devices", "devices_from", "ips", "wide", "target"]),
    ),
    (
        Workspace,
        "bans:\n  - targets: [tencent-live, tencent-eu]\n    §\n",
        Offers(BAN, &["devices", "ips", "wide"]),
    ),
    (
        Workspace,
        "bans:\n  - target: volc-live\n    §\n",
        Offers(&["devices", "devices_from", "users"], &["ips", "wide"]),
    ),
    (
        Workspace,
        "bans:\n  - target: agora-live\n    §\n",
        Offers(&["ips", "wide", "users"], &["devices", "streams"]),
    ),
    (
        Workspace,
        "forbidden_streams:\n  - target: zego-live\n    §\n",
        Offers(&["streams", "streams_from", "until"], &["room", "deny", "users"]),
    ),
    (Workspace, "bans:\n  - target: tencent-live\n    deny: [§]\n", Only(&["join"])),
    (
        Workspace,
        "bans:\n  - target: agora-live\n    deny:\n      - §\n",
        Only(&["join", "publish_audio", "publish_video"]),
    ),
    (
        Workspace,
        "bans:\n  - target: agora-live\n    deny: [§]\n",
        Hints("publish_audio", "May not send sound; may stay and listen."),
    ),
    (
        Workspace,
        "bans:\n  - target: tencent-live\n    until: §\n",
        Only(&["2036-12-20T00:00:00Z", "2037-01-01T00:00:00+08:00", "never"]),
    ),
    (Workspace, "protect:\n  - targets: [tencent-live]\n    §\n", Only(&["users", "reason"])),
    (Policy, "bans:\n  - target: tencent-live\n    §\n", Offers(BAN, &["streams", "target"])),
    (Policy, "bans:\n  - target: x\n    §\n", Offers(&["devices", "ips", "wide"], &[])),
    (Config, "§\n", Offers(&["version", "state", "lineage", "targets", "guards", "orders"], &[])),
    (
        Config,
        "version: 1\ntargets:\n  a:\n    provider: §\n",
        Only(&["agora", "tencent", "volcengine", "zego"]),
    ),
    (
        Config,
        "version: 1\ntargets:\n  a:\n    provider: tencent\n    §\n",
        Offers(
            &["sdk_app_id", "identifier", "region", "credentials", "reassert_every"],
            &["app_id", "quota", "rekick_every", "test_environment"],
        ),
    ),
    (
        Config,
        "version: 1\ntargets:\n  a:\n    provider: zego\n    §\n",
        Offers(&["app_id", "rekick_every", "test_environment"], &["sdk_app_id", "renew_before"]),
    ),
    (
        Config,
        "version: 1\ntargets:\n  a:\n    provider: tencent\n    region: §\n",
        Only(&["cn", "sgp", "usa", "idn"]),
    ),
    (
        Config,
        "version: 1\ntargets:\n  a:\n    provider: agora\n    credentials:\n      §\n",
        Offers(&["customer_id", "customer_secret"], &["secret_key"]),
    ),
    (
        Config,
        "version: 1\ntargets:\n  a:\n    provider: tencent\n    credentials:\n      secret_key:\n\
         \x20       §\n",
        Only(&["env", "file", "command"]),
    ),
];

/// What is shown.
pub(super) const HOVER: &[(By, &str, Sees)] = &[
    (
        Workspace,
        "bans:\n  - target: tencent-live\n    un§til: never\n",
        Shows(&["Until when: RFC 3339 with an offset, or `never`.", "2036-12-20T00:00:00Z"]),
    ),
    (
        Workspace,
        "bans:\n  - target: tencent-live\n    ro§om: r\n",
        Shows(&["A ban at Tencent", "Tencent: 1 to 48 bytes", "live-42"]),
    ),
    (
        Workspace,
        "bans:\n  - target: volc§-live\n    until: never\n",
        Shows(&["The target", "`volc-live`: Volcengine."]),
    ),
    (
        Policy,
        "bans:\n  - target: x\n    us§ers: [u]\n",
        Shows(&["Agora: a whole number from 1 to 4294967295", "Volcengine:"]),
    ),
    (Policy, "pro§tect:\n  - users: [u]\n", Shows(&["Who is never restricted"])),
    (
        Config,
        "version: 1\ntargets:\n  a:\n    provider: ten§cent\n",
        Shows(&["Whose app it is", "`tencent`: Tencent restricts users."]),
    ),
    (
        Config,
        "version: 1\ntargets:\n  a:\n    provider: tencent\n    reg§ion: sgp\n",
        Shows(&["Tencent target", "`sgp`: Calls go to"]),
    ),
    (
        Config,
        "version: 1\ngu§ards:\n  allow_empty: false\n",
        Shows(&["How much one plan may change", "max_lifts:\n  count: 100"]),
    ),
];

/// What is flagged.
pub(super) const DIAGNOSTICS: &[(By, &str, Sees)] = &[
    (
        Workspace,
        "bans:\n  - target: tencent-live\n    room: r\n    users: [a]\n    until: never\n",
        Flags(&[]),
    ),
    (
        Workspace,
        "bans:\n  - target: tencent-live\n    room: r\n    users: [a]\n    untill: never\n",
        Flags(&[(2, "Missing property \"until\""), (5, "Property untill is not allowed")]),
    ),
    (
        Workspace,
        "bans:\n  - target: tencent-live\n    room: r\n    users: [a]\n    until: 2036-12-20\n",
        Flags(&[(5, "Must be RFC 3339 with an offset, such as `2036-12-20T00:00:00Z`")]),
    ),
    (
        Workspace,
        "bans: [{ target: zego-live, room: r, users: [a],\n  from: 2036-13-20T00:00:00Z, until: never }]",
        Flags(&[(2, "Must be RFC 3339 with an offset")]),
    ),
    (
        Workspace,
        "bans:\n  - target: tencent-live\n    room: r\n    users: [a]\n",
        Flags(&[(2, "Missing property \"until\"")]),
    ),
    (
        Workspace,
        "bans:\n  - { target: tencent-live, room: r, users: [a],\n    devices: [d], until: never }",
        Flags(&[(3, "Property devices is not allowed")]),
    ),
    (
        Workspace,
        "bans: [{ targets: [tencent-live, volc-live], room: 1,\n  devices: [d], users: [1], until: never }]",
        Flags(&[(2, "Property devices is not allowed")]),
    ),
    (
        Workspace,
        "bans:\n  - target: tencent-lvie\n    room: r\n    users: [a]\n    until: never\n",
        Flags(&[(2, "Valid values: \"agora-live\"")]),
    ),
    (
        Workspace,
        "bans: [{ target: tencent-live, room: r, users: [a],\n  deny: [publish_audio], until: never }]",
        Flags(&[(2, "Valid values: \"join\"")]),
    ),
    (
        Workspace,
        "bans:\n  - target: volc-live\n    room: 1\n    users: [alice]\n    until: never\n",
        Flags(&[(4, "Must be a whole number from 1 to 9223372036854775807")]),
    ),
    (
        Workspace,
        "bans:\n  - target: zego-live\n    users: [alice]\n    until: never\n",
        Flags(&[(2, "Missing property \"room\"")]),
    ),
    (
        Workspace,
        "bans:\n  - target: agora-live\n    ips: [203.0.113.0/24]\n    until: never\n",
        Flags(&[(2, "Missing property \"wide\""), (3, "Must be an IPv4 or IPv6 address")]),
    ),
    (
        Workspace,
        "bans: [{ target: agora-live, ips: [\"2001:db8::7\", 203.0.113.7], wide: true, until: never }]",
        Flags(&[]),
    ),
    (
        Workspace,
        "forbidden_streams:\n  - target: tencent-live\n    streams: [s]\n    until: never\n",
        Flags(&[(2, "Valid values: \"zego-live\"")]),
    ),
    (Workspace, "protect: [{ targets: [tencent-live, agora-live], users: [alice] }]\n", Flags(&[])),
    (
        Workspace,
        "protect:\n  - targets: [tencent-live, volc-live]\n    users: [1]\n    devices: [d]\n",
        Flags(&[(4, "Property devices is not allowed")]),
    ),
    (
        Policy,
        "bans:\n  - target: x\n    room: r\n    users: [a]\n    user: [b]\n    until: soon\n",
        Flags(&[(5, "Property user is not allowed"), (6, "Must be RFC 3339")]),
    ),
    (
        Config,
        "version: 1\ntargets:\n  a:\n    provider: volcengine\n    rate: 31\n    \
         rekick_every: 15m\n    credentials: { access_key_id: { env: A },\n      secret_access_key: x }\n",
        Flags(&[
            (5, "above the maximum of 30"),
            (6, "Property rekick_every is not allowed"),
            (8, "Incorrect type. Expected \"object(source of a secret)\""),
        ]),
    ),
    (
        Config,
        "version: 1\ntargets: {}\norders: { max: 3 weeks }\n",
        Flags(&[(3, "Must be whole numbers with `d`, `h`, `m`, `s`")]),
    ),
];
