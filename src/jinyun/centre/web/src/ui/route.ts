/** Which page is shown: the map, the applications, or one of `pages.ts`; kept in the address so that it can be sent, reloaded and left. */

import { address } from "../live/zone.ts";
import { PAGE_PATH, type PageName } from "../live/paths.ts";
import { Store } from "../live/store.ts";

interface MapRoute {
  readonly page: "map";
  /** the only application whose advice is shown, "" all */
  readonly application: string;
  /** the place to look at */
  readonly at: readonly [x_m: number, y_m: number] | null;
}

interface ApplicationsRoute {
  readonly page: "applications";
  /** the application of the page, "" all */
  readonly application: string;
}

/** One of `pages.ts`. */
interface OtherRoute {
  readonly page: "other";
  readonly name: OtherName;
  /** what of it is shown, "" all or the first */
  readonly item: string;
}

export type OtherName = Exclude<PageName, "applications">;
export type Route = MapRoute | ApplicationsRoute | OtherRoute;

export const MAP: MapRoute = { page: "map", application: "", at: null };
/** What of the address is the viewer's own choice and goes along to every page. */
const KEPT = ["lang", "theme", "renderer"] as const;

function read(): Route {
  const { pathname, search } = window.location;
  const found = PAGE_PATH.exec(pathname);
  if (found !== null) {
    const [name, item] = [found[1] as PageName, decode(found[2] ?? "")];
    return name === "applications" ? { page: name, application: item } : { page: "other", name, item };
  }
  const query = new URLSearchParams(search);
  const [x_m, y_m] = (query.get("at") ?? "").split(",").map(Number.parseFloat);
  const placed = x_m !== undefined && y_m !== undefined && Number.isFinite(x_m) && Number.isFinite(y_m);
  return { page: "map", application: query.get("application") ?? "", at: placed ? [x_m, y_m] : null };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // not written by a browser; no application is called so
  }
}

export const route = new Store<Route>(read());

function pathOf(to: Route): string {
  if (to.page === "map") return "";
  const [name, item] = to.page === "other" ? [to.name, to.item] : [to.page, to.application];
  return item === "" ? name : `${name}/${encodeURIComponent(item)}`;
}

/** The address of a page. */
export function addressOf(to: Route): string {
  const found = address(pathOf(to));
  const before = new URLSearchParams(window.location.search);
  for (const name of KEPT) {
    const value = before.get(name);
    if (value !== null) found.searchParams.set(name, value);
  }
  if (to.page === "map" && to.application !== "") found.searchParams.set("application", to.application);
  if (to.page === "map" && to.at !== null) found.searchParams.set("at", to.at.map((m) => m.toFixed(1)).join(","));
  return found.href;
}

export function go(to: Route): void {
  window.history.pushState(null, "", addressOf(to));
  route.set(to);
}

/** The same page with another choice on it: no step back leads to the earlier one. */
export function amend(to: Route): void {
  window.history.replaceState(window.history.state, "", addressOf(to));
  route.set(to);
}

window.addEventListener("popstate", () => route.set(read()));
