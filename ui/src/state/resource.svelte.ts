// An answer of the server, and how far it is. The only place where a page waits for the network.

import { untrack } from "svelte";
import { Problem } from "../api/client";
import { Refresh } from "./refresh";

/** Loads again whenever something that `load` read has changed, and aborts what is under way. */
export class Resource<T> {
  #data = $state.raw<T | undefined>();
  #problem = $state.raw<Problem | undefined>();
  #loading = $state(true);
  #attempt = $state(0);

  /**
   * `load` must read what it depends on before it first waits.
   * When `refreshOn` changes, the data are loaded again without showing that they are.
   */
  constructor(load: (signal: AbortSignal) => Promise<T>, refreshOn: () => unknown = () => null) {
    const refresh = new Refresh((signal) => load(signal).then((data) => this.#take(data, signal)));
    // The outside world: one request per change of what `load` reads.
    $effect(() => {
      void this.#attempt;
      const abort = new AbortController();
      refresh.hold();
      this.#loading = true;
      let timer: ReturnType<typeof setTimeout> | undefined;
      void load(abort.signal)
        .then(
          (data) => this.#take(data, abort.signal),
          (error: unknown) => {
            const waitS = this.#fail(error, abort.signal);
            if (waitS !== null) timer = setTimeout(() => this.retry(), waitS * 1000);
          },
        )
        .finally(() => abort.signal.aborted || refresh.release());
      return () => {
        abort.abort();
        clearTimeout(timer);
      };
    });
    // The outside world: a silent request per tick.
    $effect(() => {
      if (refreshOn() !== null) untrack(() => refresh.tick());
    });
    $effect(() => () => refresh.stop());
  }

  /** The last answer; while the next one loads, still the one before. */
  get data(): T | undefined {
    return this.#data;
  }

  get problem(): Problem | undefined {
    return this.#problem;
  }

  get loading(): boolean {
    return this.#loading;
  }

  retry(): void {
    this.#attempt += 1;
  }

  /** Puts in place what a change is known to lead to. */
  set(data: T): void {
    this.#data = data;
  }

  #take(data: T, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#data = data;
    this.#problem = undefined;
    this.#loading = false;
  }

  /** Seconds after which it is worth another try, if the server named them; null for never. */
  #fail(error: unknown, signal: AbortSignal): number | null {
    if (signal.aborted) return null;
    this.#problem = error instanceof Problem ? error : new Problem({ title: String(error) });
    this.#loading = false;
    return this.#problem.retryAfterS;
  }
}
