// The watched time that the server has not acknowledged yet, one record per watch session, kept in localStorage
// so that a reload, a crash or a long time offline loses nothing. Storage only: beats.js decides when to send.

import { subtract, union } from "./segments.js";

const PENDING = "pending:";
const FRESH = 15_000;
const EMPTY = { seq: 0, wanted: 0, acked: 0, segments: [], position: 0, state: "paused", rate: 1, played: 0, hidden: 0, at: 0 };

// sessionStorage lives as long as the tab, so a reloaded page knows its own records again.
function thisTab() {
  try {
    const known = sessionStorage.getItem("studium:tab") ?? Math.random().toString(36).slice(2);
    sessionStorage.setItem("studium:tab", known);
    return known;
  } catch {
    return null;
  }
}

export class BeatStore {
  /**
   * `user` is the user's id; `storage` is a Storage. A full or forbidden storage leaves the memory copy in charge.
   * `tab` tells this tab's records, also after a reload, from those that another tab is still writing.
   */
  constructor(user, storage = window.localStorage, tab = thisTab()) {
    this.prefix = `studium:beats:${user}:`;
    this.storage = storage;
    this.tab = tab;
    this.memory = new Map();
    this.sent = new Set();
  }

  /** The name under which a lesson's seconds wait until its session has been opened. */
  static pendingName(course, lesson) {
    return `${PENDING}${course}/${lesson}`;
  }

  /** Returns the record of a session; of this page's session from memory, of others from the storage. */
  get(sid) {
    return this.memory.get(sid) ?? this.#read(sid) ?? { sid, ...EMPTY };
  }

  /** Adds watched intervals and newer facts (position, state, rate, played, hidden, at). */
  add(sid, segments, facts = {}) {
    const record = this.get(sid);
    const watched = segments.length ? union(record.segments, segments) : record.segments;
    this.#write({ ...record, ...facts, segments: watched });
  }

  /** Asks for a beat even when no segment is new: a pause or a seek is news too. */
  want(sid) {
    const record = this.get(sid);
    this.#write({ ...record, wanted: record.seq + 1 });
  }

  /** Makes the next beat of a session. What it says stays stored until it is acknowledged. */
  beat(sid) {
    const record = { ...this.get(sid) };
    record.seq += 1;
    this.sent.add(sid);
    this.#write(record);
    return {
      sid,
      seq: record.seq,
      segments: record.segments,
      position: Math.round(record.position),
      state: record.state,
      rate: record.rate,
      age: record.at ? Math.max(0, Math.round(Date.now() - record.at)) : 0,
      played: Math.round(record.played),
      hidden: Math.round(record.hidden),
    };
  }

  /** Removes exactly what an acknowledged beat carried; what was watched meanwhile stays. */
  acknowledge(beat) {
    const record = this.get(beat.sid);
    const segments = subtract(record.segments, beat.segments);
    this.#write({ ...record, segments, acked: Math.max(record.acked, beat.seq) });
    if (!this.isDue(beat.sid)) this.#forget(beat.sid);
  }

  /** Gives up a record and returns it: its session is refused, or its seconds move to another one. */
  drop(sid) {
    const record = this.get(sid);
    this.memory.delete(sid);
    this.#forget(sid);
    return record;
  }

  /** Moves seconds to another session, from one that was never opened or that the server refused. */
  move(from, to) {
    const { segments } = this.drop(from);
    if (segments.length) this.add(to, segments);
  }

  /** Whether a session has something that the server does not know. */
  isDue(sid) {
    const record = this.get(sid);
    return record.segments.length > 0 || record.wanted > record.acked;
  }

  /** Returns the sids of all sessions with something to send, of this page and of earlier ones. */
  due() {
    const names = new Set([...this.memory.keys(), ...this.#storedNames()]);
    return [...names].filter((sid) => !sid.startsWith(PENDING) && this.isDue(sid) && !this.#isElsewhere(sid));
  }

  // Another open tab looks after its own record; once that record has not changed for a while, the tab is gone.
  #isElsewhere(sid) {
    const { tab, at } = this.get(sid);
    return Boolean(tab) && tab !== this.tab && Date.now() - at < FRESH;
  }

  /** Removes records of earlier pages that hold nothing to send. */
  tidy() {
    for (const sid of this.#storedNames()) if (sid !== this.own && !this.isDue(sid)) this.#forget(sid);
  }

  #storedNames() {
    try {
      const keys = Object.keys(this.storage).filter((key) => key.startsWith(this.prefix));
      return keys.map((key) => key.slice(this.prefix.length));
    } catch {
      return [];
    }
  }

  #read(sid) {
    try {
      return JSON.parse(this.storage.getItem(this.prefix + sid));
    } catch (error) {
      console.warn("Studium: an unreadable record of watched time was skipped", sid, error);
      return null;
    }
  }

  #write(record) {
    const own = this.memory.has(record.sid) || record.sid === this.own;
    if (own) this.memory.set(record.sid, Object.assign(record, { tab: this.tab }));
    try {
      this.storage.setItem(this.prefix + record.sid, JSON.stringify(record));
    } catch (error) {
      this.memory.set(record.sid, record);
      console.warn("Studium: watched time is kept in memory only", error);
    }
  }

  #forget(sid) {
    try {
      this.storage.removeItem(this.prefix + sid);
    } catch (error) {
      console.warn("Studium: the browser refuses its storage", error);
    }
  }
}
