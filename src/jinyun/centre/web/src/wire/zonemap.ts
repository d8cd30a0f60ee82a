/** The zone's map as the page first gets it: an overview of the whole and the list of the tiles that say more. */

import { ColumnsError, need, table, unpack, want, type Container } from "./columns.ts";
import { bilingual, type Bilingual } from "./frame.ts";
import { objects, readSheet, type Json, type Sheet } from "./sheet.ts";

export type Bounds = readonly [west: number, south: number, east: number, north: number];

export interface Level {
  /** side of its tiles [m] */
  readonly tile_m: number;
  /** drawn when nearer than this [m per drawn pixel] */
  readonly nearer_than: number;
}

export interface Tile {
  readonly level: number;
  readonly column: number;
  readonly row: number;
  /** what its things reach [m] */
  readonly box: Bounds;
  /** the rows of the overview's lanes that this tile of level 1 tells of more closely */
  readonly first: number;
  readonly count: number;
}

export interface ShuttleLine extends Bilingual {
  readonly id: string;
  readonly colour: string;
  readonly points: readonly (readonly [number, number])[];
}

export interface ZoneMap {
  /** names this state of the map; its tiles are asked for by it */
  readonly tag: string;
  readonly overview: Sheet;
  readonly levels: readonly Level[];
  readonly tiles: readonly Tile[];
  readonly bounds: Bounds;
  readonly openRoadKm: number;
  readonly lines: readonly ShuttleLine[];
}

function shuttleLine(value: Json): ShuttleLine | null {
  const name = bilingual(value);
  const points = Array.isArray(value["points"]) ? value["points"] : [];
  const clean = points
    .filter((p): p is [number, number] => Array.isArray(p) && Number.isFinite(p[0]) && Number.isFinite(p[1]))
    .map((p): [number, number] => [p[0], p[1]]);
  if (name === null || clean.length < 2) return null;
  const colour = String(value["colour"] ?? "");
  return { id: String(value["id"] ?? ""), ...name, points: clean, colour: /^#[0-9a-f]{6}$/i.test(colour) ? colour : "" };
}

function levelOf(value: Json): Level {
  const [tile_m, nearer_than] = [Number(value["tile_m"]), Number(value["nearer_than"])];
  if (!(tile_m > 0) || !(nearer_than > 0)) throw new ColumnsError("levels: no tile_m or nearer_than");
  return { tile_m, nearer_than };
}

function tilesOf(container: Container, levels: number, lanes: number): Tile[] {
  const t = table(container, "tiles");
  const [level, column, row] = [need(t, "level"), need(t, "column"), need(t, "row")];
  const [west, south, east, north] = [need(t, "west_m"), need(t, "south_m"), need(t, "east_m"), need(t, "north_m")];
  const [first, count] = [want(t, "first", 0), want(t, "count", 0)];
  return Array.from({ length: t.n }, (_, i) => {
    if (level[i]! < 1 || level[i]! > levels) throw new ColumnsError(`tile ${i}: level ${level[i]}`);
    if (first[i]! + count[i]! > lanes) throw new ColumnsError(`tile ${i} reaches beyond the overview's lanes`);
    return {
      level: level[i]!, column: column[i]!, row: row[i]!, box: [west[i]!, south[i]!, east[i]!, north[i]!],
      first: first[i]!, count: count[i]!,
    };
  });
}

function boundsOf(stated: unknown, tiles: readonly Tile[]): Bounds {
  if (Array.isArray(stated) && stated.length === 4 && stated.every((v) => Number.isFinite(v))) {
    return stated as unknown as Bounds;
  }
  const b: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { box } of tiles) {
    b[0] = Math.min(b[0], box[0]);
    b[1] = Math.min(b[1], box[1]);
    b[2] = Math.max(b[2], box[2]);
    b[3] = Math.max(b[3], box[3]);
  }
  return b[0] < b[2] ? b : [-500, -500, 500, 500];
}

/** Decode `GET /api/v1/map`; throws {@link ColumnsError} when the bytes are not a map. */
export function readZoneMap(buffer: ArrayBuffer): ZoneMap {
  const container = unpack(buffer);
  const overview = readSheet(container);
  const levels = objects(container.meta["levels"]).map(levelOf);
  const tiles = tilesOf(container, levels.length, overview.lanes.n);
  return {
    tag: String(container.meta["tag"] ?? ""),
    overview,
    levels,
    tiles,
    bounds: boundsOf(container.meta["bounds"], tiles),
    openRoadKm: Number(container.meta["open_road_km"]),
    lines: objects(container.meta["lines"]).map(shuttleLine).filter((l) => l !== null),
  };
}

/** Decode a tile; throws {@link ColumnsError} when the bytes are not one. */
export function readTile(buffer: ArrayBuffer): Sheet {
  return readSheet(unpack(buffer));
}
