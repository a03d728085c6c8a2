// The sites of the signed-in user: the navigation, the switcher and the list share them.

import { listSites } from "../api/sites";
import type { Client } from "../api/client";
import type { SiteItem } from "../api/schema";
import { Resource } from "./resource.svelte";

export class Sites {
  readonly list: Resource<SiteItem[]>;

  constructor(client: Client) {
    this.list = new Resource(async (signal) => (await listSites(client, signal)).items);
  }

  get items(): SiteItem[] {
    return this.list.data ?? [];
  }

  find(domain: string): SiteItem | undefined {
    return this.items.find((site) => site.domain === domain);
  }
}
