// A browser's name from its user agent, for the list of sessions. The reports' own parser is the server's.

const BROWSERS: readonly [string, RegExp][] = [
  ["Edge", /\bEdg(?:e|A|iOS)?\//],
  ["Opera", /\bOPR\//],
  ["Firefox", /\b(?:Firefox|FxiOS)\//],
  ["Chrome", /\b(?:Chrome|CriOS|HeadlessChrome)\//],
  ["Safari", /\bSafari\//],
];

const SYSTEMS: readonly [string, RegExp][] = [
  ["iPhone", /iPhone/],
  ["iPad", /iPad/],
  ["Android", /Android/],
  ["Windows", /Windows/],
  ["macOS", /Mac OS X|Macintosh/],
  ["Linux", /Linux/],
];

function first(table: readonly [string, RegExp][], agent: string): string | undefined {
  return table.find(([, pattern]) => pattern.test(agent))?.[0];
}

/** `Firefox on Linux`; the agent's own text, shortened, where that is not known. */
export function describeAgent(agent: string | null | undefined): string {
  if (!agent) return "Unknown";
  const browser = first(BROWSERS, agent);
  const system = first(SYSTEMS, agent);
  if (!browser) return agent.slice(0, 40);
  return system ? `${browser} on ${system}` : browser;
}
