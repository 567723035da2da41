// Pages for operators: the part #live fetches itself again every few seconds while somebody can see it, and says nothing about it.

import { adopt } from "./ops-adopt.js";
import { recall, remember } from "./page.js";

const EVERY = 3_000;
const LONGEST = 10_000;
const part = document.getElementById("live");
const button = document.getElementById("live-switch");
let on = recall("ops-live", "on") === "on";
let timer = null;
let fetching = false;

function show(state) {
  button.dataset.state = state;
  button.querySelector("[data-word]").textContent = button.dataset[state];
  button.title = state === "off" ? button.dataset.go : button.dataset.stop;
}

function plan(wait) {
  clearTimeout(timer);
  if (on && !document.hidden) timer = setTimeout(refresh, wait);
}

async function refresh() {
  if (fetching) return;
  fetching = true;
  try {
    const options = { credentials: "same-origin", headers: { Accept: "text/html" }, signal: AbortSignal.timeout(LONGEST) };
    const response = await fetch(part.dataset.live, options);
    // Signed out, without the role, or the job is gone: the page as a whole tells which.
    if (response.redirected || response.status === 401 || response.status === 404) return location.reload();
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const html = await response.text();
    if (on) adopt(part, html);
    if (on) show("on");
  } catch (error) {
    console.debug("Studium: this page is not fresh", error.message);
    if (on) show("stale");
  } finally {
    fetching = false;
  }
  return plan(EVERY);
}

button.addEventListener("click", () => {
  on = !on;
  remember("ops-live", on ? "on" : "off");
  show(on ? "on" : "off");
  plan(0);
});
document.addEventListener("visibilitychange", () => plan(0));
button.hidden = false;
show(on ? "on" : "off");
plan(EVERY);
