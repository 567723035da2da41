// Time as people write it: "12:34" for a place in a video, "1m20s" in a link.

/** Formats milliseconds as m:ss, or h:mm:ss from one hour on. */
export function clock(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, index) => (index ? String(part).padStart(2, "0") : String(part))).join(":");
}

/** Formats what is still needed: never "0:00" while anything is left. */
export function clockUp(milliseconds) {
  return clock(Math.ceil(milliseconds / 1000) * 1000);
}

/** Reads "80", "80s", "1m20s", "1h2m3s" or "1:20"; returns milliseconds, or null when it is not a time. */
export function parseMoment(text) {
  const words = (text ?? "").trim().toLowerCase();
  if (/^\d+(\.\d+)?s?$/.test(words)) return Math.round(Number.parseFloat(words) * 1000);
  if (/^\d+(:[0-5]?\d){1,2}$/.test(words)) {
    return words.split(":").reduce((total, part) => total * 60 + Number(part), 0) * 1000;
  }
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(words);
  if (!words || !match) return null;
  const [hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return ((hours * 60 + minutes) * 60 + seconds) * 1000;
}
