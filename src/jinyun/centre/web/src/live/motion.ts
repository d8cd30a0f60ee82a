/**
 * Motion between two frames: previous and next state of every participant, matched by its id.
 *
 * The renderers interpolate from the previous to the next state, so a participant moves at display rate although frames
 * come ten times a second. Newcomers fade in where they are, those who left fade out where they were, and a jump that
 * no participant can drive is shown as a jump.
 */

import type { Frame } from "../wire/frame.ts";

const DEGREES = Math.PI / 180;
/** Faster than this between two frames is not motion [m/s]. */
const FASTEST_MPS = 90;
/** Motion that is enough to tell a heading the sender did not give [m]. */
const HEADING_FROM_M = 0.4;

/** A frame with its rows by id and with headings completed from earlier frames. */
export interface Snapshot {
  readonly frame: Frame;
  readonly t_ms: number;
  readonly rows: ReadonlyMap<number, number>;
  /** radians clockwise from north; NaN unknown */
  readonly heading: Float32Array;
}

export interface Motion {
  readonly from_ms: number;
  readonly to_ms: number;
  readonly n: number;
  readonly id: Uint32Array;
  readonly x0: Float32Array;
  readonly y0: Float32Array;
  readonly x1: Float32Array;
  readonly y1: Float32Array;
  /** h1 is within half a turn of h0; both NaN when unknown */
  readonly h0: Float32Array;
  readonly h1: Float32Array;
  /** opacity at both ends, 0 or 1 */
  readonly a0: Uint8Array;
  readonly a1: Uint8Array;
  readonly length_m: Float32Array;
  readonly width_m: Float32Array;
  readonly kind: Uint8Array;
  readonly class: Uint8Array;
  readonly seen_by: Uint8Array;
  readonly rows: ReadonlyMap<number, number>;
}

/** Prepare a frame; `before` gives the headings of those whose sender gives none. */
export function snapshot(frame: Frame, before: Snapshot | null): Snapshot {
  const { tracks } = frame;
  const rows = new Map<number, number>();
  const heading = new Float32Array(tracks.n);
  for (let i = 0; i < tracks.n; i++) {
    heading[i] = tracks.heading_deg[i]! * DEGREES;
    if (!Number.isFinite(tracks.x_m[i]!) || !Number.isFinite(tracks.y_m[i]!)) continue;
    const id = tracks.id[i]!;
    rows.set(id, i);
    if (Number.isFinite(heading[i]!) || before === null) continue;
    const j = before.rows.get(id);
    if (j === undefined) continue;
    const dx = tracks.x_m[i]! - before.frame.tracks.x_m[j]!;
    const dy = tracks.y_m[i]! - before.frame.tracks.y_m[j]!;
    heading[i] = Math.hypot(dx, dy) > HEADING_FROM_M ? Math.atan2(dx, dy) : before.heading[j]!;
  }
  return { frame, t_ms: frame.t_us / 1000, rows, heading };
}

/** The default outline where the sender gives no size, by kind: length and width [m]. */
const USUAL_SIZE: readonly (readonly [number, number])[] = [
  [1.6, 1.6],
  [4.6, 1.85],
  [1.8, 0.7],
  [0.6, 0.6],
];

function halfTurn(angle: number): number {
  return angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));
}

/** Join two snapshots by id; without a previous one everybody stands. */
export function join(previous: Snapshot | null, next: Snapshot): Motion {
  const ids = [...next.rows.keys()];
  const gone: number[] = [];
  if (previous !== null) for (const id of previous.rows.keys()) if (!next.rows.has(id)) gone.push(id);
  const n = ids.length + gone.length;
  const motion = {
    from_ms: previous?.t_ms ?? next.t_ms,
    to_ms: next.t_ms,
    n,
    id: new Uint32Array(n),
    x0: new Float32Array(n),
    y0: new Float32Array(n),
    x1: new Float32Array(n),
    y1: new Float32Array(n),
    h0: new Float32Array(n),
    h1: new Float32Array(n),
    a0: new Uint8Array(n),
    a1: new Uint8Array(n),
    length_m: new Float32Array(n),
    width_m: new Float32Array(n),
    kind: new Uint8Array(n),
    class: new Uint8Array(n),
    seen_by: new Uint8Array(n),
    rows: new Map<number, number>(),
  };
  const reach = (FASTEST_MPS * Math.max(0, motion.to_ms - motion.from_ms)) / 1000 + 5;
  const put = (k: number, id: number, from: Snapshot, row: number): void => {
    const { tracks } = from.frame;
    motion.id[k] = id;
    motion.rows.set(id, k);
    const kind = tracks.kind[row]!;
    const usual = USUAL_SIZE[kind] ?? USUAL_SIZE[0]!;
    motion.kind[k] = kind;
    motion.class[k] = tracks.class[row]!;
    motion.seen_by[k] = tracks.seen_by[row]!;
    motion.length_m[k] = tracks.length_m[row]! > 0.1 ? tracks.length_m[row]! : usual[0];
    motion.width_m[k] = tracks.width_m[row]! > 0.1 ? tracks.width_m[row]! : usual[1];
    motion.x0[k] = motion.x1[k] = tracks.x_m[row]!;
    motion.y0[k] = motion.y1[k] = tracks.y_m[row]!;
    motion.h0[k] = motion.h1[k] = from.heading[row]!;
  };
  ids.forEach((id, k) => {
    put(k, id, next, next.rows.get(id)!);
    motion.a1[k] = 1;
    const row = previous?.rows.get(id);
    if (previous === null || row === undefined) {
      motion.a0[k] = previous === null ? 1 : 0;
      return;
    }
    motion.a0[k] = 1;
    const { tracks } = previous.frame;
    if (Math.hypot(motion.x1[k]! - tracks.x_m[row]!, motion.y1[k]! - tracks.y_m[row]!) > reach) return;
    motion.x0[k] = tracks.x_m[row]!;
    motion.y0[k] = tracks.y_m[row]!;
    const before = previous.heading[row]!;
    if (Number.isFinite(before) && Number.isFinite(motion.h1[k]!)) {
      motion.h0[k] = before;
      motion.h1[k] = before + halfTurn(motion.h1[k]! - before);
    }
  });
  gone.forEach((id, g) => {
    put(ids.length + g, id, previous!, previous!.rows.get(id)!);
    motion.a0[ids.length + g] = 1;
  });
  return motion;
}

/** Where the participant of row `k` is at the fraction `u` of the way: east, north [m], heading [rad, NaN unknown]. */
export function at(motion: Motion, k: number, u: number): { x_m: number; y_m: number; heading_rad: number } {
  return {
    x_m: motion.x0[k]! + (motion.x1[k]! - motion.x0[k]!) * u,
    y_m: motion.y0[k]! + (motion.y1[k]! - motion.y0[k]!) * u,
    heading_rad: motion.h0[k]! + (motion.h1[k]! - motion.h0[k]!) * u,
  };
}
