// When to load the numbers again: at once when something happened, but never so often that the page
// keeps a slow server busy or uses up the reader's quota of requests.

const GAP_MS_MIN = 250;
const GAP_MS_MAX = 30_000;
/** A refresh may take this share of the time at most. */
const SHARE = 0.25;
/** How many refreshes may follow each other quickly, and how soon another one may. */
const BURST = 8;
const REFILL_MS = 4000;

/** How long to wait after a refresh that took `tookMs`. */
export function gapAfter(tookMs: number): number {
  return Math.min(GAP_MS_MAX, Math.max(GAP_MS_MIN, tookMs / SHARE));
}

/** Refreshes that may still happen: a bucket that fills by one each REFILL_MS. */
export class Allowance {
  #left = BURST;
  #at: number;

  constructor(nowMs: number) {
    this.#at = nowMs;
  }

  /** Milliseconds until the next is allowed. */
  waitMs(nowMs: number): number {
    this.#fill(nowMs);
    return this.#left >= 1 ? 0 : (1 - this.#left) * REFILL_MS;
  }

  take(nowMs: number): void {
    this.#fill(nowMs);
    this.#left = Math.max(0, this.#left - 1);
  }

  #fill(nowMs: number): void {
    this.#left = Math.min(BURST, this.#left + (nowMs - this.#at) / REFILL_MS);
    this.#at = nowMs;
  }
}

export class Pulse {
  #beat = $state(0);
  #gapMs = GAP_MS_MIN;
  #lastMs = -GAP_MS_MAX;
  readonly #allowance = new Allowance(performance.now());
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** A number that grows at each beat; 0 before the first. */
  get beat(): number {
    return this.#beat;
  }

  /** Something happened: beat now, or as soon as it is allowed again. */
  poke(): void {
    if (this.#timer !== undefined) return;
    const now = performance.now();
    const waitMs = Math.max(this.#lastMs + this.#gapMs - now, this.#allowance.waitMs(now), 0);
    this.#timer = setTimeout(() => this.#fire(), waitMs);
  }

  /** Tells how long a load took, which sets the gap. */
  took(ms: number): void {
    this.#gapMs = gapAfter(ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #fire(): void {
    this.#timer = undefined;
    // A hidden page waits; it is poked again when it is shown.
    if (document.hidden) return;
    this.#lastMs = performance.now();
    this.#allowance.take(this.#lastMs);
    this.#beat += 1;
  }
}
