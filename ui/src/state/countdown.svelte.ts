// Seconds that run down to zero.

export class Countdown {
  #seconds = $state(0);

  constructor() {
    // The outside world: a timer, as long as there is something to count.
    $effect(() => {
      if (this.#seconds <= 0) return;
      const timer = setTimeout(() => (this.#seconds -= 1), 1000);
      return () => clearTimeout(timer);
    });
  }

  get seconds(): number {
    return this.#seconds;
  }

  start(seconds: number): void {
    this.#seconds = seconds;
  }
}
