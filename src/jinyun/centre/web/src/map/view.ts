/** The view: which part of the zone is on the screen, north up, in CSS pixels. */

import type { Bounds } from "../wire/zonemap.ts";

export type { Bounds };

export interface Padding {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Nearest and farthest zoom [m per CSS pixel]. */
const NEAREST = 0.02;
const FARTHEST = 120;
const GLIDE_MS = 420;

interface Goal {
  readonly from: readonly [number, number, number];
  readonly to: readonly [number, number, number];
  readonly begun_ms: number;
}

export class View {
  /** the place in the middle of the unpadded screen */
  x_m = 0;
  y_m = 0;
  /** metres per CSS pixel */
  scale = 8;
  width = 1;
  height = 1;
  padding: Padding = { left: 0, top: 0, right: 0, bottom: 0 };
  /** grows with every change */
  version = 0;
  /** how much larger marks are drawn on large walls */
  magnify = 1;
  private goal: Goal | null = null;

  resize(width: number, height: number, padding: Padding, magnify: number): void {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    this.padding = padding;
    this.magnify = magnify;
    this.version += 1;
  }

  /** The middle of the part of the screen that no panel covers [CSS pixels]. */
  middle(): readonly [number, number] {
    const { left, top, right, bottom } = this.padding;
    return [left + (this.width - left - right) / 2, top + (this.height - top - bottom) / 2];
  }

  toScreen(x_m: number, y_m: number): readonly [number, number] {
    const [mx, my] = this.middle();
    return [mx + (x_m - this.x_m) / this.scale, my - (y_m - this.y_m) / this.scale];
  }

  toGround(px: number, py: number): readonly [number, number] {
    const [mx, my] = this.middle();
    return [this.x_m + (px - mx) * this.scale, this.y_m - (py - my) * this.scale];
  }

  /** West, south, east, north of what is on the screen [m]. */
  visible(): Bounds {
    const [west, north] = this.toGround(0, 0);
    const [east, south] = this.toGround(this.width, this.height);
    return [west, south, east, north];
  }

  /** Move by screen pixels. */
  pan(dx: number, dy: number): void {
    this.goal = null;
    this.x_m -= dx * this.scale;
    this.y_m += dy * this.scale;
    this.version += 1;
  }

  /** Zoom by a factor (> 1 nearer), keeping the place under the given pixel. */
  zoom(factor: number, px: number, py: number): void {
    this.goal = null;
    const [x, y] = this.toGround(px, py);
    this.scale = clampScale(this.scale / factor);
    const [mx, my] = this.middle();
    this.x_m = x - (px - mx) * this.scale;
    this.y_m = y + (py - my) * this.scale;
    this.version += 1;
  }

  /** Put the middle on a place, keeping a glide's zoom. */
  centre(x_m: number, y_m: number): void {
    this.x_m = x_m;
    this.y_m = y_m;
    this.version += 1;
  }

  /** Glide (or jump, when `begun_ms` is null) to a place and scale. */
  goTo(x_m: number, y_m: number, scale: number, begun_ms: number | null): void {
    const to = [x_m, y_m, clampScale(scale)] as const;
    if (begun_ms === null) {
      this.goal = null;
      [this.x_m, this.y_m, this.scale] = to;
      this.version += 1;
      return;
    }
    this.goal = { from: [this.x_m, this.y_m, this.scale], to, begun_ms };
  }

  /** Show all of `bounds` in the part that no panel covers. */
  fit(bounds: Bounds, begun_ms: number | null): void {
    const { left, top, right, bottom } = this.padding;
    const wide = Math.max(60, this.width - left - right);
    const high = Math.max(60, this.height - top - bottom);
    const scale = Math.max((bounds[2] - bounds[0]) / wide, (bounds[3] - bounds[1]) / high, 0.05) * 1.04;
    this.goTo((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2, scale, begun_ms);
  }

  /** Advance a glide. */
  tick(now_ms: number): void {
    if (this.goal === null) return;
    const { from, to, begun_ms } = this.goal;
    const linear = Math.min(1, (now_ms - begun_ms) / GLIDE_MS);
    const u = 1 - (1 - linear) ** 3;
    this.scale = from[2] * (to[2] / from[2]) ** u;
    // With the zoom geometric, moving in step with the scale keeps the path straight on the screen.
    const share = Math.abs(to[2] - from[2]) > 1e-9 * from[2] ? (this.scale - from[2]) / (to[2] - from[2]) : u;
    this.x_m = from[0] + (to[0] - from[0]) * share;
    this.y_m = from[1] + (to[1] - from[1]) * share;
    this.version += 1;
    if (linear >= 1) this.goal = null;
  }
}

function clampScale(scale: number): number {
  return Math.max(NEAREST, Math.min(FARTHEST, scale));
}
