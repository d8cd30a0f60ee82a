/**
 * The stage: the map's element, the view of it, the renderer, the labels and the loop that draws them.
 */

import { language } from "../i18n/language.ts";
import { at } from "../live/motion.ts";
import type { Picture } from "../live/picture.ts";
import type { Shown } from "../live/playout.ts";
import { Store } from "../live/store.ts";
import { makeRenderer, type Renderer, type RendererName } from "../render/renderer.ts";
import { AdviceLayer } from "./advice.ts";
import { Countdowns } from "./countdown.ts";
import { gestures } from "./gestures.ts";
import { Ground } from "./ground.ts";
import { Labels } from "./labels.ts";
import { countdowns, signalStates, type SignalState } from "./lights.ts";
import type { Theme } from "./palette.ts";
import { pick } from "./pick.ts";
import { View, type Bounds, type Padding } from "./view.ts";

/** How near the camera comes when a place or a participant is shown [m per drawn pixel]. */
const NEAR = 0.22;
const FLASH_MS = 500;
/** How long a lost GPU is awaited. */
const LOST_MS = 4000;
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

export class Stage {
  readonly view = new View();
  readonly selected = new Store(0);
  readonly following = new Store(false);
  /** the device picked on the map or in the list */
  readonly device = new Store("");
  readonly renderer = new Store<RendererName | "">("");
  readonly displayRate = new Store(NaN);
  /** id of the only application whose advice is shown, "" all */
  readonly application = new Store("");
  /** metres per CSS pixel, for the scale bar */
  readonly scale = new Store(NaN);
  readonly counts = { tracks: 0, signals: 0 };
  shown: Shown | null = null;

  private readonly labels = new Labels((id) => this.device.set(id));
  private readonly countdowns = new Countdowns();
  private readonly advice = new AdviceLayer();
  private drawing: Renderer | null = null;
  private theme: Theme = "dark";
  private ground: Ground | null = null;
  private states: ReadonlyMap<number, SignalState> = new Map();
  private onMap: boolean | null = null;
  private fitted = false;
  private resting = false;
  /** where to look once the map is there */
  private wanted: readonly [number, number] | null = null;
  private placedVersion = -1;
  /** pictures drawn since the page began */
  drawn = 0;
  /** when the first picture of the map had been drawn, since the navigation began [ms] */
  opened_ms = NaN;
  private mapDrawn = false;
  private counted = 0;
  private counted_ms = 0;

  constructor(
    private readonly host: HTMLElement,
    private readonly picture: Picture,
  ) {
    host.append(this.labels.element, this.countdowns.element, this.advice.element);
    gestures(host, this.view, {
      pick: (px, py) => this.pick(px, py),
      fit: () => this.fit(),
      moved: () => this.following.set(false),
      escape: () => this.select(0),
    });
    picture.map.watch(() => this.setScene());
    picture.heading.watch(() => this.setScene());
    picture.frame.watch((frame) => {
      if (frame === null) return;
      this.counts.tracks = frame.tracks.n;
      this.counts.signals = frame.signals.n;
      this.states = signalStates(frame.signals);
      this.light();
      this.countdowns.setStates(this.states);
    });
    picture.status.watch((status) => {
      if (status !== null) this.labels.setDeviceStates(new Map(status.devices.map((d) => [d.id, d.state])));
    });
    language.watch((lang) => {
      this.labels.setLanguage(lang);
      this.placedVersion = -1;
    });
    this.labels.setLanguage(language.get());
    void document.fonts.ready.then(() => this.remeasure());
    document.fonts.addEventListener("loadingdone", () => this.remeasure());
  }

  async start(wish: RendererName | null): Promise<void> {
    const renderer = await makeRenderer(wish);
    this.use(renderer);
    renderer.element.addEventListener("webglcontextlost", () => {
      window.setTimeout(() => void this.replace(renderer), LOST_MS);
    });
    const loop = (now: number): void => {
      this.frame(now);
      window.requestAnimationFrame(loop);
    };
    window.requestAnimationFrame(loop);
  }

  /** Draw nothing while another page lies over the map. */
  rest(on: boolean): void {
    this.resting = on;
    this.placedVersion = -1;
  }

  private use(renderer: Renderer): void {
    renderer.element.className = "ground";
    renderer.element.setAttribute("aria-hidden", "true");
    this.host.prepend(renderer.element);
    this.drawing = renderer;
    this.renderer.set(renderer.name);
    renderer.setTheme(this.theme);
    this.setScene();
    this.present();
  }

  /** A lost GPU usually comes back; when it does not, the page goes on with Canvas2D. */
  private async replace(lost: Renderer): Promise<void> {
    if (lost !== this.drawing || !lost.broken()) return;
    const renderer = await makeRenderer("canvas");
    lost.dispose();
    this.use(renderer);
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.drawing?.setTheme(theme);
  }

  resize(width: number, height: number, padding: Padding, magnify: number): void {
    this.view.resize(width, height, padding, magnify);
    this.remeasure();
    if (!this.fitted) this.fitNow();
  }

  /** Show the whole zone, or all participants where no map belongs under them. */
  fit(): void {
    this.following.set(false);
    const bounds = this.bounds();
    if (bounds !== null) this.view.fit(bounds, this.begin());
  }

  zoom(factor: number): void {
    const [mx, my] = this.view.middle();
    this.view.zoom(factor, mx, my);
  }

  select(id: number): void {
    this.selected.set(id);
    if (id === 0) this.following.set(false);
  }

