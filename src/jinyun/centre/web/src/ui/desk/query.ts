/** What is searched for, kept in the address so that a list can be sent, reloaded and left. */

import { useEffect, useState } from "preact/hooks";
import { useStore } from "../../live/store.ts";
import { route } from "../route.ts";

type Wishes = Readonly<Record<string, string>>;

function read(names: readonly string[]): Wishes {
  const query = new URLSearchParams(window.location.search);
  return Object.fromEntries(names.map((name) => [name, query.get(name) ?? ""]));
}

/** The wishes of a page by their names, and how to change some of them; `cursor` falls with any other change. */
export function useWishes(...names: readonly string[]): readonly [Wishes, (changed: Wishes) => void] {
  const here = useStore(route);
  const [wishes, set] = useState(() => read(names));
  const key = names.join();
  useEffect(() => set(read(key.split(","))), [here, key]);
  const change = (changed: Wishes): void => {
    const next = { ...wishes, ...("cursor" in wishes && !("cursor" in changed) ? { cursor: "" } : {}), ...changed };
    const found = new URL(window.location.href);
    for (const [name, value] of Object.entries(next)) {
      if (value === "") found.searchParams.delete(name);
      else found.searchParams.set(name, value);
    }
    window.history.replaceState(window.history.state, "", found);
    set(next);
  };
  return [wishes, change];
}

/** A path of the API with what of the wishes is not empty. */
export function withWishes(path: string, wishes: Wishes): string {
  const query = new URLSearchParams(Object.entries(wishes).filter(([, value]) => value !== ""));
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}
