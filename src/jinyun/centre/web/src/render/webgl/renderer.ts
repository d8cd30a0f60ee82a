/** The WebGL2 renderer: three.js carries the meshes, the geometry and the shaders are our own. */

import { PALETTES, type Theme } from "../../map/palette.ts";
import type { View } from "../../map/view.ts";
import type { Moment, Renderer, Scene as MapScene } from "../renderer.ts";
import { aim, viewUniforms } from "./camera.ts";
import { LightMeshes } from "./lights.ts";
import { ParticipantMeshes } from "./participants.ts";
import { PlateMeshes } from "./plate.ts";
import { Camera, Scene, WebGLRenderer } from "./three.ts";

/** More device pixels than this are not seen but cost fill [device pixels per CSS pixel]. */
const MOST_RATIO = 2;

export class WebglRenderer implements Renderer {
  readonly name = "webgl";
  readonly element: HTMLCanvasElement;
  private readonly gl: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly camera = new Camera();
  private readonly uniforms = viewUniforms();
  private readonly participants = new ParticipantMeshes(this.uniforms);
  private plate: PlateMeshes | null = null;
  private lights: LightMeshes | null = null;
  private theme: Theme = "dark";

  constructor(private readonly software: boolean) {
    // Edges are smoothed by the shaders; multisampling would only cost.
    this.gl = new WebGLRenderer({ antialias: false, alpha: false, powerPreference: "high-performance" });
    this.element = this.gl.domElement;
    this.scene.add(this.participants.mesh);
    this.setTheme(this.theme);
  }

  setScene({ plate, bars }: MapScene): void {
    if (this.plate !== null) this.scene.remove(...this.plate.meshes);
    if (this.lights !== null) this.scene.remove(this.lights.mesh);
    this.plate?.dispose();
    this.lights?.dispose();
    this.plate = new PlateMeshes(plate, this.uniforms);
    this.scene.add(...this.plate.meshes);
    this.lights = bars.length > 0 ? new LightMeshes(bars, this.uniforms) : null;
    if (this.lights !== null) this.scene.add(this.lights.mesh);
    this.setTheme(this.theme);
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    const palette = PALETTES[theme];
    this.gl.setClearColor(palette.ground, 1);
    this.plate?.setPalette(palette);
    this.lights?.setPalette(palette);
    this.participants.setPalette(palette);
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
    this.plate?.setScale(view.scale / view.magnify);
    this.lights?.setScale(view.scale / view.magnify, moment.lit);
    this.participants.setMotion(moment.motion, moment.u, moment.selected);
    this.gl.render(this.scene, this.camera);
  }

  dispose(): void {
    this.plate?.dispose();
    this.lights?.dispose();
    this.participants.dispose();
    this.gl.dispose();
    this.element.remove();
  }
}
