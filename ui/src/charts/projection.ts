// Projects the countries into paths for the map. Loaded with the first map, for it brings the library.

import { geoEqualEarth, geoPath } from "d3-geo";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import { countryOfShape } from "../lib/countries";
import { HEIGHT, WIDTH, type Shape } from "./choropleth";

export type World = Topology<{ countries: GeometryCollection<{ name: string }> }>;

/** The countries as SVG paths in a box of WIDTH by HEIGHT; Antarctica is left out. */
export function worldShapes(world: World): Shape[] {
  const countries = feature(world, world.objects.countries).features.filter(
    (each) => each.id !== "010",
  );
  // Turned so that the edge of the map runs through the Bering Strait and cuts no country.
  const projection = geoEqualEarth()
    .rotate([-11, 0])
    .fitExtent(
      [
        [4, 4],
        [WIDTH - 4, HEIGHT - 4],
      ],
      { type: "FeatureCollection", features: countries },
    );
  const path = geoPath(projection).digits(1);
  return countries.flatMap((each) => {
    const d = path(each);
    if (!d) return [];
    const id = each.id === undefined ? undefined : String(each.id);
    return [{ code: countryOfShape(id, each.properties.name), path: d }];
  });
}
