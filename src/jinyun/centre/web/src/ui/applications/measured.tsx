/** What was measured of an application on the simulated street: how often it was right, how early, and under which conditions. */

import { MEASURED, type MeasuredWord } from "../../i18n/measured.ts";
import { number, UNKNOWN } from "../../i18n/format.ts";
import { useSpeech } from "../../i18n/language.ts";
import type { Measured } from "../../wire/catalogue.ts";

const FIGURES: readonly (readonly [string, MeasuredWord, number, string])[] = [
  ["precision", "precision", 1, "%"],
  ["recall", "recall", 1, "%"],
  ["lead_p10_s", "lead_p10", 1, "s"],
  ["lead_p50_s", "lead_p50", 1, "s"],
  ["latency_p99_ms", "latency", 0, "ms"],
  ["false_per_1000_km", "false", 1, ""],
  ["positive", "positive", 0, ""],
  ["negative", "negative", 0, ""],
];

export function MeasuredFigures({ measured }: { readonly measured: Measured | null }) {
  const { lang } = useSpeech();
  const word = (key: MeasuredWord): string => MEASURED[key][lang];
  const shown = (value: number | undefined, digits: number, unit: string): string =>
    value === undefined ? UNKNOWN : number(lang, unit === "%" ? value * 100 : value, digits);
  const conditions = (name: string): string => {
    const [weather = "", share = ""] = name.split("_");
    const key = `weather.${weather}`;
    return `${key in MEASURED ? word(key as MeasuredWord) : weather} · ${share} %`;
  };
  return (
    <section aria-label={word("title")} data-testid="application-measured">
      <h3>{word("title")}<small>{word("why")}</small></h3>
      {measured === null && <p class="empty">{word("none")}</p>}
      {measured !== null && (
        <dl class="figures">
          {FIGURES.filter(([key]) => measured.figures.has(key)).map(([key, label, digits, unit]) => (
            <div key={key} class="figure" data-testid={`measured-${key}`}>
              <dt>{word(label)}</dt>
              <dd>{shown(measured.figures.get(key), digits, unit)}{unit !== "" && <small> {unit}</small>}</dd>
            </div>
          ))}
        </dl>
      )}
      {measured !== null && measured.command !== "" && <p class="measured-command" lang="en">{measured.command}</p>}
      {measured !== null && measured.by_conditions.size > 0 && (
        <div class="table-place scroll" tabIndex={0} role="group" aria-label={word("conditions")}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{word("conditions")}</th>
                <th scope="col" class="figure-cell">{word("recall")}</th>
                <th scope="col" class="figure-cell">{word("positive")}</th>
                <th scope="col" class="figure-cell">{word("precision")}</th>
                <th scope="col" class="figure-cell">{word("judged")}</th>
              </tr>
            </thead>
            <tbody>
              {[...measured.by_conditions].map(([name, its]) => (
                <tr key={name}>
                  <th scope="row">{conditions(name)}</th>
                  <td class="figure-cell">{shown(its.get("recall"), 1, "%")} <small>%</small></td>
                  <td class="figure-cell">{shown((its.get("events") ?? 0) - (its.get("unseen") ?? 0), 0, "")}</td>
                  <td class="figure-cell">{shown(its.get("precision"), 1, "%")} <small>%</small></td>
                  <td class="figure-cell">{shown((its.get("right") ?? 0) + (its.get("wrong") ?? 0), 0, "")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {measured !== null && measured.conditions_command !== "" && measured.conditions_command !== measured.command && (
        <p class="measured-command" lang="en">{word("conditions")}: {measured.conditions_command}</p>
      )}
    </section>
  );
}
