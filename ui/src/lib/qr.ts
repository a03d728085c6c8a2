// A QR code from the server, taken apart so that the page can draw it itself: nothing is put into the
// page as HTML, and only what a QR code consists of is taken.

export interface QrCode {
  width: number;
  height: number;
  /** The dark squares, as the data of one path. */
  dark: string;
}

const PATH = /^[\d\s.,MmLlHhVvZz-]+$/;
const LIGHT = /\bfill="(?:#fff(?:fff)?|white)"/i;

/** Reads an SVG of dark rectangles or paths; null for anything else. */
export function parseQr(svg: string): QrCode | null {
  const box = /\bviewBox="0 0 (\d+(?:\.\d+)?) (\d+(?:\.\d+)?)"/.exec(svg);
  if (!box) return null;
  const parts: string[] = [];
  for (const [tag] of svg.matchAll(/<(?:path|rect)\b[^>]*>/g)) {
    if (!LIGHT.test(tag)) parts.push(tag.startsWith("<path") ? attribute(tag, "d") : square(tag));
  }
  const dark = parts.join("");
  if (!PATH.test(dark)) return null;
  return { width: Number(box[1]), height: Number(box[2]), dark };
}

function attribute(tag: string, name: string): string {
  return new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? "";
}

function square(tag: string): string {
  const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => attribute(tag, name));
  return `M${x || 0} ${y || 0}h${width}v${height}h-${width}z`;
}
