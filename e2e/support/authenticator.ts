// A passkey device that the browser itself imitates.

import type { CDPSession, Page } from "@playwright/test";

export interface Device {
  /** Whether the device recognises its user: finger, face or PIN. */
  recognises: (yes: boolean) => Promise<void>;
  /** How many passkeys it holds. */
  count: () => Promise<number>;
}

/** Puts one into the page's browser. */
export const plugIn = async (page: Page): Promise<Device> => {
  const session: CDPSession = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    recognises: async (yes) => {
      await session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: yes });
    },
    count: async () => {
      const { credentials } = await session.send("WebAuthn.getCredentials", { authenticatorId });
      return credentials.length;
    },
  };
};
