/**
 * The plate: everything of the map that stands still, as ordered layers of fills and strokes in metres.
 *
 * Both renderers draw the same plate; a stroke has a width in metres and never less than its style's pixels.
 */

import { AREA, LANE, type Points, type Runs, type ZoneMap } from "../wire/zonemap.ts";
import { arrow } from "./arrows.ts";
import { borders } from "./markings.ts";
import { ALWAYS, ARROWS, BLOCKS, CROSSINGS, MARKINGS, SIDEWALKS, type Fade } from "./detail.ts";
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
}

export type Fills = { readonly style: number; readonly xy: Float32Array };
export type Stroke = { readonly style: number; readonly xy: Float32Array; readonly half_m: number };

export interface Layer {
  readonly fills: Fills[];
  readonly strokes: Stroke[];
}

export interface Plate {
  readonly styles: readonly Style[];
  readonly layers: readonly Layer[];
}

const NEAR_ROADS: Fade = { begins: 7, whole: 4 };

const STYLES = {
  ridge: { colour: "ridge", least_px: 0, fade: ALWAYS },
  ridgeLine: { colour: "ridgeLine", least_px: 0.5, fade: ALWAYS },
  water: { colour: "water", least_px: 0, fade: ALWAYS },
  waterLine: { colour: "waterLine", least_px: 0.5, fade: ALWAYS },
  park: { colour: "park", least_px: 0, fade: ALWAYS },
  block: { colour: "block", least_px: 0, fade: BLOCKS },
  blockLine: { colour: "blockLine", least_px: 0.5, fade: BLOCKS },
  casing: { colour: "casing", least_px: 0, fade: NEAR_ROADS },
  openCasing: { colour: "openCasing", least_px: 0, fade: { begins: 2.6, whole: 1.6 } },
  tunnel: { colour: "tunnel", least_px: 0.45, fade: ALWAYS },
  tunnelEdge: { colour: "edge", least_px: 0.5, fade: { begins: 2.5, whole: 1.2 }, dash: [3, 3] },
  sidewalk: { colour: "sidewalk", least_px: 0, fade: SIDEWALKS },
  road: { colour: "road", least_px: 0.62, fade: ALWAYS },
  bus: { colour: "bus", least_px: 0.5, fade: ALWAYS },
  bicycle: { colour: "bicycle", least_px: 0, fade: { begins: 3, whole: 1.5 } },
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
  arrow: { colour: "paint", least_px: 0, fade: ARROWS },
} satisfies Record<string, Style>;

type StyleName = keyof typeof STYLES;
const STYLE_NAMES = Object.keys(STYLES) as StyleName[];
const styleOf = (name: StyleName): number => STYLE_NAMES.indexOf(name);

const CASING_M = 0.55;
const LINE_M = 0.075;
/** A lane higher than this above the ground is drawn over those below [m]. */
const BRIDGE_M = 3.5;

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

function meanHeight(map: ZoneMap, lane: number): number {
  let sum = 0;
  const count = map.lanes.count[lane]!;
  for (let i = 0; i < count; i++) sum += map.points.z_m[map.lanes.first[lane]! + i]!;
  return count === 0 ? 0 : sum / count;
}

/** Hills, blocks, parks, water; outlines lie below the fills, so that shapes which meet become one. */
function scenery(map: ZoneMap): Layer[] {
  const looks: Partial<Record<number, readonly [StyleName, StyleName | null]>> = {
    [AREA.ridge]: ["ridge", "ridgeLine"],
    [AREA.water]: ["water", "waterLine"],
    [AREA.park]: ["park", null],
    [AREA.block]: ["block", "blockLine"],
  };
  return [AREA.ridge, AREA.block, AREA.park, AREA.water].flatMap((kind) => {
    const fills: Layer = { fills: [], strokes: [] };
    const lines: Layer = { fills: [], strokes: [] };
    for (let i = 0; i < map.areas.n; i++) {
      if (map.areas.kind[i] !== kind || map.areas.count[i]! < 3) continue;
      const [fill, line] = looks[kind]!;
      const xy = run(map.areas, map.areaPoints, i);
      fills.fills.push({ style: styleOf(fill), xy });
      if (line !== null) lines.strokes.push({ style: styleOf(line), xy: closed(xy), half_m: 0 });
    }
    return [lines, fills];
  });
}

