// What the navigation offers. A plane adds one row to PLANES when it has a page.

import type { IconName } from "../../ui/icons";

export interface NavItem {
  path: string;
  label: string;
  icon: IconName;
  /** Only for users who have this action. */
  needs?: string;
}

export interface Plane {
  id: string;
  label: string;
  items: readonly NavItem[];
  /** Lists the user's sites under the items. */
  sites?: boolean;
}

export const PLANES: readonly Plane[] = [
  { id: "web", label: "Web", sites: true, items: [{ path: "/", label: "Sites", icon: "sites" }] },
];

export const SETTINGS: readonly NavItem[] = [
  { path: "/account", label: "Account", icon: "user" },
  { path: "/keys", label: "API keys", icon: "key" },
  { path: "/users", label: "Users", icon: "users", needs: "admin" },
];
