/**
 * Signal lights on the map: a bar at each stop line and, for walkers, at both ends of a crossing; close up, signal heads.
 *
 * A bar's light is that of its junction's node and its phase; what no message names is "unavailable".
 */

import { REMAINING_UNKNOWN, type Signals } from "../wire/frame.ts";
import type { Sheet } from "../wire/sheet.ts";
import { headEnds } from "./plate.ts";

/** For wheels at a stop line, for walkers at the ends of a crossing, or the lamp of a signal head. */
export const BAR = { wheels: 0, walk: 1, head: 2 } as const;

export interface Bar {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  readonly kind: (typeof BAR)[keyof typeof BAR];
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
const LAMP_M = 0.62;

/** All bars of a sheet. */
export function bars(sheet: Sheet): Bar[] {
  const { stopLines: s, crossings: c, crossingPoints: p, heads } = sheet;
  const all: Bar[] = [];
  for (let i = 0; i < s.n; i++) {
    if (s.node[i] === 0 || s.phase[i] === 0) continue;
    const key = signalKey(s.node[i]!, s.phase[i]!);
    all.push({ x1: s.x1_m[i]!, y1: s.y1_m[i]!, x2: s.x2_m[i]!, y2: s.y2_m[i]!, kind: BAR.wheels, turn: s.turn[i]!, key });
  }
  for (let i = 0; i < c.n; i++) {
    if (c.node[i] === 0 || c.phase[i] === 0 || c.count[i]! < 2) continue;
    const a = c.first[i]!;
    const b = a + c.count[i]! - 1;
    const dx = p.x_m[b]! - p.x_m[a]!;
    const dy = p.y_m[b]! - p.y_m[a]!;
    const length = Math.hypot(dx, dy) || 1;
    const nx = (-dy / length) * WALK_BAR_M;
    const ny = (dx / length) * WALK_BAR_M;
    const key = signalKey(c.node[i]!, c.phase[i]!);
    for (const end of [a, b]) {
      const x = p.x_m[end]!;
      const y = p.y_m[end]!;
      all.push({ x1: x - nx, y1: y - ny, x2: x + nx, y2: y + ny, kind: BAR.walk, turn: 0, key });
    }
  }
  for (let i = 0; i < heads.n; i++) {
    if (heads.node[i] === 0 || heads.phase[i] === 0) continue;
    const [x1, y1, x2, y2] = headEnds(heads, i, LAMP_M);
    all.push({ x1, y1, x2, y2, kind: BAR.head, turn: 0, key: signalKey(heads.node[i]!, heads.phase[i]!) });
  }
  return all;
}

interface Group {
  readonly key: number;
  readonly walk: boolean;
  turn: number;
  readonly xs: number[];
  readonly ys: number[];
}

/** One countdown per approach and phase, a little before the stop line; `junctions` are where the nodes are. */
export function countdowns(all: readonly Bar[], junctions: readonly Sheet["junctions"][]): Countdown[] {
  const near_m = 12;
  const nodes = new Map<number, readonly [number, number]>();
  for (const { n, node, x_m, y_m } of junctions) {
    for (let i = 0; i < n; i++) nodes.set(node[i]!, [x_m[i]!, y_m[i]!]);
  }
  const groups: Group[] = [];
  const byKey = new Map<number, Group[]>();
  for (const bar of all) {
    if (bar.kind === BAR.head) continue;
    const x = (bar.x1 + bar.x2) / 2;
    const y = (bar.y1 + bar.y2) / 2;
    const walk = bar.kind === BAR.walk;
    const those = byKey.get(bar.key) ?? [];
    byKey.set(bar.key, those);
    const group = walk ? undefined : those.find((g) => g.xs.some((gx, k) => Math.hypot(gx - x, g.ys[k]! - y) < near_m));
    if (group === undefined) {
      const fresh: Group = { key: bar.key, walk, turn: bar.turn, xs: [x], ys: [y] };
      groups.push(fresh);
      if (!walk) those.push(fresh);
    } else {
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
