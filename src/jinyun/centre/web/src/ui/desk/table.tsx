/** A table of a list: sorted as the centre gave it, walked with the arrow keys, opened with Enter. */

import type { ComponentChildren } from "preact";
import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/desk.ts";

export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** a number: at the right edge */
  readonly figure?: boolean;
  /** left out where the page is narrow */
  readonly wide?: boolean;
}

interface Props<Row> {
  readonly label: string;
  readonly rows: readonly Row[] | null;
  readonly columns: readonly Column<Row>[];
  readonly id: (row: Row) => string;
  readonly open?: (row: Row) => void;
  readonly none?: string;
  readonly testid?: string;
  readonly mark?: (row: Row) => string;
}

function walk(event: KeyboardEvent): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const row = (event.target as HTMLElement).closest("tr");
  if (step === 0 || row === null) return;
  const next = step > 0 ? row.nextElementSibling : row.previousElementSibling;
  if (next instanceof HTMLElement && next.tabIndex >= 0) {
    event.preventDefault();
    next.focus();
  }
}

export function Table<Row>({ label, rows, columns, id, open, none, testid, mark }: Props<Row>) {
  const { t } = useWords(WORDS);
  if (rows === null) return <p class="empty">{t("loading")}</p>;
  if (rows.length === 0) return <p class="empty" data-testid={`${testid ?? "row"}-none`}>{none ?? t("none")}</p>;
  return (
    <div class="table-place scroll" tabIndex={0} role="group" aria-label={label}>
      <table class={`table desk-table${open === undefined ? "" : " opens"}`} onKeyDown={walk}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.head} scope="col" class={classOf(column)}>{column.head}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={id(row)}
              data-testid={testid}
              data-id={id(row)}
              data-mark={mark?.(row)}
              {...(open === undefined
                ? {}
                : {
                    tabIndex: 0,
                    onClick: (event: MouseEvent) => {
                      if ((event.target as HTMLElement).closest("a, button") === null) open(row);
                    },
                    onKeyDown: (event: KeyboardEvent) => {
                      if (event.key === "Enter" && event.target === event.currentTarget) open(row);
                    },
                  })}
            >
              {columns.map((column) => (
                <td key={column.head} class={classOf(column)}>{column.cell(row)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function classOf<Row>({ figure, wide }: Column<Row>): string {
  return [figure === true ? "figure-cell" : "", wide === true ? "desk-wide" : ""].filter((part) => part !== "").join(" ");
}

interface PagerProps {
  readonly cursor: string;
  readonly next: string | null;
  readonly go: (cursor: string) => void;
  readonly total?: string;
}

/** To the first page and to the next; a list that grows is never shown twice. */
export function Pager({ cursor, next, go, total }: PagerProps) {
  const { t } = useWords(WORDS);
  return (
    <nav class="desk-pager" aria-label={t("pages")}>
      {total !== undefined && <span class="desk-soft" data-testid="total">{total}</span>}
      <button type="button" class="desk-button" disabled={cursor === ""} onClick={() => go("")}>{t("first")}</button>
      <button type="button" class="desk-button" data-testid="next-page" disabled={next === null} onClick={() => next !== null && go(next)}>{t("next")}</button>
    </nav>
  );
}
