// The keyboard shortcuts: one list, from which the handler and the help dialog are made.

import { PRESETS } from "./range";

export interface Shortcut {
  /** As `KeyboardEvent.key`, letters in lower case. */
  key: string;
  /** As printed on the key. */
  cap: string;
  label: string;
  group: "Dates" | "This page" | "Everywhere";
}

const fixed: readonly Shortcut[] = [
  { key: "c", cap: "C", label: "Custom range", group: "Dates" },
  { key: "ArrowLeft", cap: "←", label: "Period before", group: "Dates" },
  { key: "ArrowRight", cap: "→", label: "Period after", group: "Dates" },
  { key: "x", cap: "X", label: "Compare with the period before", group: "This page" },
  { key: "i", cap: "I", label: "Next interval of the graph", group: "This page" },
  { key: "/", cap: "/", label: "Add a filter", group: "This page" },
  { key: "Escape", cap: "Esc", label: "Clear all filters", group: "This page" },
  { key: "?", cap: "?", label: "These shortcuts", group: "Everywhere" },
  { key: "1", cap: "1–9", label: "Go to a site, in the order of the list", group: "Everywhere" },
  { key: "0", cap: "0", label: "All sites", group: "Everywhere" },
];

export const SHORTCUTS: readonly Shortcut[] = [
  ...PRESETS.map((preset): Shortcut => ({
    key: preset.key.toLowerCase(),
    cap: preset.key,
    label: preset.label,
    group: "Dates",
  })),
  ...fixed,
];

interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  defaultPrevented: boolean;
  target: EventTarget | null;
}

/** The key of a shortcut, or null for a press that belongs to something else. */
export function shortcutKey(event: KeyPress): string | null {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return null;
  const target = event.target as Partial<HTMLElement> | null;
  if (
    target?.closest?.(
      "input, textarea, select, dialog, [role='menu'], [role='tablist'], [role='slider']",
    )
  ) {
    return null;
  }
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}
