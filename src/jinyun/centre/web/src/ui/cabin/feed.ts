/** The scenes of one vehicle as they come, and how old each is when it is on the screen. */

import { connect } from "../../live/connection.ts";
import { Store } from "../../live/store.ts";
import { address } from "../../live/zone.ts";
import { readRoad, readScene, type Road, type Scene } from "./scene.ts";

const ASK_MS = 2000;
const KEPT = 600;
/** Of the last answers the one with the shortest way counts. */
const ANSWERS = 8;
export const STALE_MS = 1500;

export class Feed {
  readonly scene = new Store<Scene | null>(null);
  readonly road = new Store<Road | null>(null);
  readonly connected = new Store(false);
  readonly ages_ms: number[] = [];
  frames = 0;
  errors = 0;
  /** the centre's clock less `performance.now()`, NaN unknown */
  private offset_ms = Number.NaN;
  private readonly answers: { way_ms: number; offset_ms: number }[] = [];
  private readonly stops: (() => void)[] = [];
  private arrived_ms = 0;

  constructor(private readonly id: string) {}

  start(): void {
    let say: ((text: string) => void) | null = null;
    const live = address(`api/v1/cabins/${encodeURIComponent(this.id)}/live`);
    live.protocol = live.protocol === "https:" ? "wss:" : "ws:";
    this.stops.push(
      connect(live.href, {
        opened: (how) => {
          say = how;
          this.connected.set(true);
          how(`clock ${performance.now().toFixed(3)}`);
        },
        binary: (data) => this.take(data),
        text: (data) => this.answer(data),
        closed: () => {
          say = null;
          this.connected.set(false);
        },
      }),
    );
    const ask = window.setInterval(() => say?.(`clock ${performance.now().toFixed(3)}`), ASK_MS);
    this.stops.push(() => window.clearInterval(ask));
    void this.fetchRoad();
  }

  stop(): void {
    for (const stop of this.stops.splice(0)) stop();
  }

  /** How old the newest scene is now, NaN where that is not known. */
  age_ms(): number {
    const scene = this.scene.get();
    return scene === null ? Number.NaN : performance.now() + this.offset_ms - scene.t_ms;
  }

  /** Milliseconds since the newest scene came. */
  since_ms(): number {
    return this.scene.get() === null ? Number.POSITIVE_INFINITY : performance.now() - this.arrived_ms;
  }

  /** A scene has been drawn for the first time: note its age. */
  drawn(): void {
    const age = this.age_ms();
    if (!Number.isFinite(age)) return;
    this.ages_ms.push(age);
    if (this.ages_ms.length > KEPT) this.ages_ms.shift();
  }

  /** The age that a share of the last scenes did not exceed when they were drawn, NaN for none. */
  quantile_ms(share: number): number {
    if (this.ages_ms.length === 0) return Number.NaN;
    const sorted = [...this.ages_ms].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  }

  private take(data: ArrayBuffer): void {
    try {
      const scene = readScene(data);
      this.arrived_ms = performance.now();
      this.frames += 1;
      this.scene.set(scene);
    } catch (error) {
      this.errors += 1;
      console.warn("cabin: a scene that cannot be read", error);
    }
  }

  private answer(data: string): void {
    const now = performance.now();
    let said: { type?: unknown; asked?: unknown; t_us?: unknown };
    try {
      said = JSON.parse(data) as typeof said;
    } catch {
      return;
    }
    if (said.type !== "clock" || typeof said.asked !== "number" || typeof said.t_us !== "number") return;
    this.answers.push({ way_ms: now - said.asked, offset_ms: said.t_us / 1000 - (said.asked + now) / 2 });
    if (this.answers.length > ANSWERS) this.answers.shift();
    this.offset_ms = this.answers.reduce((best, one) => (one.way_ms < best.way_ms ? one : best)).offset_ms;
  }

  private async fetchRoad(): Promise<void> {
    let again = true;
    this.stops.push(() => {
      again = false;
    });
    while (again && this.road.get() === null) {
      try {
        const response = await fetch(address(`api/v1/cabins/${encodeURIComponent(this.id)}/road`));
        if (response.ok) {
          this.road.set(readRoad(await response.arrayBuffer()));
          return;
        }
      } catch {
        // The centre is not there yet: ask again.
      }
      await new Promise((resolve) => window.setTimeout(resolve, 1500));
    }
  }
}
