"use strict";
// Shows the page anew every half minute, as it is looked at: filter, order, folds and place stay.
(() => {
  const EVERY = 30_000; // milliseconds
  const KEY = "ostracon " + location.pathname;
  const CONTROLS = ["filter", "by-mark", "by-target", "by-end", "sort"];
  const control = (id) => document.getElementById(id);
  // A fold by what stands over it.
  const name = (fold) => {
    const above = fold.parentElement.closest("details");
    const heading = fold.querySelector("summary :is(h3, h4)") || fold.querySelector("summary");
    return (above ? name(above) + "\n" : "") + heading.textContent;
  };
  const folds = () => [...document.querySelectorAll("details")];

  const restore = () => {
    let seen = null;
    // Where nothing may be kept, the page is shown as new.
    try { seen = JSON.parse(sessionStorage.getItem(KEY)); } catch { return; }
    if (!seen) return;
    const options = (id) => [...control(id).options || []];
    for (const id of CONTROLS.filter(control)) {
      const value = seen.controls[id];
      if (value !== undefined && (id === "filter" || options(id).some((it) => it.value === value))) control(id).value = value;
    }
    if (control("sort")) control("sort").dispatchEvent(new Event("change"));
    // A fold may be drawn by opening the one above it.
    for (let more = true; more;) {
      const open = new Set(seen.folds);
      const closed = folds().filter((fold) => !fold.open && open.has(name(fold)));
      more = closed.length > 0;
      closed.forEach((fold) => fold.show ? fold.show() : fold.open = true);
    }
    folds().filter((fold) => !seen.folds.includes(name(fold))).forEach((fold) => fold.open = false);
    scrollTo(0, seen.top);
  };
  const keep = () => {
    const controls = Object.fromEntries(CONTROLS.filter(control).map((id) => [id, control(id).value]));
    const open = folds().filter((fold) => fold.open).map(name);
    try { sessionStorage.setItem(KEY, JSON.stringify({ controls, folds: open, top: scrollY })); } catch { /* as new */ }
  };
  // Nobody's typing is cut off, and a page that nobody sees waits.
  const isInUse = () => document.hidden || /INPUT|SELECT/.test(document.activeElement.tagName);
  const renew = () => {
    if (isInUse()) { setTimeout(renew, 1000); return; }
    keep();
    location.reload();
  };
  restore();
  setTimeout(renew, EVERY);
})();
