// A count that grows by itself while the page is looked at.

export class Ticks {
  #count = $state(0);

  constructor(everyMs: number) {
    // The outside world: a timer; a hidden page rests.
    $effect(() => {
      const timer = setInterval(() => {
        if (!document.hidden) this.#count += 1;
      }, everyMs);
      return () => clearInterval(timer);
    });
  }

  get count(): number {
    return this.#count;
  }
}
