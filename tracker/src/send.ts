// Sends one event, or says nothing when the visitor or the page asked for silence.

import { attribute, has, hashMode, script } from "./features";
import { excluded } from "./paths";

interface Revenue {
  currency: string;
  amount: number | string;
}

export interface Options {
  props?: Record<string, unknown>;
  /** Plausible's `{currency, amount}`, or Mallard's bare amount with `currency` beside it. */
  revenue?: Revenue | number | string;
  currency?: string;
  /** `false`: this event does not turn a bounce into an engaged visit. */
  interactive?: boolean;
  u?: string;
  url?: string;
  callback?: (result?: { status?: number; error?: unknown }) => void;
}

const api = attribute("data-api") ?? new URL(script.src).origin + "/api/event";
const domain = attribute("data-domain") ?? location.hostname;

// The server refuses an address over 2,000 bytes whole; a cut one still counts the page.
const bounded = (address: string) => address.slice(0, 2000);

// Where the visitor came from: after a move inside the page, the address before it.
let referrer = document.referrer;
export const cameFrom = (address: string) => (referrer = address);

const silenced = (name: string) => {
  if (!has("local") && !has("allow-local")) {
    // The empty host is that of `file:`.
    if (/^(localhost|127\.[\d.]+|\[::1?\]|)$/.test(location.hostname) || navigator.webdriver)
      return true;
  }
  if (has("dnt") && navigator.doNotTrack == "1") return true;
  if (has("gpc") && (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl)
    return true;
  if (EXTENSIONS && name == "pageview" && excluded()) return true;
  try {
    return localStorage.plausible_ignore == "true" || localStorage.shelduck_ignore == "true";
  } catch {
    return false; // reading storage is forbidden here, so nobody can have opted out by it
  }
};

/** Returns whether the event was sent. `extra` are keys of the wire format that only the tracker itself sets. */
export const send = (name: string, options: Options = {}, extra?: object): boolean => {
  const { callback, currency, revenue } = options;
  if (silenced(name)) {
    callback?.();
    return false;
  }
  // No content type is set: a string goes as `text/plain`, which needs no preflight.
  // Props that cannot be written as JSON reject the promise; they do not throw into the page's own code.
  new Promise<Response>((resolve) =>
    resolve(
      fetch(api, {
        method: "POST",
        keepalive: true,
        credentials: "omit",
        body: JSON.stringify({
          n: name,
          d: domain,
          u: bounded(options.u ?? options.url ?? location.href),
          r: bounded(referrer) || undefined,
          w: innerWidth,
          h: hashMode ? 1 : undefined,
          p: options.props,
          // An amount without its currency means nothing and is left out.
          $: currency
            ? { currency, amount: revenue }
            : (revenue as Revenue)?.currency
              ? revenue
              : undefined,
          i: options.interactive,
          ...extra,
        }),
      }),
    ),
  ).then(
    ({ status }) => callback?.({ status }),
    (error) => callback?.({ error }),
  );
  return true;
};
