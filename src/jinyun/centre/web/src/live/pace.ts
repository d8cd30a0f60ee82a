/**
 * How fast a display draws, by the time from one drawing to the next turn of the browser.
 *
 * Drawing between two scenes makes motion smooth; a display without much of a graphics processor is only late by it, for
 * each scene waits for what is being drawn. Such a one draws what is new alone.
 */

const SLOW_MS = 40;
const SHARE = 0.2;
/** With drawings as slow as this, a display should draw fewer pixels. */
const LATE_MS = 70;
/** So many drawings are looked at before it is said, and said again. */
const DRAWINGS = 15;
/** A page that was hidden tells nothing. */
const HIDDEN_MS = 1000;

export class Pace {
  private drew_ms = Number.NaN;
  private took_ms = 0;
  private drawings = 0;

  /** A turn begins at `now_ms`: return whether to draw although nothing is new. */
  turn(now_ms: number): boolean {
    const took_ms = now_ms - this.drew_ms;
    this.drew_ms = Number.NaN;
    if (took_ms < HIDDEN_MS) {
      this.took_ms += SHARE * (took_ms - this.took_ms);
      this.drawings += 1;
    }
    return this.took_ms < SLOW_MS;
  }

  /** Whether fewer pixels should be drawn; true once in a while, as long as they should. */
  late(): boolean {
    if (this.drawings < DRAWINGS || this.took_ms < LATE_MS) return false;
    this.drawings = 0;
    return true;
  }

  /** The turn that began at `now_ms` has drawn. */
  drew(now_ms: number): void {
    this.drew_ms = now_ms;
  }
}
