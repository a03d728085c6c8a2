// The stream of what happens on one site right now.

import type { SiteNews } from "../api/schema";

const RECONNECT_MS = 5000;

export class Live {
  #current = $state<number | null>(null);
  #lastEventAt = $state<string | null>(null);
  #connected = $state(false);

  /** `onRefused` is called when the server does not open the stream: perhaps the session has ended. */
  constructor(site: () => string, onRefused: () => void) {
    // The outside world: one stream per site, opened again when it breaks.
    $effect(() => this.#open(site(), onRefused));
  }

  /** Visitors of the last five minutes; null until the stream has said it. */
  get current(): number | null {
    return this.#current;
  }

  /** When the last counted event happened; changes with each commit that touched the site. */
  get lastEventAt(): string | null {
    return this.#lastEventAt;
  }

  get connected(): boolean {
    return this.#connected;
  }

  #open(site: string, onRefused: () => void): () => void {
    let source: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const connect = () => {
      source = new EventSource(`/v1/events?site=${encodeURIComponent(site)}`);
      source.onopen = () => (this.#connected = true);
      source.onerror = () => {
        this.#connected = false;
        // Where the browser gives up (an error answer), we try again later.
        if (source?.readyState !== EventSource.CLOSED) return;
        timer = setTimeout(connect, RECONNECT_MS);
        onRefused();
      };
      source.addEventListener("site", (event) => this.#take(site, event));
    };
    connect();
    return () => {
      source?.close();
      clearTimeout(timer);
      this.#current = null;
      this.#lastEventAt = null;
      this.#connected = false;
    };
  }

  #take(site: string, event: MessageEvent<string>): void {
    const news = JSON.parse(event.data) as SiteNews;
    if (news.site !== site) return;
    this.#current = news.current_visitors;
    this.#lastEventAt = news.last_event_at ?? null;
  }
}
