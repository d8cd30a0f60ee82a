/** The zone's map as the page draws it: vectors in metres east and north of the zone's origin. */

import { ColumnsError, need, table, unpack, want } from "./columns.ts";
import { bilingual, type Bilingual } from "./frame.ts";

export const LANE = { car: 0, bus: 1, bicycle: 2, sidewalk: 3, junction: 4, walking: 5 } as const;
export const AREA = { junction: 0, walking: 1, ridge: 2, water: 3, park: 4, block: 5 } as const;

/** A run of points: the row's polyline or polygon is `first .. first + count` of its point columns. */
export interface Runs {
  readonly n: number;
  readonly first: ArrayLike<number>;
  readonly count: ArrayLike<number>;
}

export interface Points {
  readonly x_m: ArrayLike<number>;
  readonly y_m: ArrayLike<number>;
}

export interface Place extends Bilingual {
  readonly id: string;
  /** has sensors or signs of its own */
  readonly smart: boolean;
  readonly x_m: number;
  readonly y_m: number;
}

export interface RoadName extends Bilingual {
  readonly x_m: number;
  readonly y_m: number;
  readonly heading_rad: number;
  readonly rank: number;
}

export interface ShuttleLine extends Bilingual {
  readonly id: string;
  readonly colour: string;
  readonly points: readonly (readonly [number, number])[];
}

export interface ZoneMap {
  readonly lanes: Runs & {
    readonly kind: ArrayLike<number>;
    readonly width_m: ArrayLike<number>;
    readonly open: ArrayLike<number>;
    readonly tunnel: ArrayLike<number>;
  };
  readonly points: Points & { readonly z_m: ArrayLike<number> };
  readonly areas: Runs & { readonly kind: ArrayLike<number> };
  readonly areaPoints: Points;
  readonly stopLines: {
    readonly n: number;
    readonly x1_m: ArrayLike<number>;
    readonly y1_m: ArrayLike<number>;
    readonly x2_m: ArrayLike<number>;
    readonly y2_m: ArrayLike<number>;
    readonly junction: ArrayLike<number>;
    readonly phase: ArrayLike<number>;
    readonly turn: ArrayLike<number>;
  };
  readonly junctions: Points & {
    readonly n: number;
    readonly node: ArrayLike<number>;
    readonly signalised: ArrayLike<number>;
  };
  readonly crossings: Runs & {
    readonly width_m: ArrayLike<number>;
    readonly junction: ArrayLike<number>;
    readonly phase: ArrayLike<number>;
    readonly smart: ArrayLike<number>;
  };
  readonly crossingPoints: Points;
  readonly arrows: Points & {
    readonly n: number;
    readonly heading_rad: ArrayLike<number>;
    readonly turn: ArrayLike<number>;
  };
  readonly names: {
    readonly junctions: readonly (Bilingual | null)[];
    readonly roads: readonly RoadName[];
    readonly stops: readonly Place[];
    readonly crossings: readonly Place[];
    readonly rsus: readonly Place[];
    readonly chargers: readonly Place[];
    readonly districts: readonly Place[];
    /** ridges, lakes, parks */
    readonly nature: readonly Place[];
  };
  /** west, south, east, north in metres */
  readonly bounds: readonly [number, number, number, number];
  readonly openRoadKm: number;
  readonly lines: readonly ShuttleLine[];
}

type Json = Record<string, unknown>;

function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter((v): v is Json => typeof v === "object" && v !== null) : [];
}

function place(value: Json): Place | null {
  const name = bilingual(value);
  const x_m = Number(value["x_m"]);
  const y_m = Number(value["y_m"]);
  if (name === null || !Number.isFinite(x_m) || !Number.isFinite(y_m)) return null;
  return { id: String(value["id"] ?? name.en), ...name, smart: value["smart"] === true, x_m, y_m };
}

function places(value: unknown): Place[] {
  return objects(value).map(place).filter((p) => p !== null);
}

