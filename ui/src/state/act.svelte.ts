// Something the reader has started: whether it is under way, and what went wrong with it.

import { Problem } from "../api/client";
import { PasskeyError } from "../lib/webauthn";

export class Act {
  #busy = $state(false);
  #problem = $state.raw<Problem | null>(null);
  readonly #shown: readonly string[];

  /** `shown` names the fields beside which what is wrong with them is said. */
  constructor(...shown: string[]) {
    this.#shown = shown;
  }

  get busy(): boolean {
    return this.#busy;
  }

  get problem(): Problem | null {
    return this.#problem;
  }

  /** What went wrong, unless all of it is said beside the fields. */
  get message(): string {
    const problem = this.#problem;
    if (!problem || problem.fields.size === 0) return problem?.message ?? "";
    const unseen = [...problem.fields].filter(([name]) => !this.#shown.includes(name));
    return unseen.map(([name, text]) => `${name}: ${text}`).join(" ");
  }

  /** What is wrong with a field. */
  field(name: string): string | undefined {
    return this.#problem?.fields.get(name);
  }

  /** Does it; says whether it was done. Errors that are no answer of the server or the browser are thrown on. */
  async run(work: () => Promise<unknown>): Promise<boolean> {
    this.#busy = true;
    this.#problem = null;
    try {
      await work();
      return true;
    } catch (error) {
      if (error instanceof PasskeyError) this.#problem = new Problem({ title: error.message });
      else if (error instanceof Problem) this.#problem = error;
      else throw error;
      return false;
    } finally {
      this.#busy = false;
    }
  }

  clear(): void {
    this.#problem = null;
  }
}
