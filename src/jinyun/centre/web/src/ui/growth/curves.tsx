/** Points over kilometres: the plan, the bound that no plan exceeds, and what other ways of planning come to. */

import { STAGE_COLOURS } from "./map.tsx";

export interface StageTold {
  readonly total_km: number;
  readonly value: number;
  readonly bound: number;
  readonly cost_cny: number;
  readonly shares: Readonly<Record<string, number>>;
}

export interface PlanTold {
  readonly stages: readonly StageTold[];
  readonly gap: number;
  readonly vs_greedy: number;
  readonly vs_greedy_per_km: number;
  readonly vs_rings: number;
  readonly baselines: Readonly<Record<string, { readonly stages: readonly number[] }>>;
}

interface Props {
  readonly plan: PlanTold;
  readonly names: readonly string[];
  readonly words: Readonly<Record<string, string>>;
  readonly label: string;
}

const WIDE = 420;
const ROW = 15;

export function Curves({ plan, names, words, label }: Props) {
  const kinds = ["bound", "plan", "greedy_per_km", "greedy", "rings"];
  const group = kinds.length * ROW + 26;
  const value = (kind: string, k: number): number =>
    kind === "plan" ? plan.stages[k]!.value : kind === "bound" ? plan.stages[k]!.bound : (plan.baselines[kind]?.stages[k] ?? 0);
  const most = Math.max(...plan.stages.map((stage) => stage.bound));
  return (
    <svg class="growth-chart" viewBox={`0 0 ${WIDE} ${group * plan.stages.length + 8}`} role="img" aria-label={label}>
      {plan.stages.map((_, k) => (
        <g key={k} transform={`translate(8 ${k * group + 6})`}>
          <text y={11} font-weight="600">{names[k]}</text>
          {kinds.map((kind, i) => (
            <g key={kind} transform={`translate(0 ${18 + i * ROW})`}>
              <text y={9} style={{ fontSize: "10px" }}>{words[kind] ?? kind}</text>
              <rect x={165} width={(value(kind, k) / most) * 195} height={10} rx={2} fill={kind === "plan" ? STAGE_COLOURS[k % STAGE_COLOURS.length] : "var(--text-faint)"} fill-opacity={kind === "bound" ? 0.35 : kind === "plan" ? 1 : 0.7} />
              <text x={165 + (value(kind, k) / most) * 195 + 5} y={9} style={{ fontSize: "10px" }}>{value(kind, k).toFixed(1)}</text>
            </g>
          ))}
        </g>
      ))}
    </svg>
  );
}
