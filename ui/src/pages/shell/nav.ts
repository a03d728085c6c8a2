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

export interface Group {
  label: string;
  items: readonly NavItem[];
}

/** Below the planes. A group of which nothing is for the user is not shown. */
export const GROUPS: readonly Group[] = [
  {
    label: "Settings",
    items: [
      { path: "/account", label: "Account", icon: "user" },
      { path: "/keys", label: "API keys", icon: "key" },
    ],
  },
  {
    label: "Gate",
    items: [
      { path: "/users", label: "Users", icon: "users", needs: "admin" },
      { path: "/sessions", label: "Sessions", icon: "device", needs: "admin" },
      { path: "/limits", label: "Limits", icon: "gauge", needs: "admin" },
      { path: "/audit", label: "Audit log", icon: "log", needs: "admin" },
      { path: "/posture", label: "Security check", icon: "shield", needs: "admin" },
    ],
  },
];
