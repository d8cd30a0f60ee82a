/** All applications, day one and day two: what each says, and what it has to show now. */

import { number } from "../../i18n/format.ts";
import { useSpeech } from "../../i18n/language.ts";
import { pattern } from "../../i18n/sentence.ts";
import type { Picture } from "../../live/picture.ts";
import { useStore } from "../../live/store.ts";
import type { Application } from "../../wire/catalogue.ts";
import type { Work } from "../../wire/status.ts";
import { useAdvice } from "../advice.tsx";
import { Link } from "../link.tsx";
import { UrgencyMark } from "../urgency.tsx";
import type { Urgency } from "../../live/advice.ts";
import { Simulated } from "./simulated.tsx";

const DAYS = [1, 2] as const;

interface RowProps {
  readonly application: Application;
  readonly work: Work | undefined;
  readonly open: number;
  readonly urgency: Urgency | 0;
}

function Row({ application, work, open, urgency }: RowProps) {
  const { t, lang, name } = useSpeech();
  return (
    <li data-testid={`application-${application.id}`}>
      <Link to={{ page: "applications", application: application.id }} class="application">
        <b class="application-id">{application.id}</b>
        <span class="application-name">{name(application.name)}</span>
        <span class="application-says">{pattern(lang, application)}</span>
        <span class="application-to">{t(`receivers.${application.receivers}`)}</span>
        <span class={`application-open${open > 0 ? " some" : ""}`}>
          <small>{t("applications.open")}</small>
          <span class="application-figure">
            {urgency > 0 && <UrgencyMark urgency={urgency as Urgency} />}
            {number(lang, open)}
          </span>
        </span>
        <span class="application-opened">
          <small>{t("applications.opened")}</small>
          <span class="application-figure">{number(lang, work?.opened ?? NaN)}</span>
        </span>
        <span class="application-cost">
          <small>{t("applications.cost")}</small>
          <span class="application-figure">{number(lang, work?.cost_ms ?? NaN, 2)}<small> ms</small></span>
        </span>
      </Link>
    </li>
  );
}

export function All({ picture, known }: { readonly picture: Picture; readonly known: readonly Application[] }) {
  const { t, lang } = useSpeech();
  const status = useStore(picture.status);
  const open = useAdvice(picture);
  const counts = new Map<number, number>();
  const urgencies = new Map<number, Urgency>();
  for (const { application, urgency } of open) {
    counts.set(application, (counts.get(application) ?? 0) + 1);
    if (!urgencies.has(application)) urgencies.set(application, urgency);
  }
  const works = new Map(status?.applications.map((work) => [work.id, work]));
  const opened = (status?.applications ?? []).reduce((sum, work) => sum + work.opened, 0);
  return (
    <div class="sheet-of-paper">
      <div class="applications-head">
        <h2>{t("applications.all")}</h2>
        <p class="applications-sum" data-testid="applications-sum">
          {t("applications.sum", {
            n: number(lang, known.length),
            open: number(lang, open.length),
            opened: status === null ? number(lang, NaN) : number(lang, opened),
          })}
        </p>
      </div>
      <Simulated picture={picture} />
      {DAYS.map((day) => {
        const those = known.filter((application) => application.day === day);
        return those.length === 0 ? null : (
          <section key={day} aria-label={t(`day.${day}`)}>
            <div class="application application-columns" aria-hidden="true">
              <h3>{t(`day.${day}`)}</h3>
              <span class="application-to">{t("applications.receivers")}</span>
              <span class="application-open">{t("applications.open")}</span>
              <span class="application-opened">{t("applications.opened")}</span>
              <span class="application-cost">{t("applications.cost")}</span>
            </div>
            <ul class="applications-list">
              {those.map((application) => (
                <Row
                  key={application.id}
                  application={application}
                  work={works.get(application.id)}
                  open={counts.get(application.row) ?? 0}
                  urgency={urgencies.get(application.row) ?? 0}
                />
              ))}
            </ul>
          </section>
        );
      })}
    </div>
  );
}
