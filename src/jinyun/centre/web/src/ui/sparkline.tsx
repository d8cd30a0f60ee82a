/** A sparkline: the last minute and a half of a quantity, from zero to its own peak. */

const WIDE = 180;
const HIGH = 22;

export function Sparkline({ values, label }: { readonly values: readonly number[]; readonly label: string }) {
  const peak = Math.max(1e-9, ...values.filter(Number.isFinite)) * 1.08;
  const begin = WIDE - values.length;
  const points = values
    .map((value, i) => (Number.isFinite(value) ? `${begin + i + 1},${(HIGH - 1 - (value / peak) * (HIGH - 3)).toFixed(1)}` : ""))
    .filter((point) => point !== "");
  const first = points[0]?.split(",")[0] ?? "0";
  return (
    <svg class="spark" viewBox={`0 0 ${WIDE} ${HIGH}`} preserveAspectRatio="none" role="img" aria-label={label}>
      {points.length > 1 && (
        <>
          <polygon class="spark-fill" points={`${first},${HIGH} ${points.join(" ")} ${WIDE},${HIGH}`} />
          <polyline class="spark-line" points={points.join(" ")} />
        </>
      )}
    </svg>
  );
}
