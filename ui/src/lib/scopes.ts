// What may be done where, as the server writes it: a scope is `action:place`, a place is a database
// (`web`), a part of one (`web/shop.example`) or everything (`*`).

export const EVERYWHERE = "*";

export interface Scope {
  action: string;
  place: string;
}

/** A written scope in its parts. */
export function parseScope(text: string): Scope {
  const colon = text.indexOf(":");
  return { action: text.slice(0, colon), place: text.slice(colon + 1) };
}

/** Whether who has `held` has all of `wanted`. */
export function covers(held: string, wanted: string): boolean {
  return held === EVERYWHERE || held === wanted || wanted.startsWith(`${held}/`);
}

export function mayAct(scopes: readonly string[], action: string, place: string): boolean {
  return scopes
    .map(parseScope)
    .some((scope) => scope.action === action && covers(scope.place, place));
}

export function mayActSomewhere(scopes: readonly string[], action: string): boolean {
  return scopes.some((scope) => parseScope(scope).action === action);
}

/** Each of the actions at each of the places. */
export function scopesOf(actions: readonly string[], places: readonly string[]): string[] {
  return actions.flatMap((action) => places.map((place) => `${action}:${place}`));
}

/** The places without those that another one covers. */
export function simplest(places: readonly string[]): string[] {
  const own = [...new Set(places)];
  return own.filter((place) => !own.some((other) => other !== place && covers(other, place)));
}

/** The places with one more, or without one; what the new one covers goes. */
export function togglePlace(places: readonly string[], place: string, on: boolean): string[] {
  return on ? simplest([...places, place]) : places.filter((each) => each !== place);
}

/** A place as people say it. */
export function describePlace(place: string): string {
  if (place === EVERYWHERE) return "Everything";
  const slash = place.indexOf("/");
  return slash < 0 ? `All of ${place}` : place.slice(slash + 1);
}

/** `Everything`, `All of web`, `shop.example and 2 more`. */
export function describePlaces(places: readonly string[], namedMax = 2): string {
  if (places.length === 0) return "Nothing";
  const names = places.map(describePlace);
  if (names.length <= namedMax) return names.join(", ");
  return `${names.slice(0, namedMax).join(", ")} and ${names.length - namedMax} more`;
}
