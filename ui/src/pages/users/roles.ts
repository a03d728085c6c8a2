// The roles a user can have, from least to most, and what each may do.

export const ROLES = [
  { id: "viewer", label: "Viewer", may: "Sees reports." },
  { id: "analyst", label: "Analyst", may: "Sees reports and asks in SQL." },
  { id: "operator", label: "Operator", may: "Changes sites and data, too." },
  { id: "admin", label: "Administrator", may: "May do everything, users and keys included." },
  { id: "agent", label: "Agent", may: "Measures, and sees nothing." },
] as const;

export function roleLabel(id: string): string {
  return ROLES.find((role) => role.id === id)?.label ?? id;
}

/** The role that has its rights everywhere, whatever is chosen. */
export const EVERYWHERE_ROLE = "admin";

/** The places that a user of this role gets. */
export function placesOf(role: string, chosen: readonly string[]): string[] {
  return role === EVERYWHERE_ROLE ? ["*"] : [...chosen];
}

/** The options of a choice of roles. */
export const ROLE_OPTIONS = ROLES.map(({ id, label, may }) => ({
  id: id as string,
  label: `${label}: ${may.charAt(0).toLowerCase()}${may.slice(1, -1)}`,
}));

/** The factors that stand on their own; recovery codes only stand in for them. */
export function secondFactors(factors: readonly string[]): string[] {
  return factors.filter((factor) => factor === "totp" || factor === "passkey");
}

/** What a second factor is called. */
export function factorLabel(factor: string): string {
  const labels: Record<string, string> = {
    totp: "App",
    passkey: "Passkey",
    recovery_code: "Recovery code",
    password: "Password",
  };
  return labels[factor] ?? factor;
}
