/**
 * The plate: what of a sheet of the map stands still, as ordered layers of fills and strokes in metres.
 *
 * Both renderers draw the same plates: layer by layer, in each layer all plates that are shown, so that neighbouring tiles
 * join and a coarse sheet lies under a fine one. A stroke has a width in metres and never less than its style's pixels.
 */

import { AREA, HEIGHT, LANE, OPEN, type Points, type Runs, type Sheet } from "../wire/sheet.ts";
import type { Bounds, ShuttleLine } from "../wire/zonemap.ts";
import { arrow } from "./arrows.ts";
import { ALWAYS, ARROWS, BLOCKS, CROSSINGS, HEADS, MARKINGS, SIDEWALKS, type Fade } from "./detail.ts";
import type { Palette } from "./palette.ts";

export interface Style {
  /** the palette's entry, or a colour of the map's own */
  readonly colour: keyof Palette | `#${string}`;
  /** least half width on the screen [CSS pixels] */
  readonly least_px: number;
  readonly fade: Fade;
  /** drawn only when farther than this [m per pixel]; fades over a factor of two */
  readonly beyond?: number;
  /** paint and gap [m] */
  readonly dash?: readonly [number, number];
  /** shapes that lie over each other show through */
  readonly apart?: true;
}

export type Fills = { readonly style: number; readonly xy: Float32Array };
export type Stroke = { readonly style: number; readonly xy: Float32Array; readonly half_m: number };

export interface Layer {
  readonly fills: Fills[];
  readonly strokes: Stroke[];
}

export interface Plate {
  readonly layers: readonly Layer[];
  /** what it reaches; nothing of it lies outside */
  readonly box: Bounds;
}

const NEAR_ROADS: Fade = { begins: 7, whole: 4 };

/** In the order in which they lie over each other within a layer. */
const STYLES = {
  ridge: { colour: "ridge", least_px: 0, fade: ALWAYS, apart: true },
  ridgeLine: { colour: "ridgeLine", least_px: 0.5, fade: ALWAYS },
  water: { colour: "water", least_px: 0, fade: ALWAYS },
  waterLine: { colour: "waterLine", least_px: 0.5, fade: ALWAYS },
  park: { colour: "park", least_px: 0, fade: ALWAYS },
  block: { colour: "block", least_px: 0, fade: BLOCKS },
  blockLine: { colour: "blockLine", least_px: 0.5, fade: BLOCKS },
  grid: { colour: "grid", least_px: 0.5, fade: { begins: 6, whole: 3 } },
  gridStrong: { colour: "gridStrong", least_px: 0.5, fade: ALWAYS },
  casing: { colour: "casing", least_px: 0, fade: NEAR_ROADS },
  openCasing: { colour: "openCasing", least_px: 0, fade: { begins: 2.6, whole: 1.6 } },
  tunnel: { colour: "tunnel", least_px: 0.45, fade: ALWAYS },
  tunnelEdge: { colour: "edge", least_px: 0.5, fade: { begins: 2.5, whole: 1.2 }, dash: [3, 3] },
  sidewalk: { colour: "sidewalk", least_px: 0, fade: SIDEWALKS },
  bicycle: { colour: "bicycle", least_px: 0, fade: { begins: 3, whole: 1.5 } },
  road: { colour: "road", least_px: 0.62, fade: ALWAYS },
  bus: { colour: "bus", least_px: 0.5, fade: ALWAYS },
  open: { colour: "open", least_px: 0.6, fade: ALWAYS },
  openFar: { colour: "openFar", least_px: 0.6, fade: ALWAYS, beyond: 1.1 },
  junction: { colour: "road", least_px: 0, fade: { begins: 8, whole: 4 } },
  openJunction: { colour: "open", least_px: 0, fade: { begins: 8, whole: 4 } },
  zebra: { colour: "zebra", least_px: 0, fade: CROSSINGS, dash: [0.45, 0.55] },
  smartCrossing: { colour: "openFar", least_px: 0.6, fade: CROSSINGS },
  edge: { colour: "edge", least_px: 0.4, fade: MARKINGS },
  divider: { colour: "divider", least_px: 0.4, fade: MARKINGS, dash: [4, 6] },
  middle: { colour: "middle", least_px: 0.45, fade: { begins: 0.9, whole: 0.4 } },
  stop: { colour: "paint", least_px: 0.6, fade: MARKINGS },
  arrow: { colour: "arrow", least_px: 0, fade: ARROWS },
  housing: { colour: "housing", least_px: 0, fade: HEADS },
} satisfies Record<string, Style>;

