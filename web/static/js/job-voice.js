// What a screen reader hears of jobs: that one started, each quarter, and its end. Not each tick.

import { announce, percent, text } from "./page.js";
import { ACTIVE } from "./job-order.js";

const TOGETHER = 300;
const ENDS = ["job_done", "job_failed", "certificate_ready"]; // notices of the same, which the bell need not say as well

export class JobVoice {
  #spoken = new Map();
  #sentences = [];
  #events = [];
  #timer = null;

  /** Remembers how a job stands without saying anything: what the page shows when it is opened is no news. */
  know({ id, state, progress }) {
    this.#spoken.set(id, mark(state, progress));
  }

  /** Answers a press: the job has started, or had been started before. How it ended is said by tell(). */
  answer({ id, title, state }) {
    if (!ACTIVE.has(state)) return;
    if (!this.#spoken.has(id)) this.#spoken.set(id, 0);
    this.#say(text("job_started", { title }));
  }

  /** Says what is new about {id, title, state, progress, words}. */
  tell({ id, title, state, progress, words }) {
    const [before, now] = [this.#spoken.get(id) ?? null, mark(state, progress)];
    this.#spoken.set(id, now);
    if (now === before) return;
    if (now === "ended") this.#say(text("job_ended", { title, words }), ENDS);
    else if (before === null || before === "ended") this.#say(text("job_started", { title }));
    else if (now > before) this.#say(text("job_percent", { title, percent: percent(now) }));
  }

  // Several jobs may change at once, and a live region holds one text: what comes together is said together.
  #say(sentence, events = []) {
    this.#sentences.push(sentence);
    this.#events.push(...events);
    this.#timer ??= setTimeout(() => {
      announce(this.#sentences.join("; "), this.#events);
      [this.#sentences, this.#events] = [[], []];
      this.#timer = null;
    }, TOGETHER);
  }
}

// "ended", or the last quarter that was reached: 0, 25, 50, 75.
function mark(state, progress) {
  return ACTIVE.has(state) ? Math.min(75, Math.floor(progress / 25) * 25) : "ended";
}
