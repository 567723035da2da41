// The cards of the student's jobs on the dashboard: live, in the order of the server, and with the keyboard's place kept.

import { ApiError } from "./api.js";
import { ACTIVE, verdict } from "./job-order.js";
import { percent } from "./page.js";

const [FIRST_PAUSE, LONGEST_PAUSE] = [2_000, 30_000];

export class JobCards {
  #fetching = new Set();
  #again = new Set();
  #pauses = new Map();

  /** `section` is the element with the list, `fetchCard(id)` answers a card's HTML, `voice` is told of what is shown. */
  constructor(section, fetchCard, voice) {
    Object.assign(this, { section, fetchCard, voice });
    this.list = section.querySelector("[data-job-list]");
    for (const card of this.#all()) voice.know(values(card));
  }

  /** Takes a message of the cable. */
  receive(message) {
    const card = this.find(message.id);
    const meaning = verdict(card && values(card), message);
    if (meaning === "fetch") this.refresh(message.id);
    else if (meaning === "move") this.#move(card, message);
  }

  /**
   * Fetches a card and shows it; one that is gone is removed. One request a card at a time: a request that begins after another has
   * ended never answers something older. Without an answer it is tried again.
   */
  async refresh(id) {
    if (this.#fetching.has(id)) {
      this.#again.add(id);
      return;
    }
    this.#fetching.add(id);
    try {
      do {
        this.#again.delete(id);
        this.#show(id, await this.fetchCard(id));
      } while (this.#again.has(id));
      this.#pauses.delete(id);
    } catch (error) {
      this.#failed(id, error);
    } finally {
      this.#fetching.delete(id);
    }
  }

  /** Fetches the active cards again, after a time without live messages. */
  refreshActive() {
    for (const card of this.active()) this.refresh(card.dataset.job);
  }

  active() {
    return this.#all().filter((card) => ACTIVE.has(card.dataset.state));
  }

  find(id) {
    return this.#all().find((card) => card.dataset.job === id) ?? null;
  }

  #all() {
    return [...this.section.querySelectorAll("[data-job]")];
  }

  #move(card, { progress, message }) {
    card.dataset.progress = progress;
    card.querySelector("progress").value = progress;
    card.querySelector("[data-job-percent]").textContent = percent(progress);
    card.querySelector("[data-job-message]").textContent = message;
    this.voice.tell(values(card));
  }

  #show(id, html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    const [fresh, old] = [template.content.querySelector("[data-job]"), this.find(id)];
    if (!fresh || (old && isAhead(old, fresh))) return;
    this.#put(old, fresh);
    this.section.hidden = false;
    this.voice.tell(values(fresh));
  }

  // A card stays where it is, so that nothing moves under the reader's finger; only one that comes back to life leaves the fold.
  #put(old, fresh) {
    const focused = old?.contains(document.activeElement) ? document.activeElement.dataset.jobAction ?? "" : null;
    if (old && (this.list.contains(old) || !ACTIVE.has(fresh.dataset.state))) {
      old.replaceWith(fresh);
    } else {
      old?.remove();
      this.list.prepend(fresh);
    }
    if (focused === null) return;
    (fresh.querySelector(`[data-job-action="${CSS.escape(focused)}"]`) ?? fresh).focus({ preventScroll: true });
  }

  #failed(id, error) {
    if (error instanceof ApiError && error.status === 404) {
      this.find(id)?.remove();
      return;
    }
    const pause = Math.min(LONGEST_PAUSE, (this.#pauses.get(id) ?? FIRST_PAUSE / 2) * 2);
    this.#pauses.set(id, pause);
    setTimeout(() => this.refresh(id), pause);
    console.debug("Studium: a task is not fresh", id, error.message);
  }
}

function values({ dataset }) {
  const { job: id, title, state, phase, words } = dataset;
  return { id, title, state, phase, words, progress: Number(dataset.progress) };
}

// A live message may have moved the bar while the card was on its way.
function isAhead(old, fresh) {
  return old.dataset.phase === fresh.dataset.phase && Number(old.dataset.progress) > Number(fresh.dataset.progress);
}
