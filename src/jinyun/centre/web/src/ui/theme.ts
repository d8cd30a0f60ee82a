/** The page's theme: dark for the wall unless chosen otherwise (`?theme=light`, or remembered). */

import { remember, remembered } from "../i18n/language.ts";
import { Store } from "../live/store.ts";
import type { Theme } from "../map/palette.ts";

const KEY = "jinyun.theme";

function first(): Theme {
  const asked = new URLSearchParams(window.location.search).get("theme") ?? remembered(KEY);
  return asked === "light" ? "light" : "dark";
}

export const theme = new Store<Theme>(first());

export function toggleTheme(): void {
  const next = theme.get() === "dark" ? "light" : "dark";
  remember(KEY, next);
  theme.set(next);
}