  follow(on: boolean): void {
    this.following.set(on);
    const place = this.where(this.selected.get());
    if (on && place !== null && this.view.scale > NEAR * this.view.magnify * 2) {
      this.view.goTo(place.x_m, place.y_m, NEAR * this.view.magnify, this.begin());
    }
  }

  /** Go and look at a place. */
  visit(x_m: number, y_m: number): void {
    this.following.set(false);
    if (!this.fitted) {
      this.wanted = [x_m, y_m];
      return;
    }
    const near = NEAR * 1.6 * this.view.magnify;
    this.view.goTo(x_m, y_m, Math.min(this.view.scale, near), this.begin());
  }

  /** The map's tiles for this view; for tests. */
  tiles(): ReturnType<Ground["state"]> {
    return this.ground?.state(this.view) ?? null;
  }

  /** How many advices are drawn; for tests. */
  get threads(): number {
    return this.advice.threads.length;
  }

  /** Where a participant is shown now. */
  where(id: number): { x_m: number; y_m: number } | null {
    const row = id === 0 ? undefined : this.shown?.motion.rows.get(id);
    return row === undefined || this.shown === null ? null : at(this.shown.motion, row, this.shown.u);
  }

  private begin(): number | null {
    return calm.matches ? null : performance.now();
  }

  private remeasure(): void {
    this.labels.remeasure();
    this.advice.remeasure();
    this.placedVersion = -1;
  }

  private pick(px: number, py: number): void {
    if (this.shown === null) return;
    this.select(pick(this.view, this.shown.motion, this.shown.u, px, py));
  }

  private setScene(): void {
    const map = this.picture.heading.get()?.map === false ? null : this.picture.map.get();
    const onMap = map !== null;
    if ((this.onMap === onMap && map === this.sceneMap) || this.picture.map.get() === null) return;
    const moved = this.onMap !== onMap;
    this.onMap = onMap;
    this.sceneMap = map;
    this.ground?.close();
    this.labels.remove();
    this.ground = new Ground(map, {
      came: (of, sheet) => this.labels.add(of, sheet),
      went: (of) => this.labels.remove(of),
      forget: (plate) => this.drawing?.forget(plate),
      changed: () => this.picture.again(),
    });
    this.placedVersion = -1;
    if (moved) this.fitted = false;
    this.fitNow();
  }

  private sceneMap: unknown;

  /** Show what of the ground belongs to the view. */
  private present(): void {
    if (this.ground === null || this.drawing === null || this.ground.plates.length === 0) return;
    const { styles, plates, bars, junctions } = this.ground;
    this.drawing.setScene({ styles, plates, bars });
    this.countdowns.setPlaces(countdowns(bars, junctions));
    this.countdowns.setStates(this.states);
    this.light();
    this.placedVersion = -1;
  }

  private light(): void {
    if (this.ground === null) return;
    this.drawing?.setLights(Uint8Array.from(this.ground.bars, ({ key }) => this.states.get(key)?.light ?? 0));
  }

  private fitNow(): void {
    const bounds = this.bounds();
    if (this.fitted || this.resting || bounds === null || this.view.width < 2) return;
    this.view.fit(bounds, null);
    this.fitted = true;
    if (this.wanted === null) return;
    this.visit(...this.wanted);
    this.wanted = null;
  }

  private bounds(): Bounds | null {
    if (this.onMap) return this.picture.map.get()?.bounds ?? null;
    const tracks = this.picture.playout.newest()?.frame.tracks;
    if (tracks === undefined || tracks.n === 0) return null;
    const b: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < tracks.n; i++) {
      const x = tracks.x_m[i]!;
      const y = tracks.y_m[i]!;
      if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
      b[0] = Math.min(b[0], x - 20);
      b[1] = Math.min(b[1], y - 20);
      b[2] = Math.max(b[2], x + 20);
      b[3] = Math.max(b[3], y + 20);
    }
    return b[0] < b[2] ? b : null;
  }

  private layAdvice(): void {
    const known = this.picture.applications.get();
    const id = this.application.get();
    const only = id === "" ? -1 : known.findIndex((application) => application.id === id);
    this.advice.update(this.view, this.shown, this.picture.advice.get(), only, known);
  }

  private frame(now: number): void {
    if (this.resting) return;
    this.shown = this.picture.playout.tick(now);
    if (!this.fitted) this.fitNow();
    this.view.tick(now);
    if (this.following.get()) {
      const place = this.where(this.selected.get());
      if (place !== null) this.view.centre(place.x_m, place.y_m);
    }
    if (this.view.width > 1 && this.ground?.update(this.view, now)) this.present();
    this.layAdvice();
    this.drawing?.draw(this.view, {
      motion: this.shown?.motion ?? null,
      u: this.shown?.u ?? 0,
      selected: this.selected.get(),
      threads: this.advice.threads,
      lit: calm.matches || Math.floor(now / FLASH_MS) % 2 === 0,
    });
    if (this.view.version !== this.placedVersion) {
      this.placedVersion = this.view.version;
      this.labels.update(this.view);
      this.countdowns.update(this.view);
      this.scale.set(this.view.scale);
    }
    if (Number.isNaN(this.opened_ms) && this.mapDrawn) this.opened_ms = now;
    this.mapDrawn = this.onMap === true && this.drawing !== null && this.fitted;
    this.drawn += 1;
    if (now - this.counted_ms > 1000) {
      if (this.counted_ms > 0) this.displayRate.set(((this.drawn - this.counted) * 1000) / (now - this.counted_ms));
      this.counted_ms = now;
      this.counted = this.drawn;
    }
  }
}
