// What the server tells this page: the <meta> names of layout.html and the translated texts for scripts.

/** Returns the content of <meta name="studium-..."> or null. */
export function pageValue(name) {
  return document.querySelector(`meta[name="studium-${name}"]`)?.content || null;
}

let texts = null;

/** Returns the translated text of a key, with {names} filled in. An unknown key is shown as it is. */
export function text(key, values = {}) {
  texts ??= JSON.parse(document.getElementById("studium-texts")?.dataset.texts ?? "{}");
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Formats a whole number 0..100 as percent, in the page's language. */
export function percent(value) {
  return new Intl.NumberFormat(document.documentElement.lang, { style: "percent" }).format(value / 100);
}

let lastAnnouncement = "";
const announcedAt = new Map();

/** Says one sentence in the page's single polite live region. The same sentence is not said twice in a row. `events` are those that it
 * tells of, for whoever else may want to tell of them. */
export function announce(sentence, events = []) {
  const region = document.getElementById("announcements");
  for (const event of events) announcedAt.set(event, performance.now());
  if (!region || sentence === lastAnnouncement) return;
  lastAnnouncement = sentence;
  region.textContent = sentence;
}

/** Says one sentence besides what the page said just before, which a screen reader may not have come to yet: in its place it would be lost. */
export function announceToo(sentence) {
  const region = document.getElementById("announcements");
  if (!region || sentence === lastAnnouncement) return;
  lastAnnouncement = sentence;
  const line = document.createElement("p");
  line.textContent = sentence;
  const before = [...region.childNodes];
  region.append(line);
  setTimeout(() => before.forEach((node) => node.remove()), 1_000);
}

/** Returns whether something of this event was said in the last `ms` milliseconds. */
export function wasAnnounced(event, ms) {
  return performance.now() - (announcedAt.get(event) ?? -Infinity) < ms;
}

/** Returns a remembered preference; storage may be full or forbidden, then the fallback holds. */
export function recall(key, fallback = null) {
  try {
    return localStorage.getItem(`studium:${key}`) ?? fallback;
  } catch {
    return fallback;
  }
}

/** Remembers a preference on this device; a refused storage is not an error, the choice then lasts for this page. */
export function remember(key, value) {
  try {
    localStorage.setItem(`studium:${key}`, value);
  } catch (error) {
    console.warn("Studium: the browser does not keep preferences", error);
  }
}
