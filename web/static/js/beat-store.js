// The watched time that the server has not counted yet, one record per watch session, so that a reload, a crash, a long
// time offline or a session that may not count yet loses nothing. It keeps and says what is due; beats.js decides when to send.

import { BeatRecords, thisTab } from "./beat-records.js";
import { subtract, union } from "./segments.js";

const PENDING = "pending:";
const FRESH = 15_000;
const HELD_PAUSE = 5_000;
const LONGEST_KEPT = 7 * 24 * 3_600_000;
const MOST_INTERVALS = 500;

// `segments` were never acknowledged; `held` were, but do not count yet, and go again after the moment `again`.
// `told` is how much of `played` and `hidden` the server knows; `touched` is when something was last added.
const EMPTY = {
  ...{ seq: 0, wanted: 0, acked: 0, segments: [], held: [], again: 0, lesson: null, touched: 0 },
  ...{ position: null, state: "paused", rate: 1, at: 0, played: 0, hidden: 0, told: { played: 0, hidden: 0 } },
};

export class BeatStore {
  /** The record that this page writes, and the lesson ("course/lesson") that it is about. */
  own = null;
  lesson = null;

  /**
   * `user` is the user's id; `storage` is a Storage. A full or forbidden storage leaves the memory copy in charge.
   * `tab` tells this tab's records, also after a reload, from those that another tab is still writing.
   */
  constructor(user, storage = window.localStorage, tab = thisTab()) {
    this.records = new BeatRecords(`studium:beats:${user}:`, storage);
    this.tab = tab;
    this.sent = new Set();
  }

  /** The name under which a lesson's seconds wait until its session has been opened. */
  static pendingName(course, lesson) {
    return `${PENDING}${course}/${lesson}`;
  }

  /** Whether a beat carries as many intervals as one may (the server takes 1,000), so that more may be waiting. */
  static isFull(beat) {
    return beat.segments.length >= MOST_INTERVALS;
  }

  /** Returns the record of a session; of this page's session from memory, of others from the storage. */
  get(sid) {
    return { ...EMPTY, ...this.records.read(sid), sid };
  }

  /** Adds watched intervals and wall time (played, hidden: ms), and takes newer facts (position, state, rate, at). */
  add(sid, segments, { played = 0, hidden = 0, ...facts } = {}) {
    const record = this.get(sid);
    const watched = segments.length ? union(record.segments, segments) : record.segments;
    const total = { played: record.played + played, hidden: record.hidden + hidden };
    this.#write({ ...record, ...facts, ...total, segments: watched, touched: Date.now() });
  }

  /** Asks for a beat even when no segment is new: a pause or a seek is news too. */
  want(sid) {
    const record = this.get(sid);
    this.#write({ ...record, wanted: record.seq + 1, touched: Date.now() });
  }

  /** Makes the next beat of a session. What it says stays stored until it is acknowledged. */
  beat(sid) {
    const record = this.get(sid);
    const seq = record.seq + 1;
    this.sent.add(sid);
    this.#write({ ...record, seq });
    return {
      sid,
      seq,
      segments: carried(record),
      position: Math.round(record.position ?? 0),
      state: record.state,
      rate: record.rate,
      age: record.at ? Math.max(0, Math.round(Date.now() - record.at)) : 0,
      played: Math.round(record.played),
      hidden: Math.round(record.hidden),
    };
  }

  /**
   * Removes what the server counted of a beat: all that it carried except the parts that are still `missing`. Those belong to a
   * session that claims more than the time since its start allows; they are held and sent again, as time makes them possible.
   * The server lists 200 missing parts at most; what lies after the last of 200 is unknown and is not held.
   */
  acknowledge(beat, missing = []) {
    const record = this.get(beat.sid);
    const counted = subtract(beat.segments, missing);
    const rest = subtract(beat.segments, counted);
    const segments = subtract(record.segments, beat.segments);
    const held = union(subtract(record.held, counted), rest);
    const again = rest.length ? Date.now() + HELD_PAUSE : record.again;
    const told = { played: Math.max(record.told.played, beat.played), hidden: Math.max(record.told.hidden, beat.hidden) };
    const next = { ...record, segments, held, again, told, acked: Math.max(record.acked, beat.seq) };
    this.#write(next);
    if (isEmpty(next)) this.records.clear(beat.sid);
  }

  /** Gives up a record and returns it. */
  drop(sid) {
    const record = this.get(sid);
    this.records.drop(sid);
    return record;
  }

  /** Moves everything that the server has not counted to another session, with the place and the time that go with it. */
  move(from, to) {
    const old = this.drop(from);
    if (isEmpty(old)) return;
    const into = this.get(to);
    const { position, state, rate, at } = into.position === null || old.at > into.at ? old : into;
    this.#write({
      ...into,
      ...{ position, state, rate, at },
      lesson: into.lesson ?? old.lesson,
      segments: union(into.segments, union(old.segments, old.held)),
      played: into.played + old.played - old.told.played,
      hidden: into.hidden + old.hidden - old.told.hidden,
      wanted: into.seq + 1,
      touched: Math.max(into.touched, old.touched),
    });
  }

  /**
   * Takes a session away that the server refuses. Its seconds wait for the next session of their lesson; only a record
   * that names no lesson is lost, with a session that the server says is none.
   */
  release(sid) {
    const { lesson } = this.get(sid);
    if (lesson) this.move(sid, PENDING + lesson);
    else this.drop(sid);
  }

  /** Whether a session has something to tell now. A record without a place waits: it would reset the server's. */
  isDue(sid) {
    const record = this.get(sid);
    if (record.position === null || this.#isTooOld(record)) return false;
    return record.segments.length > 0 || record.wanted > record.acked || (record.held.length > 0 && Date.now() >= record.again);
  }

  /** Returns the sids of all sessions with something to send; this page's come first. */
  due() {
    return this.records.names().filter((sid) => !sid.startsWith(PENDING) && this.isDue(sid) && !this.#isElsewhere(sid));
  }

  /** Removes records that are a week old, such as those of a replaced video, and those of earlier pages that hold nothing. */
  tidy() {
    for (const sid of this.records.names()) {
      const record = this.get(sid);
      if (this.#isTooOld(record) || (sid !== this.own && isEmpty(record))) this.records.drop(sid);
    }
  }

  // Another open tab looks after its own record; once that record has not changed for a while, the tab is gone.
  #isElsewhere(sid) {
    const { tab, at } = this.get(sid);
    return Boolean(tab) && tab !== this.tab && Date.now() - at < FRESH;
  }

  #isTooOld({ touched }) {
    return Date.now() - touched > LONGEST_KEPT;
  }

  #write(record) {
    const isOwn = record.sid === this.own;
    const mine = isOwn ? { tab: this.tab, lesson: this.lesson ?? record.lesson } : {};
    this.records.write(record.sid, { ...record, ...mine }, isOwn);
  }
}

// What is new goes first; what is held fills up, once it is its time.
function carried({ segments, held, again }) {
  const fresh = segments.slice(0, MOST_INTERVALS);
  return Date.now() < again ? fresh : union(fresh, held.slice(0, MOST_INTERVALS - fresh.length));
}

function isEmpty({ segments, held, wanted, acked }) {
  return segments.length === 0 && held.length === 0 && wanted <= acked;
}
