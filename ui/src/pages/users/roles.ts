// The roles a user can have, from least to most.

export const ROLES = [
  { id: "viewer", label: "Viewer: reports" },
  { id: "analyst", label: "Analyst: reports and SQL" },
  { id: "operator", label: "Operator: sites and data too" },
  { id: "admin", label: "Administrator: everything" },
  { id: "agent", label: "Agent: measuring only" },
];
