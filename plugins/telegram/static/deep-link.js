// Waits until the person has answered the bot, then sends the form that signs this browser in. Without this script the page reloads itself.

const FIRST_PAUSE = 2_000;
const LONGEST_PAUSE = 10_000;
const QUICK_ASKS = 60; // two minutes; after that the pauses grow
const LONGEST_ASK = 10_000;
const SLOW_AFTER = 15_000; // the bot's question is usually there in a second
const SOON = 60; // seconds
const OPEN = new Set(["waiting", "asked"]);
const OVER = new Set(["cancelled", "expired", "none", "cookieless"]);

const section = document.querySelector("[data-deep-link]");
const form = section.querySelector("form");
let timer = null;
let slow = null;
let asking = false;
let asked = 0;
let failures = 0;
let done = false;

async function ask() {
  clearTimeout(timer);
  if (asking || done) return;
  asking = true;
  let wait = 0;
  try {
    const response = await fetch(section.dataset.statusUrl, {
      headers: { Accept: "application/json" },
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(LONGEST_ASK),
    });
    if (response.status === 429) wait = 1000 * (Number(response.headers.get("Retry-After")) || 10);
    else if (!response.ok) throw new Error(`HTTP ${response.status}`);
    else show((await response.json()).data);
    failures = 0;
    section.removeAttribute("data-offline");
  } catch (error) {
    failures += 1;
    section.toggleAttribute("data-offline", failures > 1);
    console.debug("Studium: the sign-in could not be asked for", error.message);
  } finally {
    asking = false;
  }
  asked += 1;
  if (!done) timer = setTimeout(ask, Math.max(wait, pause()));
}

function pause() {
  const slower = Math.max(failures, (asked - QUICK_ASKS) / 10, 0);
  return Math.min(LONGEST_PAUSE, FIRST_PAUSE * (1 + slower));
}

function show({ state, seconds, name }) {
  const focusGoes = OVER.has(state) && section.querySelector(".deep-link-steps").contains(document.activeElement);
  if (section.dataset.state !== state) enter(state);
  section.toggleAttribute("data-soon", OPEN.has(state) && seconds <= SOON);
  if (focusGoes) section.querySelector("[data-again]").focus();
  done = OVER.has(state) || state === "confirmed" || state === "used";
  if (name) form.querySelector("[data-person]").textContent = name;
  if (state === "confirmed") form.requestSubmit();
  // This browser in another tab, or nothing to be had: the server knows which. Not by the form, whose token was of the session before.
  if (state === "used") location.replace(section.dataset.lookUrl);
}

function enter(state) {
  section.dataset.state = state;
  clearTimeout(slow);
  section.removeAttribute("data-slow");
  if (state === "asked") slow = setTimeout(() => section.toggleAttribute("data-slow", true), SLOW_AFTER);
}

// Back from Telegram on the same phone: at once.
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && ask());
addEventListener("online", ask);
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  done = false;
  ask();
});

if (section.dataset.state === "asked") enter("asked");
if (section.dataset.state === "confirmed") show({ state: "confirmed" });
else timer = setTimeout(ask, FIRST_PAUSE);
