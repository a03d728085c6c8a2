// What the map shows of the numbers: its size, its shapes, its shades.

export const WIDTH = 800;
export const HEIGHT = 400;

/** A country's outline as an SVG path. */
export interface Shape {
  code: string | null;
  path: string;
}

export const LEVELS = 5;

/** 0 for no visitors, else 1 to LEVELS by the square root, for traffic is never even. */
export function level(visitors: number, max: number): number {
  if (visitors <= 0 || max <= 0) return 0;
  return 1 + Math.round(Math.sqrt(visitors / max) * (LEVELS - 1));
}
