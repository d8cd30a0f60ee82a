/** How many take part in the traffic now, by kind. */

import { useEffect, useState } from "preact/hooks";
import { number } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.ts";
import type { Picture } from "../live/picture.ts";
import { PARTICIPANT_KINDS, type ParticipantKind } from "../wire/status.ts";
import { Panel } from "./panel.tsx";

/** `kind` codes of the frame in the order of the panel. */
const CODES: Readonly<Record<ParticipantKind, number>> = { motor: 1, non_motor: 2, pedestrian: 3, unknown: 0 };
const EVERY_MS = 300;

interface Count {
  readonly all: number;
  readonly by: Readonly<Record<ParticipantKind, number>>;
  readonly seen: readonly [none: number, self: number, road: number, both: number];
}

const NOBODY: Count = { all: NaN, by: { motor: NaN, non_motor: NaN, pedestrian: NaN, unknown: NaN }, seen: [0, 0, 0, 0] };

/** Count the newest frame a few times a second. */
export function useCount(picture: Picture): Count {
  const [count, set] = useState(NOBODY);
  useEffect(() => {
    let counted: unknown = null;
    const timer = window.setInterval(() => {
      const frame = picture.frame.get();
      if (frame === null || frame === counted) return;
      counted = frame;
      const kinds = [0, 0, 0, 0];
      const seen: [number, number, number, number] = [0, 0, 0, 0];
      for (let i = 0; i < frame.tracks.n; i++) {
        const kind = frame.tracks.kind[i]!;
        kinds[kind > 0 && kind < 4 ? kind : 0]! += 1;
        seen[(frame.tracks.seen_by[i]! & 3) as 0 | 1 | 2 | 3] += 1;
      }
      const by = Object.fromEntries(PARTICIPANT_KINDS.map((kind) => [kind, kinds[CODES[kind]]!]));
      set({ all: frame.tracks.n, by: by as Record<ParticipantKind, number>, seen });
    }, EVERY_MS);
    return () => window.clearInterval(timer);
  }, [picture]);
  return count;
}

/** A bar of parts of one whole. */
function Shares({ parts }: { readonly parts: readonly { readonly name: string; readonly n: number }[] }) {
  return (
    <div class="shares" aria-hidden="true">
      {parts.filter(({ n }) => n > 0).map(({ name, n }) => (
        <i key={name} class={`share share-${name}`} style={{ flexGrow: n }} />
      ))}
    </div>
  );
}

export function Participants({ picture }: { readonly picture: Picture }) {
  const { t, lang } = useSpeech();
  const { all, by, seen } = useCount(picture);
  const seenParts = [
    { name: "self", n: seen[1] },
    { name: "both", n: seen[3] },
    { name: "road", n: seen[2] },
  ] as const;
  return (
    <Panel name="participants" title={t("participants")}>
      <p class="headline" data-testid="participants-count">{number(lang, all)}</p>
      <Shares parts={PARTICIPANT_KINDS.map((kind) => ({ name: kind, n: by[kind] }))} />
      <dl class="kinds">
        {PARTICIPANT_KINDS.map((kind) => (
          <div key={kind} class="kind" data-testid={`kind-${kind}`}>
            <dt><i class={`swatch swatch-${kind}`} />{t(`kind.${kind}`)}</dt>
            <dd>{number(lang, by[kind])}</dd>
          </div>
        ))}
      </dl>
      <dl class="seen">
        {seenParts.map(({ name, n }) => (
          <div key={name} class="seen-part" data-testid={`seen-${name}`}>
            <dt><i class={`seen-mark seen-${name}`} />{t(`seen.${name}`)}</dt>
            <dd>{number(lang, Number.isNaN(all) ? NaN : n)}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
