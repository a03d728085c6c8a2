// Administration: users, everybody's sessions, limits, audit, posture.

import { path, type Client, type Query } from "./client";
import type {
  AuditItem,
  Limits,
  LiveLimits,
  NewUser,
  PostureItem,
  ResetAnswer,
  SessionOfUser,
  UserChange,
  UserItem,
  UserMade,
} from "./schema";

export const listUsers = (client: Client, signal?: AbortSignal) =>
  client.get<{ items: UserItem[] }>(path("users"), {}, signal);

/** Makes an account and the link by which its owner chooses a password. */
export const createUser = (client: Client, user: NewUser) =>
  client.post<UserMade>(path("users"), user);

export const updateUser = (client: Client, id: string, change: UserChange) =>
  client.patch<UserItem>(path("users", id), change);

export const resetLink = (client: Client, id: string) =>
  client.post<ResetAnswer>(path("users", id, "reset-link"));

/** Takes all second factors of a user away. */
export const resetFactors = (client: Client, id: string) =>
  client.post<undefined>(path("users", id, "mfa-reset"));

export const allSessions = (client: Client, signal?: AbortSignal) =>
  client.get<{ items: SessionOfUser[] }>(path("sessions"), {}, signal);

export const endAnySession = (client: Client, id: string) => client.delete(path("sessions", id));

export const limitTable = (client: Client, signal?: AbortSignal) =>
  client.get<Limits>(path("limits"), {}, signal);

export const liveLimits = (client: Client, signal?: AbortSignal) =>
  client.get<LiveLimits>(path("limits", "live"), {}, signal);

export const auditEvents = (client: Client, query: Query, signal?: AbortSignal) =>
  client.get<{ items: AuditItem[]; next_cursor?: string | null }>(path("audit"), query, signal);

export const posture = (client: Client, signal?: AbortSignal) =>
  client.get<{ items: PostureItem[] }>(path("posture"), {}, signal);
