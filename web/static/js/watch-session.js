// One watching of one lesson by a signed-in user: opens the session on the server, gives what the tracker saw to
// the store, and reports. While the session cannot be opened, watched seconds wait under a pending name.

import { ApiError, post } from "./api.js";
import { BeatStore } from "./beat-store.js";
import { BeatSender } from "./beats.js";
import { clip, complement, union } from "./segments.js";
import { WatchTracker } from "./watch-tracker.js";

const GONE = new Set([401, 403, 404]);
const LEFTOVERS_FIRST = 2_000;
const CLOSED_TABS_LATER = 20_000;
const REOPEN_PAUSE = 60_000;

export class WatchSession extends EventTarget {
  #reopened = false;

  /** Dispatches "opened" (detail: the session), "progress" (detail: the server's answer), "refused" (detail: status). */
  constructor({ user, course, lesson, duration, cable }) {
    super();
    Object.assign(this, { course, lesson, duration, sid: null, known: [], completed: false });
    this.store = new BeatStore(user);
    this.store.own = this.name;
    this.store.lesson = `${course}/${lesson}`;
    this.tracker = new WatchTracker({ duration });
    this.sender = new BeatSender({
      store: this.store,
      cable,
      onProgress: (sid, progress) => this.#heard(sid, progress),
      onRefused: (sid) => this.#refused(sid),
    });
  }

  /** The name of the record that is being written: the sid, or the pending name before there is one. */
  get name() {
    return this.sid ?? this.#pending;
  }

  /** What is watched as far as this page knows: the server's segments and the ones that wait to be sent or to count. */
  get covered() {
    const { segments, held } = this.store.get(this.name);
    return clip(union(this.known, union(segments, held)), 0, this.duration);
  }

  /**
   * Opens the session, trying again while the server cannot be reached. What earlier pages left unsent goes first,
   * so that the place to resume from is the newest one.
   */
  async open() {
    this.store.tidy();
    setTimeout(() => this.sender.flush(), CLOSED_TABS_LATER);
    await Promise.race([this.sender.flush(), new Promise((resolve) => setTimeout(resolve, LEFTOVERS_FIRST))]);
    for (let failures = 0; this.sid === null; failures += 1) {
      try {
        this.#begin(await post(`/api/v1/lessons/${this.course}/${this.lesson}/sessions`));
      } catch (error) {
        if (error instanceof ApiError && error.isOurs && GONE.has(error.status)) {
          this.dispatchEvent(new CustomEvent("refused", { detail: error.status }));
          return;
        }
        const pause = error.retryAfter ?? Math.min(10_000, 1000 * 2 ** failures);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  /** Takes a sample of the video; see WatchTracker.sample. */
  sample(sample) {
    const before = { played: this.tracker.played, hidden: this.tracker.hidden };
    const watched = this.tracker.sample(sample);
    const passed = { played: this.tracker.played - before.played, hidden: this.tracker.hidden - before.hidden };
    const facts = { position: sample.media, rate: sample.rate, state: sample.state, at: Date.now() };
    this.store.add(this.name, watched ? [watched] : [], { ...passed, ...facts });
  }

  /** Sends a beat about the last sample. */
  report() {
    this.store.want(this.name);
    this.sender.flush();
  }

  /** Leaves the page: the browser carries the last beats, and they stay stored until they are acknowledged. */
  leave(isNews) {
    if (isNews) this.store.want(this.name);
    this.sender.beacon();
  }

  /** Takes what is missing, from an answer or a live message, as the newest knowledge about the lesson. */
  learn({ missing, completed }) {
    if (missing) this.known = complement(missing, this.duration);
    this.completed ||= Boolean(completed);
  }

  get #pending() {
    return BeatStore.pendingName(this.course, this.lesson);
  }

  #begin(session) {
    this.sid = session.sid;
    this.store.own = session.sid;
    this.store.move(this.#pending, session.sid);
    this.known = union(this.known, session.segments);
    this.completed ||= session.completed;
    this.dispatchEvent(new CustomEvent("opened", { detail: session }));
    this.sender.flush();
  }

  #heard(sid, progress) {
    if (sid !== this.sid) return;
    this.learn(progress);
    this.dispatchEvent(new CustomEvent("progress", { detail: progress }));
  }

  // The store has put the seconds of a refused session aside for the next one of their lesson. This page's own session is
  // replaced by a new one, later if that happens again; what an earlier page watched of this lesson moves to the present one.
  #refused(sid) {
    if (sid === this.sid) {
      this.sid = null;
      this.store.own = this.name;
      setTimeout(() => this.open(), this.#reopened ? REOPEN_PAUSE : 0);
      this.#reopened = true;
    } else if (this.sid !== null) {
      this.store.move(this.#pending, this.sid);
      this.sender.flush();
    }
  }
}
