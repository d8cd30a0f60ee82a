/** The first words of the pages' paths below the centre's own: `growth`, `cabin/S1`, ...; the map has none. */

export const PAGE_NAMES = [
  "applications",
  "audit",
  "cabin",
  "charging",
  "crossing",
  "devices",
  "duties",
  "events",
  "growth",
  "industry",
  "ledger",
  "links",
  "notices",
  "permits",
  "replay",
  "reports",
  "signin",
  "stop",
  "trials",
  "vehicles",
] as const;

export type PageName = (typeof PAGE_NAMES)[number];

/** What of a path is the page's and not the centre's: its name and, after a slash, what of it is shown. */
export const PAGE_PATH = new RegExp(`(?<=/)(${PAGE_NAMES.join("|")})(?:/([^/]*))?/?$`);
