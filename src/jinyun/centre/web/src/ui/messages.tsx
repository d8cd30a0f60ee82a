/** Messages per second by kind, with their last minute and a half. */

import { number, rate } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.ts";
import type { Picture } from "../live/picture.ts";
import { useStore } from "../live/store.ts";
import { MESSAGE_KINDS } from "../wire/status.ts";
import { Panel } from "./panel.tsx";
import { Sparkline } from "./sparkline.tsx";

export function Messages({ picture }: { readonly picture: Picture }) {
  const { t, lang } = useSpeech();
  const status = useStore(picture.status);
  const history = useStore(picture.history);
  const refused = status?.refused ?? NaN;
  const lost = status?.lost ?? NaN;
  const late = status?.late ?? NaN;
  return (
    <Panel name="messages" title={t("messages")} aside={t("messages.unit")}>
      <ul class="rates">
        {MESSAGE_KINDS.map((kind) => (
          <li key={kind} class="rate" title={t("messages.total", { n: number(lang, status?.received[kind] ?? NaN) })}>
            <span class="rate-name"><b>{kind.toUpperCase()}</b> <small>{t(`message.${kind}`)}</small></span>
            <Sparkline values={history[kind]} label={kind.toUpperCase()} />
            <span class="rate-value" data-testid={`rate-${kind}`}>{rate(lang, status?.rates[kind] ?? NaN)}</span>
          </li>
        ))}
      </ul>
      <dl class="pairs">
        <div class={refused > 0 ? "pair warn" : "pair"}>
          <dt>{t("messages.refused")}</dt>
          <dd data-testid="refused">{number(lang, refused)}</dd>
        </div>
        {Number.isFinite(late) && (
          <div class={late > 0 ? "pair warn" : "pair"}>
            <dt>{t("messages.late")}</dt>
            <dd data-testid="late">{number(lang, late)}</dd>
          </div>
        )}
        <div class={lost > 0 ? "pair warn" : "pair"}>
          <dt>{t("messages.lost")}</dt>
          <dd data-testid="lost">{number(lang, lost)}</dd>
        </div>
      </dl>
    </Panel>
  );
}
