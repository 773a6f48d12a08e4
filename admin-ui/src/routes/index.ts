/** All routes: every folder here with a `route.ts` is one. Nothing else needs to be edited to add a screen. */
import type { Params } from '../router/match';
import { match } from '../router/match';
import type { NavEntry, Route } from '../router/route';

const modules = import.meta.glob<{ routes: Route[] }>('./*/route.ts', { eager: true });

/** Fixed segments come before params, so that `/schema/new` is not a collection's name. */
export const routes: Route[] = Object.values(modules)
  .flatMap((module) => module.routes)
  .sort((a, b) => weight(a.path) - weight(b.path));

/** The rail: what exists, in its order. */
export const nav: (NavEntry & { path: string })[] = routes
  .flatMap((route) => (route.nav ? [{ ...route.nav, path: route.path }] : []))
  .sort((a, b) => a.order - b.order);

export interface Found {
  route: Route;
  params: Params;
}

/** The route of a path, or null. */
export function find(path: string): Found | null {
  for (const route of routes) {
    const params = match(route.path, path);
    if (params) return { route, params };
  }
  return null;
}

function weight(path: string): number {
  return path.split('/').filter((segment) => segment.startsWith(':')).length;
}
