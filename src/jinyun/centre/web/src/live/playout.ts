/**
 * Playout: which instant of the frames' own clock the page shows now.
 *
 * Frames arrive unevenly; the page shows them evenly, a little late. The shown instant advances at the frames' own rate
 * (a replay may run faster than the wall clock) and is drawn gently towards "newest frame minus delay"; the delay covers
 * the longest recent gap between two arrivals. A jump of the clock (a replay that starts again) is followed at once.
 */

import type { Frame } from "../wire/frame.ts";
import { join, snapshot, type Motion, type Snapshot } from "./motion.ts";

const LEAST_DELAY_MS = 110;
const MOST_DELAY_MS = 400;
/** Arrivals older than this tell nothing about the present rate. */
const MEMORY_MS = 2500;
/** An error beyond this is a jump, not jitter [ms of wall time]. */
const JUMP_MS = 1200;
const KEPT = 40;

export interface Shown {
  readonly motion: Motion;
  /** 0 at the motion's beginning, 1 at its end */
  readonly u: number;
  /** the shown instant on the frames' clock [ms] */
  readonly t_ms: number;
}

export class Playout {
  private queue: Snapshot[] = [];
  private arrivals: { at_ms: number; t_ms: number }[] = [];
  private shown_ms = NaN;
  private ticked_ms = NaN;
  private motion: Motion | null = null;
  private ends: readonly [Snapshot | null, Snapshot] | null = null;

  /** Take a frame that arrived at `now_ms` (any steady clock). */
  push(frame: Frame, now_ms: number): void {
    const newest = this.queue.at(-1) ?? null;
    const t_ms = frame.t_us / 1000;
    if (newest !== null && (t_ms < newest.t_ms || t_ms > newest.t_ms + 60_000)) this.reset();
    else if (newest !== null && t_ms === newest.t_ms) this.queue.pop();
    this.queue.push(snapshot(frame, this.queue.at(-1) ?? null));
    this.arrivals.push({ at_ms: now_ms, t_ms });
    while (this.arrivals.length > 2 && this.arrivals[0]!.at_ms < now_ms - MEMORY_MS) this.arrivals.shift();
    if (this.queue.length > KEPT) this.queue.splice(0, this.queue.length - KEPT);
  }

  /** Forget everything: the next frame starts afresh. */
  reset(): void {
    this.queue = [];
    this.arrivals = [];
    this.shown_ms = NaN;
    this.motion = null;
    this.ends = null;
  }

  /** The newest frame that has arrived. */
  newest(): Snapshot | null {
    return this.queue.at(-1) ?? null;
  }

  /** The motion to draw at `now_ms`; null before the first frame. */
  tick(now_ms: number): Shown | null {
    const newest = this.queue.at(-1);
    const last = this.arrivals.at(-1);
    if (newest === undefined || last === undefined) return null;
    const rate = this.rate(newest.frame.clock);
    const delay = this.delay();
    const since = Math.min(now_ms - last.at_ms, delay);
    const target = last.t_ms + (since - delay) * rate;
    const elapsed = Number.isNaN(this.ticked_ms) ? 0 : Math.max(0, now_ms - this.ticked_ms);
    this.ticked_ms = now_ms;
    const error = target - (this.shown_ms + elapsed * rate);
    if (Number.isNaN(this.shown_ms) || Math.abs(error) > JUMP_MS * rate) this.shown_ms = target;
    else {
      const pull = Math.max(-0.5, Math.min(0.5, error / (400 * rate)));
      this.shown_ms = Math.min(this.shown_ms + elapsed * rate * (1 + pull), newest.t_ms);
    }
    return this.show();
  }

  private show(): Shown {
    while (this.queue.length > 2 && this.queue[1]!.t_ms <= this.shown_ms) this.queue.shift();
    const first = this.queue[0]!;
    const second = this.queue[1];
    const ends = second === undefined ? ([null, first] as const) : ([first, second] as const);
    if (this.motion === null || this.ends === null || this.ends[0] !== ends[0] || this.ends[1] !== ends[1]) {
      this.motion = join(ends[0], ends[1]);
      this.ends = ends;
    }
    const span = this.motion.to_ms - this.motion.from_ms;
    const u = span > 0 ? Math.max(0, Math.min(1, (this.shown_ms - this.motion.from_ms) / span)) : 1;
    return { motion: this.motion, u, t_ms: this.shown_ms };
  }

  private rate(clock: Frame["clock"]): number {
    if (clock === "live") return 1;
    const first = this.arrivals[0]!;
    const last = this.arrivals.at(-1)!;
    const wall = last.at_ms - first.at_ms;
    return wall < 250 ? 1 : Math.max(0.02, Math.min(100, (last.t_ms - first.t_ms) / wall));
  }

  private delay(): number {
    let gap = 0;
    for (let i = 1; i < this.arrivals.length; i++) {
      gap = Math.max(gap, this.arrivals[i]!.at_ms - this.arrivals[i - 1]!.at_ms);
    }
    return Math.max(LEAST_DELAY_MS, Math.min(MOST_DELAY_MS, gap + 20));
  }
}
