/** Output by period as bars, and what is foretold with its interval. */

export interface Period {
  readonly period: string;
  readonly value: number;
  readonly so_far_year_on_year: number | null;
}

export interface Ahead {
  readonly period: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

interface Props {
  readonly past: readonly Period[];
  readonly ahead: readonly Ahead[];
  readonly label: string;
  readonly forecast: string;
}

const TALL = 190;

export function Output({ past, ahead, label, forecast }: Props) {
  const many = past.length + ahead.length;
  const most = Math.max(1, ...past.map((each) => each.value), ...ahead.map((each) => each.high));
  const y = (value: number): number => TALL - 26 - (value / most) * (TALL - 50);
  const step = 1040 / Math.max(many, 1);
  return (
    <svg class="growth-chart" viewBox={`0 0 1080 ${TALL}`} role="img" aria-label={label}>
      {[...past.map((each) => ({ ...each, low: NaN, high: NaN, ahead: false })), ...ahead.map((each) => ({ ...each, ahead: true }))].map((each, i) => {
        const x = 20 + i * step;
        return (
          <g key={each.period}>
            <rect x={x + step * 0.2} width={step * 0.6} y={y(each.value)} height={TALL - 26 - y(each.value)} fill="var(--jade)" fill-opacity={each.ahead ? 0.3 : 0.85} rx={2} />
            {each.ahead && <line x1={x + step / 2} x2={x + step / 2} y1={y(each.low)} y2={y(each.high)} stroke="var(--warn)" stroke-width={2.5} />}
            <text x={x + step / 2} y={TALL - 10} text-anchor="middle" style={{ fontSize: "10px" }}>{each.period}</text>
            <text x={x + step / 2} y={y(each.ahead ? each.high : each.value) - 5} text-anchor="middle" style={{ fontSize: "10px" }}>{`${Math.round(each.value / 1000)}k`}</text>
          </g>
        );
      })}
      {ahead.length > 0 && <text x={20} y={16}>{forecast}</text>}
    </svg>
  );
}
