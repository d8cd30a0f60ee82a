/** A renderer draws the map, the lights and the participants; there is one for WebGL2 and one for Canvas2D. */

import type { Motion } from "../live/motion.ts";
import type { Thread } from "../map/advice.ts";
import type { Bar } from "../map/lights.ts";
import type { Theme } from "../map/palette.ts";
import type { Plate, Style } from "../map/plate.ts";
import type { View } from "../map/view.ts";

export type RendererName = "webgl" | "canvas";

export interface Scene {
  /** of all plates of this map; another list means another map */
  readonly styles: readonly Style[];
  /** those that are shown, one over the other within each layer */
  readonly plates: readonly Plate[];
  readonly bars: readonly Bar[];
}

export interface Moment {
  readonly motion: Motion | null;
  /** how far between the motion's two ends, 0..1 */
  readonly u: number;
  /** the picked participant's id, or 0 */
  readonly selected: number;
  /** the advice to draw, the most urgent first, `map/advice.ts`'s MOST at most */
  readonly threads: readonly Thread[];
  /** whether flashing lights are lit now */
  readonly lit: boolean;
}

export interface Renderer {
  readonly name: RendererName;
  readonly element: HTMLCanvasElement;
  setScene(scene: Scene): void;
  /** a plate will not be shown again */
  forget(plate: Plate): void;
  setTheme(theme: Theme): void;
  /** the light of each bar of the scene, T/CSAE 53 LightState */
  setLights(lights: Uint8Array): void;
  draw(view: View, moment: Moment): void;
  /** whether nothing can be drawn any more */
  broken(): boolean;
  dispose(): void;
}

/** What this browser's WebGL2 is: absent, done by the CPU, or done by a GPU. */
export function webglKind(): "none" | "software" | "gpu" {
  const gl = document.createElement("canvas").getContext("webgl2");
  if (gl === null) return "none";
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info === null ? gl.RENDERER : info.UNMASKED_RENDERER_WEBGL));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name) ? "software" : "gpu";
}

/**
 * Make the wished renderer, or the best this machine has; the WebGL one is fetched only when it is used.
 *
 * Where the CPU plays the GPU, Canvas2D costs a third of it and is smoother, so WebGL is drawn there only on request.
 */
export async function makeRenderer(wish: RendererName | null): Promise<Renderer> {
  const kind = wish === "canvas" ? "none" : webglKind();
  if (kind === "gpu" || (kind === "software" && wish === "webgl")) {
    try {
      const { WebglRenderer } = await import("./webgl/renderer.ts");
      return new WebglRenderer(kind === "software");
    } catch (error) {
      console.warn(`WebGL2 failed, drawing with Canvas2D: ${String(error)}`);
    }
  }
  const { CanvasRenderer } = await import("./canvas/renderer.ts");
  return new CanvasRenderer();
}