type StyleName = keyof typeof STYLES;
const STYLE_NAMES = Object.keys(STYLES) as StyleName[];
const styleOf = (name: StyleName): number => STYLE_NAMES.indexOf(name);

/** The styles of all plates: the page's own, and one for each line of the zone. */
export function stylesFor(lines: readonly ShuttleLine[]): Style[] {
  const own: Style[] = STYLE_NAMES.map((name) => STYLES[name]);
  const courses = lines.map(({ colour }): Style => {
    return { colour: colour === "" ? "shuttle" : (colour as `#${string}`), least_px: 1.1, fade: ALWAYS, beyond: 0.35 };
  });
  return [...own, ...courses];
}

const CASING_M = 0.55;
const LINE_M = 0.075;

/** Scenery from below: outlines lie under the fills, so that shapes which meet become one. */
const SCENERY = [AREA.ridge, AREA.block, AREA.park, AREA.water] as const;
const LOOKS = {
  [AREA.ridge]: ["ridge", "ridgeLine"],
  [AREA.water]: ["water", "waterLine"],
  [AREA.park]: ["park", null],
  [AREA.block]: ["block", "blockLine"],
} as const satisfies Record<number, readonly [StyleName, StyleName | null]>;

/** Of roads at each height. */
const PARTS = { under: 0, surface: 1, glow: 2, paint: 3 } as const;
const ROADS = SCENERY.length * 2;
const PAINTED = ROADS + 3 * 4;
const STANDING = PAINTED + 1;
const COURSES = STANDING + 1;
export const LAYERS = COURSES + 1;

class Drawing {
  readonly layers: Layer[] = Array.from({ length: LAYERS }, () => ({ fills: [], strokes: [] }));
  private readonly box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];

  fill(layer: number, style: number, xy: Float32Array): void {
    this.layers[layer]!.fills.push({ style, xy });
    this.reach(xy, 0);
  }

  stroke(layer: number, style: number, xy: Float32Array, half_m: number): void {
    this.layers[layer]!.strokes.push({ style, xy, half_m });
    this.reach(xy, half_m);
  }

  private reach(xy: Float32Array, half: number): void {
    const { box } = this;
    for (let i = 0; i < xy.length; i += 2) {
      box[0] = Math.min(box[0], xy[i]! - half);
      box[1] = Math.min(box[1], xy[i + 1]! - half);
      box[2] = Math.max(box[2], xy[i]! + half);
      box[3] = Math.max(box[3], xy[i + 1]! + half);
    }
  }

  done(): Plate {
    return { layers: this.layers, box: this.box };
  }
}

function run(runs: Runs, points: Points, row: number): Float32Array {
  const first = runs.first[row]!;
  const xy = new Float32Array(runs.count[row]! * 2);
  for (let i = 0; i < runs.count[row]!; i++) {
    xy[2 * i] = points.x_m[first + i]!;
    xy[2 * i + 1] = points.y_m[first + i]!;
  }
  return xy;
}

function closed(xy: Float32Array): Float32Array {
  const ring = new Float32Array(xy.length + 2);
  ring.set(xy);
  ring.set(xy.subarray(0, 2), xy.length);
  return ring;
}

