/**
 * A sheet of the map: vectors in metres east and north of the zone's origin, with the names that lie among them.
 *
 * The overview and every tile are sheets with the same tables; what one does not have is an empty table.
 */

import { ColumnsError, need, table, want, type Container, type Table } from "./columns.ts";
import { bilingual, type Bilingual } from "./frame.ts";

export const LANE = { car: 0, bus: 1, bicycle: 2, sidewalk: 3, junction: 4, walking: 5 } as const;
export const AREA = { junction: 0, walking: 1, ridge: 2, water: 3, park: 4, block: 5 } as const;
/** Whether a lane lies in a tunnel, on the ground or on a bridge. */
export const HEIGHT = { below: 0, ground: 1, bridge: 2 } as const;
/** Open for tests; or beside such a way through its junction, which is open as a whole. */
export const OPEN = { closed: 0, road: 1, junction: 2 } as const;
/** What is painted along a lane's border. */
export const MARKING = { none: 0, edge: 1, divider: 2, middle: 3 } as const;

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

export interface Names {
  /** of the sheet's junctions, row by row */
  readonly junctions: readonly (Bilingual | null)[];
  readonly roads: readonly RoadName[];
  readonly stops: readonly Place[];
  readonly crossings: readonly Place[];
  readonly rsus: readonly Place[];
  readonly chargers: readonly Place[];
  readonly districts: readonly Place[];
  /** ridges, lakes, parks */
  readonly nature: readonly Place[];
}

export interface Sheet {
  readonly lanes: Runs & {
    readonly kind: ArrayLike<number>;
    readonly width_m: ArrayLike<number>;
    readonly open: ArrayLike<number>;
    readonly level: ArrayLike<number>;
    readonly left: ArrayLike<number>;
    readonly right: ArrayLike<number>;
  };
  readonly points: Points;
  readonly areas: Runs & { readonly kind: ArrayLike<number>; readonly open: ArrayLike<number> };
  readonly areaPoints: Points;
  readonly stopLines: {
    readonly n: number;
    readonly x1_m: ArrayLike<number>;
    readonly y1_m: ArrayLike<number>;
    readonly x2_m: ArrayLike<number>;
    readonly y2_m: ArrayLike<number>;
    /** the junction's; 0 where there is none */
    readonly node: ArrayLike<number>;
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
    readonly node: ArrayLike<number>;
    readonly phase: ArrayLike<number>;
    readonly smart: ArrayLike<number>;
  };
  readonly crossingPoints: Points;
  readonly arrows: Points & {
    readonly n: number;
    readonly heading_rad: ArrayLike<number>;
    readonly turn: ArrayLike<number>;
  };
  readonly heads: Points & {
    readonly n: number;
    readonly heading_rad: ArrayLike<number>;
    readonly node: ArrayLike<number>;
    readonly phase: ArrayLike<number>;
  };
  readonly names: Names;
}

export type Json = Record<string, unknown>;

export function objects(value: unknown): Json[] {
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

function namesOf(value: unknown): Names {
  const names = (typeof value === "object" && value !== null ? value : {}) as Json;
  return {
    junctions: Array.isArray(names["junctions"]) ? names["junctions"].map(bilingual) : [],
    roads: objects(names["roads"]).map(roadName).filter((r) => r !== null),
    stops: places(names["stops"]),
    crossings: places(names["crossings"]),
    rsus: places(names["rsus"]),
    chargers: places(names["chargers"]),
    districts: places(names["districts"]),
    nature: places(names["nature"]),
  };
}

function inside(runs: Runs, points: Points, what: string): void {
  const length = points.x_m.length;
  for (let i = 0; i < runs.n; i++) {
    if (runs.first[i]! + runs.count[i]! > length) throw new ColumnsError(`${what} ${i} reaches beyond its points`);
  }
}

/** The sheet in a container; throws {@link ColumnsError} where its tables do not fit together. */
export function readSheet(container: Container): Sheet {
  const [lanes, areas, stopLines, junctions, crossings, arrows, heads] = [
    "lanes", "areas", "stop_lines", "junctions", "crossings", "arrows", "heads",
  ].map((name) => table(container, name)) as [Table, Table, Table, Table, Table, Table, Table];
  const runs = (t: Table): Runs => ({ n: t.n, first: need(t, "first"), count: need(t, "count") });
  const xy = (t: Table): Points => ({ x_m: need(t, "x_m"), y_m: need(t, "y_m") });
  const sheet: Sheet = {
    lanes: {
      ...runs(lanes),
      kind: want(lanes, "kind", LANE.car),
      width_m: want(lanes, "width_m", 3.25),
      open: want(lanes, "open", OPEN.closed),
      level: want(lanes, "level", HEIGHT.ground),
      left: want(lanes, "left", MARKING.none),
      right: want(lanes, "right", MARKING.none),
    },
    points: xy(table(container, "points")),
    areas: { ...runs(areas), kind: want(areas, "kind", AREA.block), open: want(areas, "open", OPEN.closed) },
    areaPoints: xy(table(container, "area_points")),
    stopLines: {
      n: stopLines.n,
      x1_m: need(stopLines, "x1_m"),
      y1_m: need(stopLines, "y1_m"),
      x2_m: need(stopLines, "x2_m"),
      y2_m: need(stopLines, "y2_m"),
      node: want(stopLines, "node", 0),
      phase: want(stopLines, "phase", 0),
      turn: want(stopLines, "turn", 0),
    },
    junctions: { n: junctions.n, ...xy(junctions), node: need(junctions, "node"), signalised: want(junctions, "signalised", 0) },
    crossings: {
      ...runs(crossings),
      width_m: want(crossings, "width_m", 4),
      node: want(crossings, "node", 0),
      phase: want(crossings, "phase", 0),
      smart: want(crossings, "smart", 0),
    },
    crossingPoints: xy(table(container, "crossing_points")),
    arrows: { n: arrows.n, ...xy(arrows), heading_rad: want(arrows, "heading_rad", 0), turn: want(arrows, "turn", 0) },
    heads: {
      n: heads.n,
      ...xy(heads),
      heading_rad: want(heads, "heading_rad", 0),
      node: want(heads, "node", 0),
      phase: want(heads, "phase", 0),
    },
    names: namesOf(container.meta["names"]),
  };
  inside(sheet.lanes, sheet.points, "lane");
  inside(sheet.areas, sheet.areaPoints, "area");
  inside(sheet.crossings, sheet.crossingPoints, "crossing");
  return sheet;
}
