//! Workspaces made for one test.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

/// A config with a target of each provider, and two of Tencent.
pub(crate) const CONFIG: &str = "version: 1
targets:
  z:
    provider: zego
    app_id: 1234567890
    credentials: { server_secret: { env: Z } }
  t:
    provider: tencent
    sdk_app_id: 1400000000
    identifier: administrator
    region: sgp
    credentials: { secret_key: { env: T } }
  t2:
    provider: tencent
    sdk_app_id: 1400000001
    identifier: administrator
    region: usa
    credentials: { secret_key: { env: T } }
  v:
    provider: volcengine
    credentials: { access_key_id: { env: V }, secret_access_key: { env: W } }
  a:
    provider: agora
    app_id: 4855aaaaaaaaaaaaaaaaaaaaaaaaeae2
    credentials: { customer_id: { env: A }, customer_secret: { env: B } }
";

/// A workspace that is gone when the test is over.
pub(crate) struct Files(TempDir);

impl Files {
    /// A workspace with these files, and with [`CONFIG`] unless they hold a config.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        // In memory where there is a place for it: a state is synced with every call.
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let made = Self(TempDir::new_in(place).unwrap());
        made.write("ostracon.yaml", CONFIG.as_bytes());
        for (name, text) in files {
            made.write(name, text.as_bytes());
        }
        made
    }

    /// Writes one more file.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// The directory.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}
