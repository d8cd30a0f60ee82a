/** What the page asks the centre for besides the live channel: the zone and its map. */

import { bilingual, type Bilingual } from "../wire/frame.ts";
import { readZoneMap, type ZoneMap } from "../wire/zonemap.ts";

export interface Zone {
  readonly id: string;
  readonly name: Bilingual;
  readonly simulated: boolean;
  /** changes with the map and with the server's build */
  readonly version: string;
}

/** An address of the centre, relative to the page so that it works below any path. */
export function address(path: string): URL {
  return new URL(path, document.baseURI);
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
  };
}

export async function fetchMap(): Promise<ZoneMap> {
  return readZoneMap(await (await ask("api/v1/map")).arrayBuffer());
}
