// Decides which media time was really watched, from samples of the playing video. Pure: no DOM, no clock, no network.
// Rule: an interval counts when it was played without a seek and media time moved forward by no more than
// the wall time at the playback rate allows, plus one second of grace for late timers.

const GRACE = 1000;

export class WatchTracker {
  #last = null;

  /** `duration` (ms) cuts what lies beyond the end; `played` and `hidden` add up wall time in ms. */
  constructor({ duration }) {
    Object.assign(this, { duration, played: 0, hidden: 0 });
  }

  /** Takes one sample: media and wall in ms, rate as a factor. Returns the watched interval, or null. */
  sample({ media, wall, rate = 1, playing, seeking = false, hidden = false }) {
    const now = { media: Math.round(media), wall, rate, playing, seeking, hidden };
    const watched = this.#watchedBetween(this.#last, now);
    if (watched) this.#count(this.#last, now);
    this.#last = now;
    return watched && watched[1] > watched[0] ? watched : null;
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

  #count(before, now) {
    const passed = Math.max(0, now.wall - before.wall);
    this.played += passed;
    if (before.hidden) this.hidden += passed;
  }
}
