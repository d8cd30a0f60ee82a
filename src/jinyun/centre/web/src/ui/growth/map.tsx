/** The map of a growing network: what is open today, what each stage has opened so far, what nobody chose. */

export interface Segment {
  readonly id: string;
  readonly km: number;
  readonly tunnel: boolean;
  readonly state: string;
  /** -1 open today, 0.. the stage that opens it, the number of stages for none */
  readonly stage: number;
  readonly line: readonly (readonly [number, number])[];
}

export const STAGE_COLOURS = ["#ff6f7d", "#f2b63f", "#6db3ff", "#c9a6ff", "#7fd3c4", "#b7c26a"] as const;
const OPEN = "var(--good)";
const NEVER = "var(--text-faint)";
const SUSPENDED = "var(--bad)";

interface Props {
  readonly extent: readonly [number, number, number, number];
  readonly segments: readonly Segment[];
  readonly anchors: readonly { readonly id: string; readonly at: readonly [number, number]; readonly text: string }[];
  readonly stage: number;
  readonly stages: number;
  readonly names: readonly string[];
  readonly words: { readonly open: string; readonly never: string; readonly tunnel: string; readonly map: string; readonly suspended: string };
}

export function StageMap({ extent: [west, south, east, north], segments, anchors, stage, stages, names, words }: Props) {
  const drawn = [...segments].sort((a, b) => order(b, stage) - order(a, stage));
  return (
    <>
      <svg class="growth-map" viewBox={`${west - 600} ${-north - 600} ${east - west + 1200} ${north - south + 1200}`} role="img" aria-label={words.map} data-testid="growth-map">
        {drawn.map((each) => {
          const shown = each.stage < stage || each.state === "opened" || each.state === "suspended";
          const colour = each.state === "suspended" ? SUSPENDED : each.state === "opened" ? OPEN : each.stage < 0 ? OPEN : shown ? STAGE_COLOURS[each.stage % STAGE_COLOURS.length] : NEVER;
          return (
            <polyline key={each.id} points={each.line.map(([x, y]) => `${x},${-y}`).join(" ")} fill="none" stroke={colour} stroke-opacity={shown ? 1 : 0.35} stroke-width={shown ? 130 : 55} stroke-linecap="round" {...(each.tunnel ? { "stroke-dasharray": "260 200" } : {})} data-stage={each.stage} data-id={each.id} data-state={each.state}>
              <title>{`${each.id} · ${each.km.toFixed(2)} km${each.state === "" ? "" : ` · ${each.state}`}`}</title>
            </polyline>
          );
        })}
        {anchors.map((each) => (
          <g key={each.id}>
            <circle cx={each.at[0]} cy={-each.at[1]} r={230} fill="var(--panel-solid)" stroke="var(--label)" stroke-width={80} />
            <text x={each.at[0] + (each.at[0] > east - 6500 ? -400 : 400)} y={-each.at[1] + 220} font-size={720} stroke-width={180} {...(each.at[0] > east - 6500 ? { "text-anchor": "end" as const } : {})}>{each.text}</text>
          </g>
        ))}
      </svg>
      <div class="growth-legend">
        <span><i style={{ background: OPEN }} />{words.open}</span>
        {names.slice(0, stages).map((text, i) => (
          <span key={text}><i style={{ background: STAGE_COLOURS[i % STAGE_COLOURS.length] }} />{text}</span>
        ))}
        <span><i style={{ background: NEVER }} />{words.never}</span>
        {segments.some((each) => each.state === "suspended") && <span><i style={{ background: SUSPENDED }} />{words.suspended}</span>}
        <span>- - {words.tunnel}</span>
      </div>
    </>
  );
}

function order(each: Segment, stage: number): number {
  return each.stage < stage ? each.stage : 100;
}