/** The polyline moved `offset_m` metres to its right. */
export function moved(xy: Float32Array, offset_m: number): Float32Array {
  const n = xy.length / 2;
  const out = new Float32Array(xy.length);
  for (let i = 0; i < n; i++) {
    const a = Math.max(0, i - 1);
    const b = Math.min(n - 1, i + 1);
    const dx = xy[2 * b]! - xy[2 * a]!;
    const dy = xy[2 * b + 1]! - xy[2 * a + 1]!;
    const length = Math.hypot(dx, dy) || 1;
    out[2 * i] = xy[2 * i]! + (dy / length) * offset_m;
    out[2 * i + 1] = xy[2 * i + 1]! - (dx / length) * offset_m;
  }
  return out;
}

function areas(sheet: Sheet, to: Drawing): void {
  const ground = ROADS + HEIGHT.ground * 4 + PARTS.surface;
  for (let i = 0; i < sheet.areas.n; i++) {
    if (sheet.areas.count[i]! < 3) continue;
    const kind = sheet.areas.kind[i]!;
    const xy = run(sheet.areas, sheet.areaPoints, i);
    if (kind === AREA.walking) to.fill(ground, styleOf("sidewalk"), xy);
    else if (kind === AREA.junction) to.fill(ground, styleOf(sheet.areas.open[i] ? "openJunction" : "junction"), xy);
    else {
      const layer = SCENERY.indexOf(kind as (typeof SCENERY)[number]) * 2;
      if (layer < 0) continue;
      const [fill, line] = LOOKS[kind as keyof typeof LOOKS];
      if (line !== null) to.stroke(layer, styleOf(line), closed(xy), 0);
      to.fill(layer + 1, styleOf(fill), xy);
    }
  }
}

const SURFACES: readonly StyleName[] = ["road", "bus", "bicycle", "sidewalk", "road", "sidewalk"];
const MARKINGS_OF: readonly (StyleName | null)[] = [null, "edge", "divider", "middle"];

function lane(sheet: Sheet, row: number, to: Drawing): void {
  const { lanes } = sheet;
  const kind = lanes.kind[row]!;
  const surface = SURFACES[kind];
  if (surface === undefined || lanes.count[row]! < 2) return;
  const xy = run(lanes, sheet.points, row);
  const half_m = lanes.width_m[row]! / 2;
  const walks = kind === LANE.sidewalk || kind === LANE.walking;
  const height = Math.min(HEIGHT.bridge, lanes.level[row]!);
  const base = ROADS + height * 4;
  const rides = kind === LANE.car || kind === LANE.bus || kind === LANE.junction;
  if (height === HEIGHT.below) {
    if (walks) return;
    to.stroke(base + PARTS.surface, styleOf("tunnel"), xy, half_m);
    for (const side of [half_m, -half_m]) to.stroke(base + PARTS.paint, styleOf("tunnelEdge"), moved(xy, side), LINE_M);
  } else {
    const open = rides && lanes.open[row] !== OPEN.closed;
    if (!walks) to.stroke(base + PARTS.under, styleOf(open ? "openCasing" : "casing"), xy, half_m + CASING_M);
    to.stroke(base + PARTS.surface, styleOf(open ? "open" : surface), xy, half_m);
    for (const [marking, offset_m] of [[lanes.left[row]!, -half_m], [lanes.right[row]!, half_m]] as const) {
      const style = MARKINGS_OF[marking] ?? null;
      if (style !== null) to.stroke(base + PARTS.paint, styleOf(style), moved(xy, offset_m), LINE_M);
    }
  }
  if (rides && lanes.open[row] === OPEN.road) {
    to.stroke(base + PARTS.glow, styleOf("openFar"), xy, kind === LANE.junction ? half_m / 2 : half_m);
  }
}

