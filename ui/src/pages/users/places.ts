// The databases that rights can be given for; the sites are parts of `web`.

export const DATABASES = [{ id: "web", label: "All of web analytics" }] as const;
