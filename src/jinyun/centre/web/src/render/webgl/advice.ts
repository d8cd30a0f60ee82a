/** Advice in WebGL: three quads an advice (halo, thread, its end) in one mesh of fixed size, written anew for each picture. */

import { DASHES, HALO_GAP_PX, HALO_PX, MOST, WIDTHS, type Thread } from "../../map/advice.ts";
import { rgba, type Palette } from "../../map/palette.ts";
import { flat, type ViewUniforms } from "./camera.ts";
import { BufferAttribute, BufferGeometry, DynamicDrawUsage, Mesh, Vector4, type IUniform } from "./three.ts";

const QUADS = MOST * 3;
const KIND = { thread: 0, end: 1, halo: 2 } as const;

const VERTEX = /* glsl */ `
in vec4 aEnds; // m
in vec2 aCorner;
in vec3 aLook; // kind, urgency, half the receiver's length in m
uniform vec4 uTones[4];
uniform float uWidths[4];
out vec2 vAt; // drawn px; along and across a thread, or from the middle
flat out vec2 vSize; // drawn px: length of the thread, or radius
flat out vec3 vLook; // kind, urgency, width in drawn px
flat out vec4 vTone;
void main() {
  int urgency = int(aLook.y + 0.5);
  vTone = uTones[urgency];
  vLook = vec3(aLook.xy, uWidths[urgency]);
  vec2 a = screen(aEnds.xy);
  float ring = max(aLook.z * uPx / uDot, ${HALO_PX.toFixed(1)}) + ${HALO_GAP_PX.toFixed(1)};
  vec2 px;
  if (aLook.x < 0.5) {
    vec2 along = screen(aEnds.zw) - a;
    float len = length(along) / uDot;
    vec2 dir = along / max(len * uDot, 1e-3);
    vSize = vec2(len - ring, 0.0);
    vAt = vec2((aCorner.x * 0.5 + 0.5) * vSize.x, aCorner.y * (vLook.z * 0.5 + 1.0));
    px = a + (dir * (vAt.x + ring) + vec2(-dir.y, dir.x) * vAt.y) * uDot;
    if (vSize.x <= 0.0) vTone = vec4(0.0);
  } else {
    bool end = aLook.x < 1.5;
    vSize = vec2(end ? (urgency == 1 ? 2.2 : 3.4) : ring, 0.0);
    vAt = aCorner * (vSize.x + 7.0);
    px = (end ? screen(aEnds.zw) : a) + vAt * uDot;
    if (end && length(screen(aEnds.zw) - a) <= ring * uDot) vTone = vec4(0.0);
  }
  gl_Position = vTone.a <= 0.0 ? NOWHERE : clip(px);
}`;

const FRAGMENT = /* glsl */ `
uniform float uDot;
uniform vec2 uDashes[4]; // drawn, left out
in vec2 vAt;
flat in vec2 vSize;
flat in vec3 vLook;
flat in vec4 vTone;
out vec4 colour;
float cover(float d) { return clamp(0.5 - d * uDot, 0.0, 1.0); }
void main() {
  int urgency = int(vLook.y + 0.5);
  float a = 0.0;
  if (vLook.x < 0.5) {
    a = 0.9 * cover(abs(vAt.y) - vLook.z * 0.5);
    vec2 dash = uDashes[urgency];
    if (dash.y > 0.0) a *= cover(mod(vAt.x, dash.x + dash.y) - dash.x);
  } else {
    float d = length(vAt) - vSize.x;
    if (vLook.x < 1.5) a = 0.9 * cover(d);
    else {
      a = cover(abs(d) - vLook.z * 0.5);
      if (urgency > 1) a = max(a, 0.13 * cover(d));
      if (urgency > 2) a = max(a, cover(abs(d - 4.0) - 0.6));
    }
  }
  colour = vTone * a;
}`;

export class AdviceMesh {
  readonly mesh: Mesh;
  private readonly ends = new BufferAttribute(new Float32Array(QUADS * 16), 4).setUsage(DynamicDrawUsage);
  private readonly looks = new BufferAttribute(new Float32Array(QUADS * 12), 3).setUsage(DynamicDrawUsage);
  private readonly tones: IUniform<Vector4[]> = { value: Array.from({ length: 4 }, () => new Vector4()) };

  constructor(view: ViewUniforms) {
    const corner = new Float32Array(QUADS * 8);
    const index = new Uint32Array(QUADS * 6);
    for (let i = 0; i < QUADS; i++) {
      corner.set([-1, -1, 1, -1, 1, 1, -1, 1], 8 * i);
      index.set([0, 1, 2, 0, 2, 3].map((k) => 4 * i + k), 6 * i);
    }
    const geometry = new BufferGeometry();
    geometry.setAttribute("aEnds", this.ends);
    geometry.setAttribute("aCorner", new BufferAttribute(corner, 2));
    geometry.setAttribute("aLook", this.looks);
    geometry.setIndex(new BufferAttribute(index, 1));
    geometry.setDrawRange(0, 0);
    this.mesh = new Mesh(
      geometry,
      flat(VERTEX, FRAGMENT, {
        ...view,
        uTones: this.tones,
        uWidths: { value: Float32Array.from(WIDTHS) },
        uDashes: { value: Float32Array.from(DASHES.flat()) },
      }),
    );
    this.mesh.frustumCulled = false;
    this.mesh.renderOrder = 1500; // over the lights, beneath the participants
  }

  setPalette(palette: Palette): void {
    palette.urgency.forEach((tone, i) => {
      const [r, g, b, a] = rgba(tone);
      this.tones.value[i + 1]!.set(r * a, g * a, b * a, a);
    });
  }

  /** Take what is drawn now; the least urgent come first, so that none lies over a graver one. */
  setThreads(threads: readonly Thread[]): void {
    let quad = 0;
    const put = (thread: Thread, kind: number): void => {
      const radius = Number.isFinite(thread.radius_m) ? thread.radius_m : 0;
      for (let c = 0; c < 4; c++) {
        this.ends.array.set([thread.x0, thread.y0, thread.x1, thread.y1], 16 * quad + 4 * c);
        this.looks.array.set([kind, thread.urgency, radius], 12 * quad + 3 * c);
      }
      quad += 1;
    };
    for (let i = Math.min(threads.length, MOST) - 1; i >= 0; i--) {
      const thread = threads[i]!;
      if (Number.isFinite(thread.x1 + thread.y1)) {
        put(thread, KIND.thread);
        put(thread, KIND.end);
      }
      put(thread, KIND.halo);
    }
    this.mesh.visible = quad > 0;
    this.mesh.geometry.setDrawRange(0, quad * 6);
    if (quad === 0) return;
    this.ends.needsUpdate = true;
    this.looks.needsUpdate = true;
  }

  dispose(): void {
    this.mesh.geometry.dispose();
    (this.mesh.material as { dispose(): void }).dispose();
  }
}
