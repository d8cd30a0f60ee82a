/** The parts of three.js that the pages use, imported in one place: three has no semantic versions. */

import { ColorManagement } from "three";

export {
  BufferAttribute,
  BufferGeometry,
  Camera,
  CustomBlending,
  DataTexture,
  DynamicDrawUsage,
  FloatType,
  GLSL3,
  Group,
  Mesh,
  NearestFilter,
  NoBlending,
  OneFactor,
  OneMinusSrcAlphaFactor,
  RawShaderMaterial,
  RGBAFormat,
  Scene,
  ShapeUtils,
  Vector2,
  Vector4,
  WebGLRenderTarget,
  WebGLRenderer,
} from "three";
export type { IUniform } from "three";

// The palette is written and shown in sRGB; nothing is lit, so nothing needs the linear working space.
ColorManagement.enabled = false;
