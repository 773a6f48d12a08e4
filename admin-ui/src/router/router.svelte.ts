/**
 * History routing under `/_/`. The URL is the state: filter, sort, panel and tab live in the query, so that
 * Back, reload and a sent link show the same. Paths here are without the base: `/data/messages?sort=-likes`.
 */

const BASE = '/_';

/** Asked before the page is left; false keeps it. */
type Guard = () => boolean | Promise<boolean>;

interface Place {
  path: string;
  query: URLSearchParams;
  hash: string;
}

function here(): Place {
  const { pathname, search, hash } = location;
  const path = pathname.startsWith(BASE) ? pathname.slice(BASE.length) : pathname;
  return { path: path.replace(/\/+$/, '') || '/', query: new URLSearchParams(search), hash };
}

function indexOf(state: unknown): number {
  return (state as { index?: number } | null)?.index ?? 0;
}

class Router {
  #place = $state.raw<Place>(here());
  #guards: Guard[] = [];
  #index = indexOf(history.state);
  /** Set while our own `history.go` undoes a refused Back. */
  #returning = false;

  /** The path without base or trailing slash; `/` for the root. */
  get path(): string {
    return this.#place.path;
  }

  /** The query, read-only; change it with `setQuery`. */
  get query(): URLSearchParams {
    return this.#place.query;
  }

  get hash(): string {
    return this.#place.hash;
  }

  /** Full address of a place in the panel, for `href`. */
  href(to: string): string {
    return BASE + to;
  }

  /** Goes to a place in the panel. Answers false when a guard kept the page. */
  async go(to: string, options: { replace?: boolean } = {}): Promise<boolean> {
    const url = new URL(to.startsWith(BASE + '/') ? to : BASE + to, location.origin);
    const leaves = url.pathname !== location.pathname;
    if (leaves && !(await this.#mayLeave())) return false;
    this.#write(url, options.replace ?? false);
    return true;
  }

  /** Sets or (with null) removes query members, by default without a new entry in the history. */
  setQuery(changes: Record<string, string | null>, options: { push?: boolean } = {}): void {
    const url = new URL(location.href);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    if (url.href !== location.href) this.#write(url, !options.push);
  }

  /** Asks `guard` before the page is left, while an effect lives: `$effect(() => router.guard(...))`. */
  guard(guard: Guard): () => void {
    this.#guards.push(guard);
    return () => {
      this.#guards = this.#guards.filter((other) => other !== guard);
    };
  }

  /** Starts to listen; the answer ends it. */
  start(): () => void {
    if (!history.state) history.replaceState({ index: this.#index }, '');
    const pop = () => void this.#popped();
    const click = (event: MouseEvent) => this.#clicked(event);
    const unload = (event: BeforeUnloadEvent) => {
      if (this.#guards.length > 0) event.preventDefault();
    };
    window.addEventListener('popstate', pop);
    window.addEventListener('beforeunload', unload);
    document.addEventListener('click', click);
    return () => {
      window.removeEventListener('popstate', pop);
      window.removeEventListener('beforeunload', unload);
      document.removeEventListener('click', click);
    };
  }

  #write(url: URL, replace: boolean): void {
    if (replace) history.replaceState({ index: this.#index }, '', url);
    else history.pushState({ index: ++this.#index }, '', url);
    this.#place = here();
  }

  async #mayLeave(): Promise<boolean> {
    for (const guard of [...this.#guards].reverse()) if (!(await guard())) return false;
    return true;
  }

  async #popped(): Promise<void> {
    const index = indexOf(history.state);
    if (this.#returning) {
      this.#returning = false;
      return;
    }
    const leaves = here().path !== this.#place.path;
    const back = this.#index - index;
    if (leaves && this.#guards.length > 0) {
      // Stay where we are while asking; go on only with consent.
      this.#returning = true;
      history.go(back);
      if (!(await this.#mayLeave())) return;
      this.#guards = [];
      history.go(-back);
      return;
    }
    this.#index = index;
    this.#place = here();
  }

  #clicked(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = (event.target as Element).closest('a');
    if (!link || link.target || link.origin !== location.origin || link.hasAttribute('download')) return;
    if (!link.pathname.startsWith(BASE + '/')) return;
    event.preventDefault();
    void this.go(link.pathname.slice(BASE.length) + link.search + link.hash);
  }
}

/** The one router of the page. */
export const router = new Router();
