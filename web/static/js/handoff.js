// "Continue at 12:34 on your phone": when the same user watches this lesson elsewhere and this player rests.
// It never moves a video by itself.

import { clock } from "./clock.js";
import { text } from "./page.js";

const WORTH_TELLING = 3_000;

export class Handoff {
  constructor(player) {
    this.player = player;
    document.addEventListener("studium:progress", ({ detail }) => this.#hear(detail));
  }

  #hear(progress) {
    const { player } = this;
    const { session } = player;
    if (progress.lesson_id !== Number(player.dataset.lessonId) || progress.sid === session.sid) return;
    session.learn(progress);
    player.showWatched();
    if (session.store.sent.has(progress.sid)) return;
    const position = Number(progress.position);
    if (player.isPlaying || !position || Math.abs(position - player.position) < WORTH_TELLING) return;
    this.#offer(position, progress.device);
  }

  #offer(position, device) {
    const key = device === "phone" ? "continue_phone" : "continue_elsewhere";
    const time = clock(position);
    const act = () => {
      this.player.seek(position);
      this.player.play();
    };
    this.player.notice.show(key, { time }, { label: text("continue_at", { time }), act, kind: "handoff" });
  }
}
