/** The WebGL2 renderer: three.js carries the meshes, the geometry and the shaders are our own. */

import { PALETTES, type Theme } from "../../map/palette.ts";
import type { Plate } from "../../map/plate.ts";
import type { View } from "../../map/view.ts";
import type { Moment, Renderer, Scene as MapScene } from "../renderer.ts";
import { AdviceMesh } from "./advice.ts";
import { aim, viewUniforms } from "./camera.ts";
import { LightMeshes } from "./lights.ts";
import { ParticipantMeshes } from "./participants.ts";
import { PlateMeshes, PlateStyles } from "./plate.ts";
import { Still } from "./still.ts";
import { Camera, Scene, WebGLRenderer } from "./three.ts";

/** More device pixels than this are not seen but cost fill [device pixels per CSS pixel]. */
const MOST_RATIO = 2;

export class WebglRenderer implements Renderer {
  readonly name = "webgl";
  readonly element: HTMLCanvasElement;
  private readonly gl: WebGLRenderer;
  private readonly ground = new Scene();
  private readonly traffic = new Scene();
  private readonly camera = new Camera();
  private readonly uniforms = viewUniforms();
  private readonly participants = new ParticipantMeshes(this.uniforms);
  private readonly advice = new AdviceMesh(this.uniforms);
  private readonly still: Still | null;
  private styles: PlateStyles | null = null;
  private readonly plates = new Map<Plate, PlateMeshes>();
  private shown: readonly PlateMeshes[] = [];
  private lights: LightMeshes | null = null;
  private theme: Theme = "dark";

  constructor(private readonly software: boolean) {
    // Strokes and participants are smoothed by their shaders; only fills need multisampling, which a CPU cannot afford.
    this.gl = new WebGLRenderer({ antialias: !software, alpha: false, depth: false, powerPreference: "high-performance" });
    this.gl.autoClear = false;
    this.element = this.gl.domElement;
    this.still = software ? new Still() : null;
    this.traffic.add(this.participants.mesh, this.advice.mesh);
    this.setTheme(this.theme);
  }

  setScene({ styles, plates, bars }: MapScene): void {
    if (this.styles?.styles !== styles) {
      this.clear();
      this.styles = new PlateStyles(styles, this.uniforms);
      this.styles.setPalette(PALETTES[this.theme]);
    }
    this.ground.clear();
    this.shown = plates.map((plate) => {
      const meshes = this.plates.get(plate) ?? new PlateMeshes(plate, this.styles!);
      this.plates.set(plate, meshes);
      return meshes;
    });
    this.ground.add(...this.shown.map(({ group }) => group));
    if (this.lights !== null) this.traffic.remove(this.lights.mesh);
    this.lights?.dispose();
    this.lights = bars.length > 0 ? new LightMeshes(bars, this.uniforms) : null;
    this.lights?.setPalette(PALETTES[this.theme]);
    if (this.lights !== null) this.traffic.add(this.lights.mesh);
    this.still?.forget();
  }

  forget(plate: Plate): void {
    this.plates.get(plate)?.dispose();
    this.plates.delete(plate);
  }

  /** Nothing of the map remains. */
  private clear(): void {
    this.ground.clear();
    this.shown = [];
    for (const meshes of this.plates.values()) meshes.dispose();
    this.plates.clear();
    this.styles?.dispose();
    this.styles = null;
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    const palette = PALETTES[theme];
    this.gl.setClearColor(palette.ground, 1);
    this.styles?.setPalette(palette);
    this.lights?.setPalette(palette);
    this.participants.setPalette(palette);
    this.advice.setPalette(palette);
    this.still?.forget();
  }

  setLights(lights: Uint8Array): void {
    this.lights?.setLights(lights);
  }

  draw(view: View, moment: Moment): void {
    const ratio = this.software ? 1 : Math.min(MOST_RATIO, window.devicePixelRatio);
    const width = Math.round(view.width * ratio);
    const height = Math.round(view.height * ratio);
    if (this.element.width !== width || this.element.height !== height) {
      this.gl.setPixelRatio(1);
      this.gl.setSize(width, height, false);
    }
    aim(this.uniforms, view, ratio);
    const scale = view.scale / view.magnify;
    this.styles?.setScale(scale);
    const bounds = view.visible();
    for (const meshes of this.shown) meshes.setView(scale, bounds);
    this.lights?.setView(scale, moment.lit);
    this.advice.setThreads(moment.threads);
    this.participants.setMotion(moment.motion, moment.u, moment.selected);
    if (this.still !== null) {
      this.still.draw(this.gl, this.ground, this.camera, `${view.version} ${width} ${height}`, width, height);
    } else {
      this.gl.clear();
      this.gl.render(this.ground, this.camera);
    }
    this.gl.render(this.traffic, this.camera);
  }

  broken(): boolean {
    return this.gl.getContext().isContextLost();
  }

  dispose(): void {
    this.still?.dispose();
    this.clear();
    this.lights?.dispose();
    this.participants.dispose();
    this.advice.dispose();
    this.gl.dispose();
    this.element.remove();
  }
}
