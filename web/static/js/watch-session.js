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

export class WatchSession extends EventTarget {
  #reopened = false;

  /** Dispatches "opened" (detail: the session), "progress" (detail: the server's answer), "refused" (detail: status). */
  constructor({ user, course, lesson, duration, cable }) {
    super();
    Object.assign(this, { course, lesson, duration, sid: null, known: [], completed: false });
    this.store = new BeatStore(user);
    this.store.own = this.name;
    this.tracker = new WatchTracker({ duration, onWatched: (interval) => this.store.add(this.name, [interval]) });
    this.sender = new BeatSender({
      store: this.store,
      cable,
      onProgress: (sid, progress) => this.#heard(sid, progress),
      onRefused: (sid, record) => this.#refused(sid, record),
    });
  }

  /** The name of the record that is being written: the sid, or the pending name before there is one. */
  get name() {
    return this.sid ?? BeatStore.pendingName(this.course, this.lesson);
  }

  /** What is watched as far as this page knows: the server's segments and the ones that wait to be sent. */
  get covered() {
    return clip(union(this.known, this.store.get(this.name).segments), 0, this.duration);
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
        if (error instanceof ApiError && GONE.has(error.status)) {
          this.dispatchEvent(new CustomEvent("refused", { detail: error.status }));
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, Math.min(10_000, 1000 * 2 ** failures)));
      }
    }
  }

  /** Takes a sample of the video; see WatchTracker.sample. */
  sample(sample) {
    this.tracker.sample(sample);
    const { played, hidden } = this.tracker;
    const facts = { position: sample.media, rate: sample.rate, state: sample.state, played, hidden, at: Date.now() };
    this.store.add(this.name, [], facts);
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

  #begin(session) {
    const pending = this.name;
    this.sid = session.sid;
    this.store.own = session.sid;
    this.store.move(pending, session.sid);
    this.known = union(this.known, session.segments);
    this.completed ||= session.completed;
    this.dispatchEvent(new CustomEvent("opened", { detail: session }));
    this.sender.flush();
  }

  #heard(sid, progress) {
    if (sid !== this.sid || !progress) return;
    this.learn(progress);
    this.dispatchEvent(new CustomEvent("progress", { detail: progress }));
  }

  // A refused session (its signature or lesson is gone) is replaced once; its seconds are kept.
  #refused(sid, record) {
    if (sid !== this.sid || this.#reopened) return;
    this.#reopened = true;
    this.sid = null;
    this.store.own = this.name;
    this.tracker.played = 0;
    this.tracker.hidden = 0;
    this.store.add(this.name, record.segments);
    this.open();
  }
}
