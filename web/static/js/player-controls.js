// The buttons of the control bar: play, volume, speed, picture in picture, fullscreen, settings and the list of keys.

import { clock } from "./clock.js";
import { announce, percent, recall, remember, text } from "./page.js";

export class Controls {
  constructor(player, element) {
    Object.assign(this, { player, video: player.video, element });
    const find = (name) => element.querySelector(`[data-${name}]`);
    this.volume = find("volume");
    this.speed = find("speed");
    this.time = find("time");
    this.menu = find("menu");
    this.menuButton = find("menu-button");
    this.bubble = find("bubble");
    this.help = find("help");
    this.#listen(find);
    this.#restore();
  }

  /** Shows time and play state. */
  showTime(milliseconds) {
    this.time.textContent = `${clock(milliseconds)} / ${clock(this.player.duration)}`;
  }

  /** Gives the play buttons their name for the present state. */
  showState(playing) {
    const label = text(playing ? "pause" : "play");
    for (const button of this.element.querySelectorAll("[data-play]")) button.setAttribute("aria-label", label);
  }

  /** Sets the speed to one of the offered ones, remembered for all lessons. */
  setSpeed(rate) {
    this.video.playbackRate = rate;
    this.speed.value = String(rate);
    remember("speed", rate);
    this.#tell(text("speed", { rate: this.speed.selectedOptions[0]?.textContent ?? rate }));
  }

  /** Moves to the next slower (-1) or faster (1) speed. */
  stepSpeed(direction) {
    const index = this.speed.selectedIndex + direction;
    if (this.speed.options[index]) this.setSpeed(Number(this.speed.options[index].value));
  }

  /** Changes the volume by a part of 1. */
  changeVolume(change) {
    this.video.muted = false;
    this.video.volume = Math.min(1, Math.max(0, Math.round((this.video.volume + change) * 100) / 100));
    this.#tell(text("volume", { percent: percent(Math.round(this.video.volume * 100)) }));
  }

  /** Mutes or gives the sound back. */
  toggleMute() {
    this.video.muted = !this.video.muted;
    this.#tell(text(this.video.muted ? "muted" : "unmuted"));
  }

  /** Enters or leaves full screen; on an iPhone only the video itself can. */
  async toggleFullscreen() {
    if (document.fullscreenElement) await document.exitFullscreen();
    else if (this.player.requestFullscreen) await this.player.requestFullscreen();
    else this.video.webkitEnterFullscreen?.();
  }

  /** Enters or leaves picture in picture, where the browser has it. */
  async togglePicture() {
    if (document.pictureInPictureElement) await document.exitPictureInPicture();
    else if (document.pictureInPictureEnabled) await this.video.requestPictureInPicture();
  }

  /** Shows the list of keys. */
  showHelp() {
    this.closeMenu();
    this.help.showModal();
  }

  /** Closes the settings; returns whether they were open. */
  closeMenu() {
    const open = !this.menu.hidden;
    this.menu.hidden = true;
    this.menuButton.setAttribute("aria-expanded", "false");
    return open;
  }

  #listen(find) {
    for (const button of this.element.querySelectorAll("[data-play]")) {
      button.addEventListener("click", () => this.player.toggle());
    }
    find("mute").addEventListener("click", () => this.toggleMute());
    this.volume.addEventListener("input", () => this.changeVolume(Number(this.volume.value) / 100 - this.video.volume));
    this.speed.addEventListener("change", () => this.setSpeed(Number(this.speed.value)));
    find("fullscreen").addEventListener("click", () => this.toggleFullscreen());
    find("help-button").addEventListener("click", () => this.showHelp());
    find("restart").addEventListener("click", () => this.#restart());
    const picture = find("picture");
    picture.hidden = !document.pictureInPictureEnabled;
    picture.addEventListener("click", () => this.togglePicture());
    this.#listenMenu();
    this.video.addEventListener("volumechange", () => this.#showVolume());
    document.addEventListener("fullscreenchange", () => this.#showFullscreen(find("fullscreen")));
  }

  #restart() {
    this.closeMenu();
    this.player.notice.hide();
    this.player.seek(0);
    this.player.play();
  }

  #listenMenu() {
    this.menuButton.addEventListener("click", () => {
      this.menu.hidden = !this.menu.hidden;
      this.menuButton.setAttribute("aria-expanded", String(!this.menu.hidden));
    });
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.closeMenu()) return;
      this.menuButton.focus();
      event.stopPropagation();
    });
    document.addEventListener("pointerdown", (event) => {
      if (!this.menu.contains(event.target) && !this.menuButton.contains(event.target)) this.closeMenu();
    });
  }

  #restore() {
    const rate = Number(recall("speed", "1"));
    const offered = [...this.speed.options].some((option) => Number(option.value) === rate);
    this.video.playbackRate = this.video.defaultPlaybackRate = offered ? rate : 1;
    this.speed.value = String(this.video.playbackRate);
    const volume = Number(recall("volume", "1"));
    if (volume >= 0 && volume <= 1) this.video.volume = volume;
    this.#showVolume();
  }

  #showVolume() {
    const { muted, volume } = this.video;
    const level = muted ? 0 : Math.round(volume * 100);
    this.volume.value = String(level);
    this.volume.style.setProperty("--at", `${level}%`);
    this.volume.setAttribute("aria-valuetext", percent(level));
    this.player.toggleAttribute("data-muted", muted || volume === 0);
    const mute = this.element.querySelector("[data-mute]");
    mute.setAttribute("aria-label", text(muted ? "unmute" : "mute"));
    remember("volume", volume);
  }

  #showFullscreen(button) {
    const full = document.fullscreenElement === this.player;
    this.player.toggleAttribute("data-fullscreen", full);
    button.setAttribute("aria-label", text(full ? "exit_fullscreen" : "fullscreen"));
  }

  #tell(sentence) {
    announce(sentence);
    this.bubble.textContent = sentence;
    this.bubble.dataset.shown = "";
    clearTimeout(this.bubbleTimer);
    this.bubbleTimer = setTimeout(() => delete this.bubble.dataset.shown, 900);
  }
}
