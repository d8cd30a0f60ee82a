/** What the desk's pages ask the centre: lists by page, one thing, commands; with the reason where it refuses. */

import { useEffect, useRef, useState } from "preact/hooks";
import { address } from "../../live/zone.ts";
import { Store, useStore } from "../../live/store.ts";

export class Refusal extends Error {
  constructor(readonly status: number, readonly reason: string, readonly told: Readonly<Record<string, unknown>>) {
    super(reason);
  }
}

/** What to say of a command that failed. */
export function reasonOf(error: unknown): string {
  return error instanceof Refusal ? error.reason : String(error);
}

export interface Viewer {
  readonly account: string | null;
  readonly role: string;
  readonly company: string | null;
  /** what the identity provider is called by which one may sign in, where there is one */
  readonly outside: string | null;
}

/** Who looks at the page; null until the centre has said so. */
export const viewer = new Store<Viewer | null>(null);

/** Ask for JSON; a refusal of the centre is thrown with its reason. */
export async function ask<T>(path: string, method = "GET", body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await fetch(address(path), {
    method,
    cache: "no-store",
    credentials: "same-origin",
    signal: signal ?? AbortSignal.timeout(30_000),
    headers: { "X-Jinyun": "1", ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) {
    const told = (await response.json().catch(() => ({}))) as Record<string, unknown>;
    if (response.status === 401 && path !== "api/v1/session") void renewViewer();
    throw new Refusal(response.status, String(told["reason"] ?? `HTTP ${response.status}`), told);
  }
  return (await response.json()) as T; // an answer that was cut off is no answer
}

export async function renewViewer(): Promise<void> {
  try {
    viewer.set(await ask<Viewer>("api/v1/session"));
  } catch {
    // The banner tells that the centre is away.
  }
}

export function useViewer(): Viewer | null {
  const found = useStore(viewer);
  useEffect(() => {
    if (viewer.get() === null) void renewViewer();
  }, []);
  return found;
}

export interface Asked<T> {
  readonly data: T | null;
  readonly refusal: Refusal | null;
  readonly again: () => void;
}

/** The answer to `path`, asked again every `every_ms` (0: once) and when the viewer changes; null is not asked. */
export function useAsked<T>(path: string | null, every_ms = 0): Asked<T> {
  const [state, set] = useState<{ readonly path: string | null; readonly data: T | null; readonly refusal: Refusal | null }>({
    path: null, data: null, refusal: null,
  });
  const [turn, setTurn] = useState(0);
  const who = useStore(viewer);
  const account = who?.account ?? "";
  const latest = useRef(path);
  latest.current = path;
  useEffect(() => {
    if (path === null) return undefined;
    const stop = new AbortController();
    let timer = 0;
    const once = async (): Promise<void> => {
      try {
        const data = await ask<T>(path, "GET", undefined, stop.signal);
        if (latest.current === path) set({ path, data, refusal: null });
      } catch (error) {
        if (stop.signal.aborted) return;
        if (error instanceof Refusal) set((before) => ({ path, data: before.path === path && error.status >= 500 ? before.data : null, refusal: error }));
      }
      if (every_ms > 0 && !stop.signal.aborted) timer = window.setTimeout(() => void once(), every_ms);
    };
    void once();
    return () => {
      stop.abort();
      window.clearTimeout(timer);
    };
  }, [path, every_ms, turn, account]);
  // While another page of the list is on its way the one before stays where it is.
  return { data: state.data, refusal: state.path === path ? state.refusal : null, again: () => setTurn(turn + 1) };
}
