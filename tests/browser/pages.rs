//! Pages as they look and behave.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use serde_json::json;

use super::{Browser, DESK, Window};
use crate::scene::{Scene, text};

/// What a stranger would write to do something in a browser.
const HOSTILE: [&str; 6] = [
    "</script><script>alert(1)</script>",
    "<img src=http://127.0.0.1:9/x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "<!--<script>",
    "javascript:alert(1)//{{x}}${alert(1)}",
    "</title></textarea></style><iframe src=http://127.0.0.1:9>",
];

const DARK: Window = Window { dark: true, ..DESK };
const PHONE: Window = Window { width: 360, height: 780, ..DESK };
/// As wide as an upright tablet, and half of a desk.
const TABLET: Window = Window { width: 800, height: 1100, ..DESK };
const BARE: Window = Window { scripts: false, ..DESK };

fn plan(scene: &Scene) -> String {
    let arguments = ["plan", "--format", "html", "--link-base", "https://example.com/o/r/blob/abc"];
    text(&scene.run(&arguments, 0).stdout)
}

/// Looks at a page in every light, and at what a checker finds.
fn look_at(browser: &Browser, page: &str, name: &str) {
    for (window, light) in [(DESK, "light"), (DARK, "dark"), (TABLET, "tablet"), (PHONE, "phone")] {
        browser.show(page, window);
        browser.picture(&format!("{name}-{light}"));
        assert_eq!(browser.serious(), Vec::<String>::new(), "{name} {light}");
        let wider = "return document.documentElement.scrollWidth - innerWidth";
        assert_eq!(browser.run(wider), 0, "{name} {light} is wider than its window");
        let ids = "[...document.querySelectorAll('.rows td .id')]";
        let narrow =
            format!("return {ids}.filter((it) => it.closest('td').clientWidth < 90).length");
        assert_eq!(browser.run(&narrow), 0, "{name} {light} has a column that nobody can read");
        browser.calm();
    }
}

#[test]
fn a_plan_is_a_page_that_works_in_any_light() {
    let Some(browser) = Browser::open() else { return };
    let scene = Scene::new();
    scene.write(crate::scene::POLICY);
    let page = plan(&scene);
    look_at(&browser, &page, "plan");
    browser.show(&page, BARE);
    browser.picture("plan-without-script");
    let shown = "return [...document.querySelectorAll('.rows .id')].length";
    browser.show(&page, DESK);
    assert_eq!(browser.run(shown), 12);
}

#[test]
fn what_is_in_force_and_was_done_is_a_page() {
    let Some(browser) = Browser::open() else { return };
    let scene = Scene::new();
    scene.write(crate::scene::POLICY);
    scene.run(&["apply", "--auto-approve"], 0);
    // Bob is let back in, a user at Agora stays shorter.
    scene.write(
        &crate::scene::POLICY
            .replace(", bob]", "]")
            .replace("[1, 2, 3, 4, 5, 6]", "[1, 2, 3, 4, 5]"),
    );
    look_at(
        &browser,
        &text(&scene.run(&["plan", "--format", "html", "--diff"], 0).stdout),
        "plan-lifts",
    );
    scene.run(&["apply", "--auto-approve"], 0);
    let mallory = ["--target", "t", "--room", "r", "--user", "mallory", "--for", "1h"];
    scene.run(&[&["ban", "--auto-approve", "--reason", "Abuse"], &mallory[..]].concat(), 0);
    for (arguments, words) in [
        (&["plan"][..], "Ordered, and not in the files yet"),
        (&["status"], "1 order until the files say the same"),
        (&["status"], "11 in force"),
        (&["history"], "16 operations"),
        (&["explain", "alice"], "In force, as far as the state knows"),
        (&["drift"], "nothing differs"),
    ] {
        let arguments = [arguments, &["--format", "html"]].concat();
        let page = text(&scene.run(&arguments, 0).stdout);
        look_at(&browser, &page, arguments[0]);
        let shown = browser.run("return document.body.innerText");
        assert!(shown.as_str().unwrap().contains(words), "{words}\n{shown}");
    }
}

#[test]
fn what_strangers_wrote_does_nothing() {
    let Some(browser) = Browser::open() else { return };
    let scene = Scene::new();
    let mut policy = "bans:\n".to_owned();
    for (number, hostile) in HOSTILE.iter().enumerate() {
        let quoted = serde_json::to_string(hostile).unwrap();
        writeln!(
            policy,
            "  - {{ id: {quoted}, target: z, room: {quoted}, users: ['{number}', {quoted}], \
             reason: {quoted}, meta: {{ case: {quoted} }}, until: never }}"
        )
        .unwrap();
    }
    scene.write(&policy);
    let planned = plan(&scene);
    scene.run(&["apply", "--auto-approve"], 0);
    let page = |arguments: &[&str]| {
        text(&scene.run(&[arguments, &["--format", "html"]].concat(), 0).stdout)
    };
    for (name, page) in [
        ("plan", planned),
        ("status", page(&["status"])),
        ("history", page(&["history"])),
        ("explain", page(&["explain", HOSTILE[0]])),
    ] {
        look_at(&browser, &page, &format!("hostile-{name}"));
        let listed = name != "explain";
        if listed {
            browser.run("document.getElementById('unfold').click()");
        }
        let words = browser.run("return document.querySelector('main').innerText");
        for hostile in HOSTILE.iter().take(if listed { HOSTILE.len() } else { 1 }) {
            assert!(words.as_str().unwrap().contains(hostile), "{hostile} is not shown\n{words}");
        }
        let elements = "return document.querySelectorAll('img, iframe, script').length";
        assert_eq!(browser.run(elements), if listed { 2 } else { 0 });
        browser.calm();
    }
}

