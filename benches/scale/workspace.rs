//! A workspace like those of large users: files of at most a thousand entries, four providers.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::random::Random;

/// What the entries are like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One subject each.
    Single,
    /// Fifty subjects each.
    Fifty,
    /// One, several or a list file of subjects; metadata, starts in the future, overlaps.
    Mixed,
}

/// The most entries of one file.
const PER_FILE: u64 = 1000;

/// How many ids a list file holds in a mixed workspace.
const PER_LIST: u64 = 500;

const CONFIG: &str = "version: 1
targets:
  zego-live:
    provider: zego
    app_id: 1234567890
    credentials: { server_secret: { env: ZEGO } }
  tencent-live:
    provider: tencent
    sdk_app_id: 1400000000
    identifier: administrator
    region: sgp
    credentials: { secret_key: { env: TENCENT } }
  volc-live:
    provider: volcengine
    quota: 1000000
    credentials: { access_key_id: { env: VOLC_ID }, secret_access_key: { env: VOLC_KEY } }
  agora-live:
    provider: agora
    app_id: 4855aaaaaaaaaaaaaaaaaaaaaaaaeae2
    credentials: { customer_id: { env: AGORA_ID }, customer_secret: { env: AGORA_KEY } }
guards:
  max_lifts: { count: 100, percent: 30 }
";

const REASONS: [&str; 6] = [
    "spam in chat",
    "harassment, ticket 4711",
    "payment fraud",
    "repeated copyright strikes",
    "ban evasion",
    "stream of a stolen broadcast",
];

/// Writes a workspace of about this many restrictions.
pub(crate) fn write(directory: &Path, restrictions: u64, shape: Shape) {
    fs::create_dir_all(directory.join("bans")).unwrap();
    fs::create_dir_all(directory.join("lists")).unwrap();
    fs::write(directory.join("ostracon.yaml"), CONFIG).unwrap();
    let mut author = Author { random: Random::new(restrictions), made: 0, entries: 0 };
    let mut file = 0;
    while author.made < restrictions {
        let mut text = "bans:\n".to_owned();
        let mut streams = "forbidden_streams:\n".to_owned();
        let (before, first) = (author.entries, streams.len());
        while author.made < restrictions && author.entries < before + PER_FILE {
            author.write_entry(shape, restrictions, directory, (&mut text, &mut streams));
        }
        if streams.len() > first {
            text.push_str(&streams);
        }
        fs::write(directory.join(format!("bans/{file:05}.yaml")), text).unwrap();
        file += 1;
    }
}

struct Author {
    random: Random,
    /// How many restrictions there are so far.
    made: u64,
    entries: u64,
}

impl Author {
    fn write_entry(
        &mut self,
        shape: Shape,
        restrictions: u64,
        directory: &Path,
        (bans, streams): (&mut String, &mut String),
    ) {
        let subjects = match shape {
            Shape::Single => 1,
            Shape::Fifty => 50,
            Shape::Mixed => [1, 1, 1, 1, 3, 12][self.pick(6)],
        };
        let subjects = subjects.min(restrictions - self.made);
        let number = self.entries;
        let is_mixed = shape == Shape::Mixed;
        let is_list = is_mixed && number % 2000 == 1999;
        let is_stream = is_mixed && !is_list && self.random.below(10) == 0;
        let target = if is_list || is_stream { 0 } else { self.pick(4) };
        let target = if is_list { 1 } else { target };
        let name = ["zego-live", "tencent-live", "volc-live", "agora-live"][target];
        let text = if is_stream { streams } else { bans };
        write!(text, "- id: case-{number:07}\n  target: {name}\n").unwrap();
        if !is_stream && target != 3 {
            let prefix = if target == 2 { "90" } else { "room-" };
            writeln!(text, "  room: {prefix}{:03}", self.random.below(200)).unwrap();
        }
        let keyword = if is_stream { "streams" } else { "users" };
        if is_list {
            let list = self.list(PER_LIST);
            fs::write(directory.join(format!("lists/{number:07}.txt")), list).unwrap();
            writeln!(text, "  users_from: lists/{number:07}.txt").unwrap();
        } else if subjects == 1 {
            let id = self.id(target, is_mixed);
            writeln!(text, "  {keyword}: [{id}]").unwrap();
        } else {
            writeln!(text, "  {keyword}:").unwrap();
            for _ in 0..subjects {
                writeln!(text, "  - {}", self.id(target, is_mixed)).unwrap();
            }
        }
        self.write_terms(text, is_mixed);
        self.entries += 1;
    }

    fn write_terms(&mut self, text: &mut String, is_mixed: bool) {
        if is_mixed && self.random.below(50) == 0 {
            writeln!(text, "  from: 2036-01-01T00:00:00Z").unwrap();
        }
        match self.random.below(5) {
            0 => writeln!(text, "  until: never").unwrap(),
            months => {
                let (month, day) = (1 + self.random.below(12), 1 + self.random.below(28));
                writeln!(text, "  until: 203{}-{month:02}-{day:02}T00:00:00Z", 6 + months % 4)
                    .unwrap();
            }
        }
        writeln!(text, "  reason: {}", REASONS[self.pick(REASONS.len() as u64)]).unwrap();
        if is_mixed && self.random.below(4) == 0 {
            let ticket = self.random.below(100_000);
            writeln!(text, "  meta: {{ ticket: T-{ticket}, team: trust-and-safety }}").unwrap();
        }
    }

    /// An id that no other entry names, or one that another may name too.
    fn id(&mut self, target: usize, may_overlap: bool) -> String {
        self.made += 1;
        let number = if may_overlap && self.random.below(20) == 0 {
            self.random.below(1000)
        } else {
            self.made
        };
        match target {
            2 => (7_000_000_000 + number).to_string(),
            3 => (1_000_000 + number).to_string(),
            _ => format!("user-{:08x}-{number}", number.wrapping_mul(2_654_435_761) & 0xffff_ffff),
        }
    }

    fn list(&mut self, ids: u64) -> String {
        let mut text = "# imported\n".to_owned();
        for _ in 0..ids {
            let id = self.id(1, false);
            writeln!(text, "{id}").unwrap();
        }
        text
    }

    fn pick(&mut self, most: u64) -> usize {
        usize::try_from(self.random.below(most)).unwrap()
    }
}
