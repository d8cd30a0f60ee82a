/**
 * The live picture: everything the page knows, brought together from the live channel, the zone and its map.
 *
 * Bad bytes are counted and skipped; a lost connection or a centre that was started again heals by itself.
 */

import { Bodies } from "../wire/bodies.ts";
import { readFrame, type Frame } from "../wire/frame.ts";
import { MESSAGE_KINDS, readStatus, type MessageKind, type Status } from "../wire/status.ts";
import type { Application } from "../wire/catalogue.ts";
import type { ZoneMap } from "../wire/zonemap.ts";
import { connect } from "./connection.ts";
import { LastHop } from "./hop.ts";
import { openAdvice, type Advice } from "./advice.ts";
import { Playout } from "./playout.ts";
import { Store } from "./store.ts";
import { address, fetchCatalogue, fetchMap, fetchZone, type Zone } from "./zone.ts";

export type Link = "connecting" | "live" | "lost";

/** What the newest frame says about itself, without its rows. */
export interface Heading {
  readonly clock: Frame["clock"];
  readonly simulated: boolean;
  readonly map: boolean;
  readonly label: Frame["label"];
}

/** Statuses of history behind each sparkline: a minute and a half at two a second. */
const HISTORY = 180;
const MAP_RETRY_MS = 2000;

export type History = Readonly<Record<MessageKind | "p99", readonly number[]>>;

const EMPTY_HISTORY: History = { bsm: [], rsm: [], spat: [], map: [], rsi: [], p99: [] };

export class Picture {
  readonly playout = new Playout();
  readonly hop = new LastHop();
  readonly link = new Store<Link>("connecting");
  readonly zone = new Store<Zone | null>(null);
  readonly map = new Store<ZoneMap | null>(null);
  readonly status = new Store<Status | null>(null);
  readonly history = new Store<History>(EMPTY_HISTORY);
  readonly heading = new Store<Heading | null>(null);
  /** the cooperative applications by their rows, once they are known */
  readonly applications = new Store<readonly Application[]>([]);
  /** the advice that is open, the most urgent first, of equals the newest */
  readonly advice = new Store<readonly Advice[]>([]);
  /** every frame as it arrives */
  readonly frame = new Store<Frame | null>(null);

  frames = 0;
  msgs = 0;
  badFrames = 0;
  reconnects = 0;
  lastError: string | null = null;
  /** when the newest frame arrived, on `performance.now()` */
  arrived_ms = NaN;

  private stopAsking = (): void => {};
  private asked = 0;
  private refreshing = false;
  private opened = 0;
  private wanted = "";

  start(): void {
    const live = address("api/v1/live");
    live.protocol = live.protocol === "https:" ? "wss:" : "ws:";
    let bodies = new Bodies();
    connect(live.href, {
      opened: (say) => {
        bodies = new Bodies();
        say("deltas");
        this.stopAsking();
        this.stopAsking = this.hop.start(say);
        this.opened += 1;
        this.reconnects = this.opened - 1;
        if (this.opened > 1) void this.refresh();
      },
      binary: (data) => this.take(() => this.takeFrame(readFrame(data, bodies))),
      text: (data) =>
        this.take(() => {
          if (!this.hop.takeAnswer(data)) this.takeStatus(readStatus(data));
        }),
      closed: () => this.link.set(this.opened === 0 ? "connecting" : "lost"),
    });
    void this.refresh();
  }

  /** Show the record from `t_us` on instead of the live street; `told` hears what the centre's player says of itself. */
  replay(t_us: number, opened: (say: (text: string) => void) => void, told: (text: string) => void): () => void {
    const record = address(`api/v1/replay?t_us=${Math.round(t_us)}`);
    record.protocol = record.protocol === "https:" ? "wss:" : "ws:";
    const stop = connect(record.href, {
      opened: (say) => {
        this.opened += 1;
        opened(say);
      },
      binary: (data) => this.take(() => this.takeFrame(readFrame(data, new Bodies()))),
      text: (data) => this.take(() => told(data)),
      closed: () => this.link.set(this.opened === 0 ? "connecting" : "lost"),
    });
    void this.refresh();
    return stop;
  }

  private take(read: () => void): void {
    this.msgs += 1;
    this.link.set("live");
    try {
      read();
    } catch (error) {
      this.badFrames += 1;
      this.lastError = String(error);
    }
  }

  private takeFrame(frame: Frame): void {
    const now = performance.now();
    this.frames += 1;
    this.arrived_ms = now;
    this.playout.push(frame, now);
    if (frame.clock === "live") this.hop.arrived(frame.t_us);
    const before = this.heading.get();
    if (
      before === null ||
      before.clock !== frame.clock ||
      before.simulated !== frame.simulated ||
      before.map !== frame.map ||
      before.label?.zh !== frame.label?.zh ||
      before.label?.en !== frame.label?.en
    ) {
      const { clock, simulated, map, label } = frame;
      this.heading.set({ clock, simulated, map, label });
    }
    this.advice.set(openAdvice(frame.advice, this.advice.get()));
    this.frame.set(frame);
    this.follow(frame.zone);
  }

  private takeStatus(status: Status): void {
    this.status.set(status);
    const before = this.history.get();
    const grow = (values: readonly number[], value: number): number[] => [...values.slice(1 - HISTORY), value];
    const rates = Object.fromEntries(MESSAGE_KINDS.map((kind) => [kind, grow(before[kind], status.rates[kind])]));
    this.history.set({ ...(rates as Record<MessageKind, number[]>), p99: grow(before.p99, status.latency_ms.p99) });
    this.follow(status.zone);
  }

  /** Ask once more for the zone and its map: something the centre no longer has was asked for. */
  again(): void {
    if (!this.refreshing) void this.refresh();
  }

  /** A message of another zone than the one on the page: the centre was started with another. */
  private follow(zone: string): void {
    const known = this.zone.get();
    if (zone === "" || known === null || zone === known.id || zone === this.wanted) return;
    this.wanted = zone;
    void this.refresh();
  }

  /** Ask for the zone, and for its map when the zone, the map or the server's build is another; repeat until it is had. */
  private async refresh(): Promise<void> {
    const asked = ++this.asked;
    this.refreshing = true;
    for (;;) {
      try {
        // The first map is asked for together with its zone: the page opens on it.
        const first = this.map.get() === null ? fetchMap() : null;
        first?.catch(() => {});
        const zone = await fetchZone();
        if (asked !== this.asked) return;
        const known = this.zone.get();
        const another = known === null || known.id !== zone.id || known.version !== zone.version;
        if (another || this.map.get()?.tag !== zone.mapTag) {
          const map = await (first ?? fetchMap());
          if (asked !== this.asked) return;
          this.map.set(map);
        }
        if (another || this.applications.get().length === 0) {
          const applications = await fetchCatalogue();
          if (asked !== this.asked) return;
          this.applications.set(applications);
        }
        if (another) this.zone.set(zone);
        this.refreshing = false;
        return;
      } catch (error) {
        if (asked !== this.asked) return;
        this.lastError = String(error);
      }
      await new Promise((resolve) => window.setTimeout(resolve, MAP_RETRY_MS));
      if (asked !== this.asked) return;
    }
  }
}