/// Waits until the list has been drawn anew, and says what was found.
const FOUND: &str = "const found = document.getElementById('found'); \
    const look = () => found.value.includes(' of ') ? done(found.value) : requestAnimationFrame(look); look();";

#[test]
fn a_plan_is_filtered_folded_and_reached_by_keyboard() {
    let Some(browser) = Browser::open() else { return };
    let scene = Scene::new();
    scene.write(crate::scene::POLICY);
    browser.show(&plan(&scene), DESK);
    browser.press("/alice");
    assert_eq!(browser.wait(FOUND), "1 of 12 operations");
    let subjects = "return [...document.querySelectorAll('.rows .id')].map((it) => it.textContent)";
    assert_eq!(browser.run(subjects), serde_json::json!(["alice"]));
    browser.press("\u{e00c}");
    assert_eq!(browser.run("return document.getElementById('found').value"), "12 operations");
    // The first fold: opened and closed by a key, with the focus to be seen on it.
    let outline = "const it = document.querySelector('.target summary'); it.focus(); \
                   return getComputedStyle(it).outlineStyle";
    browser.press("\u{e004}");
    assert_eq!(browser.run(outline), "solid");
    let open = "return document.querySelector('.target').open";
    assert_eq!(browser.run(open), true);
    browser.press("\u{e007}");
    assert_eq!(browser.run(open), false);
    // An address leads to an entry through closed folds.
    browser.run(
        "document.getElementById('fold').click(); \
                 window.there = document.querySelector('.rows [id^=e-]').id",
    );
    browser.run("location.hash = '#' + window.there");
    let seen = "const look = () => { const it = document.getElementById(window.there); \
                it && it.classList.contains('found') && it.checkVisibility() ? done(true) : requestAnimationFrame(look); }; look();";
    assert_eq!(browser.wait(seen), true);
    browser.calm();
}

#[test]
fn a_hundred_thousand_operations_stay_usable() {
    let Some(browser) = Browser::open() else { return };
    let scene = Scene::new();
    let mut policy = "bans:\n".to_owned();
    for number in 0..100_000 {
        let (room, day) = (number % 400, 1 + number % 28);
        writeln!(
            policy,
            "  - {{ id: case-{number}, target: t, room: 'r-{room}', users: [u-{number}], reason: \
             Rebroadcast of paid content, until: 2036-12-{day:02}T00:00:00Z }}"
        )
        .unwrap();
    }
    scene.write(&policy);
    let page = plan(&scene);
    assert!(page.len() < 20_000_000, "{}", page.len());
    browser.show(&page, DESK);
    browser.picture("hundred-thousand");
    let painted = browser.run(
        "return Math.round(performance.getEntriesByName('first-contentful-paint')[0].startTime)",
    );
    let filtered = browser.wait(
        "const filter = document.getElementById('filter'), found = document.getElementById('found'); \
         filter.value = 'u-9999'; const begun = performance.now(); \
         new MutationObserver(() => requestAnimationFrame(() => done([found.value, performance.now() - begun]))) \
         .observe(found, { childList: true, characterData: true, subtree: true }); \
         filter.dispatchEvent(new Event('input'));",
    );
    assert_eq!(filtered[0], "11 of 100,000 operations");
    assert!(painted.as_f64().unwrap() < 3_000.0, "{painted}");
    assert!(filtered[1].as_f64().unwrap() < 1_000.0, "{filtered}");
    browser.show(&page, BARE);
    let rows = "return document.querySelectorAll('.rows tbody tr').length";
    // Without scripts of its own, a page can still be asked.
    assert_eq!(browser.run(rows), 1_000);
}

/// A service that is killed when the test is over, and its address.
struct Service(Child, String);

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Service {
    fn start(scene: &Scene) -> Self {
        let mut command = scene.command(&["run", "--listen", "127.0.0.1:0"]);
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut says = |what: &str| lines.by_ref().map(Result::unwrap).find(|it| it.contains(what));
        let address = says("serving on").unwrap().split_once("serving on ").unwrap().1.to_owned();
        says("applied").unwrap();
        Self(child, address)
    }
}

#[test]
fn a_page_of_the_service_is_shown_anew_as_it_was_looked_at() {
    let Some(browser) = Browser::open() else { return };
    let scene = Scene::new();
    scene.write(crate::scene::POLICY);
    let service = Service::start(&scene);
    let address = format!("{}/", service.1);
    browser.visit(&address);
    browser.picture("status-served");
    assert_eq!(browser.serious(), Vec::<String>::new());
    // Half a minute is half a second.
    let hurry = "const wait = setTimeout; window.setTimeout = (then, ms) => wait(then, ms / 60);";
    browser.tell("Page.addScriptToEvaluateOnNewDocument", json!({ "source": hurry }));
    browser.visit(&address);
    let shown = "return document.querySelectorAll('.rows .id').length";
    let all = browser.run(shown).as_u64().unwrap();
    let type_in = "const filter = document.getElementById('filter'); filter.value = 'alice';
                   filter.dispatchEvent(new Event('input')); return 0";
    browser.run(type_in);
    let is_anew = "const [it] = performance.getEntriesByType('navigation');
                   return it && it.type === 'reload' && document.readyState === 'complete'";
    let mut looks = 0;
    while browser.run(is_anew) != true {
        looks += 1;
        assert!(looks < 2000, "it was not shown anew");
    }
    assert_eq!(browser.run("return document.getElementById('filter').value"), "alice");
    let left = browser.run(shown).as_u64().unwrap();
    assert!((1..all).contains(&left), "{left} of {all}");
    browser.calm();
}
