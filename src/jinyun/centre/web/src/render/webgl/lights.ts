/** Signal lights in WebGL: a glowing capsule per bar, merged into one mesh; only the light column changes. */

import { HEADS, opacity, SIGNALS, WALK_SIGNALS } from "../../map/detail.ts";
import type { Bar } from "../../map/lights.ts";
import { rgba, type Palette } from "../../map/palette.ts";
import { flat, type ViewUniforms } from "./camera.ts";
import { BufferAttribute, BufferGeometry, DynamicDrawUsage, Mesh, Vector4, type IUniform } from "./three.ts";

const VERTEX = /* glsl */ `
in vec4 aEnds; // m
in vec2 aCorner; // along, across
in vec2 aKind; // light, kind of bar
uniform vec4 uLights[9];
uniform vec4 uShow; // opacity for wheels, for walkers, of heads, flashing lit
out vec2 vAt;
flat out vec2 vSize;
flat out vec4 vColour;
flat out float vGlow;
void main() {
  float show = aKind.y > 1.5 ? uShow.z : aKind.y > 0.5 ? uShow.y : uShow.x;
  int light = int(aKind.x + 0.5);
  bool flashing = light == 2 || light == 4 || light == 8;
  vec4 tint = flashing && uShow.w < 0.5 ? uLights[1] : uLights[light];
  vec2 a = screen(aEnds.xy);
  vec2 b = screen(aEnds.zw);
  vec2 along = b - a;
  float len = length(along);
  vec2 dir = len > 1e-3 ? along / len : vec2(1.0, 0.0);
  float thick = max(0.32 * uPx, 1.15 * uDot);
  float half_len = max(len * 0.5 - thick * 0.6, 0.35 * uDot);
  vGlow = (light < 2 ? 0.0 : 1.0) * min(thick * 3.0, 7.0 * uDot);
  vSize = vec2(half_len, thick);
  vAt = aCorner * (vSize + vec2(thick + vGlow + 1.0, vGlow + 1.0));
  vColour = tint * show * (light == 0 ? 0.75 : 1.0);
  vec2 px = (a + b) * 0.5 + dir * vAt.x + vec2(-dir.y, dir.x) * vAt.y;
  gl_Position = show <= 0.0 ? NOWHERE : clip(px);
}`;

const FRAGMENT = /* glsl */ `
in vec2 vAt;
flat in vec2 vSize;
flat in vec4 vColour;
flat in float vGlow;
out vec4 colour;
void main() {
  float d = length(vec2(max(abs(vAt.x) - vSize.x, 0.0), vAt.y)) - vSize.y;
  float body = clamp(0.5 - d, 0.0, 1.0);
  float glow = vGlow > 0.0 ? 0.34 * pow(clamp(1.0 - d / vGlow, 0.0, 1.0), 2.0) : 0.0;
  colour = vColour * max(body, glow);
}`;

export class LightMeshes {
  readonly mesh: Mesh;
  private readonly kinds: BufferAttribute;
  private readonly colours: IUniform<Vector4[]> = { value: Array.from({ length: 9 }, () => new Vector4()) };
  private readonly show: IUniform<Float32Array> = { value: new Float32Array(4) };

  constructor(bars: readonly Bar[], view: ViewUniforms) {
    const n = bars.length;
    const ends = new Float32Array(n * 16);
    const corner = new Float32Array(n * 8);
    const kinds = new Float32Array(n * 8);
    const index = new Uint32Array(n * 6);
    bars.forEach((bar, i) => {
      for (let c = 0; c < 4; c++) {
        ends.set([bar.x1, bar.y1, bar.x2, bar.y2], 16 * i + 4 * c);
        kinds.set([0, bar.kind], 8 * i + 2 * c);
      }
      corner.set([-1, -1, 1, -1, 1, 1, -1, 1], 8 * i);
      index.set([0, 1, 2, 0, 2, 3].map((k) => 4 * i + k), 6 * i);
    });
    const geometry = new BufferGeometry();
    this.kinds = new BufferAttribute(kinds, 2).setUsage(DynamicDrawUsage);
    geometry.setAttribute("aEnds", new BufferAttribute(ends, 4));
    geometry.setAttribute("aCorner", new BufferAttribute(corner, 2));
    geometry.setAttribute("aKind", this.kinds);
    geometry.setIndex(new BufferAttribute(index, 1));
    this.mesh = new Mesh(geometry, flat(VERTEX, FRAGMENT, { ...view, uLights: this.colours, uShow: this.show }));
    this.mesh.frustumCulled = false;
    this.mesh.renderOrder = 1000;
  }

  setPalette(palette: Palette): void {
    palette.lights.forEach((light, i) => {
      const [r, g, b, a] = rgba(light);
      this.colours.value[i]!.set(r * a, g * a, b * a, a);
    });
  }

  setLights(lights: Uint8Array): void {
    const { array } = this.kinds;
    for (let i = 0; i < lights.length; i++) {
      for (let c = 0; c < 4; c++) array[8 * i + 2 * c] = Math.min(8, lights[i]!);
    }
    this.kinds.needsUpdate = true;
  }

  setView(scale: number, lit: boolean): void {
    this.mesh.visible = opacity(SIGNALS, scale) > 0;
    this.show.value.set([opacity(SIGNALS, scale), opacity(WALK_SIGNALS, scale), opacity(HEADS, scale), lit ? 1 : 0]);
  }

  dispose(): void {
    this.mesh.geometry.dispose();
    (this.mesh.material as { dispose(): void }).dispose();
  }
}
