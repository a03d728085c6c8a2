import { expect, test } from "vitest";
import { Problem } from "../api/client";
import { PasskeyError } from "../lib/webauthn";
import { Act } from "./act.svelte";

test("an act is busy until it is done", async () => {
  const act = new Act();
  const done = act.run(() => Promise.resolve());
  expect(act.busy).toBe(true);
  expect(await done).toBe(true);
  expect(act.busy).toBe(false);
  expect(act.message).toBe("");
});

test("a refusal is told once: beside its fields, or else as a message", async () => {
  const act = new Act("name");
  const refuse = (problem: Error) => act.run(() => Promise.reject(problem));
  expect(await refuse(new Problem({ title: "Too many" }))).toBe(false);
  expect(act.message).toBe("Too many");

  const errors = [{ field: "name", message: "is taken" }];
  await refuse(new Problem({ title: "Invalid", errors }));
  expect(act.message).toBe("");
  expect(act.field("name")).toBe("Is taken.");
  expect(act.field("role")).toBeUndefined();
  await refuse(
    new Problem({ title: "Invalid", errors: [...errors, { field: "role", message: "is none" }] }),
  );
  expect(act.message).toBe("role: Is none.");

  await refuse(new PasskeyError("closed"));
  expect(act.message).toBe("closed");
  act.clear();
  expect(act.problem).toBeNull();
});

test("a mistake of our own is thrown on, and the act is over", async () => {
  const act = new Act();
  await expect(act.run(() => Promise.reject(new TypeError("ours")))).rejects.toThrow("ours");
  expect(act.busy).toBe(false);
});
