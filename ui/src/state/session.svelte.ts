// Who is signed in.

import * as auth from "../api/auth";
import { Client, Problem } from "../api/client";
import type { PasskeyState, Requirement, Signed, SignedUser } from "../api/schema";
import { mayAct, mayActSomewhere } from "../lib/scopes";
import { StepUp } from "./stepup.svelte";

export type SessionPhase = "starting" | "setup" | "signed_out" | "signed_in" | "unreachable";

export class Session {
  readonly client = new Client();
  /** Acts that wait for a fresh proof of who is acting. */
  readonly stepUp = new StepUp();
  #phase = $state<SessionPhase>("starting");
  #user = $state.raw<SignedUser | null>(null);
  #passkeys = $state.raw<PasskeyState | null>(null);
  #passwordExpiresAt = $state.raw<string | null>(null);
  #required = $state.raw<readonly Requirement[]>([]);

  constructor() {
    this.client.onSignedOut = () => this.#phase === "signed_in" && this.#end();
    this.client.onStepUp = () => this.stepUp.ask();
  }

  get phase(): SessionPhase {
    return this.#phase;
  }

  get user(): SignedUser | null {
    return this.#user;
  }

  /** Whether there are passkeys at this server's address; null until it was asked. */
  get passkeys(): PasskeyState | null {
    return this.#passkeys;
  }

  /** What must be done before anything else, in order. */
  get required(): readonly Requirement[] {
    return this.#required;
  }

  /** When the password must be changed, where passwords expire. */
  get passwordExpiresAt(): string | null {
    return this.#passwordExpiresAt;
  }

  /** Whether the signed-in user may do this to all of a place (`web`, `web/shop.example`), or to everything. */
  may(action: string, place = "*"): boolean {
    return mayAct(this.#user?.scopes ?? [], action, place);
  }

  /** Whether the signed-in user may do this anywhere at all. */
  maySomewhere(action: string): boolean {
    return mayActSomewhere(this.#user?.scopes ?? [], action);
  }

  /** Asks the server who we are, and whether it still waits for its first administrator. */
  async start(): Promise<void> {
    this.#phase = "starting";
    try {
      this.enter(await auth.currentSession(this.client));
    } catch (error) {
      if (error instanceof Problem && error.status === 401) await this.#askForSetup();
      else this.#phase = "unreachable";
    }
  }

  async #askForSetup(): Promise<void> {
    try {
      const state = await auth.authState(this.client);
      this.#passkeys = state.passkeys ?? null;
      this.#phase = state.setup_required ? "setup" : "signed_out";
    } catch {
      this.#phase = "unreachable";
    }
  }

  enter(signed: Signed): void {
    this.#user = signed.user;
    this.#required = signed.required;
    this.#passwordExpiresAt = signed.password_expires_at ?? null;
    this.#phase = "signed_in";
  }

  /** Asks again who we are and what is left to do: something about the account has changed. */
  async refresh(): Promise<void> {
    this.enter(await auth.currentSession(this.client));
  }

  /** Asks whether the session still stands; if not, the client has said so by the time this is done. */
  async verify(): Promise<void> {
    await auth.currentSession(this.client).catch(() => undefined);
  }

  async leave(): Promise<void> {
    await auth.logout(this.client);
    this.#end();
  }

  #end(): void {
    this.#user = null;
    this.#required = [];
    this.#phase = "signed_out";
    this.stepUp.settle(false);
  }
}
