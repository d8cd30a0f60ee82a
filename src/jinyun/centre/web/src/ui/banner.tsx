/** The banner: the connection is lost, or connected but nothing new comes, or nobody has spoken yet. */

import { useEffect, useState } from "preact/hooks";
import { useSpeech } from "../i18n/language.ts";
import type { Picture } from "../live/picture.ts";
import { useStore } from "../live/store.ts";
import { unheard } from "../wire/status.ts";

const STALE_MS = 2500;

function useSilence(picture: Picture): number {
  const [silence_ms, set] = useState(0);
  useEffect(() => {
    const timer = window.setInterval(() => {
      const since = performance.now() - picture.arrived_ms;
      set(since > STALE_MS ? Math.round(since / 1000) * 1000 : 0);
    }, 500);
    return () => window.clearInterval(timer);
  }, [picture]);
  return silence_ms;
}

export function Banner({ picture }: { readonly picture: Picture }) {
  const { t } = useSpeech();
  const link = useStore(picture.link);
  const map = useStore(picture.map);
  const status = useStore(picture.status);
  const silence_ms = useSilence(picture);
  const lost = link === "lost";
  const text = lost
    ? t("link.lost")
    : link === "connecting"
      ? t("link.connecting")
      : silence_ms > 0
        ? t("link.stale", { s: silence_ms / 1000 })
        : map === null
          ? t("map.loading")
          : status !== null && unheard(status)
            ? t("link.unheard")
            : "";
  return (
    <div class="banner-place" role="status" aria-live="polite">
      {text !== "" && (
        <p class={`banner${lost || silence_ms > 0 ? " banner-bad" : ""}`} data-testid="connection" data-link={lost ? "lost" : link}>
          <i class="pulse" aria-hidden="true" />
          {text}
        </p>
      )}
    </div>
  );
}
