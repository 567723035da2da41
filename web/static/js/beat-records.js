// Records by name in localStorage, each page's own also in memory. Storage only: what a record means is said in beat-store.js.

// sessionStorage lives as long as the tab, so a reloaded page knows its own records again.
export function thisTab() {
  try {
    const known = sessionStorage.getItem("studium:tab") ?? Math.random().toString(36).slice(2);
    sessionStorage.setItem("studium:tab", known);
    return known;
  } catch {
    return null;
  }
}

export class BeatRecords {
  #memory = new Map();

  /** `storage` is a Storage; when it is full or forbidden the memory stays in charge. */
  constructor(prefix, storage) {
    Object.assign(this, { prefix, storage });
  }

  /** Returns all names, of this page and of earlier ones; this page's come first. */
  names() {
    return [...new Set([...this.#memory.keys(), ...this.#storedNames()])];
  }

  /** Returns a record, from memory before the storage; null when there is none that can be read. */
  read(name) {
    if (this.#memory.has(name)) return this.#memory.get(name);
    try {
      return JSON.parse(this.storage.getItem(this.prefix + name));
    } catch (error) {
      console.warn("Studium: an unreadable record of watched time was skipped", name, error);
      return null;
    }
  }

  /** Keeps a record; with `own` it is this page's, which then trusts its memory and not what another tab wrote. */
  write(name, record, own) {
    if (own || this.#memory.has(name)) this.#memory.set(name, record);
    try {
      this.storage.setItem(this.prefix + name, JSON.stringify(record));
    } catch (error) {
      this.#memory.set(name, record);
      console.warn("Studium: watched time is kept in memory only", error);
    }
  }

  /** Removes a record from the storage; this page's memory of it stays until `drop`. */
  clear(name) {
    try {
      this.storage.removeItem(this.prefix + name);
    } catch (error) {
      console.warn("Studium: the browser refuses its storage", error);
    }
  }

  /** Removes a record everywhere. */
  drop(name) {
    this.#memory.delete(name);
    this.clear(name);
  }

  #storedNames() {
    try {
      const keys = Object.keys(this.storage).filter((key) => key.startsWith(this.prefix));
      return keys.map((key) => key.slice(this.prefix.length));
    } catch {
      return [];
    }
  }
}
