/** The parts of three.js that the pages use, imported in one place: three has no semantic versions. */

export {
  BufferAttribute,
  BufferGeometry,
  Camera,
  CustomBlending,
  DataTexture,
  DynamicDrawUsage,
  FloatType,
  GLSL3,
  Mesh,
  NearestFilter,
  OneFactor,
  OneMinusSrcAlphaFactor,
  RawShaderMaterial,
  RGBAFormat,
  Scene,
  ShapeUtils,
  Vector2,
  Vector4,
  WebGLRenderer,
} from "three";
export type { IUniform } from "three";
