import { expect, test } from "vitest";
import { proofsOf, usableWays } from "./ways";

test("the best way comes first, and passkeys only where there are any", () => {
  expect(usableWays(["totp", "recovery_code", "passkey"], true)).toEqual([
    "passkey",
    "totp",
    "recovery_code",
  ]);
  expect(usableWays(["totp", "recovery_code", "passkey"], false)).toEqual([
    "totp",
    "recovery_code",
  ]);
  expect(usableWays(["passkey"], false)).toEqual([]);
});

test("a second factor is asked before the password is enough", () => {
  expect(proofsOf(true, true)).toEqual(["passkey", "totp"]);
  expect(proofsOf(true, false)).toEqual(["totp"]);
  expect(proofsOf(false, false)).toEqual(["password"]);
});
