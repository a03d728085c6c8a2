// The pages of the dashboard: path, title, who may see it, and the code to load.

import type { Component } from "svelte";

export interface Route {
  path: string;
  title: string;
  /** Only for users who have this action. */
  needs?: string;
  load: () => Promise<{ default: Component<Record<string, string>> }>;
}

/** A page whose properties are the variables of its path. */
function page(load: () => Promise<{ default: unknown }>): Route["load"] {
  return load as Route["load"];
}

export const ROUTES: readonly Route[] = [
  { path: "/", title: "Sites", load: page(() => import("./pages/sites/Sites.svelte")) },
  { path: "/sites/:site", title: "Web", load: page(() => import("./pages/web/Site.svelte")) },
  {
    path: "/sites/:site/settings",
    title: "Site settings",
    load: page(() => import("./pages/sites/Settings.svelte")),
  },
  {
    path: "/account",
    title: "Account",
    load: page(() => import("./pages/account/Account.svelte")),
  },
  { path: "/keys", title: "API keys", load: page(() => import("./pages/keys/Keys.svelte")) },
  {
    path: "/users",
    title: "Users",
    needs: "admin",
    load: page(() => import("./pages/users/Users.svelte")),
  },
  {
    path: "/sessions",
    title: "Sessions",
    needs: "admin",
    load: page(() => import("./pages/sessions/AllSessions.svelte")),
  },
  {
    path: "/limits",
    title: "Limits",
    needs: "admin",
    load: page(() => import("./pages/limits/Limits.svelte")),
  },
  {
    path: "/audit",
    title: "Audit log",
    needs: "admin",
    load: page(() => import("./pages/audit/Audit.svelte")),
  },
  {
    path: "/posture",
    title: "Security check",
    needs: "admin",
    load: page(() => import("./pages/posture/Posture.svelte")),
  },
];