function painted(sheet: Sheet, to: Drawing): void {
  const { crossings, stopLines, arrows } = sheet;
  for (let i = 0; i < crossings.n; i++) {
    if (crossings.count[i]! < 2) continue;
    const xy = run(crossings, sheet.crossingPoints, i);
    const half_m = crossings.width_m[i]! / 2;
    to.stroke(PAINTED, styleOf("zebra"), xy, half_m);
    if (crossings.smart[i]! > 0) {
      for (const side of [-1, 1]) to.stroke(PAINTED, styleOf("smartCrossing"), moved(xy, side * (half_m + 0.35)), 0.09);
    }
  }
  for (let i = 0; i < stopLines.n; i++) {
    const xy = Float32Array.of(stopLines.x1_m[i]!, stopLines.y1_m[i]!, stopLines.x2_m[i]!, stopLines.y2_m[i]!);
    to.stroke(PAINTED, styleOf("stop"), xy, 0.2);
  }
  for (let i = 0; i < arrows.n; i++) {
    const sin = Math.sin(arrows.heading_rad[i]!);
    const cos = Math.cos(arrows.heading_rad[i]!);
    for (const polygon of arrow(arrows.turn[i]!)) {
      const xy = new Float32Array(polygon.length * 2);
      polygon.forEach(([right, ahead], k) => {
        xy[2 * k] = arrows.x_m[i]! + right * cos + ahead * sin;
        xy[2 * k + 1] = arrows.y_m[i]! - right * sin + ahead * cos;
      });
      to.fill(PAINTED, styleOf("arrow"), xy);
    }
  }
}

/** Half the length and the half thickness of a signal head's housing as drawn [m]; its lamp lies within. */
export const HOUSING = { reach_m: 1.05, half_m: 0.52 } as const;

/** The two ends of a signal head, square to the way of those who obey it. */
export function headEnds(heads: Sheet["heads"], row: number, reach_m: number): readonly [number, number, number, number] {
  const [x, y] = [heads.x_m[row]!, heads.y_m[row]!];
  const dx = Math.cos(heads.heading_rad[row]!) * reach_m;
  const dy = -Math.sin(heads.heading_rad[row]!) * reach_m;
  return [x - dx, y - dy, x + dx, y + dy];
}

function standing({ heads }: Sheet, to: Drawing): void {
  for (let i = 0; i < heads.n; i++) {
    to.stroke(STANDING, styleOf("housing"), Float32Array.from(headEnds(heads, i, HOUSING.reach_m)), HOUSING.half_m);
  }
}

/** The plate of a tile. */
export function tilePlate(sheet: Sheet): Plate {
  const to = new Drawing();
  areas(sheet, to);
  for (let row = 0; row < sheet.lanes.n; row++) lane(sheet, row, to);
  painted(sheet, to);
  standing(sheet, to);
  return to.done();
}

/** The plate of some of the overview's lanes: what is shown of a tile that is not there yet. */
export function roadsPlate(sheet: Sheet, first: number, count: number): Plate {
  const to = new Drawing();
  for (let row = first; row < first + count; row++) lane(sheet, row, to);
  return to.done();
}

/** The plate of what the overview alone has: the scenery and the courses of lines, whose styles come after the others. */
export function groundPlate(sheet: Sheet, lines: readonly ShuttleLine[]): Plate {
  const to = new Drawing();
  areas(sheet, to);
  lines.forEach((line, i) => {
    to.stroke(COURSES, STYLE_NAMES.length + i, Float32Array.from(line.points.flat()), 0.5);
  });
  return to.done();
}

const GRID_CELLS = [[100, "grid"], [500, "gridStrong"]] as const;

/** Where no map belongs under the tracks: a plain grid of 100 m and 500 m around the origin. */
export function gridPlate(): Plate {
  const to = new Drawing();
  const reach = 5000;
  for (const [cell, style] of GRID_CELLS) {
    for (let at = -reach; at <= reach; at += cell) {
      to.stroke(0, styleOf(style), Float32Array.of(at, -reach, at, reach), 0);
      to.stroke(0, styleOf(style), Float32Array.of(-reach, at, reach, at), 0);
    }
  }
  return to.done();
}

/** Opacity of a style at this scale, 0..1. */
export function styleOpacity(style: Style, scale: number): number {
  const { begins, whole } = style.fade;
  let value = scale <= whole ? 1 : scale >= begins ? 0 : (begins - scale) / (begins - whole);
  if (style.beyond !== undefined) value *= Math.max(0, Math.min(1, scale / style.beyond - 1));
  return value;
}
