/**
 * Signal lights on the map: a bar at each stop line and, for walkers, at both ends of a crossing.
 *
 * A bar's light is that of its junction's node and its phase; what no message names is "unavailable".
 */

import { REMAINING_UNKNOWN, type Signals } from "../wire/frame.ts";
import type { ZoneMap } from "../wire/zonemap.ts";

export interface Bar {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  readonly walk: boolean;
  /** movements it rules, bits of `TURN`; 0 for walkers */
  readonly turn: number;
  /** node and phase; see {@link signalKey} */
  readonly key: number;
}

/** Where one countdown stands for all bars of an approach with the same phase. */
export interface Countdown {
  readonly key: number;
  readonly x_m: number;
  readonly y_m: number;
  readonly walk: boolean;
  /** movements of all its bars */
  readonly turn: number;
}

export interface SignalState {
  readonly light: number;
  /** seconds to the end of this light; NaN unknown */
  readonly remaining_s: number;
}

export function signalKey(node: number, phase: number): number {
  return node * 256 + phase;
}

const WALK_BAR_M = 1.1;
const NONE = 65535;

/** All bars of the map. */
export function bars(map: ZoneMap): Bar[] {
  const { stopLines: s, junctions: j, crossings: c, crossingPoints: p } = map;
  const all: Bar[] = [];
  for (let i = 0; i < s.n; i++) {
    const node = j.node[s.junction[i]!];
    if (node === undefined || s.phase[i] === 0) continue;
    const key = signalKey(node, s.phase[i]!);
    all.push({ x1: s.x1_m[i]!, y1: s.y1_m[i]!, x2: s.x2_m[i]!, y2: s.y2_m[i]!, walk: false, turn: s.turn[i]!, key });
  }
  for (let i = 0; i < c.n; i++) {
    const node = c.junction[i] === NONE ? undefined : j.node[c.junction[i]!];
    if (node === undefined || c.phase[i] === 0 || c.count[i]! < 2) continue;
    const a = c.first[i]!;
    const b = a + c.count[i]! - 1;
    const dx = p.x_m[b]! - p.x_m[a]!;
    const dy = p.y_m[b]! - p.y_m[a]!;
    const length = Math.hypot(dx, dy) || 1;
    const nx = (-dy / length) * WALK_BAR_M;
    const ny = (dx / length) * WALK_BAR_M;
    const key = signalKey(node, c.phase[i]!);
    for (const end of [a, b]) {
      const x = p.x_m[end]!;
      const y = p.y_m[end]!;
      all.push({ x1: x - nx, y1: y - ny, x2: x + nx, y2: y + ny, walk: true, turn: 0, key });
    }
  }
  return all;
}

/** One countdown per approach and phase, a little before the stop line. */
export function countdowns(all: readonly Bar[], map: ZoneMap): Countdown[] {
  const near_m = 12;
  const nodes = new Map<number, readonly [number, number]>();
  for (let i = 0; i < map.junctions.n; i++) {
    nodes.set(map.junctions.node[i]!, [map.junctions.x_m[i]!, map.junctions.y_m[i]!]);
  }
  const groups: { key: number; walk: boolean; turn: number; xs: number[]; ys: number[] }[] = [];
  for (const bar of all) {
    const x = (bar.x1 + bar.x2) / 2;
    const y = (bar.y1 + bar.y2) / 2;
    const group = bar.walk
      ? undefined
      : groups.find((g) => g.key === bar.key && !g.walk && g.xs.some((gx, k) => Math.hypot(gx - x, g.ys[k]! - y) < near_m));
    if (group === undefined) groups.push({ key: bar.key, walk: bar.walk, turn: bar.turn, xs: [x], ys: [y] });
    else {
      group.xs.push(x);
      group.ys.push(y);
      group.turn |= bar.turn;
    }
  }
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  return groups.map(({ key, walk, turn, xs, ys }) => {
    const x = mean(xs);
    const y = mean(ys);
    const [jx, jy] = nodes.get(Math.floor(key / 256)) ?? [x, y];
    const away = Math.hypot(x - jx, y - jy) || 1;
    const back = walk ? 0 : 3.2;
    return { key, walk, turn, x_m: x + ((x - jx) / away) * back, y_m: y + ((y - jy) / away) * back };
  });
}

/** The frame's signals by node and phase. */
export function signalStates(signals: Signals): Map<number, SignalState> {
  const states = new Map<number, SignalState>();
  for (let i = 0; i < signals.n; i++) {
    const remaining = signals.remaining_ds[i]!;
    states.set(signalKey(signals.node[i]!, signals.phase[i]!), {
      light: signals.light[i]!,
      remaining_s: remaining === REMAINING_UNKNOWN ? NaN : remaining / 10,
    });
  }
  return states;
}
