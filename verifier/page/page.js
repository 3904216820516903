// SPDX-License-Identifier: GPL-2.0-or-later
// Draws what api/state says, every two seconds. All of it is text from hostile machines: it goes into
// text nodes only, never into HTML.
"use strict";

const ROWS_MAX = 500;
const SVG = "http://www.w3.org/2000/svg";
let last = null;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function ago(seconds) {
  if (seconds < 120) return Math.max(0, Math.round(seconds)) + " s ago";
  if (seconds < 7200) return Math.round(seconds / 60) + " min ago";
  return Math.round(seconds / 3600) + " h ago";
}

function when(at) {
  return at ? new Date(at * 1000).toISOString().replace(".000Z", "Z") : "never";
}

function rectangle(className, x, width, title) {
  const made = document.createElementNS(SVG, "rect");
  made.setAttribute("class", className);
  made.setAttribute("x", x);
  made.setAttribute("y", 0);
  made.setAttribute("width", Math.max(width, 0.4));
  made.setAttribute("height", 10);
  const words = document.createElementNS(SVG, "title");
  words.textContent = title;
  made.append(words);
  return made;
}

// The last day from left to right: a stripe per state, a mark per alert or finding.
function timeline(target, state) {
  const svg = document.createElementNS(SVG, "svg");
  const start = state.now - state.history_seconds;
  const place = (at) => (100 * (Math.max(at, start) - start)) / state.history_seconds;
  const changes = state.changes.filter((change) => change.name === target.name);
  const events = [...state.alerts, ...state.findings].filter((event) => event.target === target.name && event.kind !== "output" && event.kind !== "end" && event.at >= start);
  svg.setAttribute("class", "timeline");
  svg.setAttribute("viewBox", "0 0 100 10");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", changes.length ? "Changes: " + changes.map((change) => change.state + " " + when(change.at)).join(", ") : "no change in the last day");
  changes.forEach((change, i) => {
    const end = i + 1 < changes.length ? changes[i + 1].at : state.now;
    svg.append(rectangle(change.state, place(change.at), place(end) - place(change.at), change.state + " since " + when(change.at)));
  });
  for (const event of events) svg.append(rectangle("event", place(event.at), 0.4, event.title + " " + when(event.at)));
  return svg;
}

function look(scan) {
  if (!scan.count) return "none told";
  const words = scan.program + ", " + ago(last.now - scan.at) + ", epoch " + scan.epoch + ", exit status " + scan.exit_status;
  const source = /^0+$/.test(scan.source) ? "" : ", source " + scan.source.slice(0, 16);
  return words + source + (/^0+$/.test(scan.profile) ? ", kernel's facts from memory" : ", profile " + scan.profile.slice(0, 16));
}

function row(target, state) {
  const made = element("tr");
  const name = element("th", target.name);
  const cells = [target.state, target.heard_at ? ago(state.now - target.heard_at) + " (" + target.heard_count + " in all)" : "never",
    look(target.scan), target.evidence || "none was shown"].map((text) => element("td", text));
  const picture = element("td");
  name.scope = "row";
  cells[0].className = "state " + target.state;
  picture.append(timeline(target, state));
  made.append(name, ...cells, picture);
  return made;
}

function drawTargets(state) {
  const wanted = document.getElementById("filter").value.toLowerCase();
  const order = { missing: 0, idle: 1, unknown: 2, healthy: 3 };
  const shown = state.targets.filter((target) => (target.name + " " + target.state).toLowerCase().includes(wanted));
  shown.sort((a, b) => order[a.state] - order[b.state] || (a.name < b.name ? -1 : 1));
  document.querySelector("#targets tbody").replaceChildren(...shown.slice(0, ROWS_MAX).map((target) => row(target, state)));
  const more = document.getElementById("more");
  more.hidden = shown.length <= ROWS_MAX;
  more.textContent = shown.length - ROWS_MAX + " more: narrow them down above";
}

function entry(event) {
  const made = element("li");
  const details = element("details");
  const title = event.kind === "output" ? event.program + " printed " + event.size + " bytes"
    : event.kind === "end" ? event.program + " ended with exit status " + event.exit_status : event.title;
  made.dataset.key = event.uid || event.target + event.at + event.text;
  details.append(element("summary", when(event.at) + " · " + event.target + " · " + title));
  if (event.text && event.kind !== "output" && event.kind !== "end") details.append(element("p", event.text));
  if (event.attacks && event.attacks.length) details.append(element("p", "MITRE ATT&CK: " + event.attacks.join(", ")));
  if (event.kind === "output" || event.kind === "end") details.append(element("pre", event.text));
  if (event.details) details.append(element("pre", JSON.stringify(event.details, null, 2)));
  made.append(details);
  return made;
}

// Those that are there stay: what was opened stays open, and the keyboard's place stays.
function drawEvents(id, events) {
  const list = document.getElementById(id);
  const there = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const wanted = [...events].reverse().map((event) => {
    const made = entry(event);
    return there.get(made.dataset.key) || made;
  });
  if (!wanted.length) wanted.push(element("li", "none"));
  if (wanted.length === list.children.length && wanted.every((child, i) => child === list.children[i])) return;
  list.replaceChildren(...wanted);
}

function draw(state) {
  const counts = { healthy: 0, unknown: 0, missing: 0 };
  const warning = document.getElementById("warning");
  const warnings = [];
  for (const target of state.targets) counts[target.state]++;
  last = state;
  document.getElementById("summary").textContent = counts.healthy + " healthy, " + counts.missing + " missing, " + counts.unknown + " unknown";
  document.title = (counts.missing ? "(" + counts.missing + " missing) " : "") + "Bartizan";
  if (counts.missing) warnings.push(counts.missing + " missing: " + state.targets.filter((target) => target.state === "missing").slice(0, 10).map((target) => target.name).join(", "));
  if (state.store_failing) warnings.push("The verifier can't keep anything now: its disk is full or broken.");
  if (state.unproven) warnings.push("This verifier was started to believe anybody (--insecure-accept-anyone): what it shows proves nothing.");
  warning.hidden = !warnings.length;
  if (warning.textContent !== warnings.join(" ")) warning.textContent = warnings.join(" ");
  drawTargets(state);
  drawEvents("alerts", state.alerts);
  drawEvents("findings", state.findings);
}

async function ask() {
  try {
    // Not relative: an address with a login in it may not be fetched from.
    const answer = await fetch(location.origin + location.pathname + "api/state");
    if (!answer.ok) throw new Error("it answered " + answer.status);
    draw(await answer.json());
  } catch (error) {
    const warning = document.getElementById("warning");
    warning.hidden = false;
    warning.textContent = "The verifier doesn't answer (" + error.message + "): what stands below may be old.";
  }
  setTimeout(ask, 2000);
}

document.getElementById("filter").addEventListener("input", () => last && drawTargets(last));
ask();
