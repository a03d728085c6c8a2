// The names of users and keys by their ids, for pages that speak of both.

import { listUsers } from "../api/admin";
import type { Client } from "../api/client";
import { listKeys } from "../api/keys";
import { describeSubject } from "../lib/subjects";
import { Resource } from "./resource.svelte";

const NOBODY: ReadonlyMap<string, string> = new Map();

export class Names {
  readonly #known: Resource<ReadonlyMap<string, string>>;

  constructor(client: Client) {
    this.#known = new Resource(async (signal) => {
      const [users, keys] = await Promise.all([
        listUsers(client, signal),
        listKeys(client, signal),
      ]);
      const names = new Map(users.items.map(({ id, username }) => [id, username]));
      for (const { id, name } of keys.items) names.set(id, name);
      return names;
    });
  }

  /** A subject in words; until the names are there, with its id. */
  readonly of = (subject: string): string => describeSubject(subject, this.#known.data ?? NOBODY);
}
