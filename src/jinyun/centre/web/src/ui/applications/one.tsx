/** One application: what it does, what it has to show, its numbers with their origin, and its last episodes. */

import { useEffect, useState } from "preact/hooks";
import { DOES } from "../../i18n/applications.ts";
import { duration, number, timeOfDay, UNKNOWN } from "../../i18n/format.ts";
import { useSpeech } from "../../i18n/language.ts";
import { WORDS, type Word } from "../../i18n/words.ts";
import { pattern, sentence } from "../../i18n/sentence.ts";
import { urgencyOf } from "../../live/advice.ts";
import type { Picture } from "../../live/picture.ts";
import { useStore } from "../../live/store.ts";
import { fetchEpisodes } from "../../live/zone.ts";
import type { AdviceEpisode, Application, Parameter } from "../../wire/catalogue.ts";
import { useAdvice } from "../advice.tsx";
import { Icon } from "../icon.tsx";
import { Link } from "../link.tsx";
import { MAP } from "../route.ts";
import { UrgencyMark } from "../urgency.tsx";
import { MeasuredFigures } from "./measured.tsx";
import { Simulated } from "./simulated.tsx";

const EVERY_MS = 2000;

/** The application's last episodes, asked for again and again; what the centre cannot say now stays as it was. */
function useEpisodes(id: string): readonly AdviceEpisode[] | null {
  const [episodes, set] = useState<readonly AdviceEpisode[] | null>(null);
  useEffect(() => {
    let left = false;
    let timer = 0;
    const ask = async (): Promise<void> => {
      try {
        const found = await fetchEpisodes(id);
        if (!left) set(found);
      } catch {
        // The banner tells that the centre is away.
      }
      if (!left) timer = window.setTimeout(() => void ask(), EVERY_MS);
    };
    void ask();
    return () => {
      left = true;
      window.clearTimeout(timer);
    };
  }, [id]);
  return episodes;
}

