// A video whose loading broke off (a restart of the server, a lost network) is loaded again where it stopped.

import { text } from "./page.js";

const AGAIN_AFTER = [1_000, 3_000, 10_000];

/** Watches a player's loading; after some tries by itself it leaves the next one to the student. */
export function recoverLoading(player) {
  const { video } = player;
  const state = { tries: 0, timer: null, wasPlaying: false };
  const again = () => reload(player, state);
  const failed = () => {
    state.wasPlaying = player.started && !video.ended;
    player.notice.show("load_failed", {}, { label: text("try_again"), act: again, kind: "load" });
    clearTimeout(state.timer);
    if (state.tries < AGAIN_AFTER.length) state.timer = setTimeout(again, AGAIN_AFTER[state.tries++]);
  };
  video.addEventListener("error", failed);
  video.querySelector("source:last-of-type")?.addEventListener("error", failed);
  if (video.networkState === HTMLMediaElement.NETWORK_NO_SOURCE) failed();
  addEventListener("online", () => player.notice.kind === "load" && again());
  video.addEventListener("canplay", () => {
    if (player.notice.kind === "load") player.notice.hide();
    state.tries = 0;
  });
}

function reload(player, state) {
  const { video } = player;
  const [place, rate] = [video.currentTime, video.playbackRate];
  clearTimeout(state.timer);
  video.load();
  video.playbackRate = rate;
  const goOn = () => {
    video.currentTime = place;
    if (state.wasPlaying) player.play();
  };
  video.addEventListener("loadedmetadata", goOn, { once: true });
}
