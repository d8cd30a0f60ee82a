/** The cabin's scene as it comes from the vehicle, and the road about its line, as it comes once. */

import { need, table, unpack, want } from "../../wire/columns.ts";
import { bilingual, type Bilingual } from "../../wire/frame.ts";

type Numbers = ReturnType<typeof need>;

export interface Stop {
  readonly id: string;
  readonly name: Bilingual;
}

export interface Scene {
  readonly t_ms: number;
  readonly id: string;
  readonly simulated: boolean;
  readonly state: string;
  readonly reason: string;
  readonly words: Bilingual;
  readonly mode: string;
  /** why a person is asked to take over, null when nobody is */
  readonly asks: string | null;
  readonly x_m: number;
  readonly y_m: number;
  readonly heading_rad: number;
  readonly speed_mps: number;
  readonly accel_mps2: number;
  readonly length_m: number;
  readonly width_m: number;
  readonly docked: boolean;
  readonly toStop_m: number;
  readonly line: { readonly id: string; readonly name: Bilingual; readonly colour: string } | null;
  readonly stops: readonly Stop[];
  readonly passengers: number | null;
  readonly seats: number | null;
  readonly charge: number | null;
  /** whether the road tells this vehicle anything */
  readonly road: boolean;
  readonly objects: Readonly<Record<"id" | "kind" | "class" | "seen_by" | "x_m" | "y_m" | "heading_rad" | "speed_mps" | "length_m" | "width_m" | "height_m", Numbers>>;
  readonly path: Readonly<Record<"x_m" | "y_m" | "speed_mps" | "after_s", Numbers>>;
  readonly ways: Readonly<Record<"object" | "way" | "x_m" | "y_m", Numbers>>;
  readonly lights: Readonly<Record<"node" | "phase" | "light" | "remaining_s" | "by" | "x_m" | "y_m" | "ahead_m", Numbers>>;
}

export interface Road {
  readonly lanes: Readonly<Record<"kind" | "first" | "count" | "inside", Numbers>>;
  readonly borders: Readonly<Record<"left_x_m" | "left_y_m" | "right_x_m" | "right_y_m", Numbers>>;
  readonly crossings: Readonly<Record<"x1_m" | "y1_m" | "x2_m" | "y2_m" | "width_m", Numbers>>;
  readonly stopLines: Readonly<Record<"x1_m" | "y1_m" | "x2_m" | "y2_m", Numbers>>;
  readonly stops: Readonly<Record<"x_m" | "y_m" | "heading_rad", Numbers>>;
  readonly blocks: Readonly<Record<"first" | "count", Numbers>>;
  readonly corners: Readonly<Record<"x_m" | "y_m", Numbers>>;
}

function columns<K extends string>(of: ReturnType<typeof table>, names: readonly K[]): Record<K, Numbers> {
  return Object.fromEntries(names.map((name) => [name, need(of, name)])) as Record<K, Numbers>;
}

function number(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : Number.NaN;
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function stop(value: unknown): Stop | null {
  if (typeof value !== "object" || value === null) return null;
  const id = String((value as Record<string, unknown>)["id"] ?? "");
  return { id, name: bilingual(value) ?? { zh: id, en: id } };
}

/** Read a scene; throws where the bytes are no such thing. */
export function readScene(buffer: ArrayBuffer): Scene {
  const container = unpack(buffer);
  const { meta } = container;
  const line = meta["line"] as Record<string, unknown> | undefined;
  const objects = table(container, "objects");
  return {
    t_ms: number(meta["t_us"]) / 1000,
    id: String(meta["id"] ?? ""),
    simulated: meta["simulated"] === true,
    state: String(meta["state"] ?? ""),
    reason: String(meta["reason"] ?? ""),
    words: { zh: String(meta["reason_zh"] ?? ""), en: String(meta["reason_en"] ?? "") },
    mode: String(meta["mode"] ?? ""),
    asks: typeof meta["asks"] === "string" ? meta["asks"] : null,
    x_m: number(meta["x_m"]),
    y_m: number(meta["y_m"]),
    heading_rad: number(meta["heading_rad"]),
    speed_mps: number(meta["speed_mps"]),
    accel_mps2: number(meta["accel_mps2"]),
    length_m: number(meta["length_m"]),
    width_m: number(meta["width_m"]),
    docked: meta["docked"] === true,
    toStop_m: number(meta["to_stop_m"]),
    line: line === undefined ? null : { id: String(line["id"] ?? ""), name: bilingual(line) ?? { zh: "", en: "" }, colour: String(line["colour"] ?? "#55c5aa") },
    stops: (Array.isArray(meta["stops"]) ? meta["stops"] : []).map(stop).filter((one): one is Stop => one !== null),
    passengers: numberOrNull(meta["passengers"]),
    seats: numberOrNull(meta["seats"]),
    charge: numberOrNull(meta["charge"]),
    road: meta["road"] === true,
    objects: {
      ...columns(objects, ["kind", "seen_by", "x_m", "y_m", "heading_rad", "speed_mps", "length_m", "width_m", "height_m"]),
      id: want(objects, "id", 0),
      class: want(objects, "class", 0),
    },
    path: columns(table(container, "path"), ["x_m", "y_m", "speed_mps", "after_s"]),
    ways: columns(table(container, "ways"), ["object", "way", "x_m", "y_m"]),
    lights: columns(table(container, "lights"), ["node", "phase", "light", "remaining_s", "by", "x_m", "y_m", "ahead_m"]),
  };
}

/** Read the road about a line; throws where the bytes are no such thing. */
export function readRoad(buffer: ArrayBuffer): Road {
  const container = unpack(buffer);
  return {
    lanes: columns(table(container, "lanes"), ["kind", "first", "count", "inside"]),
    borders: columns(table(container, "borders"), ["left_x_m", "left_y_m", "right_x_m", "right_y_m"]),
    crossings: columns(table(container, "crossings"), ["x1_m", "y1_m", "x2_m", "y2_m", "width_m"]),
    stopLines: columns(table(container, "stop_lines"), ["x1_m", "y1_m", "x2_m", "y2_m"]),
    stops: columns(table(container, "stops"), ["x_m", "y_m", "heading_rad"]),
    blocks: columns(table(container, "blocks"), ["first", "count"]),
    corners: columns(table(container, "corners"), ["x_m", "y_m"]),
  };
}
