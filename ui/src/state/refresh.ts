// Loading again what is on the page, in the background: one request at a time, and none too few.

/** Runs `load` once per tick. Ticks that come while a request is under way lead to one more after it. */
export class Refresh {
  readonly #load: (signal: AbortSignal) => Promise<void>;
  #running: AbortController | undefined;
  #held = false;
  /** Whether a tick came whose news the answer under way may not have. */
  #missed = false;

  constructor(load: (signal: AbortSignal) => Promise<void>) {
    this.#load = load;
  }

  tick(): void {
    if (this.#held || this.#running) {
      this.#missed = true;
      return;
    }
    const abort = new AbortController();
    this.#running = abort;
    // If it fails, what is on the page stays until the next tick.
    void this.#load(abort.signal)
      .catch(() => undefined)
      .finally(() => {
        if (this.#running !== abort) return;
        this.#running = undefined;
        this.#catchUp();
      });
  }

  /** Something louder loads the same: what is under way is dropped, and ticks wait for `release`. */
  hold(): void {
    this.stop();
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#catchUp();
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#missed = false;
  }

  #catchUp(): void {
    if (!this.#missed) return;
    this.#missed = false;
    this.tick();
  }
}
