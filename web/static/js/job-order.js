// The order of what is told about jobs. Messages of several processes overtake each other, and a card must never go backwards.

export const ACTIVE = new Set(["queued", "running", "retrying"]);

/**
 * Says what a message means for the card that shows {phase, progress} (null when there is none): "move" its bar, "fetch" it again, or
 * "ignore" the message. Within a phase (one state of one run) progress only grows. Between phases nothing can be compared, so the
 * server is asked, whose answer is never older than the card.
 */
export function verdict(shown, { phase, state, progress }) {
  if (!shown || shown.phase !== phase) return "fetch";
  return state === "running" && progress >= shown.progress ? "move" : "ignore";
}

/** The ids of the active jobs, from messages in any order. `changed(count)` is told each new count, `check()` answers the true ids. */
export class ActiveJobs {
  #active;
  #ended = new Set();
  #changes = 0;
  #checking = false;

  constructor(ids, changed, check) {
    this.#active = new Set(ids);
    Object.assign(this, { changed, check });
  }

  get count() {
    return this.#active.size;
  }

  /** Takes one message. A job that has ended and seems active again was retried, or the message is late: the server knows. */
  receive({ id, state }) {
    const isActive = ACTIVE.has(state);
    if (isActive && this.#ended.has(id)) {
      this.#changes += 1;
      return this.refresh();
    }
    if (!isActive) this.#ended.add(id);
    if (isActive === this.#active.has(id)) return undefined;
    if (isActive) this.#active.add(id);
    else this.#active.delete(id);
    return this.#tell();
  }

  /** Asks for the true ids. An answer that was overtaken by messages is asked for again. */
  async refresh() {
    if (this.#checking) return;
    this.#checking = true;
    try {
      let [ids, before] = [[], -1];
      while (before !== this.#changes) {
        before = this.#changes;
        ids = await this.check();
      }
      this.#active = new Set(ids);
      for (const id of ids) this.#ended.delete(id);
      this.#tell();
    } catch (error) {
      console.debug("Studium: the number of tasks is not fresh", error.message);
    } finally {
      this.#checking = false;
    }
  }

  #tell() {
    this.#changes += 1;
    this.changed(this.count);
  }
}
