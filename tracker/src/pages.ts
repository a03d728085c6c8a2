// Page views: the first, each move within a single-page application, and a return from the back/forward cache.

import { attribute, hashMode, script } from "./features";
import { flush, read } from "./engagement";
import { cameFrom, send, type Options } from "./send";

let lastPath: string | undefined;
let lastAddress: string | undefined;

/** Props on the script tag: `<script event-author="Ada">` goes with each page view. */
const tagProps = () => {
  const props: Record<string, string> = {};
  for (const { name, value } of script.attributes) {
    if (name.startsWith("event-")) props[name.slice(6)] = value;
  }
  return props;
};

/** Sends a page view, closing what was read before it. */
export const view = (options: Options = {}) => {
  const address = options.u ?? options.url ?? location.href;
  flush();
  if (lastAddress) cameFrom(lastAddress);
  lastAddress = address;
  const props = EXTENSIONS ? { ...tagProps(), ...options.props } : options.props;
  read(send("pageview", { ...options, props }) ? address : undefined);
};

/** A move counts when the path changed; a changed query or a repeated `replaceState` is the same page. */
const moved = () => {
  const path = location.pathname + (hashMode ? location.hash : "");
  if (path != lastPath) {
    lastPath = path;
    view();
  }
};

export const watchMoves = () => {
  for (const name of ["pushState", "replaceState"] as const) {
    const original = history[name];
    history[name] = function (...state) {
      original.apply(this, state);
      moved();
    };
  }
  addEventListener("popstate", moved);
  addEventListener("hashchange", moved);
  addEventListener("pageshow", ({ persisted }) => persisted && view());
  moved();
};

/** A page the server answered with 404 says so by itself; a page that only looks like one has `data-status="404"`. */
export const reportMissing = () => {
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  if (navigation?.responseStatus == 404 || attribute("data-status") == "404") {
    send("404", { interactive: false, props: { path: location.pathname } });
  }
};
