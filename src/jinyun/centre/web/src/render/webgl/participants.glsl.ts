/**
 * Shaders of the participants: one quad each, its silhouette drawn as a distance field, so edges are smooth without
 * multisampling. Rows of state come from a small texture that is written at frame rate (10 Hz); the vertex shader
 * interpolates from the previous to the next state.
 */

export const PER_ROW = 64;

export const PARTICIPANT_VERTEX = /* glsl */ `
precision highp sampler2D;
in vec2 aCorner;
in float aRow;
uniform sampler2D uRows; // three texels a row: x0 y0 x1 y1 | h0 h1 length width | silhouette colour seen flags
uniform float uU;
uniform vec3 uColours[5];
uniform vec2 uLeast[10];
flat out vec2 vSize; // half width, half length, drawn px
flat out vec4 vShape; // silhouette, nearness 0..1, seen by, selected
flat out vec3 vTint;
flat out float vAlpha;
out vec2 vAt;
void main() {
  int row = int(aRow + 0.5);
  ivec2 base = ivec2((row % ${PER_ROW}) * 3, row / ${PER_ROW});
  vec4 place = texelFetch(uRows, base, 0);
  vec4 pose = texelFetch(uRows, base + ivec2(1, 0), 0);
  vec4 look = texelFetch(uRows, base + ivec2(2, 0), 0);
  int shape = int(look.x + 0.5);
  int flags = int(look.w + 0.5);
  bool known = pose.x < 1e6;
  float heading = known ? mix(pose.x, pose.y, uU) : 0.0;
  vec2 real = pose.wz * 0.5 * uPx;
  vec2 least = uLeast[shape].yx * uDot;
  if (!known) shape = 0;
  vSize = max(real, least) / uDot;
  float near = smoothstep(1.0, 1.9, real.y / least.y);
  vShape = vec4(float(shape), near, look.z, (flags & 4) != 0 ? 1.0 : 0.0);
  vTint = uColours[int(look.y + 0.5)];
  vAlpha = mix(float(flags & 1), float((flags >> 1) & 1), uU);
  vAt = aCorner * (vSize + (vShape.w > 0.5 ? 8.0 : mix(2.0, 5.0, near)));
  float s = sin(heading);
  float c = cos(heading);
  vec2 turned = vec2(vAt.x * c + vAt.y * s, -vAt.x * s + vAt.y * c);
  gl_Position = vAlpha <= 0.0 ? NOWHERE : clip(screen(mix(place.xy, place.zw, uU)) + turned * uDot);
}`;

