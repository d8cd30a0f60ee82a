/** What the page asks the centre for besides the live channel: the zone, its map and its applications. */

import { PAGE_PATH } from "./paths.ts";
import { bilingual, type Bilingual } from "../wire/frame.ts";
import { readCatalogue, readEpisodes, type Application, type AdviceEpisode } from "../wire/catalogue.ts";
import { readZoneMap, type Tile, type ZoneMap } from "../wire/zonemap.ts";

export interface Zone {
  readonly id: string;
  readonly name: Bilingual;
  readonly simulated: boolean;
  /** changes with the map and with the server's build */
  readonly version: string;
  /** names the state of the map that the centre has */
  readonly mapTag: string;
}

/** An address of the centre, found from the page's own so that it works below any path. */
export function address(path: string): URL {
  const { origin, pathname } = window.location;
  return new URL(path, origin + pathname.replace(PAGE_PATH, ""));
}

async function ask(path: string): Promise<Response> {
  const response = await fetch(address(path), { cache: "no-cache", signal: AbortSignal.timeout(20_000) });
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  return response;
}

export async function fetchZone(): Promise<Zone> {
  const value = (await (await ask("api/v1/zone")).json()) as Record<string, unknown>;
  const id = String(value["id"] ?? "");
  return {
    id,
    name: bilingual(value["name"]) ?? { zh: id, en: id },
    simulated: value["simulated"] === true,
    version: `${String(value["version"] ?? "")} ${String(value["map_tag"] ?? "")}`,
    mapTag: String(value["map_tag"] ?? ""),
  };
}

/** A tile's bytes, or null where the map with that tag is no longer the centre's; such a tile is the same for good. */
export async function fetchTile(tag: string, tile: Tile, signal: AbortSignal): Promise<ArrayBuffer | null> {
  const path = `api/v1/map/tiles/${tag}/${tile.level}/${tile.column}/${tile.row}`;
  const response = await fetch(address(path), { signal });
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  return await response.arrayBuffer();
}

export async function fetchMap(): Promise<ZoneMap> {
  return readZoneMap(await (await ask("api/v1/map")).arrayBuffer());
}

export async function fetchCatalogue(): Promise<readonly Application[]> {
  return readCatalogue(await (await ask("api/v1/applications")).json());
}

/** The last episodes of an application's advice, the newest first. */
export async function fetchEpisodes(id: string): Promise<readonly AdviceEpisode[]> {
  return readEpisodes(await (await ask(`api/v1/applications/${encodeURIComponent(id)}/episodes`)).json());
}
