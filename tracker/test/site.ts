// A site that carries the tracker, and the server its events go to: both real, on loopback, one pair for each test.

import { test as base, expect, type Page } from "@playwright/test";
import { readFileSync } from "node:fs";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

/** One event as it arrived. */
export type Event = Record<string, any>;

export interface Request {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
}

interface Answer {
  html: string;
  status?: number;
}

const FILES = Object.fromEntries(
  ["script.js", "script.all.js"].map((file) => [
    file,
    readFileSync(new URL(`../dist/${file}`, import.meta.url)),
  ]),
);

const listen = async (server: Server) => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
};

export class Site {
  readonly events: Event[] = [];
  /** Everything the event server was asked, preflights too. */
  readonly requests: Request[] = [];
  private readonly pages = new Map<string, Answer>();
  private readonly servers: Server[] = [];
  private sitePort = 0;
  private eventPort = 0;

  async start() {
    const site = createServer((request, response) => {
      if (request.method == "POST") return this.take(request, response);
      const answer = this.pages.get(new URL(request.url!, "http://site").pathname);
      if (!answer) return response.writeHead(404).end();
      response
        .writeHead(answer.status ?? 200, { "content-type": "text/html; charset=utf-8" })
        .end(answer.html);
    });
    const events = createServer((request, response) => {
      const name = /^\/js\/(?:script|plausible)((?:\.[a-z0-9-]+)*)\.js$/.exec(request.url!);
      if (!name) return this.take(request, response);
      // The rule of README.md: the base file without extensions, the full one with any.
      response
        .writeHead(200, { "content-type": "text/javascript" })
        .end(FILES[name[1] ? "script.all.js" : "script.js"]);
    });
    this.servers.push(site, events);
    this.sitePort = await listen(site);
    this.eventPort = await listen(events);
  }

  private take(request: IncomingMessage, response: ServerResponse) {
    const { method = "", url: path = "", headers } = request;
    this.requests.push({ method, path, headers });
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
      if (method == "POST") this.events.push(JSON.parse(body));
      response.writeHead(202, { "access-control-allow-origin": "*" }).end("ok");
    });
  }

  stop() {
    for (const server of this.servers) {
      server.closeAllConnections();
      server.close();
    }
  }

  /** An address on the site. */
  at(path: string, host = "shop.test") {
    return `http://${host}:${this.sitePort}${path}`;
  }

  /** An address on the server the events go to. */
  eventsAt(path: string) {
    return `http://stats.test:${this.eventPort}${path}`;
  }

  tag(attributes = "", file = "script.js") {
    return `<script defer data-domain="shop.test" ${attributes} src="${this.eventsAt(`/js/${file}`)}"></script>`;
  }

  /** Puts a page on the site: a tracker tag, then `body`. */
  page(path: string, body: string, options: { tag?: string; status?: number } = {}) {
    const html = `<!doctype html><html><head><title>${path}</title>${options.tag ?? this.tag()}</head><body>${body}</body></html>`;
    this.pages.set(path, { html, ...(options.status && { status: options.status }) });
  }

  /**
   * Waits until exactly these events have arrived and returns them in the order of the names. In what order they came is
   * not looked at: two requests sent together travel on two connections.
   */
  async received(...names: string[]) {
    await expect.poll(() => this.events.map(({ n }) => n).sort()).toEqual([...names].sort());
    const left = [...this.events];
    return names.map(
      (name) =>
        left.splice(
          left.findIndex(({ n }) => n == name),
          1,
        )[0]!,
    );
  }

  /** Waits for the page views of exactly these paths, in this order, and returns them. */
  async viewed(...paths: string[]) {
    const views = () => this.events.filter(({ n }) => n == "pageview");
    await expect.poll(() => views().map(({ u }) => u)).toEqual(paths.map((path) => this.at(path)));
    return views();
  }
}

/** The calls of `fetch` in the page: what is sent is seen at once, so that "nothing was sent" needs no waiting. */
export const recordCalls = (page: Page) =>
  page.addInitScript(() => {
    const calls: string[] = [];
    const original = window.fetch;
    window.fetch = (...request) => {
      calls.push(JSON.parse(String(request[1]?.body)).n);
      return original(...request);
    };
    Object.assign(window, { calls });
  });

export const calls = (page: Page) => page.evaluate(() => (window as any).calls as string[]);

/** Lets a test say whether the page is visible; the browser of the tests always says so. */
export const controlVisibility = (page: Page, first: "visible" | "hidden") =>
  page.addInitScript((state) => {
    let current = state;
    Object.defineProperty(document, "visibilityState", { get: () => current });
    document.hasFocus = () => current == "visible";
    Object.assign(window, {
      show: (next: typeof current) => {
        current = next;
        document.dispatchEvent(new Event("visibilitychange"));
      },
    });
  }, first as string);

export const show = (page: Page, state: "visible" | "hidden") =>
  page.evaluate((next) => (window as any).show(next), state);

/** Calls the tracker from the page. */
export const track = (page: Page, name: string, options?: object) =>
  page.evaluate(([n, o]) => (window as any).shelduck(n, o), [name, options] as const);

export const test = base.extend<{ site: Site }>({
  site: async ({}, use) => {
    const site = new Site();
    await site.start();
    await use(site);
    site.stop();
  },
});

export { expect };
