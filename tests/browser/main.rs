//! Pages in a real browser: Chromium and its driver, as Debian packages them.
//!
//! Where there is none, the tests say so and pass, unless `CI` is set.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic, and tests write files and say what they saw"
)]

mod pages;
#[expect(dead_code, reason = "the other tests need more of it")]
#[path = "../it/scene.rs"]
mod scene;
#[path = "../it/workspace.rs"]
mod workspace;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::{
    CapabilitiesHelper as _, ChromeCapabilities, ChromiumLikeCapabilities as _,
    DesiredCapabilities, WebDriver,
};
use tokio::runtime::Runtime;

/// A browser that looks at one page after the other, and is gone when the test is over.
pub(crate) struct Browser {
    driver: WebDriver,
    runtime: Runtime,
    _service: Service,
    folder: TempDir,
}

/// The browser's driver, which ends with the test however that ends.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _ended = self.0.wait();
    }
}

/// Everything that a window can be like.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) dark: bool,
    pub(crate) scripts: bool,
}

/// A desk in daylight.
pub(crate) const DESK: Window = Window { width: 1280, height: 900, dark: false, scripts: true };

impl Browser {
    /// A browser, if there is one on this machine.
    pub(crate) fn open() -> Option<Self> {
        // The client is built for TLS too, and wants to know whose.
        let _was_there = rustls::crypto::ring::default_provider().install_default();
        let mut service = Command::new("chromedriver");
        service.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut service = match service.spawn() {
            Ok(child) => Service(child),
            Err(error) => {
                missing(&format!("no `chromedriver`: {error}"));
                return None;
            }
        };
        let port = port_of(&mut service.0);
        let folder = TempDir::new().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let capabilities = capabilities(folder.path());
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities);
        let driver = runtime.block_on(driver).unwrap();
        Some(Self { driver, runtime, _service: service, folder })
    }

    /// Shows a page, and checks that it asked nobody for anything and opened no dialog.
    pub(crate) fn show(&self, page: &str, window: Window) {
        let file = self.folder.path().join("page.html");
        fs::write(&file, page).unwrap();
        let Window { width, height, dark, scripts } = window;
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.tell("Emulation.setEmulatedMedia", json!({ "features": features }));
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.tell("Emulation.setDeviceMetricsOverride", metrics);
        self.tell("Emulation.setScriptExecutionDisabled", json!({ "value": !scripts }));
        let address = format!("file://{}", file.display());
        // The driver hands out each line of its log once.
        let _earlier = self.requests();
        self.runtime.block_on(self.driver.goto(&address)).unwrap();
        assert_eq!(self.requests(), [address], "the page asked for something");
        self.calm();
    }

    /// Goes to an address.
    pub(crate) fn visit(&self, address: &str) {
        self.runtime.block_on(self.driver.goto(address)).unwrap();
        self.calm();
    }

    /// Checks that no dialog is open, and that nothing was refused or failed.
    pub(crate) fn calm(&self) {
        let dialog = self.runtime.block_on(self.driver.get_alert_text());
        assert!(dialog.is_err(), "a dialog is open: {dialog:?}");
        let log = self.runtime.block_on(self.driver.get_log("browser")).unwrap();
        let log: Vec<_> = log.into_iter().map(|entry| entry.message).collect();
        assert!(log.is_empty(), "{log:#?}");
    }

    /// What a script returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        let returned = self.runtime.block_on(self.driver.execute(script, Vec::new())).unwrap();
        returned.json().clone()
    }

    /// What a script hands to the function `done`.
    pub(crate) fn wait(&self, script: &str) -> Value {
        let script = format!("const done = arguments[0]; {script}");
        let returned = self.runtime.block_on(self.driver.execute_async(script, Vec::new()));
        returned.unwrap().json().clone()
    }

    /// Presses keys where the focus is.
    pub(crate) fn press(&self, keys: &str) {
        let chain = self.driver.action_chain().send_keys(keys);
        self.runtime.block_on(chain.perform()).unwrap();
    }

    /// What an accessibility checker finds to be serious or worse.
    pub(crate) fn serious(&self) -> Vec<String> {
        let axe = tool("axe.min.js");
        let Ok(axe) = fs::read_to_string(&axe) else {
            missing(&format!("no `{}`: `.ci/run` gets it", axe.display()));
            return Vec::new();
        };
        self.run(&axe);
        let found = self.wait(
            "axe.run().then((all) => done(all.violations.map((one) => \
             [one.impact, one.id, one.nodes.map((node) => node.html).slice(0, 3).join(' | ')])))",
        );
        let found = found.as_array().unwrap().iter().map(ToString::to_string);
        found.filter(|it| it.contains("\"serious\"") || it.contains("\"critical\"")).collect()
    }

    /// Keeps a picture of the whole page where somebody can look at it.
    pub(crate) fn picture(&self, name: &str) {
        let folder = tool("pages");
        fs::create_dir_all(&folder).unwrap();
        let picture = self.tell("Page.captureScreenshot", json!({ "captureBeyondViewport": true }));
        let picture = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

    fn tell(&self, command: &str, parameters: Value) -> Value {
        self.runtime.block_on(self.driver.cdp().send_raw(command, parameters)).unwrap()
    }

    /// What was asked of the network since the last look.
    fn requests(&self) -> Vec<String> {
        let log = self.runtime.block_on(self.driver.get_log("performance")).unwrap();
        let events = log.iter().map(|entry| serde_json::from_str::<Value>(&entry.message).unwrap());
        let requests = events.filter(|it| it["message"]["method"] == "Network.requestWillBeSent");
        let address =
            |it: Value| it["message"]["params"]["request"]["url"].as_str().unwrap().to_owned();
        requests.map(address).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _closed = self.runtime.block_on(self.driver.clone().quit());
    }
}

/// Says that something is not on this machine, which is a failure where all should be.
fn missing(what: &str) {
    assert!(std::env::var_os("CI").is_none(), "{what}, and `CI` is set");
    let said = format!("SKIPPED: pages were not looked at in a browser: {what}\n");
    // Past the harness, which keeps to itself what a test that passes says.
    std::io::stderr().write_all(said.as_bytes()).unwrap();
}

fn tool(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools").join(name)
}

fn port_of(child: &mut Child) -> u16 {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut words = lines.map_while(Result::ok);
    let line = words.find(|line| line.contains("started successfully on port")).unwrap();
    // What it says later must find a reader.
    std::thread::spawn(move || words.count());
    line.trim_end_matches('.').rsplit(' ').next().unwrap().parse().unwrap()
}

fn capabilities(folder: &Path) -> ChromeCapabilities {
    let mut wanted = DesiredCapabilities::chrome();
    let profile = format!("--user-data-dir={}", folder.join("profile").display());
    for argument in [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        &profile,
    ] {
        wanted.add_arg(argument).unwrap();
    }
    let logs = json!({ "performance": "ALL", "browser": "ALL" });
    wanted.set("goog:loggingPrefs", logs).unwrap();
    wanted.set("unhandledPromptBehavior", "ignore").unwrap();
    wanted
}