/** Where a lane has its half. */
function middleOf(map: ZoneMap, lane: number): readonly [number, number] {
  const half = map.lanes.first[lane]! + (map.lanes.count[lane]! - 1) / 2;
  const { x_m, y_m } = map.points;
  const [a, b] = [Math.floor(half), Math.ceil(half)];
  return [(x_m[a]! + x_m[b]!) / 2, (y_m[a]! + y_m[b]!) / 2];
}

/** The junction areas that an open test road crosses: the whole junction is then open. */
function openJunctions(map: ZoneMap): Set<number> {
  const middles: (readonly [number, number])[] = [];
  for (let lane = 0; lane < map.lanes.n; lane++) {
    if (map.lanes.kind[lane] === LANE.junction && map.lanes.open[lane] === 1) middles.push(middleOf(map, lane));
  }
  const open = new Set<number>();
  for (let i = 0; i < map.areas.n; i++) {
    if (map.areas.kind[i] !== AREA.junction || map.areas.count[i]! < 3) continue;
    const xy = run(map.areas, map.areaPoints, i);
    if (middles.some(([x, y]) => within(xy, x, y))) open.add(i);
  }
  return open;
}

/** Whether a point lies within a polygon. */
function within(xy: Float32Array, x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = xy.length - 2; i < xy.length; j = i, i += 2) {
    const above = xy[i + 1]! > y !== xy[j + 1]! > y;
    if (above && x < ((xy[j]! - xy[i]!) * (y - xy[i + 1]!)) / (xy[j + 1]! - xy[i + 1]!) + xy[i]!) inside = !inside;
  }
  return inside;
}

const SURFACES: readonly StyleName[] = ["road", "bus", "bicycle", "sidewalk", "road", "sidewalk"];
/** Sidewalks lie below, so that roads cut them clean. */
const SURFACE_ORDER = [LANE.walking, LANE.sidewalk, LANE.bicycle, LANE.junction, LANE.car, LANE.bus];

interface Level {
  readonly under: Layer;
  readonly surface: Layer;
  readonly glow: Layer;
  readonly paint: Layer;
}

function roads(map: ZoneMap): Layer[] {
  const empty = (): Layer => ({ fills: [], strokes: [] });
  const level = (): Level => ({ under: empty(), surface: empty(), glow: empty(), paint: empty() });
  const [below, ground, bridge] = [level(), level(), level()];
  const levelOf = (lane: number): Level =>
    map.lanes.tunnel[lane] ? below : meanHeight(map, lane) > BRIDGE_M ? bridge : ground;

  const opened = openJunctions(map);
  const openAreas = [...opened].map((i) => run(map.areas, map.areaPoints, i));
  const inOpen = (lane: number): boolean => {
    const [x, y] = middleOf(map, lane);
    return openAreas.some((xy) => within(xy, x, y));
  };
  for (let i = 0; i < map.areas.n; i++) {
    const kind = map.areas.kind[i];
    if ((kind !== AREA.junction && kind !== AREA.walking) || map.areas.count[i]! < 3) continue;
    const style = kind === AREA.walking ? "sidewalk" : opened.has(i) ? "openJunction" : "junction";
    ground.surface.fills.push({ style: styleOf(style), xy: run(map.areas, map.areaPoints, i) });
  }
  for (const kind of SURFACE_ORDER) {
    for (let lane = 0; lane < map.lanes.n; lane++) {
      if (map.lanes.kind[lane] !== kind || map.lanes.count[lane]! < 2) continue;
      const xy = run(map.lanes, map.points, lane);
      const half_m = map.lanes.width_m[lane]! / 2;
      const where = levelOf(lane);
      const walks = kind === LANE.sidewalk || kind === LANE.walking;
      if (where === below) {
        if (walks) continue;
        where.surface.strokes.push({ style: styleOf("tunnel"), xy, half_m });
        where.paint.strokes.push({ style: styleOf("tunnelEdge"), xy: moved(xy, half_m), half_m: LINE_M });
        where.paint.strokes.push({ style: styleOf("tunnelEdge"), xy: moved(xy, -half_m), half_m: LINE_M });
      } else {
        const open =
          (map.lanes.open[lane] === 1 && (kind === LANE.car || kind === LANE.bus || kind === LANE.junction)) ||
          (kind === LANE.junction && inOpen(lane));
        const style = open ? "open" : SURFACES[kind]!;
        const casing = styleOf(open ? "openCasing" : "casing");
        if (!walks) where.under.strokes.push({ style: casing, xy, half_m: half_m + CASING_M });
        where.surface.strokes.push({ style: styleOf(style), xy, half_m });
      }
      if (map.lanes.open[lane] === 1 && (kind === LANE.car || kind === LANE.bus || kind === LANE.junction)) {
        where.glow.strokes.push({ style: styleOf("openFar"), xy, half_m: kind === LANE.junction ? half_m / 2 : half_m });
      }
    }
  }
  for (const { lane, offset_m, marking } of borders(map)) {
    const where = levelOf(lane);
    if (where === below) continue;
    const xy = moved(run(map.lanes, map.points, lane), offset_m);
    where.paint.strokes.push({ style: styleOf(marking), xy, half_m: LINE_M });
  }
  return [below, ground, bridge].flatMap(({ under, surface, glow, paint }) => [under, surface, glow, paint]);
}

