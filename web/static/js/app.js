// Every page: the cable, live progress, the sign of tasks in progress, the offline banner, what is said at the top of the page, and forms
// that cannot be sent twice.

import { refreshActiveJobs } from "./active-jobs.js";
import { cable } from "./connection.js";
import { showAnew } from "./departure.js";
import { refreshProgress } from "./live-progress.js";
import { announce } from "./page.js";

const BANNER_AFTER = 3_000;
const SAID_AFTER = 500; // a screen reader first says the title
const banner = document.getElementById("offline");
let bannerTimer = null;
let wasOpen = false;

function refresh() {
  refreshProgress();
  refreshActiveJobs();
  document.dispatchEvent(new Event("studium:refresh"));
}

function showConnection(connected) {
  clearTimeout(bannerTimer);
  document.documentElement.toggleAttribute("data-offline", !connected);
  if (connected) banner.hidden = true;
  else bannerTimer = setTimeout(() => (banner.hidden = false), navigator.onLine ? BANNER_AFTER : 0);
}

cable?.addEventListener("open", () => {
  showConnection(true);
  if (wasOpen) refresh();
  wasOpen = true;
});
cable?.addEventListener("close", () => showConnection(false));
// The page as it is for who is signed in now: the way to sign in, and back here. Unsent beats stay on this device.
cable?.addEventListener("signedout", showAnew);
addEventListener("offline", () => showConnection(false));
addEventListener("online", () => cable || showConnection(true));
addEventListener("pageshow", (event) => event.persisted && cable && refresh());

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.hasAttribute("data-sent")) return event.preventDefault();
  form.toggleAttribute("data-sent", true);
  return setTimeout(() => form.removeAttribute("data-sent"), 3_000);
});

// A status that is there from the beginning is no change, so screen readers pass it by.
const said = [...document.querySelectorAll(".flash[role=status]")].map((flash) => flash.textContent.trim()).join(" ");
if (said) setTimeout(announce, SAID_AFTER, said);

// What has to be mended comes first. Where its address asks for a part of the page, browsers leave autofocus out, and go to that part
// when the page has loaded.
function focusProblem() {
  if (document.activeElement === document.body) document.querySelector("main [aria-invalid=true]")?.focus();
}
focusProblem();
if (location.hash) addEventListener("load", () => setTimeout(focusProblem));

// The account menu closes like a menu.
for (const menu of document.querySelectorAll("details[data-menu]")) {
  document.addEventListener("pointerdown", (event) => menu.contains(event.target) || menu.removeAttribute("open"));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.removeAttribute("open");
    menu.querySelector("summary").focus();
  });
  menu.addEventListener("focusout", ({ relatedTarget }) => relatedTarget && !menu.contains(relatedTarget) && menu.removeAttribute("open"));
}
