// Decides which media time was really watched, from samples of the playing video. Pure: no DOM, no clock, no network.
// Rule: an interval counts when it was played without a seek and media time moved forward by no more than
// the wall time at the playback rate allows, plus one second of grace for late timers.

const GRACE = 1000;

export class WatchTracker {
  #last = null;

  /** `onWatched([from, to])` receives each watched interval in ms; `duration` (ms) cuts what lies beyond the end. */
  constructor({ duration, onWatched, played = 0, hidden = 0 }) {
    this.duration = duration;
    this.onWatched = onWatched;
    this.played = played;
    this.hidden = hidden;
  }

  /** Takes one sample: media and wall in ms, rate as a factor. Returns the watched interval, or null. */
  sample({ media, wall, rate = 1, playing, seeking = false, hidden = false }) {
    const now = { media: Math.round(media), wall, rate, playing, seeking, hidden };
    const watched = this.#watchedBetween(this.#last, now);
    if (watched) this.#count(watched, this.#last, now);
    this.#last = now;
    return watched;
  }

  /** Forgets the last sample, so that the next one opens a new segment. */
  interrupt() {
    this.#last = null;
  }

  #watchedBetween(before, now) {
    if (!before?.playing || before.seeking || now.seeking) return null;
    const moved = now.media - before.media;
    const allowed = Math.max(0, now.wall - before.wall) * before.rate + GRACE;
    return moved > 0 && moved <= allowed ? [before.media, Math.min(now.media, this.duration)] : null;
  }

  #count(watched, before, now) {
    const passed = Math.max(0, now.wall - before.wall);
    this.played += passed;
    if (before.hidden) this.hidden += passed;
    if (watched[1] > watched[0]) this.onWatched(watched);
  }
}
