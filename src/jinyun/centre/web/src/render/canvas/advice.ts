/** Advice in Canvas2D: halos, threads and their ends, beneath the participants. */

import { DASHES, HALO_GAP_PX, HALO_PX, WIDTHS, type Thread } from "../../map/advice.ts";
import type { Palette } from "../../map/palette.ts";
import type { View } from "../../map/view.ts";

/** Draw all threads; the context's unit is the CSS pixel. The least urgent come first, so that none lies over a graver one. */
export function drawAdvice(context: CanvasRenderingContext2D, view: View, threads: readonly Thread[], palette: Palette): void {
  const dot = view.magnify;
  context.lineCap = "butt";
  for (let i = threads.length - 1; i >= 0; i--) {
    const { x0, y0, x1, y1, radius_m, urgency } = threads[i]!;
    const [px, py] = view.toScreen(x0, y0);
    const ring = Math.max((radius_m || 0) / view.scale, HALO_PX * dot) + HALO_GAP_PX * dot;
    const colour = palette.urgency[urgency - 1]!;
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = WIDTHS[urgency] * dot;
    const [qx, qy] = view.toScreen(x1, y1);
    const far = Math.hypot(qx - px, qy - py);
    if (far > ring) {
      context.globalAlpha = 0.9;
      context.setLineDash(urgency === 3 ? [] : DASHES[urgency].map((px) => px * dot));
      context.beginPath();
      context.moveTo(px + ((qx - px) * ring) / far, py + ((qy - py) * ring) / far);
      context.lineTo(qx, qy);
      context.stroke();
      context.setLineDash([]);
      context.beginPath();
      context.arc(qx, qy, (urgency === 1 ? 2.2 : 3.4) * dot, 0, 7);
      context.fill();
    }
    context.globalAlpha = urgency === 1 ? 0 : 0.13;
    context.beginPath();
    context.arc(px, py, ring, 0, 7);
    if (context.globalAlpha > 0) context.fill();
    context.globalAlpha = 1;
    context.stroke();
    if (urgency < 3) continue;
    context.lineWidth = 1.2 * dot;
    context.beginPath();
    context.arc(px, py, ring + 4 * dot, 0, 7);
    context.stroke();
  }
  context.globalAlpha = 1;
}
