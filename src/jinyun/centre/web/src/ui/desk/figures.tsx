/** A few numbers in a row, the largest type on a page. */

import type { ComponentChildren } from "preact";

export interface Figure {
  readonly key: string;
  readonly label: string;
  readonly value: ComponentChildren;
  readonly unit?: string;
  readonly tone?: "good" | "warn" | "bad" | "";
}

export function Figures({ figures }: { readonly figures: readonly Figure[] }) {
  return (
    <dl class="figures desk-figures" style={{ gridTemplateColumns: `repeat(${figures.length}, minmax(0, 1fr))` }}>
      {figures.map(({ key, label, value, unit, tone }) => (
        <div key={key} class={`figure${tone ? ` tone-${tone}` : ""}`} data-testid={`figure-${key}`}>
          <dt>{label}</dt>
          <dd>{value}{unit !== undefined && <small> {unit}</small>}</dd>
        </div>
      ))}
    </dl>
  );
}

const TONES: Readonly<Record<string, string>> = {
  online: "good", counts: "good", ok: "good", sent: "good", ended: "quiet", acknowledged: "info", late: "warn", warning: "warn", due: "warn",
  silent: "bad", fault: "bad", open: "bad", failed: "bad", overdue: "bad", unknown: "quiet", info: "info", refused: "bad",
};

/** A word in the colour of what it means. */
export function Mark({ of, children }: { readonly of: string; readonly children: ComponentChildren }) {
  return <span class={`desk-mark mark-${TONES[of] ?? "quiet"}`}>{children}</span>;
}
