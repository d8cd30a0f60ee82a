/**
 * The last hop: how old a frame is when it arrives here, by the centre's clock.
 *
 * The page asks for the centre's time every few seconds; of the recent answers the one with the shortest round trip tells
 * the difference of the clocks best. Ages are kept for a while, so that a median and a 99th percentile can be shown.
 */

const EVERY_MS = 5000;
const ANSWERS = 12;
const AGES = 300;

export class LastHop {
  private answers: { round_ms: number; offset_ms: number }[] = [];
  private ages: number[] = [];

  /** Ask with `say` now and every few seconds; returns the way to stop. */
  start(say: (text: string) => void): () => void {
    const ask = (): void => say(`clock ${performance.now()}`);
    ask();
    const timer = window.setInterval(ask, EVERY_MS);
    return () => window.clearInterval(timer);
  }

  /** Take an answer `{"type":"clock","asked":ms,"t_us":us}`; returns false where the text is another message. */
  takeAnswer(text: string): boolean {
    if (!text.startsWith('{"type":"clock"')) return false;
    const { asked, t_us } = JSON.parse(text) as { asked: number; t_us: number };
    const now = performance.now();
    const round_ms = now - asked;
    if (!(round_ms >= 0) || !Number.isFinite(t_us)) return true;
    this.answers = [...this.answers.slice(1 - ANSWERS), { round_ms, offset_ms: t_us / 1000 - (asked + now) / 2 }];
    return true;
  }

  /** Note that a live frame of `t_us` arrived. */
  arrived(t_us: number): void {
    const best = this.answers.reduce<{ round_ms: number; offset_ms: number } | null>(
      (least, answer) => (least === null || answer.round_ms < least.round_ms ? answer : least),
      null,
    );
    if (best === null) return;
    this.ages.push(performance.now() + best.offset_ms - t_us / 1000);
    if (this.ages.length > AGES) this.ages.shift();
  }

  /** The age that a share of the recent frames stayed within [ms], NaN where none is known. */
  percentile(share: number): number {
    const sorted = [...this.ages].sort((a, b) => a - b);
    return sorted.length === 0 ? NaN : sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  }
}
