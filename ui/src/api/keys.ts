// API keys.

import { path, type Client } from "./client";
import type { KeyItemList, NewKey, NewKeyAnswer } from "./schema";

export const listKeys = (client: Client, signal?: AbortSignal) =>
  client.get<KeyItemList>(path("keys"), {}, signal);

export const createKey = (client: Client, key: NewKey) =>
  client.post<NewKeyAnswer>(path("keys"), key);

export const rotateKey = (client: Client, id: string) =>
  client.post<NewKeyAnswer>(path("keys", id, "rotate"));

export const revokeKey = (client: Client, id: string) => client.delete(path("keys", id));
