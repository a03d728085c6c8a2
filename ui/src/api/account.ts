// Sign-in, the own account, and administration.

import { path, type Client } from "./client";
import type {
  AuthState,
  KeyItemList,
  LoginRequest,
  NewKey,
  NewKeyAnswer,
  NewUser,
  PasswordChange,
  SessionItemList,
  SetupRequest,
  Signed,
  SiteChangeRequest,
  SiteItem,
  SiteItemList,
  SiteRequest,
  UserChange,
  UserItem,
  UserItemList,
} from "./schema";

export const authState = (client: Client) => client.get<AuthState>(path("auth", "state"));

export const currentUser = (client: Client) => client.get<Signed>(path("auth", "session"));

export const login = (client: Client, request: LoginRequest) =>
  client.post<Signed>(path("auth", "login"), request);

export const logout = (client: Client) => client.post<undefined>(path("auth", "logout"));

export const setup = (client: Client, request: SetupRequest) =>
  client.post<Signed>(path("auth", "setup"), request);

export const changePassword = (client: Client, change: PasswordChange) =>
  client.post<undefined>(path("me", "password"), change);

export const ownSessions = (client: Client, signal?: AbortSignal) =>
  client.get<SessionItemList>(path("me", "sessions"), {}, signal);

export const endSession = (client: Client, id: string) => client.delete(path("me", "sessions", id));

export const listKeys = (client: Client, signal?: AbortSignal) =>
  client.get<KeyItemList>(path("keys"), {}, signal);

export const createKey = (client: Client, key: NewKey) =>
  client.post<NewKeyAnswer>(path("keys"), key);

export const rotateKey = (client: Client, id: string) =>
  client.post<NewKeyAnswer>(path("keys", id, "rotate"));

export const revokeKey = (client: Client, id: string) => client.delete(path("keys", id));

export const listUsers = (client: Client, signal?: AbortSignal) =>
  client.get<UserItemList>(path("users"), {}, signal);

export const createUser = (client: Client, user: NewUser) =>
  client.post<UserItem>(path("users"), user);

export const updateUser = (client: Client, id: string, change: UserChange) =>
  client.patch<UserItem>(path("users", id), change);

export const listSites = (client: Client, signal?: AbortSignal) =>
  client.get<SiteItemList>(path("sites"), {}, signal);

export const createSite = (client: Client, site: SiteRequest) =>
  client.post<SiteItem>(path("sites"), site);

export const updateSite = (client: Client, domain: string, change: SiteChangeRequest) =>
  client.patch<SiteItem>(path("sites", domain), change);

export const removeSite = (client: Client, domain: string) => client.delete(path("sites", domain));
