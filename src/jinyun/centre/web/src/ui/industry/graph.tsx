/** Who supplies whom: links of the chain as columns of firms, supplies as curves between them. */

import { useState } from "preact/hooks";

export interface Chain {
  readonly firms: readonly { readonly firm: string; readonly name: string; readonly link: string; readonly local: boolean }[];
  readonly supplies: readonly { readonly from: string; readonly to: string; readonly link: string; readonly value_cny: number }[];
}

interface Props {
  readonly chain: Chain;
  readonly links: readonly { readonly id: string; readonly stage: string; readonly text: string }[];
  readonly sole: readonly { readonly buyer: string; readonly link: string; readonly supplier: string }[];
  readonly label: string;
}

const WIDE = 1080;
const ROW = 78;
/** chips feed the other parts, parts feed vehicles and roadside units, services come last */
const DEPTH: Readonly<Record<string, number>> = { chips: 0, software_os: 0, ai: 0, sensors: 1, domain_controller: 1, three_electric: 1, vehicle: 2, roadside: 2, application: 3, charging: 3, testing: 3, demonstration: 3 };

export function ChainGraph({ chain, links, sole, label }: Props) {
  const [picked, pick] = useState("");
  const columns = [0, 1, 2, 3].map((depth) => links.filter((each) => (DEPTH[each.id] ?? 3) === depth));
  const tall = Math.max(...columns.map((each) => each.length)) * ROW + 30;
  const place = new Map<string, readonly [number, number]>();
  const boxes = columns.flatMap((column, depth) =>
    column.map((each, i) => {
      const x = 20 + depth * 270;
      const y = 24 + i * ROW + ((tall - 30 - column.length * ROW) / 2);
      const firms = chain.firms.filter((firm) => firm.link === each.id);
      firms.forEach((firm, n) => place.set(firm.firm, [x + 12 + n * 19, y + 40]));
      return { ...each, x, y, firms };
    }),
  );
  const most = Math.max(1, ...chain.supplies.map((each) => each.value_cny));
  const only = new Set(sole.map((each) => `${each.supplier}>${each.buyer}>${each.link}`));
  return (
    <svg class="chain-graph" viewBox={`0 0 ${WIDE} ${tall}`} role="img" aria-label={label} data-testid="chain-graph">
      {chain.supplies.map((each, i) => {
        const [from, to] = [place.get(each.from), place.get(each.to)];
        if (from === undefined || to === undefined) return null;
        const bend = Math.max(60, Math.abs(to[0] - from[0]) / 2);
        const near = picked === "" || picked === each.from || picked === each.to;
        const risk = only.has(`${each.from}>${each.to}>${each.link}`);
        return <path key={i} d={`M${from[0]} ${from[1]}C${from[0] + bend} ${from[1]} ${to[0] - bend} ${to[1]} ${to[0]} ${to[1]}`} fill="none" stroke={risk ? "var(--bad)" : "var(--jade)"} stroke-opacity={near ? (risk ? 0.8 : 0.35) : 0.05} stroke-width={0.6 + 4 * Math.sqrt(each.value_cny / most)} />;
      })}
      {boxes.map((box) => (
        <g key={box.id}>
          <text x={box.x} y={box.y + 20} font-size={13} stroke-width={3} font-weight="600">{box.text}</text>
          {box.firms.map((firm) => {
            const [x, y] = place.get(firm.firm)!;
            return (
              <circle key={firm.firm} cx={x} cy={y} r={7} fill={firm.local ? "var(--jade)" : "var(--panel-solid)"} stroke={picked === firm.firm ? "var(--warn)" : "var(--label)"} stroke-width={picked === firm.firm ? 3 : 1.2} onClick={() => pick(picked === firm.firm ? "" : firm.firm)}>
                <title>{`${firm.firm} ${firm.name}`}</title>
              </circle>
            );
          })}
        </g>
      ))}
    </svg>
  );
}
