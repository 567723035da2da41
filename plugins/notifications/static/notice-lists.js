// Lists of notices, in the panel of the bell and on the page: reading marks them, in this tab at once and in the others by live message.

const bell = document.querySelector("studium-bell");
const api = import(bell.dataset.api);
const page = import(bell.dataset.page);

/** Shows these notices, and all up to an id, as read. The keyboard stays where it is, or goes to the notice whose button is gone. */
export function markRead(ids, upTo) {
  const known = new Set(ids.map(Number));
  for (const notice of document.querySelectorAll("[data-notice][data-unread]")) {
    const id = Number(notice.dataset.notice);
    if (!known.has(id) && !(upTo && id <= upTo)) continue;
    const hadFocus = notice.querySelector("form")?.contains(document.activeElement);
    notice.removeAttribute("data-unread");
    if (hadFocus) (notice.querySelector("[data-notice-link]") ?? notice).focus({ preventScroll: true });
  }
}

/** Draws the list of the page anew, if this page has one that shows the newest; what the reader looks at stays where it is. */
export async function refreshPage(getHtml) {
  const list = document.querySelector("[data-notices-live]");
  if (!list) return;
  try {
    const html = await getHtml(location.pathname + location.search);
    const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-notices-live]");
    if (fresh) keepingPlace(list, () => list.replaceChildren(...fresh.childNodes));
  } catch (error) {
    console.debug("Studium: the list is not fresh", error.message);
  }
}

/** Draws a list anew by `change` and gives the keyboard its place back: the same link or button of the same notice, else the notice. */
export function keepingFocus(list, change) {
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const id = focused?.closest("[data-notice]")?.dataset.notice;
  const kind = focused?.matches("a") ? "a" : "button";
  change();
  if (!focused) return;
  const notice = id && list.querySelector(`[data-notice="${id}"]`);
  const place = (notice || list).querySelector(kind);
  place?.focus({ preventScroll: true });
  if (place !== document.activeElement) (notice || list).focus({ preventScroll: true });
}

// What comes in above must not move what somebody is reading.
function keepingPlace(list, change) {
  const seen = [...list.querySelectorAll("[data-notice]")].find((one) => one.getBoundingClientRect().top >= 0);
  const before = seen?.getBoundingClientRect().top;
  keepingFocus(list, change);
  const same = seen && document.getElementById(seen.id);
  if (same && scrollY > 0) scrollBy({ top: same.getBoundingClientRect().top - before, behavior: "instant" });
}

// The number comes by live message, which keeps its order where answers may overtake each other.
async function read(asked, options) {
  const { post } = await api;
  await post(bell.dataset.readUrl, asked, options);
  document.dispatchEvent(new CustomEvent("studium:notifications-read", { detail: asked }));
}

// Whoever opens a notice has read it. The request outlives the page; the link itself stays a link, also for another tab.
async function open(event) {
  const notice = event.target.closest?.("[data-notice-link]")?.closest("[data-notice][data-unread]");
  if (!notice || event.button > 1) return;
  try {
    await read({ ids: [Number(notice.dataset.notice)] }, { keepalive: true });
  } catch (error) {
    console.debug("Studium: the notice is still unread", error.message);
  }
}

async function submit(event) {
  const form = event.target;
  if (!form.matches?.("[data-notices-read]") || event.defaultPrevented) return;
  event.preventDefault();
  const fields = new FormData(form);
  const upTo = Number(fields.get("up_to"));
  try {
    await read(upTo ? { up_to: upTo } : { ids: fields.getAll("id").map(Number) });
    if (upTo) await ended(form);
  } catch (error) {
    console.debug("Studium: sent as a form", error.message);
    form.submit();
  }
}

// The button is gone with what it was for; the keyboard goes on at the list.
async function ended(form) {
  const { announce } = await page;
  announce(bell.dataset.allRead);
  const place = form.closest(".bell-panel") ?? document.querySelector("main");
  place.focus({ preventScroll: true });
}

for (const press of ["click", "auxclick"]) document.addEventListener(press, open);
document.addEventListener("submit", submit);
