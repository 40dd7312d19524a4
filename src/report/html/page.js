"use strict";
// Draws the rows of this page as they are looked at: filtered, sorted, grouped, folded.
// Nothing here makes an element out of text: whatever a stranger wrote is text.
(() => {
  const data = JSON.parse(document.getElementById("rows").textContent);
  if (!data) return;
  const list = document.getElementById("listing");
  const control = (id) => document.getElementById(id);
  const SOME_ENTRIES = 200; // drawn at once in a room
  const SOME_ROWS = 8; // drawn at once of an entry
  const MORE_ROWS = 200; // drawn at once when more are asked for

  // Rows with what they share, and what a filter looks into.
  const { texts, files, marks } = data;
  const rows = [];
  for (const [target, note, room, entry, file, line, reason, anchor, of] of data.groups) {
    const group = { target, note, room, entry, file, line, reason, anchor };
    const shared = [texts[target], room === null ? "" : texts[room], entry || "",
      file === null ? "" : files[file][0] + ":" + line, reason === null ? "" : texts[reason]].join("\n");
    for (const [mark, kind, subject, more, until, why] of of) {
      rows.push({ group, mark, kind, subject, more, until, why, shared });
    }
  }
  const lowered = rows.map((row) =>
    (row.shared + "\n" + texts[row.kind] + " " + row.subject + "\n" + texts[row.why]).toLowerCase());

  const number = (count) => count.toLocaleString("en");
  const counted = (count, word) => number(count) + " " + (count === 1 ? word : word + "s");

  // Elements out of a name, attributes and what they hold.
  const element = (name, attributes, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
    made.append(...children.filter((child) => child !== null));
    return made;
  };
  const text = (tag, kind, words) => element(tag, { class: kind }, words);

  const UNITS = [[1, 60, "s"], [60, 60, "min"], [3600, 48, "h"], [86400, 60, "day"], [2629746, 24, "month"], [31556952, Infinity, "year"]];
  const away = (seconds) => {
    const length = Math.abs(seconds);
    const [unit, , name] = UNITS.find(([unit, enough]) => Math.floor((length + unit / 2) / unit) < enough);
    const count = Math.floor((length + unit / 2) / unit);
    const words = count + " " + name + (name.length > 2 && name !== "min" && count !== 1 ? "s" : "");
    return seconds > 0 ? "in " + words : seconds < 0 ? words + " ago" : "now";
  };
  const when = (until) => {
    if (until === null) return ["never"];
    const iso = new Date(until * 1000).toISOString().slice(0, 19);
    return [element("time", { datetime: iso + "Z" }, iso.replace("T", " ").replace(/:00$/, "")), " ",
      text("span", "away", away(until - data.now))];
  };
  const marked = (mark) => {
    const [sign, name, tone] = marks[mark];
    return element("span", { class: "mark " + tone }, text("span", "sign", sign), " ", name);
  };
  const entryOf = ({ entry, file, line, reason }) => {
    const parts = [];
    if (entry !== null) parts.push(text("bdi", "id", entry), " ");
    if (file !== null) {
      const [name, url] = files[file];
      parts.push(url === null ? text("span", "source", name + ":" + line)
        : element("a", { class: "source", href: url + "#L" + line }, name + ":" + line));
    }
    if (reason !== null) parts.push(text("span", "reason", texts[reason]));
    return parts;
  };
  const rowOf = (row, first) => element("tr", first ? { id: row.group.anchor } : {},
    element("td", {}, marked(row.mark)),
    element("td", {}, text("span", "sort", texts[row.kind]), " ", text("bdi", "id", row.subject),
      texts[row.more] ? " " : null, texts[row.more] ? text("span", "more", texts[row.more]) : null),
    element("td", { class: "when" }, ...when(row.until)),
    element("td", {}, texts[row.why]),
    element("td", {}, ...(first ? entryOf(row.group) : [])));

  // A button in a table that draws more above itself.
  const moreButton = (body, words, draw) => {
    const button = element("button", { type: "button" });
    const cell = element("tr", {}, element("td", { colspan: "5" }, button));
    const say = () => { const left = words(); if (left) button.textContent = left; else cell.remove(); };
    button.addEventListener("click", () => { draw(cell); say(); });
    body.append(cell);
    say();
  };
  const entryBody = (of) => {
    const body = element("tbody");
    let drawn = 0;
    const draw = (before, some) => {
      const piece = document.createDocumentFragment();
      for (const end = Math.min(of.length, drawn + some); drawn < end; drawn++) piece.append(rowOf(of[drawn], drawn === 0));
      body.insertBefore(piece, before);
    };
    draw(null, of.length <= SOME_ROWS + 2 ? of.length : SOME_ROWS);
    if (drawn < of.length) {
      moreButton(body, () => drawn < of.length && counted(of.length - drawn, "more " + data.row) + " of this entry",
        (cell) => draw(cell, MORE_ROWS));
    }
    return body;
  };
  const roomTable = (groups) => {
    const head = element("tr", {}, ...[data.mark, ...data.columns, "entry"].map((name) => element("th", { scope: "col" }, name)));
    const table = element("table", { class: "rows" }, element("thead", {}, head));
    const all = [...groups.values()];
    let drawn = 0;
    const draw = (before) => {
      const piece = document.createDocumentFragment();
      for (const end = Math.min(all.length, drawn + SOME_ENTRIES); drawn < end; drawn++) piece.append(entryBody(all[drawn]));
      table.insertBefore(piece, before);
    };
    draw(null);
    if (drawn < all.length) {
      const body = element("tbody");
      table.append(body);
      moreButton(body, () => drawn < all.length && "Show more of " + number(all.length - drawn) + " further entries", () => draw(body));
    }
    return table;
  };

  const tallies = (counts) => {
    const box = element("span", { class: "tallies" });
    counts.forEach((count, mark) => {
      if (count) box.append(" ", text("span", "tally " + marks[mark][2], number(count) + " " + marks[mark][1]));
    });
    return box;
  };
  // A fold that draws what is in it when it is opened first.
  const fold = (attributes, summary, open, draw) => {
    const made = element("details", attributes, summary);
    let drawn = false;
    const fill = () => { if (!drawn && made.open) { drawn = true; draw(made); } };
    made.addEventListener("toggle", fill);
    made.show = () => { made.open = true; fill(); };
    if (open) made.show();
    return made;
  };

  let tree = new Map();
  const grown = (found) => {
    const targets = new Map();
    for (const index of found) {
      const row = rows[index], { target, room } = row.group;
      let of = targets.get(target);
      if (!of) targets.set(target, of = { note: row.group.note, counts: marks.map(() => 0), rooms: new Map() });
      of.counts[row.mark]++;
      let inRoom = of.rooms.get(room);
      if (!inRoom) of.rooms.set(room, inRoom = { counts: marks.map(() => 0), groups: new Map() });
      inRoom.counts[row.mark]++;
      const group = inRoom.groups.get(row.group);
      if (group) group.push(row); else inRoom.groups.set(row.group, [row]);
    }
    return targets;
  };
  const roomFold = (room, { counts, groups }, open) => {
    const name = element("h4", {}, ...(room === null ? ["whole app"] : ["room ", text("bdi", "id", texts[room])]));
    return fold({ class: "room" }, element("summary", {}, name, tallies(counts)), open,
      (into) => into.append(roomTable(groups)));
  };
  const targetFold = (target, of, open) => {
    const summary = element("summary", {}, element("h3", {}, texts[target]), " ", text("span", "note", texts[of.note]), tallies(of.counts));
    return fold({ class: "target", id: "t-" + texts[target] }, summary, open, (into) => {
      const all = [...of.rooms];
      let drawn = 0;
      const more = element("button", { type: "button" });
      const draw = () => {
        for (const end = Math.min(all.length, drawn + SOME_ENTRIES); drawn < end; drawn++) {
          const [room, inRoom] = all[drawn];
          inRoom.fold = roomFold(room, inRoom, open || all.length === 1);
          into.insertBefore(inRoom.fold, more);
        }
        more.textContent = "Show more of " + number(all.length - drawn) + " further rooms";
        more.hidden = drawn >= all.length;
      };
      into.append(more);
      draw();
      more.addEventListener("click", draw);
      of.reach = (room) => { while (drawn < all.length && !of.rooms.get(room).fold) draw(); };
    });
  };

  const found = () => {
    const words = control("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    const [mark, target, end] = ["by-mark", "by-target", "by-end"].map((id) => control(id).value);
    const found = [];
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index];
      if (mark !== "" && row.mark !== Number(mark)) continue;
      if (target !== "" && row.group.target !== Number(target)) continue;
      if (end === "never" && row.until !== null) continue;
      if (end !== "" && end !== "never" && (row.until === null || row.until < data.now || row.until > data.now + Number(end))) continue;
      if (words.every((word) => lowered[index].includes(word))) found.push(index);
    }
    const order = {
      end: (a, b) => (a.until ?? Infinity) < (b.until ?? Infinity) ? -1 : (a.until ?? Infinity) > (b.until ?? Infinity) ? 1 : 0,
      subject: (a, b) => a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0,
      mark: (a, b) => a.mark - b.mark,
    }[control("sort").value];
    return order ? found.sort((a, b) => order(rows[a], rows[b])) : found;
  };
  const draw = () => {
    const indexes = found();
    tree = grown(indexes);
    const open = indexes.length <= data.unfolded;
    list.replaceChildren(...[...tree].map(([target, of]) => of.fold = targetFold(target, of, open)));
    const missing = data.total - data.held;
    control("found").value = (indexes.length === rows.length ? counted(rows.length, data.row)
      : number(indexes.length) + " of " + counted(rows.length, data.row))
      + (missing ? "; " + number(missing) + " more are too many for a page" : "");
  };

  // An address that ends with an entry or a target leads there, through every fold.
  const arrive = () => {
    const anchor = decodeURIComponent(location.hash.slice(1));
    const row = rows.find((row) => row.group.anchor === anchor || "t-" + texts[row.group.target] === anchor);
    const of = row && tree.get(row.group.target);
    if (!of) return;
    of.fold.show();
    if (anchor.startsWith("e-")) {
      of.reach(row.group.room);
      const inRoom = of.rooms.get(row.group.room);
      if (inRoom) inRoom.fold.show();
    }
    const there = document.getElementById(anchor);
    if (there) { there.classList.add("found"); there.scrollIntoView({ block: "center" }); }
  };

  marks.forEach(([, name], mark) => control("by-mark").append(element("option", { value: mark }, name)));
  for (const target of new Set(rows.map((row) => row.group.target))) control("by-target").append(element("option", { value: target }, texts[target]));
  const soon = (() => { let due = 0; return () => { clearTimeout(due); due = setTimeout(draw, 60); }; })();
  control("filter").addEventListener("input", soon);
  for (const id of ["by-mark", "by-target", "by-end", "sort"]) control(id).addEventListener("change", draw);
  control("controls").addEventListener("submit", (event) => event.preventDefault());
  control("unfold").addEventListener("click", () => {
    for (const of of tree.values()) { of.fold.show(); for (const { fold } of of.rooms.values()) if (fold) fold.show(); }
  });
  control("fold").addEventListener("click", () => { for (const made of list.querySelectorAll("details")) made.open = false; });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/INPUT|SELECT|TEXTAREA/.test(document.activeElement.tagName)) { event.preventDefault(); control("filter").focus(); }
    if (event.key === "Escape" && document.activeElement === control("filter")) { control("filter").value = ""; draw(); }
  });
  addEventListener("hashchange", arrive);
  control("controls").hidden = false;
  draw();
  arrive();
})();
