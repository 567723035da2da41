// Notices that a lesson was closed to the student, or opened: by a live message, at the moment that is known before, and after sleep.
// The message permits nothing: the server is asked each time. Knows nothing of what the page shows.

import { get } from "./api.js";

const LONGEST_TIMER = 2 ** 31 - 1; // of setTimeout: 24.8 days
const AFTER = 50; // ms; a timer must not be early
const AGAIN = 2_000;

export class LessonAccess extends EventTarget {
  #timer = null;
  #due = null;
  #asking = null;

  /** `changesIn` are ms until the lesson closes or opens by itself, or null. Dispatches "closed" and "opened" when that changes. */
  constructor({ course, lesson, courseId, isOpen, changesIn = null, ask = get }) {
    super();
    Object.assign(this, { course, lesson, courseId, isOpen, ask });
    this.#wait(changesIn);
    document.addEventListener("studium:access", ({ detail }) => detail.course_id === this.courseId && this.check());
    document.addEventListener("visibilitychange", () => this.#awake());
    addEventListener("pageshow", (event) => event.persisted && this.check());
  }

  /** Asks the server; a call while it is being asked asks once more afterwards. */
  async check() {
    if (this.#asking) {
      this.#asking = "again";
      return;
    }
    this.#asking = "once";
    try {
      this.#hear(await this.ask(`/api/v1/lessons/${this.course}/${this.lesson}/access`));
    } catch (error) {
      console.debug("Studium: whether the lesson is open is asked again", error.message);
      this.#wait(AGAIN);
    }
    const again = this.#asking === "again";
    this.#asking = null;
    if (again) await this.check();
  }

  #hear({ open, ends_in: endsIn }) {
    this.#wait(open ? endsIn : null);
    if (open === this.isOpen) return;
    this.isOpen = open;
    this.dispatchEvent(new Event(open ? "opened" : "closed"));
  }

  #wait(milliseconds) {
    clearTimeout(this.#timer);
    this.#due = milliseconds === null ? null : Date.now() + milliseconds + AFTER;
    if (this.#due !== null) this.#timer = setTimeout(() => this.#rang(), Math.min(LONGEST_TIMER, milliseconds + AFTER));
  }

  #rang() {
    const left = this.#due - Date.now();
    if (left > AFTER) this.#wait(left);
    else this.check();
  }

  // Timers rest while a device sleeps or a tab is hidden.
  #awake() {
    if (document.visibilityState === "visible" && this.#due !== null && Date.now() >= this.#due) this.check();
  }
}
