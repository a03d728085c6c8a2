// How long the page was in front of somebody, and how far down they saw.

import { send } from "./send";

let address: string | undefined; // of the page being read; undefined when its view was not sent
let engaged = 0; // ms seen and not yet sent
let since = 0; // when the running stretch began; 0 when nobody is looking
let bottom = 0; // lowest pixel seen
let sent = -1; // deepest scroll already sent, in percent

// The clock runs while the page is visible and has the focus.
const tick = () => {
  const now = performance.now();
  if (since) engaged += now - since;
  since = document.visibilityState == "visible" && document.hasFocus() ? now : 0;
};

/** Sends what was seen of the current page since the last time, if it is worth a request. */
export const flush = () => {
  tick();
  // Measured against the height now: a page that grew as it loaded was not read to its end by showing its top.
  const depth = Math.min(100, Math.round((bottom / document.documentElement.scrollHeight) * 100));
  if (address && (depth > sent || engaged >= 1000)) {
    send(
      "engagement",
      { u: address },
      { e: Math.round(engaged), sd: (sent = Math.max(sent, depth)) },
    );
    engaged = 0;
  }
};

/** Begins a new page. */
export const read = (newAddress: string | undefined) => {
  address = newAddress;
  engaged = 0;
  bottom = innerHeight;
  sent = -1;
};

export const watch = () => {
  addEventListener("scroll", () => (bottom = Math.max(bottom, scrollY + innerHeight)), {
    passive: true,
  });
  addEventListener("focus", tick);
  addEventListener("blur", tick);
  addEventListener("pagehide", flush);
  document.addEventListener("visibilitychange", flush);
  tick();
};
