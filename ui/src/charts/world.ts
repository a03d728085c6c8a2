// Loads the geography once, with the first map.

import type { Shape } from "./choropleth";
import type { World } from "./projection";

let loading: Promise<Shape[]> | undefined;

export function loadShapes(): Promise<Shape[]> {
  loading ??= load();
  // A failed load is tried again by the next caller.
  loading.catch(() => (loading = undefined));
  return loading;
}

function load(): Promise<Shape[]> {
  return Promise.all([import("./projection"), import("world-atlas/countries-110m.json")]).then(
    ([{ worldShapes }, world]) => worldShapes(world.default as unknown as World),
  );
}