function roadName(value: Json): RoadName | null {
  const where = place(value);
  if (where === null) return null;
  return { ...where, heading_rad: Number(value["heading_rad"]) || 0, rank: Number(value["rank"]) || 0 };
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

function inside(runs: Runs, points: Points, what: string): void {
  const length = points.x_m.length;
  for (let i = 0; i < runs.n; i++) {
    if (runs.first[i]! + runs.count[i]! > length) throw new ColumnsError(`${what} ${i} reaches beyond its points`);
  }
}

function boundsOf(points: Points, stated: unknown): [number, number, number, number] {
  if (Array.isArray(stated) && stated.length === 4 && stated.every((v) => Number.isFinite(v))) {
    return stated as [number, number, number, number];
  }
  const b: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.x_m.length; i++) {
    b[0] = Math.min(b[0], points.x_m[i]!);
    b[1] = Math.min(b[1], points.y_m[i]!);
    b[2] = Math.max(b[2], points.x_m[i]!);
    b[3] = Math.max(b[3], points.y_m[i]!);
  }
  return b[0] < b[2] ? b : [-500, -500, 500, 500];
}

/** Decode `GET /api/v1/map`; throws {@link ColumnsError} when the bytes are not a map. */
export function readZoneMap(buffer: ArrayBuffer): ZoneMap {
  const container = unpack(buffer);
  const lanes = table(container, "lanes");
  const points = table(container, "points");
  const areas = table(container, "areas");
  const areaPoints = table(container, "area_points");
  const stopLines = table(container, "stop_lines");
  const junctions = table(container, "junctions");
  const crossings = table(container, "crossings");
  const crossingPoints = table(container, "crossing_points");
  const arrows = table(container, "arrows");
  const names = (container.meta["names"] ?? {}) as Json;
  const runs = (t: typeof lanes): Runs => ({ n: t.n, first: need(t, "first"), count: need(t, "count") });
  const xy = (t: typeof lanes): Points => ({ x_m: need(t, "x_m"), y_m: need(t, "y_m") });
  const map: ZoneMap = {
    lanes: {
      ...runs(lanes),
      kind: want(lanes, "kind", LANE.car),
      width_m: want(lanes, "width_m", 3.25),
      open: want(lanes, "open", 0),
      tunnel: want(lanes, "tunnel", 0),
    },
    points: { ...xy(points), z_m: want(points, "z_m", 0) },
    areas: { ...runs(areas), kind: want(areas, "kind", AREA.block) },
    areaPoints: xy(areaPoints),
    stopLines: {
      n: stopLines.n,
      x1_m: need(stopLines, "x1_m"),
      y1_m: need(stopLines, "y1_m"),
      x2_m: need(stopLines, "x2_m"),
      y2_m: need(stopLines, "y2_m"),
      junction: need(stopLines, "junction"),
      phase: want(stopLines, "phase", 0),
      turn: want(stopLines, "turn", 0),
    },
    junctions: {
      n: junctions.n,
      ...xy(junctions),
      node: need(junctions, "node"),
      signalised: want(junctions, "signalised", 0),
    },
    crossings: {
      ...runs(crossings),
      width_m: want(crossings, "width_m", 4),
      junction: want(crossings, "junction", 65535),
      phase: want(crossings, "phase", 0),
      smart: want(crossings, "smart", 0),
    },
    crossingPoints: xy(crossingPoints),
    arrows: {
      n: arrows.n,
      ...xy(arrows),
      heading_rad: want(arrows, "heading_rad", 0),
      turn: want(arrows, "turn", 0),
    },
    names: {
      junctions: Array.isArray(names["junctions"]) ? names["junctions"].map(bilingual) : [],
      roads: objects(names["roads"]).map(roadName).filter((r) => r !== null),
      stops: places(names["stops"]),
      crossings: places(names["crossings"]),
      rsus: places(names["rsus"]),
      chargers: places(names["chargers"]),
      districts: places(names["districts"]),
      nature: places(names["nature"]),
    },
    bounds: boundsOf(xy(points), container.meta["bounds"]),
    openRoadKm: Number(container.meta["open_road_km"]),
    lines: objects(container.meta["lines"]).map(shuttleLine).filter((l) => l !== null),
  };
  inside(map.lanes, map.points, "lane");
  inside(map.areas, map.areaPoints, "area");
  inside(map.crossings, map.crossingPoints, "crossing");
  return map;
}
