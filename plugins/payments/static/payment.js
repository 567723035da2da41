// The page of a payment shows by itself what became of it: by live message, else by asking now and then. And buttons that copy.

const ASK_EVERY = 10_000;
const page = document.querySelector("[data-payment]");
const part = page.querySelector("[data-payment-state]");
const announcements = document.getElementById("announcements");
let asking = null;
let again = false;

function isSettled() {
  return part.firstElementChild?.hasAttribute("data-settled") ?? false;
}

async function refresh() {
  again = true;
  if (asking) return;
  asking = true;
  while (again) {
    again = false;
    await fetchState();
  }
  asking = false;
}

async function fetchState() {
  try {
    const response = await fetch(page.dataset.stateUrl, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(15_000) });
    if (response.redirected || !response.ok) throw new Error(`HTTP ${response.status}`);
    show(await response.text());
  } catch (error) {
    console.debug("Studium: the payment is asked for again", error.message);
  }
}

// Only what is another state is shown anew, so that nobody loses their place, and it is said once.
function show(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const next = template.content.firstElementChild;
  const now = part.firstElementChild;
  if (!next || (next.dataset.state === now?.dataset.state && next.textContent === now?.textContent)) return;
  const hadFocus = part.contains(document.activeElement);
  const isNews = next.dataset.state !== now?.dataset.state;
  part.replaceChildren(next);
  offerCopies();
  const title = part.querySelector("[data-payment-title]");
  if (isNews && announcements) announcements.textContent = title.textContent;
  if (hadFocus) title.focus();
}

function offerCopies() {
  for (const button of part.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
}

part.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.parentElement.querySelector("[data-value]").textContent);
  button.textContent = button.dataset.copied;
  if (announcements) announcements.textContent = button.dataset.copied;
});

document.addEventListener("studium:payment", ({ detail }) => detail.id === page.dataset.payment && refresh());
document.addEventListener("studium:access", () => refresh());
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && !isSettled() && refresh());
addEventListener("pageshow", (event) => event.persisted && refresh());
setInterval(() => document.visibilityState === "visible" && !isSettled() && refresh(), ASK_EVERY);
offerCopies();
