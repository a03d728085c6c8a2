// What the page asked for: by the script's attributes, or by the extensions in the file name it was loaded under.
//
// `script.hash.outbound-links.js` and `script.all.js` with `data-hash data-outbound-links` say the same.

// A module script has no `currentScript`; then the tag is found by its attribute.
export const script = (document.currentScript ??
  document.querySelector("script[data-domain]")) as HTMLScriptElement;

export const attribute = (name: string) => script.getAttribute(name);

// Only the file name counts: an extension's name may also stand in the folder or the host.
const named = script.src.split("/").pop()!.split(".");

export const has = (feature: string) =>
  named.includes(feature) || attribute("data-" + feature) !== null;

export const hashMode = has("hash");