export const PARTICIPANT_FRAGMENT = /* glsl */ `
uniform float uDot;
uniform vec4 uGlass;
uniform vec4 uShadow;
uniform vec3 uBoth;
uniform vec3 uSelected;
flat in vec2 vSize;
flat in vec4 vShape;
flat in vec3 vTint;
flat in float vAlpha;
in vec2 vAt;
out vec4 colour;

float box(vec2 p, vec2 half_size, float r) {
  vec2 q = abs(p) - half_size + r;
  return length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - r;
}
// A kite with its tip ahead and a notch behind.
float dart(vec2 p, vec2 s) {
  p.x = abs(p.x);
  float side = dot(p - vec2(0.0, s.y), normalize(vec2(2.0 * s.y, s.x)));
  float back = dot(p - vec2(s.x, -s.y), normalize(vec2(-0.5 * s.y, -s.x)));
  return max(side, back) - 0.4;
}
// A body with a bow: wide as a box, pointed in its foremost part.
float pointed(vec2 p, vec2 s) {
  float bow = max(0.0, p.y - s.y * 0.35) / (s.y * 0.65);
  return box(p, vec2(s.x * (1.0 - 0.85 * bow), s.y), min(s.x, s.y) * 0.3);
}
float symbol(int shape, vec2 p, vec2 s) {
  if (shape == 9) return length(p) - s.x;
  if (shape == 0) return (abs(p.x) + abs(p.y) - s.x * 1.15) * 0.7071;
  if (shape == 3 || shape == 4 || shape == 5) return pointed(p, s);
  return dart(p, s);
}
float taper(vec2 p, vec2 s, float front, float rear) {
  float y = p.y / s.y;
  return 1.0 - front * smoothstep(0.45, 1.0, y) - rear * smoothstep(0.6, 1.0, -y);
}
float body(int shape, vec2 p, vec2 s) {
  if (shape == 9) return length(p * vec2(1.0, 1.25)) - s.x;
  if (shape == 0) return (abs(p.x) + abs(p.y) - s.x * 1.15) * 0.7071;
  if (shape == 8 || shape == 7) {
    float frame = box(p, vec2(s.x * 0.3, s.y), s.x * 0.3);
    float bar = box(p - vec2(0.0, s.y * 0.42), vec2(s.x, s.x * 0.2), s.x * 0.18);
    float rider = length((p + vec2(0.0, s.y * 0.1)) * vec2(1.0, 0.8)) - s.x * 0.72;
    return min(frame, min(bar, rider));
  }
  if (shape == 4) return box(p, s, s.x * 0.24);
  if (shape == 5) return box(p, s, s.x * 0.62);
  if (shape == 3) {
    float cab = box(p - vec2(0.0, s.y * 0.76), vec2(s.x * 0.92, s.y * 0.24), s.x * 0.28);
    float load = box(p + vec2(0.0, s.y * 0.27), vec2(s.x, s.y * 0.73), s.x * 0.1);
    return min(cab, load);
  }
  if (shape == 2) return box(vec2(p.x / taper(p, s, 0.12, 0.0), p.y), s, s.x * 0.3);
  return box(vec2(p.x / taper(p, s, 0.2, 0.12), p.y), s, s.x * 0.46);
}
// Glass and gaps on the roof, 0..1.
float roof(int shape, vec2 p, vec2 s) {
  vec2 q = p / s;
  float e = 1.0 / s.y;
  float wide = 1.0 - smoothstep(0.72, 0.8, abs(q.x));
  if (shape == 1 || shape == 6) {
    float front = smoothstep(0.16, 0.16 + e, q.y + 0.1 * q.x * q.x) * (1.0 - smoothstep(0.42, 0.42 + e, q.y + 0.14 * q.x * q.x));
    float rear = smoothstep(-0.74, -0.74 + e, q.y) * (1.0 - smoothstep(-0.56, -0.56 + e, q.y));
    return max(front, rear * 0.8) * wide;
  }
  if (shape == 2) return smoothstep(0.42, 0.42 + e, q.y) * (1.0 - smoothstep(0.66, 0.66 + e, q.y)) * wide;
  if (shape == 3) return smoothstep(0.72, 0.72 + e, q.y) * (1.0 - smoothstep(0.86, 0.86 + e, q.y)) * wide;
  if (shape == 4 || shape == 5) {
    float front = smoothstep(0.84, 0.84 + e, q.y) * (1.0 - smoothstep(0.94, 0.94 + e, q.y));
    float hatch = (1.0 - smoothstep(0.09, 0.09 + e, abs(abs(q.y + 0.06) - 0.44))) * (1.0 - smoothstep(0.36, 0.42, abs(q.x)));
    return max(front * wide, hatch * 0.55);
  }
  return 0.0;
}
void over(inout vec4 below, vec4 above) { below = above + below * (1.0 - above.a); }
float cover(float d) { return clamp(0.5 - d * uDot, 0.0, 1.0); }

void main() {
  int shape = int(vShape.x + 0.5);
  int seen = int(vShape.z + 0.5);
  float near = vShape.y;
  float d = near <= 0.0 ? symbol(shape, vAt, vSize)
    : near >= 1.0 ? body(shape, vAt, vSize)
    : mix(symbol(shape, vAt, vSize), body(shape, vAt, vSize), near);
  float soft = mix(1.8, 4.0, near);
  vec4 out_colour = vec4(0.0);
  float shade = uShadow.a * pow(clamp(1.0 - max(d, 0.0) / soft, 0.0, 1.0), 2.0);
  over(out_colour, vec4(uShadow.rgb * shade, shade));
  if (seen == 3 && near > 0.0) {
    float ring = cover(abs(d - 2.2) - 0.45) * 0.75 * near;
    over(out_colour, vec4(uBoth * ring, ring));
  }
  // Seen by the road only: a thin wall around a faint body. By itself, or both: a solid body.
  float inside = cover(d);
  float wall = inside * (1.0 - cover(d + mix(0.9, 1.2, near)));
  float solid = seen == 2 ? mix(0.62, 0.3, near) : seen == 0 ? 0.35 : 1.0;
  float full = max(inside * solid, wall);
  over(out_colour, vec4(vTint * full, full));
  if (seen == 3 && near < 1.0) {
    float core = cover(d + 1.6) * (1.0 - near) * 0.5;
    over(out_colour, vec4(uBoth * core, core));
  }
  if (near > 0.0) {
    float glass = roof(shape, vAt, vSize) * inside * near * uGlass.a;
    over(out_colour, vec4(uGlass.rgb * glass, glass));
    if (shape == 6) {
      vec2 q = vAt / vSize;
      float bar = inside * near * (1.0 - smoothstep(0.06, 0.1, abs(q.y + 0.08))) * (1.0 - smoothstep(0.6, 0.7, abs(q.x)));
      vec3 lamp = q.x < 0.0 ? vec3(1.0, 0.3, 0.28) : vec3(0.25, 0.5, 1.0);
      over(out_colour, vec4(lamp * bar, bar));
    }
    if (shape == 9) {
      float nose = cover(length(vAt - vec2(0.0, vSize.y * 0.32)) - vSize.x * 0.42) * near * 0.55;
      over(out_colour, vec4(uGlass.rgb * nose, nose));
    }
  }
  if (vShape.w > 0.5) {
    float far = length(vAt) - max(vSize.x, vSize.y) - 3.0;
    float ring = cover(abs(mix(far, d - 4.6, step(0.5, near))) - 0.9);
    over(out_colour, vec4(uSelected * ring, ring));
  }
  colour = out_colour * vAlpha;
}`;