function Numbers({ parameters, label }: { readonly parameters: readonly Parameter[]; readonly label: string }) {
  const { t, lang, name } = useSpeech();
  return (
    <div class="table-place scroll" tabIndex={0} role="group" aria-label={label}>
      <table class="table parameters">
        <thead>
          <tr>
            <th scope="col">{t("parameter.name")}</th>
            <th scope="col" class="figure-cell">{t("parameter.value")}</th>
            <th scope="col">{t("parameter.origin")}</th>
            <th scope="col">{t("parameter.status")}</th>
          </tr>
        </thead>
        <tbody>
          {parameters.map((parameter) => (
            <tr key={parameter.key} data-testid={`parameter-${parameter.key}`}>
              <th scope="row">
                {name(parameter.name)}
                <code>{parameter.key}</code>
              </th>
              <td class="figure-cell">
                {parameter.unit === "1" ? String(parameter.value) : number(lang, parameter.value, digits(parameter.value))}
                {parameter.unit !== "1" && <small> {parameter.unit}</small>}
              </td>
              <td class="origin" lang="en">
                {parameter.document}
                <small>{parameter.clause}</small>
              </td>
              <td><span class={`status status-${parameter.status}`}>{t(`status.${parameter.status}`)}</span></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What an application reads, in words; a newer one may read what this page has no word for. */
function readable(t: (word: Word) => string, what: string): string {
  const word = `reads.${what}`;
  return word in WORDS ? t(word as Word) : what;
}

/** As many digits as the number has, three at most. */
function digits(value: number): number {
  for (let n = 0; n < 3; n++) if (Math.abs(value - Number(value.toFixed(n))) < 1e-9) return n;
  return 3;
}

function Row({ application, episode, now_us }: {
  readonly application: Application;
  readonly episode: AdviceEpisode;
  readonly now_us: number;
}) {
  const { t, lang } = useSpeech();
  const open = !Number.isFinite(episode.closed_us);
  const lasted_ms = ((open ? now_us : episode.closed_us) - episode.opened_us) / 1000;
  const placed = Number.isFinite(episode.x_m + episode.y_m);
  const numbers = [
    Number.isFinite(episode.after_s) ? t("advice.after", { s: number(lang, episode.after_s, 1) }) : "",
    Number.isFinite(episode.value) && application.unit !== "" ? `${number(lang, episode.value, 1)} ${application.unit}` : "",
  ].filter((part) => part !== "").join(" · ");
  const who = episode.receiver === 0 ? t("receivers.unit") : `#${episode.receiver}`;
  return (
    <tr data-testid="application-episode" data-open={open} class={open ? "" : "closed"}>
      <td class="figure-cell"><time>{timeOfDay(lang, episode.opened_us / 1000)}</time></td>
      <td>
        {open ? <span class="running">{t("episode.open")}</span> : <time>{timeOfDay(lang, episode.closed_us / 1000)}</time>}
      </td>
      <td class="figure-cell">{lasted_ms >= 0 ? duration(lang, Math.max(100, lasted_ms)) : UNKNOWN}</td>
      <td><UrgencyMark urgency={urgencyOf(episode.urgency)} text /></td>
      <td class="said">{sentence(lang, application, episode)}{numbers !== "" && <small>{numbers}</small>}</td>
      <td class="who">{who}{episode.about !== 0 && <small> → #{episode.about}</small>}</td>
      <td>
        {placed && (
          <Link
            to={{ ...MAP, application: open ? application.id : "", at: [episode.x_m, episode.y_m] }}
            class="map-link"
            label={t("episode.map", { t: timeOfDay(lang, episode.opened_us / 1000) })}
          >
            <Icon name="follow" />
          </Link>
        )}
      </td>
    </tr>
  );
}

export function One({ picture, application, known }: {
  readonly picture: Picture;
  readonly application: Application;
  readonly known: readonly Application[];
}) {
  const { t, lang, name } = useSpeech();
  const status = useStore(picture.status);
  const episodes = useEpisodes(application.id);
  const open = useAdvice(picture).filter((advice) => advice.application === application.row);
  const work = status?.applications.find(({ id }) => id === application.id);
  const here = known.indexOf(application);
  const beside = [known[here - 1], known[here + 1]] as const;
  const now_us = picture.frame.get()?.t_us ?? NaN;
  const does = DOES[application.id];
  const own = application.parameters.filter(({ key }) => key.startsWith(`app.${application.id.toLowerCase()}.`));
  const shared = application.parameters.filter((parameter) => !own.includes(parameter));
  const figures = [
    ["open", t("applications.open"), number(lang, open.length), ""],
    ["opened", t("applications.opened"), number(lang, work?.opened ?? NaN), ""],
    ["cost", t("applications.cost"), number(lang, work?.cost_ms ?? NaN, 2), "ms"],
  ] as const;
  const facts = [
    [t("application.day"), t(`day.${application.day === 2 ? 2 : 1}`)],
    [t("applications.receivers"), t(`receivers.${application.receivers}`)],
    [t("application.messages"), application.messages.map((kind) => kind.toUpperCase()).join("、") || UNKNOWN],
    [t("application.reads"), application.reads.map((what) => readable(t, what)).join(lang === "zh" ? "、" : ", ") || UNKNOWN],
  ] as const;
  return (
    <article class="sheet-of-paper" data-testid={`page-${application.id}`}>
      <nav class="crumbs" aria-label={t("applications.all")}>
        <Link to={{ page: "applications", application: "" }} class="plain-link" testid="applications-all">‹ {t("applications.all")}</Link>
        <span class="crumbs-beside">
          {beside.map((other, i) => other !== undefined && (
            <Link key={other.id} to={{ page: "applications", application: other.id }} class="plain-link" label={name(other.name)}>
              {i === 0 ? `‹ ${other.id}` : `${other.id} ›`}
            </Link>
          ))}
        </span>
      </nav>
      <header class="application-head">
        <p class="application-id">{application.id}</p>
        <div>
          <h2>{name(application.name)}</h2>
          <p class="application-other" lang={lang === "zh" ? "en" : "zh-CN"}>{application.name[lang === "zh" ? "en" : "zh"]}</p>
        </div>
        <Link to={{ ...MAP, application: application.id }} class="to-map" testid="application-on-map">
          <Icon name="follow" />
          {t("application.map")}
        </Link>
      </header>
      <Simulated picture={picture} />
      {does !== undefined && <p class="application-does">{name(does)}</p>}
      <blockquote class="application-quote">{pattern(lang, application)}</blockquote>
      <dl class="figures">
        {figures.map(([key, label, value, unit]) => (
          <div key={key} class="figure" data-testid={`application-${key}`}>
            <dt>{label}</dt>
            <dd>{value}{unit !== "" && <small> {unit}</small>}</dd>
          </div>
        ))}
      </dl>
      <dl class="application-facts">
        {facts.map(([label, value]) => (
          <div key={label}><dt>{label}</dt><dd>{value}</dd></div>
        ))}
      </dl>
      <section aria-label={t("application.episodes")}>
        <h3>{t("application.episodes")}<small>{t("application.episodes.why")}</small></h3>
        {episodes !== null && episodes.length === 0 && <p class="empty">{t("application.episodes.none")}</p>}
        {episodes !== null && episodes.length > 0 && (
          <div class="table-place scroll" tabIndex={0} role="group" aria-label={t("application.episodes")}>
            <table class="table episodes-table">
              <thead>
                <tr>
                  <th scope="col" class="figure-cell">{t("episode.opened")}</th>
                  <th scope="col">{t("episode.closed")}</th>
                  <th scope="col" class="figure-cell">{t("episode.lasted")}</th>
                  <th scope="col">{t("episode.urgency")}</th>
                  <th scope="col">{t("episode.said")}</th>
                  <th scope="col">{t("episode.who")}</th>
                  <th scope="col">{t("episode.place")}</th>
                </tr>
              </thead>
              <tbody>
                {episodes.map((episode) => (
                  <Row key={`${episode.opened_us} ${episode.episode}`} application={application} episode={episode} now_us={now_us} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
      <MeasuredFigures measured={application.measured} />
      <section aria-label={t("application.parameters")}>
        <h3>{t("application.parameters")}</h3>
        <Numbers parameters={own} label={t("application.parameters")} />
        {shared.length > 0 && (
          <details class="shared">
            <summary>{t("application.shared", { n: number(lang, shared.length) })}</summary>
            <Numbers parameters={shared} label={t("application.shared", { n: number(lang, shared.length) })} />
          </details>
        )}
      </section>
    </article>
  );
}
