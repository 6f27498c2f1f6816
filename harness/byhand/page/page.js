"use strict";
(function () {
  const at = (id) => document.getElementById(id);
  const token = document.querySelector('meta[name="token"]').content;
  const headers = { "X-Regiondrill-Token": token, "Content-Type": "application/json" };
  const most = 60; // squares of a strip, and rows of the list
  let kinds = [], regions = [];

  function add(parent, tag, text, name) {
    const element = parent.appendChild(document.createElement(tag));
    if (text !== undefined) { element.textContent = text; }
    if (name) { element.className = name; }
    return element;
  }
  const colour = (region) => "r" + Math.max(0, regions.indexOf(region)) % 6;
  const clock = (text) => new Date(text).toLocaleTimeString("en-GB");
  const say = (text, good) => { at("said").textContent = text; at("said").className = good ? "good" : ""; };

  async function ask(path, body) {
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    const text = await answer.text();
    let read;
    try { read = JSON.parse(text); } catch { throw new Error(text || "The lab doesn't answer."); }
    if (!answer.ok) { throw new Error(read.error); }
    return read;
  }

  function showRegions(state) {
    const list = document.createDocumentFragment();
    const carried = {};
    for (const c of state.carried) {
      for (const [region, n] of Object.entries(c.good)) { carried[region] = (carried[region] || 0) + n; }
    }
    for (const r of state.regions) {
      const faults = r.faults || [];
      const item = add(list, "li", undefined, r.dark ? "dark" : faults.length ? "hit" : "");
      const title = add(item, "div");
      add(title, "strong", r.name + (r.primary ? " (primary)" : ""));
      add(title, "span", r.dark ? "out of reach" : faults.length ? "impaired" : "well", "pill");
      add(item, "div", "carried " + (carried[r.name] || 0) + " in the last minute" +
        (faults.length ? "; broken by " + faults.join(", ") : ""), "soft");
      add(item, "code", r.portal).title = "regiondrill lab open --region " + r.name;
    }
    at("regions").replaceChildren(list);
    at("vantages").textContent = "People sit in " + state.vantages.join(", ") + ".";
  }

  const states = {
    breaking: "is being broken …", in_force: "in force", unproven: "laid, but no canary has seen it",
    lost: "no longer in force, though nobody healed it", healing: "is being healed …",
    not_undone: "could not be undone",
  };

  function showFaults(state) {
    const list = document.createDocumentFragment();
    for (const f of state.faults) {
      const item = add(list, "li");
      item.dataset.name = f.name;
      add(item, "div").append(Object.assign(document.createElement("strong"), { textContent: f.name }), " ", f.summary);
      let detail = states[f.state] + (f.state === "in_force" ? " since " + clock(f.since) : "");
      if (f.until) { detail += ", until " + clock(f.until); }
      if (f.unreachable) { detail += "; nobody can be carried by " + f.unreachable.join(", "); }
      if (f.detail) { detail += ": " + f.detail; }
      add(item, "div", detail, "detail");
      const button = add(item, "button", "Heal", "heal");
      button.type = "button";
      button.disabled = f.state === "healing" || healing.has(f.name);
      button.addEventListener("click", () => heal(f.name));
    }
    // A button that is pressed must not be replaced under the pointer.
    const text = JSON.stringify([state.faults, [...healing]]);
    if (at("faults").dataset.shown !== text) {
      at("faults").dataset.shown = text;
      at("faults").replaceChildren(list);
    }
    at("nothing").hidden = state.faults.length > 0;
    at("heal-all").hidden = state.faults.length < 2;
  }

  function came(h) {
    if (!h.undone) { return h.name + " could not be undone: " + h.detail; }
    if (!h.at) { return h.name + " was healed, but no canary has seen that: " + h.detail; }
    return h.name + " is healed since " + clock(h.at) + ".";
  }

  const healing = new Set();
  async function heal(name) {
    say("");
    healing.add(name);
    try {
      const healed = await ask("/heal", { name });
      say(healed.map(came).join("\n"), healed.every((h) => h.undone && h.at));
    } catch (failed) {
      say(failed.message);
    } finally {
      healing.delete(name);
    }
  }

  function showCarried(state) {
    const rows = document.createDocumentFragment();
    const since = new Date(state.at) - 60000;
    for (const c of state.carried) {
      const row = add(rows, "div", undefined, "row");
      add(row, "div", (c.probe || "by hand") + ", home " + c.home);
      const strip = add(row, "div", undefined, "strip");
      const mine = state.sign_ins.filter((s) => (s.probe || "") === (c.probe || "") && s.home === c.home &&
        new Date(s.at) > since).slice(0, most).reverse();
      for (const s of mine) {
        const square = add(strip, "i", undefined, s.good ? colour(s.carried) : "bad");
        const came = s.good ? "carried by " + s.carried : s.why;
        square.title = clock(s.at) + " " + (s.person || "somebody") + ": " + came;
      }
      const sums = Object.entries(c.good).map(([region, n]) => region + " " + n);
      if (c.failed) { sums.push(c.failed + " failed"); }
      add(row, "div", sums.join(", ") || "nobody came", "sum");
    }
    at("carried").replaceChildren(rows);
    const legend = document.createDocumentFragment();
    for (const [name, text] of regions.map((r) => [colour(r), "carried by " + r]).concat([["bad", "failed"]])) {
      const item = add(legend, "li");
      add(item, "i", undefined, name);
      item.append(text);
    }
    at("legend").replaceChildren(legend);
  }

  function showSignIns(state) {
    const rows = document.createDocumentFragment();
    for (const s of state.sign_ins.slice(0, most)) {
      const row = add(rows, "tr", undefined, !s.good ? "failed" : s.carried !== s.home ? "moved" : "");
      add(row, "td", clock(s.at), "number");
      add(row, "td", (s.person || "somebody") + (s.probe ? "" : " (by hand)"));
      add(row, "td", s.from);
      add(row, "td", s.home);
      const carried = add(row, "td");
      add(carried, "i", undefined, s.good ? colour(s.carried) : "bad");
      carried.append(s.good ? s.carried : "nobody");
      add(row, "td", s.seconds ? s.seconds.toFixed(2) + " s" : "", "number");
      add(row, "td", s.why || s.served || "");
    }
    at("sign-ins").replaceChildren(rows);
    at("nobody").hidden = state.sign_ins.length > 0;
  }

  function show(state) {
    regions = state.regions.map((r) => r.name);
    showRegions(state);
    showFaults(state);
    showCarried(state);
    showSignIns(state);
    at("notes-section").hidden = state.notes.length === 0;
    at("notes").replaceChildren(...state.notes.map((n) => Object.assign(document.createElement("li"),
      { textContent: clock(n.at) + " " + n.text })));
    at("live").className = "on";
    at("live").textContent = "live, up since " + clock(state.up);
  }

  async function follow() {
    const answer = await fetch("/events", { headers });
    if (!answer.ok) { throw new Error("another lab stands here now; load this page again"); }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ;) {
      const { value, done } = await reader.read();
      if (done) { throw new Error("the lab is gone"); }
      const events = (text + value).split("\n\n");
      text = events.pop();
      if (events.length) { show(JSON.parse(events.pop().slice("data: ".length))); }
    }
  }

  async function live() {
    for (;;) {
      try {
        await follow();
      } catch (failed) {
        at("live").className = "gone";
        at("live").textContent = failed instanceof TypeError ? "the lab is gone" : failed.message;
      }
      await new Promise((again) => setTimeout(again, 2000));
    }
  }

  function options(select, list) {
    select.replaceChildren(...list.map(([value, text]) => new Option(text, value)));
  }

  function field(key) {
    const label = add(at("keys"), "label", key.key + " ");
    label.title = key.doc || "";
    let input;
    if (key.words) {
      input = add(label, "select");
      options(input, (key.default ? [] : [["", "any"]]).concat(key.words.map((w) => [w, w])));
    } else if (key.type === "true or false") {
      input = add(label, "select");
      options(input, [["true", "true"], ["false", "false"]]);
    } else {
      input = add(label, "input");
      input.size = 9;
      input.placeholder = key.type;
    }
    input.value = key.default || key.value || "";
    input.dataset.key = key.key;
    input.dataset.default = key.default || "";
  }

  function choose() {
    const kind = kinds.find((k) => k.name === at("kind").value);
    at("doc").textContent = kind.doc;
    const before = at("hit").value;
    options(at("hit"), kind.hits.map((h) => [h.setting, h.label]));
    if (kind.hits.some((h) => h.setting === before)) { at("hit").value = before; }
    at("keys").replaceChildren();
    kind.keys.forEach(field);
    command();
  }

  function breakage() {
    const settings = [at("hit").value].filter(Boolean);
    for (const input of at("keys").querySelectorAll("[data-key]")) {
      if (input.value !== input.dataset.default) { settings.push(input.dataset.key + "=" + input.value); }
    }
    return { kind: at("kind").value, for: at("for").value.trim(), settings };
  }

  const quote = (word) => /^[\w.,:=\/-]+$/.test(word) ? word : "'" + word.replaceAll("'", "'\\''") + "'";
  function command() {
    const b = breakage();
    const words = ["regiondrill lab break", b.kind, ...b.settings.map(quote)];
    if (b.for) { words.push("--for " + quote(b.for)); }
    at("command").firstElementChild.textContent = words.join(" ");
  }

  at("kind").addEventListener("change", choose);
  at("break").addEventListener("input", command);
  at("break").addEventListener("submit", async (event) => {
    event.preventDefault();
    say("");
    at("go").disabled = true;
    try {
      await ask("/break", breakage());
    } catch (failed) {
      say(failed.message);
    } finally {
      at("go").disabled = false;
    }
  });
  at("heal-all").addEventListener("click", () => heal(""));

  fetch("/kinds", { headers }).then((answer) => answer.json()).then((list) => {
    kinds = list;
    options(at("kind"), kinds.map((k) => [k.name, k.name]));
    choose();
  });
  live();
})();