function painted(map: ZoneMap): Layer {
  const layer: Layer = { fills: [], strokes: [] };
  const { crossings, stopLines, arrows } = map;
  for (let i = 0; i < crossings.n; i++) {
    if (crossings.count[i]! < 2) continue;
    const xy = run(crossings, map.crossingPoints, i);
    const half_m = crossings.width_m[i]! / 2;
    layer.strokes.push({ style: styleOf("zebra"), xy, half_m });
    if (crossings.smart[i]! > 0) {
      for (const side of [-1, 1]) {
        layer.strokes.push({ style: styleOf("smartCrossing"), xy: moved(xy, side * (half_m + 0.35)), half_m: 0.09 });
      }
    }
  }
  for (let i = 0; i < stopLines.n; i++) {
    const xy = Float32Array.of(stopLines.x1_m[i]!, stopLines.y1_m[i]!, stopLines.x2_m[i]!, stopLines.y2_m[i]!);
    layer.strokes.push({ style: styleOf("stop"), xy, half_m: 0.2 });
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
      layer.fills.push({ style: styleOf("arrow"), xy });
    }
  }
  return layer;
}

/** The plate of a map. */
export function plate(map: ZoneMap): Plate {
  const styles: Style[] = STYLE_NAMES.map((name) => STYLES[name]);
  const lines: Layer = { fills: [], strokes: [] };
  for (const line of map.lines) {
    const colour = line.colour === "" ? "shuttle" : (line.colour as `#${string}`);
    styles.push({ colour, least_px: 1.1, fade: ALWAYS, beyond: 0.35 });
    lines.strokes.push({ style: styles.length - 1, xy: Float32Array.from(line.points.flat()), half_m: 0.5 });
  }
  return { styles, layers: [...scenery(map), ...roads(map), painted(map), lines] };
}

const GRID_CELLS = [100, 500];

/** Where no map belongs under the tracks: a plain grid of 100 m and 500 m around the origin. */
export function gridPlate(): Plate {
  const styles: Style[] = [
    { colour: "grid", least_px: 0.5, fade: { begins: 6, whole: 3 } },
    { colour: "gridStrong", least_px: 0.5, fade: ALWAYS },
  ];
  const layer: Layer = { fills: [], strokes: [] };
  const reach = 5000;
  GRID_CELLS.forEach((cell, style) => {
    for (let at = -reach; at <= reach; at += cell) {
      layer.strokes.push({ style, xy: Float32Array.of(at, -reach, at, reach), half_m: 0 });
      layer.strokes.push({ style, xy: Float32Array.of(-reach, at, reach, at), half_m: 0 });
    }
  });
  return { styles, layers: [layer] };
}

/** Opacity of a style at this scale, 0..1. */
export function styleOpacity(style: Style, scale: number): number {
  const { begins, whole } = style.fade;
  let value = scale <= whole ? 1 : scale >= begins ? 0 : (begins - scale) / (begins - whole);
  if (style.beyond !== undefined) value *= Math.max(0, Math.min(1, scale / style.beyond - 1));
  return value;
}
