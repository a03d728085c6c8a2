// What a new key can be given: no more than its owner has.

export const ACTIONS = [
  { id: "read", label: "Read reports" },
  { id: "query", label: "Ask in SQL" },
  { id: "write", label: "Change sites and data" },
  { id: "agent", label: "Measure as an agent" },
  { id: "admin", label: "Administer users, keys and settings" },
] as const;

export const EXPIRIES = [
  { id: "7", label: "In 7 days" },
  { id: "30", label: "In 30 days" },
  { id: "90", label: "In 90 days" },
  { id: "365", label: "In a year" },
  { id: "never", label: "Never" },
] as const;
