/**
 * A still of the plate, for machines whose WebGL is done by the CPU: drawn once per view, then copied.
 *
 * There every triangle costs microseconds, while copying a screen costs a few milliseconds.
 */

import { flat } from "./camera.ts";
import {
  BufferAttribute,
  BufferGeometry,
  Camera,
  Mesh,
  NearestFilter,
  NoBlending,
  Scene,
  WebGLRenderTarget,
  type WebGLRenderer,
} from "./three.ts";

const VERTEX = /* glsl */ `
in vec2 aCorner;
void main() { gl_Position = vec4(aCorner, 0.0, 1.0); }`;

const FRAGMENT = /* glsl */ `
uniform sampler2D uStill;
out vec4 colour;
void main() { colour = texelFetch(uStill, ivec2(gl_FragCoord.xy), 0); }`;

export class Still {
  private readonly target = new WebGLRenderTarget(1, 1, {
    depthBuffer: false,
    minFilter: NearestFilter,
    magFilter: NearestFilter,
  });
  private readonly material = flat(VERTEX, FRAGMENT, { uStill: { value: this.target.texture } });
  private readonly sheet: Mesh;
  private readonly scene = new Scene();
  private of = "";

  constructor() {
    const geometry = new BufferGeometry();
    geometry.setAttribute("aCorner", new BufferAttribute(Float32Array.of(-1, -1, 3, -1, -1, 3), 2));
    geometry.setIndex([0, 1, 2]); // three draws nothing that has neither an index nor an attribute named position
    this.sheet = new Mesh(geometry, this.material);
    this.material.blending = NoBlending;
    this.sheet.frustumCulled = false;
    this.scene.add(this.sheet);
  }

  /** Draw `plate` unless `what` it shows is already on the still, then copy the still to the screen. */
  draw(gl: WebGLRenderer, plate: Scene, camera: Camera, what: string, width: number, height: number): void {
    if (what !== this.of) {
      this.target.setSize(width, height);
      gl.setRenderTarget(this.target);
      gl.clear();
      gl.render(plate, camera);
      gl.setRenderTarget(null);
      this.of = what;
    }
    gl.render(this.scene, camera);
  }

  /** What was drawn is out of date. */
  forget(): void {
    this.of = "";
  }

  dispose(): void {
    this.target.dispose();
    this.sheet.geometry.dispose();
    this.material.dispose();
  }
}
