// Who is signed in.

import * as account from "../api/account";
import { Client, Problem } from "../api/client";
import type { SignedUser } from "../api/schema";

export type SessionPhase = "starting" | "setup" | "signed_out" | "signed_in" | "unreachable";

export class Session {
  readonly client = new Client();
  #phase = $state<SessionPhase>("starting");
  #user = $state.raw<SignedUser | null>(null);

  constructor() {
    this.client.onSignedOut = () => {
      if (this.#phase !== "signed_in") return;
      this.#user = null;
      this.#phase = "signed_out";
    };
  }

  get phase(): SessionPhase {
    return this.#phase;
  }

  get user(): SignedUser | null {
    return this.#user;
  }

  /** Whether the signed-in user has a scope of this action for the database, or for all. */
  may(action: string, database = "*"): boolean {
    const scopes = this.#user?.scopes ?? [];
    return scopes.includes(`${action}:*`) || scopes.includes(`${action}:${database}`);
  }

  /** Asks the server who we are, and whether it still waits for its first administrator. */
  async start(): Promise<void> {
    this.#phase = "starting";
    try {
      this.enter((await account.currentUser(this.client)).user);
    } catch (error) {
      if (error instanceof Problem && error.status === 401) await this.#askForSetup();
      else this.#phase = "unreachable";
    }
  }

  async #askForSetup(): Promise<void> {
    try {
      const state = await account.authState(this.client);
      this.#phase = state.setup_required ? "setup" : "signed_out";
    } catch {
      this.#phase = "unreachable";
    }
  }

  enter(user: SignedUser): void {
    this.#user = user;
    this.#phase = "signed_in";
  }

  /** Asks whether the session still stands; if not, the client has said so by the time this is done. */
  async verify(): Promise<void> {
    await account.currentUser(this.client).catch(() => undefined);
  }

  async leave(): Promise<void> {
    await account.logout(this.client);
    this.#user = null;
    this.#phase = "signed_out";
  }
}
