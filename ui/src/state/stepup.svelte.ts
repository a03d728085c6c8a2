// Acts that wait until their owner has proved again who is acting.

export class StepUp {
  #settle = $state.raw<((fresh: boolean) => void) | null>(null);
  #answer: Promise<boolean> | null = null;

  /** Whether the question is to be shown. */
  get open(): boolean {
    return this.#settle !== null;
  }

  /** Asks; acts that come meanwhile wait for the same answer. */
  ask(): Promise<boolean> {
    this.#answer ??= new Promise((resolve) => (this.#settle = resolve));
    return this.#answer;
  }

  /** Lets all who wait go on, or tells them that there is no proof. */
  settle(fresh: boolean): void {
    this.#settle?.(fresh);
    this.#settle = null;
    this.#answer = null;
  }
}
