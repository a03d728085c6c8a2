// Sites and their settings.

import { path, type Client } from "./client";
import type { SiteChangeRequest, SiteItem, SiteItemList, SiteRequest } from "./schema";

export const listSites = (client: Client, signal?: AbortSignal) =>
  client.get<SiteItemList>(path("sites"), {}, signal);

export const createSite = (client: Client, site: SiteRequest) =>
  client.post<SiteItem>(path("sites"), site);

export const updateSite = (client: Client, domain: string, change: SiteChangeRequest) =>
  client.patch<SiteItem>(path("sites", domain), change);

export const removeSite = (client: Client, domain: string) => client.delete(path("sites", domain));
