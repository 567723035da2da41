// Sets of watched time as sorted, disjoint, half-open intervals [from, to) in whole milliseconds of media time.
// Pure functions: every one returns a new list and leaves its arguments alone.

/** Returns the intervals sorted, joined where they touch, without empty or backward ones. */
export function normalise(intervals) {
  const sorted = intervals
    .map(([from, to]) => [Math.round(from), Math.round(to)])
    .filter(([from, to]) => to > from)
    .sort((one, other) => one[0] - other[0]);
  const joined = [];
  for (const [from, to] of sorted) {
    const last = joined.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** Returns everything that is in one set or in the other. */
export function union(one, other) {
  return normalise([...one, ...other]);
}

/** Returns what is in `intervals` and not in `removed`. */
export function subtract(intervals, removed) {
  let left = normalise(intervals);
  for (const [from, to] of normalise(removed)) {
    left = left.flatMap(([a, b]) => [[a, Math.min(b, from)], [Math.max(a, to), b]].filter(([x, y]) => y > x));
  }
  return left;
}

/** Returns the part of the set between `low` and `high`. */
export function clip(intervals, low, high) {
  return normalise(intervals.map(([from, to]) => [Math.max(from, low), Math.min(to, high)]));
}

/** Returns what is not yet in the set, from 0 to `duration`. */
export function complement(intervals, duration) {
  return subtract([[0, duration]], intervals);
}

/** Returns the total length in milliseconds. */
export function measure(intervals) {
  return normalise(intervals).reduce((total, [from, to]) => total + to - from, 0);
}
