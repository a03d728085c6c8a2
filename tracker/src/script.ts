// The script that sites embed. It sets no cookie and writes no storage; it reads one opt-out flag.

import { watchClicks } from "./clicks";
import { watch } from "./engagement";
import { has } from "./features";
import { reportMissing, view, watchMoves } from "./pages";
import { send, type Options } from "./send";

type Call = [name: string, options?: Options];
type Entry = { (...call: Call): void; q?: ArrayLike<unknown>[]; loaded?: boolean };

// One function under three names: ours, and those of the products whose pages need not change.
const NAMES = ["shelduck", "plausible", "mallard"] as const;
const entries = window as unknown as Partial<Record<(typeof NAMES)[number], Entry>>;

const track: Entry = (name, options) => {
  if (!started) waiting.push([name, options]);
  else if (name == "pageview") view(options);
  else send(name, options);
};

track.loaded = true;

let started = false;
let waiting: Call[] = [];

const start = () => {
  // A page that was prerendered or opened in a background tab counts when somebody sees it.
  if (document.visibilityState != "visible") return;
  document.removeEventListener("visibilitychange", start);
  started = true;
  watch();
  if (!has("manual")) watchMoves();
  if (EXTENSIONS) {
    watchClicks();
    if (has("404")) reportMissing();
  }
  for (const call of waiting) track(...call);
  waiting = [];
};

// A page that carries the tag twice is counted once.
if (!entries.shelduck?.loaded) {
  for (const name of NAMES) {
    for (const call of entries[name]?.q ?? []) waiting.push(Array.from(call) as Call);
    entries[name] = track;
  }
  document.addEventListener("visibilitychange", start);
  start();
}
