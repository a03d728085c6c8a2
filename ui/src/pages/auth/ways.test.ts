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

test.each([
  [{ totp: true, passkeys: 1 }, true, ["passkey", "recovery_code"]],
  [{ totp: true, passkeys: 1 }, false, ["recovery_code"]],
  [{ totp: true, passkeys: 0 }, true, ["totp", "recovery_code"]],
  [{ totp: false, passkeys: 0 }, true, ["password"]],
])("%j is proved by the strongest there is", (own, supported, expected) => {
  expect(proofsOf(own, supported)).toEqual(expected);
});
