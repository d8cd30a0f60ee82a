/**
 * Advice that is open now: which application says what to whom, the most urgent first; a click shows it on the map.
 *
 * Rows are episodes: they stay where they are while their numbers change, and are gone when the episode is closed.
 */

import { useEffect, useState } from "preact/hooks";
import { number } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.ts";
import { sentence } from "../i18n/sentence.ts";
import type { Advice } from "../live/advice.ts";
import type { Picture } from "../live/picture.ts";
import { useStore } from "../live/store.ts";
import type { Stage } from "../map/stage.ts";
import type { Application } from "../wire/catalogue.ts";
import { Link } from "./link.tsx";
import { Panel } from "./panel.tsx";
import { amend, MAP, route } from "./route.ts";
import { UrgencyMark } from "./urgency.tsx";

/** Numbers that change ten times a second cannot be read. */
const EVERY_MS = 400;
const MOST_ROWS = 80;

/** The open advice, renewed a few times a second. */
export function useAdvice(picture: Picture): readonly Advice[] {
  const [advice, set] = useState(picture.advice.get());
  useEffect(() => {
    set(picture.advice.get());
    const timer = window.setInterval(() => set(picture.advice.get()), EVERY_MS);
    return () => window.clearInterval(timer);
  }, [picture]);
  return advice;
}

/** Look at who is advised, or at the place it is about. */
export function visitAdvice(stage: Stage, advice: Advice): void {
  const where = stage.where(advice.receiver) ?? (Number.isFinite(advice.x_m + advice.y_m) ? advice : null);
  if (where === null) return;
  stage.select(advice.receiver);
  stage.visit(where.x_m, where.y_m);
}

interface RowProps {
  readonly advice: Advice;
  readonly application: Application | undefined;
  readonly stage: Stage;
  readonly picked: () => void;
}

function Row({ advice, application, stage, picked }: RowProps) {
  const { t, lang, name } = useSpeech();
  if (application === undefined) return null;
  const soon = Number.isFinite(advice.after_s);
  return (
    <li data-testid="advice" data-application={application.id} data-episode={advice.episode} data-urgency={advice.urgency}>
      <button
        type="button"
        class={`advice advice-${advice.urgency}`}
        title={name(application.name)}
        onClick={() => {
          visitAdvice(stage, advice);
          picked();
        }}
      >
        <UrgencyMark urgency={advice.urgency} />
        <b class="advice-id">{application.id}</b>
        <span class="advice-says">{sentence(lang, application, advice)}</span>
        <span class="advice-soon">{soon ? t("advice.after", { s: number(lang, advice.after_s, 1) }) : ""}</span>
      </button>
    </li>
  );
}

interface Props {
  readonly picture: Picture;
  readonly stage: Stage;
  readonly picked?: () => void;
}

export function AdvicePanel({ picture, stage, picked = () => {} }: Props) {
  const { t, lang, name } = useSpeech();
  const open = useAdvice(picture);
  const known = useStore(picture.applications);
  const only = useStore(stage.application);
  const counts = new Map<number, number>();
  for (const { application } of open) counts.set(application, (counts.get(application) ?? 0) + 1);
  const shown = only === "" ? open : open.filter((advice) => known[advice.application]?.id === only);
  return (
    <Panel
      name="advice"
      title={t("advice")}
      aside={
        <span data-testid="advice-open" class={`count count-urgency-${open[0]?.urgency ?? 0}`}>
          {known.length === 0 ? "" : t("advice.open", { n: number(lang, open.length) })}
        </span>
      }
    >
      <div class="advice-filter">
        <select
          data-testid="advice-filter"
          aria-label={t("advice.filter")}
          value={only}
          onChange={(event) => amend({ ...MAP, application: event.currentTarget.value })}
        >
          <option value="">{t("applications.all")}</option>
          {known.map((application) => (
            <option key={application.id} value={application.id}>
              {`${application.id} ${name(application.name)} (${number(lang, counts.get(application.row) ?? 0)})`}
            </option>
          ))}
        </select>
        <Link to={{ page: "applications", application: only }} class="advice-more" testid="advice-more">
          {t(only === "" ? "applications.about.all" : "applications.about")}
        </Link>
      </div>
      {shown.length === 0 && <p class="empty" data-testid="advice-none">{t("advice.none")}</p>}
      <ul class="advices-list scroll" tabIndex={-1}>
        {shown.slice(0, MOST_ROWS).map((advice) => (
          <Row
            key={`${advice.application} ${advice.episode}`}
            advice={advice}
            application={known[advice.application]}
            stage={stage}
            picked={picked}
          />
        ))}
      </ul>
      {shown.length > MOST_ROWS && <p class="empty">{t("advice.beyond", { n: number(lang, shown.length - MOST_ROWS) })}</p>}
    </Panel>
  );
}

/** Let the address say which application the map shows and where it looks. */
export function useRoute(stage: Stage | null): void {
  const here = useStore(route);
  useEffect(() => {
    if (stage === null || here.page !== "map") return;
    stage.application.set(here.application);
    if (here.at !== null) stage.visit(...here.at);
  }, [stage, here]);
}
