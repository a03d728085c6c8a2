import { expect, test } from "vitest";
import {
  covers,
  describePlaces,
  mayAct,
  mayActSomewhere,
  parseScope,
  scopesOf,
  simplest,
  togglePlace,
} from "./scopes";

test("a scope is read at its first colon", () => {
  expect(parseScope("read:web/shop.example:8443")).toEqual({
    action: "read",
    place: "web/shop.example:8443",
  });
});

test.each([
  ["*", "*", true],
  ["*", "web/shop.example", true],
  ["web", "web", true],
  ["web", "web/shop.example", true],
  ["web", "*", false],
  ["web", "webshop", false],
  ["web", "net", false],
  ["web/shop.example", "web", false],
  ["web/shop.example", "web/shop.example", true],
  ["web/shop.example", "web/shop.example.org", false],
])("%s covers %s: %s", (held, wanted, expected) => {
  expect(covers(held, wanted)).toBe(expected);
});

test("rights are asked by action and place", () => {
  const scopes = ["read:web", "write:web/shop.example"];
  expect(mayAct(scopes, "read", "web/blog.example")).toBe(true);
  expect(mayAct(scopes, "write", "web/blog.example")).toBe(false);
  expect(mayAct(scopes, "read", "*")).toBe(false);
  expect(mayActSomewhere(scopes, "write")).toBe(true);
  expect(mayActSomewhere(scopes, "admin")).toBe(false);
});

test("actions and places make scopes", () => {
  expect(scopesOf(["read", "query"], ["web/a.example", "net"])).toEqual([
    "read:web/a.example",
    "read:net",
    "query:web/a.example",
    "query:net",
  ]);
});

test("what another place covers goes", () => {
  expect(simplest(["web/a.example", "web", "net", "net"])).toEqual(["web", "net"]);
  expect(togglePlace(["web/a.example"], "web", true)).toEqual(["web"]);
  expect(togglePlace(["web", "net"], "web", false)).toEqual(["net"]);
});

test("places are told briefly", () => {
  expect(describePlaces([])).toBe("Nothing");
  expect(describePlaces(["*"])).toBe("Everything");
  expect(describePlaces(["web", "net/a"])).toBe("All of web, a");
  expect(describePlaces(["web/a", "web/b", "web/c", "web/d"])).toBe("a, b and 2 more");
});
