// The bell of every page: how much is unread, live in every tab, said once, and a panel with the newest. Without this script it is a link.

import { keepingFocus, markRead, refreshPage } from "./notice-lists.js";

const TOGETHER = 150; // what comes at once is asked for and said at once
const SPREAD = 600; // not by everybody in the same moment, when the school tells all of them something
const PHONE = matchMedia("(max-width: 40rem)");
const MOST_SAID = 3;
const SAID_BY_THE_PAGE = 5_000; // so long before, a page that tells of its lesson or task itself has told the same

class Bell extends HTMLElement {
  #site = null;
  #news = new Set();
  #timer = null;
  #asking = null;
  #age = 0; // of what the server would answer: what was asked for at another age is not the present
  #panelHtml = null;
  #isStale = false;

  connectedCallback() {
    this.link = this.querySelector(".bell-link");
    this.panel = this.querySelector(".bell-panel");
    this.#site = Promise.all([import(this.dataset.api), import(this.dataset.page)]);
    this.#listen();
    PHONE.addEventListener("change", () => (this.#close(), this.#tell(false)));
    this.#tell(false);
  }

  /** Shows how many are unread. */
  show(unread) {
    const shown = unread > this.dataset.most ? `${this.dataset.most}+` : unread;
    for (const place of this.querySelectorAll("[data-bell-unread]")) place.hidden = unread === 0;
    for (const place of this.querySelectorAll("[data-bell-count], [data-bell-told]")) place.textContent = shown;
    for (const form of document.querySelectorAll("[data-notices-read-all]")) form.hidden = unread === 0;
  }

  #listen() {
    document.addEventListener("studium:notification", ({ detail }) => this.#receive(detail));
    document.addEventListener("studium:notifications-read", ({ detail }) => this.#forget(detail));
    document.addEventListener("studium:refresh", () => this.#refreshSoon());
    document.addEventListener("visibilitychange", () => this.#isStale && this.#refreshSoon());
    for (const sign of ["pointerenter", "focus"]) this.link.addEventListener(sign, () => this.#mayOpen() && this.#load());
    this.link.addEventListener("click", (event) => this.#press(event));
    document.addEventListener("pointerdown", ({ target }) => this.contains(target) || this.#close());
    this.addEventListener("focusout", ({ relatedTarget }) => relatedTarget && !this.contains(relatedTarget) && this.#close());
    this.addEventListener("keydown", (event) => event.key === "Escape" && this.#close(true));
  }

  #receive({ id, unread }) {
    this.show(unread);
    this.#news.add(String(id));
    this.#refreshSoon();
    this.toggleAttribute("data-rings", true);
    setTimeout(() => this.removeAttribute("data-rings"), 1_000);
  }

  #forget({ ids, up_to: upTo, unread }) {
    this.#outdate();
    markRead(ids ?? [], upTo);
    if (unread !== undefined) this.show(unread);
    else if (document.documentElement.hasAttribute("data-offline")) this.#refreshSoon();
  }

  // A tab that nobody sees keeps its number, and asks for the words when it is looked at.
  #refreshSoon() {
    this.#outdate();
    this.#isStale = document.visibilityState === "hidden";
    if (this.#isStale) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#refresh();
    }, TOGETHER + Math.random() * SPREAD);
  }

  async #refresh() {
    const [html] = await Promise.all([this.#load(), this.#site.then(([api]) => refreshPage(api.getHtml))]);
    if (!html) return;
    const fresh = parse(html);
    this.show(Number(fresh.dataset.unreadCount));
    this.#say(fresh);
    if (!this.panel.hidden) this.#fill(fresh);
  }

  async #say(fresh) {
    const notices = [...this.#news].map((id) => fresh.querySelector(`[data-notice="${id}"][data-unread]`)).filter(Boolean);
    this.#news.clear();
    const [, page] = await this.#site;
    const unsaid = notices.filter((notice) => !page.wasAnnounced(notice.dataset.event, SAID_BY_THE_PAGE));
    const told = unsaid.slice(-MOST_SAID).map((notice) => notice.querySelector("[data-notice-subject]").textContent).join("; ");
    if (told) page.announceToo(this.dataset.said.replace("{subject}", () => told));
  }

  #outdate() {
    this.#age += 1;
    this.#panelHtml = null;
  }

  // One question at a time. Null when there is no answer.
  #load() {
    if (this.#panelHtml) return this.#panelHtml;
    this.#asking ??= this.#ask().finally(() => (this.#asking = null));
    return this.#asking;
  }

  async #ask() {
    const [api] = await this.#site;
    try {
      let [age, html] = [];
      do {
        age = this.#age;
        html = await api.getHtml(this.dataset.panelUrl);
      } while (age !== this.#age);
      this.#panelHtml = parse(html) && html;
    } catch (error) {
      console.debug("Studium: the notifications are not fresh", error.message);
    }
    return this.#panelHtml;
  }

  // On a phone, and on the page of all notices, there is no panel: the bell is a link.
  #mayOpen() {
    return !PHONE.matches && !this.link.hasAttribute("aria-current");
  }

  #tell(isOpen) {
    if (this.#mayOpen()) this.link.setAttribute("aria-expanded", isOpen);
    else this.link.removeAttribute("aria-expanded");
  }

  #press(event) {
    if (!this.#mayOpen() || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (this.panel.hidden) this.#open();
    else this.#close();
  }

  async #open() {
    this.#tell(true);
    this.panel.hidden = false;
    this.panel.setAttribute("aria-busy", "true");
    const html = await this.#load();
    this.panel.removeAttribute("aria-busy");
    if (html) this.#fill(parse(html));
    else this.#fail();
  }

  #fail() {
    const told = document.createElement("p");
    told.className = "bell-empty";
    told.textContent = this.dataset.failed;
    this.panel.replaceChildren(told);
  }

  #fill(fresh) {
    keepingFocus(this.panel, () => this.panel.replaceChildren(fresh));
  }

  #close(isByKey = false) {
    if (this.panel.hidden) return;
    this.panel.hidden = true;
    this.#tell(false);
    if (isByKey) this.link.focus();
  }
}

// The sign-in page, which is what somebody gets whose session ended meanwhile, has no such part.
function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.querySelector("[data-notices-panel]");
}

customElements.define("studium-bell", Bell);
