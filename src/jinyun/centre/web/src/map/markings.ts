/**
 * Lane markings, told from the lanes themselves: what lies beside a lane's border decides how it is painted.
 *
 * Another lane of the same direction: a broken line; one of the other direction: the yellow middle line; nothing: the
 * solid edge. Neighbours share a border, so the border of the right-hand one is enough.
 */

import { LANE, type ZoneMap } from "../wire/zonemap.ts";

export type Marking = "edge" | "divider" | "middle" | "none";

export interface Border {
  readonly lane: number;
  /** metres to the right of the lane's centre line; negative is left */
  readonly offset_m: number;
  readonly marking: Exclude<Marking, "none">;
}

const CELL_M = 12;
/** How near two lanes' borders must be to be one border [m]. */
const SAME_M = 0.7;
/** Shorter lanes are tapers and links between lanes; they are not painted [m]. */
const SHORTEST_M = 18;

interface Middle {
  readonly lane: number;
  readonly x: number;
  readonly y: number;
  /** unit vector of travel */
  readonly dx: number;
  readonly dy: number;
}

function carries(kind: number): boolean {
  return kind === LANE.car || kind === LANE.bus || kind === LANE.bicycle;
}

/** A point of the lane's own segments, with its direction. */
function* segments(map: ZoneMap, lane: number): Generator<Middle> {
  const first = map.lanes.first[lane]!;
  const count = map.lanes.count[lane]!;
  const { x_m, y_m } = map.points;
  for (let i = first; i + 1 < first + count; i++) {
    const ex = x_m[i + 1]! - x_m[i]!;
    const ey = y_m[i + 1]! - y_m[i]!;
    const length = Math.hypot(ex, ey);
    if (length < 0.05) continue;
    const steps = Math.ceil(length / CELL_M);
    for (let s = 0; s < steps; s++) {
      const u = (s + 0.5) / steps;
      yield { lane, x: x_m[i]! + ex * u, y: y_m[i]! + ey * u, dx: ex / length, dy: ey / length };
    }
  }
}

function lengthOf(map: ZoneMap, lane: number): number {
  const first = map.lanes.first[lane]!;
  let length = 0;
  for (let i = first + 1; i < first + map.lanes.count[lane]!; i++) {
    length += Math.hypot(map.points.x_m[i]! - map.points.x_m[i - 1]!, map.points.y_m[i]! - map.points.y_m[i - 1]!);
  }
  return length;
}

/** The borders to paint, for all lanes that carry wheels outside junctions. */
export function borders(map: ZoneMap): Border[] {
  const cells = new Map<number, Middle[]>();
  const key = (x: number, y: number): number => Math.floor(x / CELL_M) * 1_000_003 + Math.floor(y / CELL_M);
  const middles: Middle[] = [];
  for (let lane = 0; lane < map.lanes.n; lane++) {
    if (!carries(map.lanes.kind[lane]!)) continue;
    const all = [...segments(map, lane)];
    const half = all[Math.floor(all.length / 2)];
    if (half !== undefined && lengthOf(map, lane) >= SHORTEST_M) middles.push(half);
    for (const segment of all) {
      const cell = key(segment.x, segment.y);
      const those = cells.get(cell);
      if (those === undefined) cells.set(cell, [segment]);
      else those.push(segment);
    }
  }

  /** The nearest lane whose border is the given point, beside `from`. */
  const beside = (from: Middle, side: 1 | -1): { lane: number; same: boolean } | null => {
    const half = map.lanes.width_m[from.lane]! / 2;
    const bx = from.x + from.dy * half * side;
    const by = from.y - from.dx * half * side;
    let best: { lane: number; same: boolean } | null = null;
    let nearest = SAME_M;
    for (let i = -1; i <= 1; i++) {
      for (let j = -1; j <= 1; j++) {
        for (const other of cells.get(key(from.x + i * CELL_M, from.y + j * CELL_M)) ?? []) {
          if (other.lane === from.lane) continue;
          const along = (bx - other.x) * other.dx + (by - other.y) * other.dy;
          if (Math.abs(along) > CELL_M * 0.75) continue;
          const cosine = from.dx * other.dx + from.dy * other.dy;
          if (Math.abs(cosine) < 0.94) continue;
          const across = (bx - other.x) * other.dy - (by - other.y) * other.dx;
          const gap = Math.abs(Math.abs(across) - map.lanes.width_m[other.lane]! / 2);
          if (gap >= nearest) continue;
          nearest = gap;
          best = { lane: other.lane, same: cosine > 0 };
        }
      }
    }
    return best;
  };

  const painted: Border[] = [];
  for (const from of middles) {
    const half = map.lanes.width_m[from.lane]! / 2;
    const right = beside(from, 1);
    if (right === null) painted.push({ lane: from.lane, offset_m: half, marking: "edge" });
    const left = beside(from, -1);
    if (left === null) painted.push({ lane: from.lane, offset_m: -half, marking: "edge" });
    else if (!left.same) painted.push({ lane: from.lane, offset_m: -half, marking: "middle" });
    else {
      const bicycles = map.lanes.kind[from.lane] === LANE.bicycle || map.lanes.kind[left.lane] === LANE.bicycle;
      painted.push({ lane: from.lane, offset_m: -half, marking: bicycles ? "edge" : "divider" });
    }
  }
  return painted;
}
