// "Why is this not complete?": draws the watched parts, lists the missing ones as buttons that jump there, and
// says how much is still needed. The rule of the server: threshold % of (duration - tail), tail = min(2 s, duration / 50).

import { clock, clockUp } from "./clock.js";
import { percent, text } from "./page.js";
import { complement, measure } from "./segments.js";
import { drawIntervals } from "./watched-map.js";

const SHOWN = 12;
const SHORTEST = 500;

/** Returns how many milliseconds must still be watched; 0 when it is enough. */
export function stillNeeded(covered, duration, threshold) {
  const tail = Math.min(2000, duration / 50);
  return Math.max(0, Math.ceil((threshold * (duration - tail)) / 100 - measure(covered)));
}

/** Returns the missing parts worth a button: half a second or longer, unless only shorter ones are left. */
export function worthShowing(missing) {
  const long = missing.filter(([from, to]) => to - from >= SHORTEST);
  return (long.length ? long : missing).slice(0, SHOWN);
}

/** Keeps the panel in step with a player. */
export function watchMissing(panel, player) {
  const { duration } = player;
  const threshold = Number(player.dataset.threshold);
  let drawn = "";
  const update = ({ detail: { covered } }) => {
    const shown = `${measure(covered) - (measure(covered) % 500)}:${covered.length}:${player.session.completed}`;
    if (shown === drawn) return;
    drawn = shown;
    panel.hidden = player.session.completed;
    drawIntervals(panel.querySelector("[data-watched]"), covered, duration);
    showNeed(panel, covered, duration, threshold);
    showList(panel.querySelector("[data-missing-list]"), worthShowing(complement(covered, duration)));
  };
  player.addEventListener("watched", update);
  panel.addEventListener("click", (event) => jump(event, player));
}

function showNeed(panel, covered, duration, threshold) {
  const share = duration ? Math.floor((100 * measure(covered)) / duration) : 0;
  const needed = clockUp(stillNeeded(covered, duration, threshold));
  panel.querySelector("[data-needed]").textContent = text("still_need", { time: needed });
  panel.querySelector("[data-watched-percent]").textContent = text("watched_percent", { percent: percent(share) });
}

// Buttons that stay the same stay in place, so that the focus is not lost while the video plays.
function showList(list, parts) {
  const wanted = parts.map(([from, to]) => ({ from, label: `${clock(from)} – ${clock(Math.max(to, from + 1000))}` }));
  while (list.children.length > wanted.length) list.lastElementChild.remove();
  wanted.forEach(({ from, label }, index) => {
    const item = list.children[index] ?? list.appendChild(document.createElement("li"));
    let link = item.querySelector("a");
    if (!link) {
      link = item.appendChild(document.createElement("a"));
      link.className = "part";
    }
    link.href = `?t=${Math.floor(from / 1000)}`;
    link.dataset.seek = String(from);
    if (link.textContent !== label) link.textContent = label;
  });
}

function jump(event, player) {
  const link = event.target.closest("[data-seek]");
  if (!link) return;
  event.preventDefault();
  player.seek(Number(link.dataset.seek));
  player.play();
  player.scrollIntoView({ block: "nearest" });
}
