// Which pages are left out: `data-include` and `data-exclude`, lists of patterns with `*` (within a segment) and `**` (across).

import { attribute, hashMode } from "./features";

const matches = (patterns: string) => {
  const path = location.pathname + (hashMode ? location.hash : "");
  return patterns.split(",").some((pattern) =>
    new RegExp(
      "^" +
        pattern
          .trim()
          .replace(/[.+?^${}()|[\]\\]/g, "\\$&")
          .replace(/\*+/g, (stars) => (stars[1] ? ".*" : "[^/]*")) +
        "/?$",
    ).test(path),
  );
};

/** Whether page views of this page are not wanted. Events named by the page itself still count. */
export const excluded = (): boolean => {
  const include = attribute("data-include");
  const exclude = attribute("data-exclude");
  return (include !== null && !matches(include)) || (exclude !== null && matches(exclude));
};
