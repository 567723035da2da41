// The keyboard of the player. Keys act only while the focus is inside it (WCAG 2.1.4), and leave native keys
// of buttons, lists and the volume slider alone.

const SMALL_STEP = 5_000;
const BIG_STEP = 10_000;

const KEYS = {
  " ": (player) => player.toggle(),
  k: (player) => player.toggle(),
  ArrowLeft: (player) => player.seekBy(-SMALL_STEP),
  ArrowRight: (player) => player.seekBy(SMALL_STEP),
  j: (player) => player.seekBy(-BIG_STEP),
  l: (player) => player.seekBy(BIG_STEP),
  ArrowUp: (player) => player.controls.changeVolume(0.1),
  ArrowDown: (player) => player.controls.changeVolume(-0.1),
  m: (player) => player.controls.toggleMute(),
  c: (player) => player.captions.toggle(),
  f: (player) => player.controls.toggleFullscreen(),
  i: (player) => player.controls.togglePicture(),
  "<": (player) => player.controls.stepSpeed(-1),
  ">": (player) => player.controls.stepSpeed(1),
  Home: (player) => player.seek(0),
  End: (player) => player.seek(player.duration),
  "?": (player) => player.controls.showHelp(),
};

// Russian layout: the same physical keys, so that nobody has to switch the keyboard to pause.
const BY_CODE = { KeyK: "k", KeyJ: "j", KeyL: "l", KeyM: "m", KeyC: "c", KeyF: "f", KeyI: "i" };

/** Handles one keydown of the player. */
export function handleKey(player, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || isNative(event)) return;
  const digit = /^Digit(\d)$/.exec(event.code)?.[1];
  const act = KEYS[event.key] ?? KEYS[BY_CODE[event.code]];
  if (act) act(player);
  else if (digit !== undefined && !event.shiftKey) player.seek((player.duration * Number(digit)) / 10);
  else return;
  event.preventDefault();
  player.wake();
}

function isNative({ key, target }) {
  if (target.closest("dialog, select")) return true;
  if (target.matches("button, a, summary")) return key === " " || key === "Enter";
  if (target.matches("[data-volume]")) return /^(Arrow|Home|End)/.test(key);
  return false;
}
