/** Uniforms of the view, shared by all materials: metres to device pixels to clip space, north up. */

import type { View } from "../../map/view.ts";
import { CustomBlending, GLSL3, OneFactor, OneMinusSrcAlphaFactor, RawShaderMaterial, Vector2, type IUniform } from "./three.ts";

export interface ViewUniforms extends Record<string, IUniform> {
  uCentre: IUniform<Vector2>;
  uMiddle: IUniform<Vector2>;
  uHalfSize: IUniform<Vector2>;
  uPx: IUniform<number>;
  uDot: IUniform<number>;
}

export function viewUniforms(): ViewUniforms {
  return {
    uCentre: { value: new Vector2() },
    uMiddle: { value: new Vector2() },
    uHalfSize: { value: new Vector2(1, 1) },
    uPx: { value: 1 },
    uDot: { value: 1 },
  };
}

/** Set the uniforms; `ratio` is device pixels per CSS pixel. */
export function aim(uniforms: ViewUniforms, view: View, ratio: number): void {
  const [mx, my] = view.middle();
  uniforms.uCentre.value.set(view.x_m, view.y_m);
  uniforms.uMiddle.value.set((mx - view.width / 2) * ratio, (view.height / 2 - my) * ratio);
  uniforms.uHalfSize.value.set((view.width * ratio) / 2, (view.height * ratio) / 2);
  uniforms.uPx.value = ratio / view.scale;
  uniforms.uDot.value = ratio * view.magnify;
}

/** GLSL that every vertex shader begins with; `screen` gives device pixels from the canvas's middle. */
export const VIEW_GLSL = /* glsl */ `
precision highp float;
uniform vec2 uCentre; // m
uniform vec2 uMiddle; // device pixels
uniform vec2 uHalfSize; // device pixels
uniform float uPx; // device pixels per metre
uniform float uDot; // device pixels per drawn pixel
vec2 screen(vec2 place) { return (place - uCentre) * uPx + uMiddle; }
vec4 clip(vec2 px) { return vec4(px / uHalfSize, 0.0, 1.0); }
const vec4 NOWHERE = vec4(2.0, 2.0, 2.0, 1.0);
`;

/** A flat material: no depth, premultiplied alpha, its own shaders. */
export function flat(vertexShader: string, fragmentShader: string, uniforms: Record<string, IUniform>, defines = {}): RawShaderMaterial {
  return new RawShaderMaterial({
    glslVersion: GLSL3,
    vertexShader: VIEW_GLSL + vertexShader,
    fragmentShader: `precision highp float;\n${fragmentShader}`,
    uniforms,
    defines,
    depthTest: false,
    depthWrite: false,
    transparent: true,
    blending: CustomBlending,
    blendSrc: OneFactor,
    blendDst: OneMinusSrcAlphaFactor,
  });
}
