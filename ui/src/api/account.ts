// Sign-in, the own account, and administration.

import { path, type Client } from "./client";
import type { Account, ApiKey, CreatedKey, LoginSession, Page, Site, User } from "./schema";

export const authState = (client: Client) =>
  client.get<{ setup_required: boolean }>(path("auth", "state"));

export const currentUser = (client: Client) => client.get<{ user: User }>(path("auth", "session"));

export const login = (client: Client, username: string, password: string) =>
  client.post<{ user: User }>(path("auth", "login"), { username, password });

export const logout = (client: Client) => client.post<undefined>(path("auth", "logout"));

export const setup = (client: Client, secret: string, username: string, password: string) =>
  client.post<{ user: User }>(path("auth", "setup"), { secret, username, password });

export const changePassword = (client: Client, current: string, next: string) =>
  client.post<undefined>(path("me", "password"), {
    current_password: current,
    new_password: next,
  });

export const ownSessions = (client: Client, signal?: AbortSignal) =>
  client.get<Page<LoginSession>>(path("me", "sessions"), {}, signal);

export const endSession = (client: Client, id: string) => client.delete(path("me", "sessions", id));

export const listKeys = (client: Client, signal?: AbortSignal) =>
  client.get<Page<ApiKey>>(path("keys"), {}, signal);

export interface NewKey {
  name: string;
  scopes: string[];
  expires_in_days?: number;
  cidrs?: string[];
}

export const createKey = (client: Client, key: NewKey) =>
  client.post<CreatedKey>(path("keys"), key);

export const rotateKey = (client: Client, id: string) =>
  client.post<CreatedKey>(path("keys", id, "rotate"));

export const revokeKey = (client: Client, id: string) => client.delete(path("keys", id));

export const listUsers = (client: Client, signal?: AbortSignal) =>
  client.get<Page<Account>>(path("users"), {}, signal);

export const createUser = (
  client: Client,
  user: { username: string; password: string; role: string },
) => client.post<Account>(path("users"), user);

export const updateUser = (
  client: Client,
  id: string,
  change: { disabled?: boolean; role?: string; password?: string },
) => client.patch<Account>(path("users", id), change);

export const listSites = (client: Client, signal?: AbortSignal) =>
  client.get<Page<Site>>(path("sites"), {}, signal);

export const createSite = (client: Client, site: { domain: string; time_zone?: string }) =>
  client.post<Site>(path("sites"), site);

export const removeSite = (client: Client, domain: string) => client.delete(path("sites", domain));

export const updateSite = (
  client: Client,
  domain: string,
  change: { time_zone?: string; allowed_hostnames?: string[] },
) => client.patch<Site>(path("sites", domain), change);
